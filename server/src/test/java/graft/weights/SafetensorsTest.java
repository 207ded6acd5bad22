package graft.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.TensorFile.ElementType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    private static final int HEADER_LIMIT = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void everyElementTypeReadsAsItsValues() throws IOException {
        assertArrayEquals(new float[] {1.5f, -2}, values("F32", le(8).putFloat(1.5f).putFloat(-2)));
        assertArrayEquals(new float[] {1.5f, -2},
                values("F16", le(4).putShort((short) 0x3e00).putShort((short) 0xc000)));
        assertArrayEquals(new float[] {1.5f, -2},
                values("BF16", le(4).putShort((short) 0x3fc0).putShort((short) 0xc000)));
        assertArrayEquals(new float[] {1.5f, -2}, values("F64", le(16).putDouble(1.5).putDouble(-2)));
        assertArrayEquals(new float[] {3, -2}, values("I64", le(16).putLong(3).putLong(-2)));
        assertArrayEquals(new float[] {3, -2}, values("I32", le(8).putInt(3).putInt(-2)));
        assertArrayEquals(new float[] {3, -2}, values("I16", le(4).putShort((short) 3).putShort((short) -2)));
        assertArrayEquals(new float[] {3, -2}, values("I8", le(2).put((byte) 3).put((byte) -2)));
        assertArrayEquals(new float[] {3, 254}, values("U8", le(2).put((byte) 3).put((byte) -2)));
        assertArrayEquals(new float[] {1, 0}, values("BOOL", le(2).put((byte) 1).put((byte) 0)));
        assertArrayEquals(new float[] {448, -0.001953125f}, values("F8_E4M3", le(2).put((byte) 0x7e).put((byte) 0x81)));
    }

    @Test
    void namesShapesAndMetadataAreThoseOfTheHeader() throws IOException {
        Path file = write("{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                + "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[8,8]}}  ", new byte[8]);
        try (Safetensors tensors = Safetensors.open(file, HEADER_LIMIT)) {
            assertEquals(List.of("a", "empty"), List.copyOf(tensors.names()));
            assertEquals(new TensorFile.TensorInfo("a", ElementType.F32, List.of(2L, 1L)), tensors.info("a"));
            assertEquals(0, tensors.floats("empty").length);
            assertEquals("pt", tensors.metadata().get("format"));
            assertEquals(8, tensors.bytes("a").byteSize());
            assertThrows(IllegalArgumentException.class, () -> tensors.info("b"));
        }
    }

    @Test
    void aHeaderThatDoesNotFitItsDataIsRefusedWithTensorAndReason() throws IOException {
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "b overlaps");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "a leaves a gap");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12,
                "4 bytes that belong to no tensor");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 6, "a ends at byte 8");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "F32 of [3] wants 12");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", 8,
                "more elements than there can be");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,8]}}", 8,
                "more elements than there can be");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", 8,
                "short list of sizes");
        assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "short list of sizes");
        assertRefused("{\"a\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
                "F4, which is not supported");
        assertRefused("{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]}}", 8, "Duplicate");
        assertRefused("{\"a\":{\"dtype\":\"U8\",\"shape\":[8]}}", 8, "a lacks dtype");
        assertRefused("{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"more\":1}}", 8,
                "unknown field more");
        assertRefused("[]", 0, "unreadable header");
        assertRefused("{\"a\":", 0, "unreadable header");
        assertRefused("{} {}", 0, "goes on after");
        assertRefused("{\"a\":{\"dtype\":" + "[".repeat(5000) + "}}", 0, "unreadable header");
    }

    @Test
    void aHeaderLengthIsNeverBelieved() throws IOException {
        for (long claimed : new long[] {1L << 60, -1, HEADER_LIMIT + 1, 100}) {
            Path file = Files.write(folder.resolve("x.safetensors"), le(24).putLong(claimed).array());
            var refusal = assertThrows(InvalidTensorFileException.class, () -> Safetensors.open(file, HEADER_LIMIT));
            assertTrue(refusal.getMessage().contains("claims a header"), refusal.getMessage());
        }
        Path file = Files.write(folder.resolve("x.safetensors"), new byte[5]);
        assertThrows(InvalidTensorFileException.class, () -> Safetensors.open(file, HEADER_LIMIT));
    }

    @Test
    void aHeaderThatIsNotUtf8IsRefused() throws IOException {
        byte[] json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"
                .getBytes(StandardCharsets.ISO_8859_1);
        json[2] = (byte) 0xff;
        Path file = Files.write(folder.resolve("x.safetensors"),
                le(8 + json.length).putLong(json.length).put(json).array());
        var refusal = assertThrows(InvalidTensorFileException.class, () -> Safetensors.open(file, HEADER_LIMIT));
        assertTrue(refusal.getMessage().contains("not UTF-8"), refusal.getMessage());
    }

    @Test
    void shardsAreReadAsOneAndMustAgreeWithTheirIndex() throws IOException {
        shard("m-1.safetensors", "a");
        shard("m-2.safetensors", "b");
        index("{\"a\":\"m-1.safetensors\",\"b\":\"m-2.safetensors\"}");
        try (TensorFile tensors = ShardedTensors.open(folder, "m", HEADER_LIMIT)) {
            assertEquals(List.of("a", "b"), List.copyOf(tensors.names()));
            assertEquals(4, tensors.floats("b").length);
        }
        index("{\"a\":\"m-1.safetensors\"}");
        try (TensorFile one = ShardedTensors.open(folder, "m", HEADER_LIMIT)) {
            assertEquals(1, one.names().size());
        }
        assertIndexRefused("{\"a\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}", "c is not in m-2.safetensors");
        assertIndexRefused("{\"a\":\"../m-1.safetensors\"}", "not the plain name");
        assertIndexRefused("{\"a\":\"m-3.safetensors\"}", "missing");
        assertIndexRefused("{\"a\":7}", "must be a string");
    }

    private void assertIndexRefused(String map, String reason) throws IOException {
        index(map);
        var refusal = assertThrows(InvalidTensorFileException.class,
                () -> ShardedTensors.open(folder, "m", HEADER_LIMIT));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private void index(String map) throws IOException {
        Files.writeString(folder.resolve("m.safetensors.index.json"), "{\"metadata\":{},\"weight_map\":" + map + "}");
    }

    private void shard(String name, String tensor) throws IOException {
        byte[] json = ("{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}")
                .getBytes(StandardCharsets.UTF_8);
        Files.write(folder.resolve(name), le(8 + json.length + 4).putLong(json.length).put(json).array());
    }

    private void assertRefused(String json, int dataLength, String reason) throws IOException {
        Path file = write(json, new byte[dataLength]);
        var refusal = assertThrows(InvalidTensorFileException.class, () -> Safetensors.open(file, HEADER_LIMIT), json);
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertTrue(refusal.getMessage().startsWith("x.safetensors: "), refusal.getMessage());
    }

    private float[] values(String type, ByteBuffer data) throws IOException {
        Path file = write("{\"t\":{\"dtype\":\"" + type + "\",\"shape\":[2],\"data_offsets\":[0," + data.capacity()
                + "]}}", data.array());
        try (Safetensors tensors = Safetensors.open(file, HEADER_LIMIT)) {
            return tensors.floats("t");
        }
    }

    private Path write(String json, byte[] data) throws IOException {
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        byte[] file = Arrays.copyOf(le(8 + header.length).putLong(header.length).put(header).array(),
                8 + header.length + data.length);
        System.arraycopy(data, 0, file, 8 + header.length, data.length);
        return Files.write(folder.resolve("x.safetensors"), file);
    }

    private static ByteBuffer le(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
