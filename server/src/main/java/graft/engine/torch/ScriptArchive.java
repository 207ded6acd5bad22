package graft.engine.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from a readable script, so that no Python is needed to build or to run.
 *
 * <p>An archive is a zip of stored entries: the code, a pickle of the module's attributes, a pickle of constants and a
 * version (torch/csrc/jit/serialization/import.cpp). The code is read by the same parser that {@code torch.jit.script}
 * uses, so operators, methods and indexing are written as in Python. A script is one class; its attributes are declared
 * at the top with their types, their values come from Java, and a line {@code # include parts/x.py} takes in methods
 * that several scripts share, or {@code operators/x.py} in its place where our own operators are to compute them. The same script and values always give the same bytes.
 */
final class ScriptArchive {
    /** The format that libtorch 2.7 writes (caffe2/serialize/versions.h); older ones would get legacy operators. */
    private static final String FORMAT = "10\n";
    private static final Pattern CLASS = Pattern.compile("(?m)^class (\\w+)\\(Module\\):\\n");
    private static final Pattern INCLUDE = Pattern.compile("(?m)^    # include (\\S+)\\n");
    private static final Pattern ATTRIBUTE = Pattern.compile("(?m)^    (\\w+): ([\\w\\[\\]]+) *(#.*)?$");

    private ScriptArchive() {}

    /**
     * @param script    resource below {@code /torchscript}, such as {@code llama.py}
     * @param values    of the attributes the script declares; tensor lists start empty and need none
     * @param operators whether parts that our own operators compute take the plain ones' place
     * @throws IllegalArgumentException if a declared attribute has no value of its type
     */
    static byte[] write(String script, Map<String, Object> values, boolean operators) {
        String source = withParts(resource(script), operators);
        Matcher declaration = CLASS.matcher(source);
        if (!declaration.find()) throw new IllegalArgumentException(script + " declares no class X(Module)");
        String name = declaration.group(1);
        String code = source.substring(declaration.start(), declaration.end())
                + "    __parameters__ = []\n    __buffers__ = []\n    training: bool\n"
                + "    _is_full_backward_hook: Optional[bool]\n" + source.substring(declaration.end());
        var entries = new LinkedHashMap<String, byte[]>();
        entries.put("data.pkl", new Pickle(name).module(attributes(source, script), values));
        entries.put("code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
        entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
        entries.put("version", FORMAT.getBytes(StandardCharsets.US_ASCII));
        return zip(entries);
    }

    /** Name to type, in the order of declaration. */
    private static Map<String, String> attributes(String source, String script) {
        int end = source.indexOf("\n    def ");
        if (end < 0) throw new IllegalArgumentException(script + " has no method");
        var found = new LinkedHashMap<String, String>();
        Matcher line = ATTRIBUTE.matcher(source.substring(0, end));
        while (line.find()) found.put(line.group(1), line.group(2));
        return found;
    }

    private static String withParts(String source, boolean operators) {
        return INCLUDE.matcher(source).replaceAll(line -> Matcher.quoteReplacement(resource(part(line.group(1), operators))));
    }

    private static String part(String plain, boolean operators) {
        String own = plain.replaceFirst("^parts/", "operators/");
        return operators && ScriptArchive.class.getResource("/torchscript/" + own) != null ? own : plain;
    }

    private static String resource(String path) {
        try (InputStream in = ScriptArchive.class.getResourceAsStream("/torchscript/" + path)) {
            if (in == null) throw new IllegalArgumentException("no script resource " + path);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] zip(Map<String, byte[]> entries) {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (var each : entries.entrySet()) {
                var entry = new ZipEntry("model/" + each.getKey());
                var crc = new CRC32();
                crc.update(each.getValue());
                entry.setCrc(crc.getValue());
                entry.setSize(each.getValue().length);
                entry.setTime(0); // the same script gives the same bytes
                zip.putNextEntry(entry);
                zip.write(each.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Writes the few opcodes of Python's pickle protocol 2 that a module's attributes need. */
    private static final class Pickle {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final String className;

        Pickle(String className) {
            this.className = className;
        }

        byte[] module(Map<String, String> attributes, Map<String, Object> values) {
            ascii("\u0080\u0002c__torch__\n" + className + "\n)\u0081}(");
            key("training");
            ascii("\u0089");
            key("_is_full_backward_hook");
            ascii("N");
            attributes.forEach((name, type) -> {
                key(name);
                value(name, type, values.get(name));
            });
            ascii("ub.");
            return out.toByteArray();
        }

        private void value(String name, String type, Object value) {
            switch (type) {
                case "List[Tensor]" -> ascii("ctorch.jit._pickle\nbuild_tensorlist\n]\u0085R");
                case "int" -> number(checked(Integer.class, name, value));
                case "bool" -> ascii(checked(Boolean.class, name, value) ? "\u0088" : "\u0089");
                case "float" -> {
                    ascii("G");
                    out.writeBytes(ByteBuffer.allocate(8).putDouble(checked(Double.class, name, value)).array());
                }
                case "List[int]" -> {
                    ascii("ctorch.jit._pickle\nbuild_intlist\n](");
                    for (int each : checked(int[].class, name, value)) number(each);
                    ascii("e\u0085R");
                }
                default -> throw new IllegalArgumentException("attribute " + name + " of type " + type);
            }
        }

        private static <T> T checked(Class<T> type, String name, Object value) {
            if (type.isInstance(value)) return type.cast(value);
            throw new IllegalArgumentException("attribute " + name + " needs " + type + ", not " + value);
        }

        private void number(int value) {
            ascii("J");
            little(value);
        }

        private void key(String name) {
            byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
            ascii("X");
            little(utf8.length);
            out.writeBytes(utf8);
        }

        private void little(int value) {
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        }

        /** Characters below 256 as they are: opcodes and names. */
        private void ascii(String text) {
            out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
