package graft.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Rewrites headers of safetensors files, for tests of spellings. */
final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /** Renames every tensor; the data stays as it is. */
    static void rename(Path file, UnaryOperator<String> change) throws IOException {
        ByteBuffer whole = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(whole.getLong());
        byte[] header = new byte[length];
        whole.get(header);
        Matcher names = Pattern.compile("\"([^\"]+)\":\\{\"dtype\"")
                .matcher(new String(header, StandardCharsets.UTF_8));
        byte[] renamed = names.replaceAll(name -> "\"" + change.apply(name.group(1)) + "\":{\"dtype\"")
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + renamed.length + whole.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, out.putLong(renamed.length).put(renamed).put(whole).array());
    }
}
