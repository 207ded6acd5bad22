package graft.benchmarks.lora;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes bfloat16 matrices as safetensors: the header's length, a JSON header, the bytes. */
final class SafetensorsFile {
    private SafetensorsFile() {}

    static void write(Path file, List<MadeAdapter.Matrix> matrices) throws IOException {
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (MadeAdapter.Matrix matrix : matrices) {
            long end = offset + 2L * matrix.values().length;
            header.append(offset == 0 ? "" : ",").append('"').append(matrix.name())
                    .append("\":{\"dtype\":\"BF16\",\"shape\":[").append(matrix.rows()).append(',')
                    .append(matrix.columns()).append("],\"data_offsets\":[").append(offset).append(',').append(end)
                    .append("]}");
            offset = end;
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
            out.write(json);
            for (MadeAdapter.Matrix matrix : matrices) {
                ByteBuffer bytes = ByteBuffer.allocate(2 * matrix.values().length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asShortBuffer().put(matrix.values());
                out.write(bytes.array());
            }
        }
    }
}
