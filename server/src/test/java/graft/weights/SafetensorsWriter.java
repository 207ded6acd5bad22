package graft.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Rewrites safetensors files with renamed, added or divided tensors, for tests; all become float32. */
final class SafetensorsWriter {
    private static final int HEADER_LIMIT = 1 << 20;

    /** Values with their shape. */
    private record Values(String shape, float[] values) {}

    private SafetensorsWriter() {}

    static void rename(Path file, UnaryOperator<String> change) throws IOException {
        Map<String, Values> renamed = new LinkedHashMap<>();
        read(file).forEach((name, values) -> renamed.put(change.apply(name), values));
        write(file, renamed);
    }

    /** Adds a tensor that counts from zero. */
    static void add(Path file, String name, long[] shape) throws IOException {
        Map<String, Values> all = read(file);
        int elements = 1;
        for (long size : shape) elements *= (int) size;
        all.put(name, new Values(java.util.Arrays.toString(shape), GgufWriter.counting(elements)));
        write(file, all);
    }

    /** Every other tensor goes to the second shard. */
    static void split(Path file, Path first, Path second, Path index) throws IOException {
        Map<String, Values> ones = new LinkedHashMap<>();
        Map<String, Values> others = new LinkedHashMap<>();
        read(file).forEach((name, values) -> (ones.size() > others.size() ? others : ones).put(name, values));
        write(first, ones);
        write(second, others);
        Files.writeString(index, "{\"weight_map\":{" + entries(ones, first) + "," + entries(others, second) + "}}");
    }

    private static String entries(Map<String, Values> tensors, Path shard) {
        return tensors.keySet().stream().map(name -> "\"" + name + "\":\"" + shard.getFileName() + "\"")
                .collect(Collectors.joining(","));
    }

    private static Map<String, Values> read(Path file) {
        Map<String, Values> all = new LinkedHashMap<>();
        try (Safetensors tensors = Safetensors.open(file, HEADER_LIMIT)) {
            for (String name : tensors.names()) {
                all.put(name, new Values(tensors.info(name).shape().toString(), tensors.floats(name)));
            }
        }
        return all;
    }

    private static void write(Path file, Map<String, Values> tensors) throws IOException {
        StringBuilder header = new StringBuilder("{");
        int at = 0;
        for (Map.Entry<String, Values> tensor : tensors.entrySet()) {
            int end = at + 4 * tensor.getValue().values().length;
            header.append(at == 0 ? "" : ",").append("\"").append(tensor.getKey())
                    .append("\":{\"dtype\":\"F32\",\"shape\":")
                    .append(tensor.getValue().shape()).append(",\"data_offsets\":[").append(at).append(",").append(end)
                    .append("]}");
            at = end;
        }
        byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + at).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length)
                .put(json);
        for (Values tensor : tensors.values()) {
            for (float value : tensor.values()) out.putFloat(value);
        }
        Files.write(file, out.array());
    }
}
