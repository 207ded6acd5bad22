package graft.api;

import static graft.api.HostileAdaptersIT.broken;
import static graft.api.TensorBytes.FIRST;
import static graft.api.TensorBytes.SOUND;
import static graft.api.TensorBytes.header;
import static graft.api.TensorBytes.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Weights that nobody should send: safetensors files whose header lies, and tensors that are not the base's. */
final class HostileTensors {
    private static final String MODULE = "model\\.layers\\.0\\.self_attn\\.q_proj";

    private HostileTensors() {}

    private static byte[] withLength(long length) {
        byte[] file = SOUND.get(TensorBytes.WEIGHTS).clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return file;
    }

    static Stream<Arguments> headers() {
        TensorBytes sound = new TensorBytes();
        String json = new String(Json.write(sound.header), StandardCharsets.UTF_8);
        byte[] latin = json.replace("lora_A", "lora_\u00e4").getBytes(StandardCharsets.ISO_8859_1);
        long length = json.length();
        return Stream.of(
                broken("an empty file", "0 bytes", weights(new byte[0])),
                broken("seven bytes", "7 bytes", weights(new byte[7])),
                broken("no header", "header", weights(withLength(0))),
                broken("a header a byte too short", "header|bytes", weights(withLength(length - 1))),
                broken("a header a byte too long", "header|bytes", weights(withLength(length + 1))),
                broken("a header that is all of the file", "header", weights(withLength(1 << 16))),
                broken("a header of minus one", "header of 18446744073709551615", weights(withLength(-1))),
                broken("a header of 2^62", "header of 4611686018427387904", weights(withLength(1L << 62))),
                broken("a header that is a list", "header", weights(TensorBytes.file("[]", sound.data))),
                broken("a header with more behind it", "goes on", weights(TensorBytes.file(json + "{}", sound.data))),
                broken("a key twice", "(?i)duplicate", weights(TensorBytes.file(json.replaceFirst("\\{", "{\"" + FIRST
                        + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"), sound.data))),
                broken("a deep header", "unknown field", weights(TensorBytes.file("{\"a\":".repeat(5000), sound.data))),
                broken("a name in Latin-1", "UTF-8", weights(TensorBytes.file(latin, sound.data))),
                broken("a tensor that is a number", FIRST, header(file -> file.header.put(FIRST, 1))),
                broken("metadata that is a list", "__metadata__", header(file ->
                        file.header.putArray("__metadata__"))),
                broken("an unknown field of a tensor", "q_proj.*comment", header(file ->
                        file.first().put("comment", "x"))));
    }

    private static MultipartBody offsets(long begin, long end) {
        return header(file -> file.first().putArray("data_offsets").add(begin).add(end));
    }

    private static MultipartBody type(String type) {
        return header(file -> file.first().put("dtype", type));
    }

    private static MultipartBody shape(long... shape) {
        return header(file -> {
            var array = file.first().putArray("shape");
            for (long size : shape) array.add(size);
        });
    }

    /** Two tensors of one shape trade their bytes: that is another adapter, and a sound one; of two sizes it is not. */
    private static void swapOffsets(TensorBytes file) {
        JsonNode mine = file.first().get("data_offsets");
        ObjectNode other = (ObjectNode) file.header.get(FIRST.replace("lora_A", "lora_B").replace("q_proj", "v_proj"));
        file.first().set("data_offsets", other.get("data_offsets"));
        other.set("data_offsets", mine);
    }

    static Stream<Arguments> tensors() {
        String b = FIRST.replace("lora_A", "lora_B");
        return Stream.of(
                broken("offsets that overlap", "overlap|gap", offsets(4, 1028)),
                broken("offsets beyond the file", "q_proj.*(cut off|wants|gap)", offsets(1L << 40, (1L << 40) + 1024)),
                broken("offsets from more to less", "q_proj", offsets(1024, 0)),
                broken("negative offsets", "q_proj.*data_offsets", offsets(-1024, 0)),
                broken("offsets of 2^62", "q_proj", offsets(1L << 62, (1L << 62) + 1024)),
                broken("a half offset", "q_proj.*data_offsets", header(file ->
                        file.first().putArray("data_offsets").add(0.5).add(1024.5))),
                broken("three offsets", "q_proj", header(file ->
                        file.first().putArray("data_offsets").add(0).add(512).add(1024))),
                broken("offsets that are swapped", "bytes|wants", header(HostileTensors::swapOffsets)),
                broken("bytes that belong to nobody", "4 bytes that belong to no tensor", weights(Arrays.copyOf(
                        new TensorBytes().bytes(), new TensorBytes().bytes().length + 4))),
                broken("a cut file", "cut off", weights(Arrays.copyOf(new TensorBytes().bytes(),
                        new TensorBytes().bytes().length - 1))),
                broken("an unknown type", "q_proj.*F4", type("F4")),
                broken("a type in small letters", "f32", type("f32")),
                broken("a type of another size", "q_proj.*bytes", type("F16")),
                broken("integers", "q_proj.*I32", type("I32")),
                broken("no type", "q_proj.*dtype", header(file -> file.first().remove("dtype"))),
                broken("a type that is a number", "q_proj", header(file -> file.first().put("dtype", 1))),
                broken("a shape too large to multiply", "q_proj.*(elements|bytes)", shape(1L << 40, 1L << 40)),
                broken("an empty shape", "q_proj", shape()), broken("a shape of one", "q_proj", shape(256)),
                broken("a shape on its side", "q_proj.*wants", shape(64, 4)),
                broken("another rank in one tensor", "q_proj.*wants 4 x 64", shape(2, 128)),
                broken("a shape of nothing", "q_proj", shape(0, 64)),
                broken("nine dimensions", "q_proj.*shape", shape(4, 64, 1, 1, 1, 1, 1, 1, 1)),
                broken("one name for another module", "q_proj.*lora_A is missing",
                        weights(new TensorBytes().renamed(name ->
                        name.equals(FIRST) ? name.replace("q_proj", "k_proj") : name))),
                broken("a layer that is not there", "layers\\.99", weights(new TensorBytes().renamed(name ->
                        name.equals(FIRST) ? name.replace("layers.0", "layers.99") : name))),
                broken("a layer that is negative", "layers\\.-1", weights(new TensorBytes().renamed(name ->
                        name.equals(FIRST) ? name.replace("layers.0", "layers.-1") : name))),
                broken("A without B", MODULE + ".*lora_B is missing|lora_magnitude", weights(new TensorBytes()
                        .shard(name -> !name.equals(b)))),
                broken("B without A", MODULE + ".*lora_A is missing", weights(new TensorBytes()
                        .shard(name -> !name.equals(FIRST)))),
                broken("nothing at all", "missing", weights(TensorBytes.file("{}", new byte[0]))),
                broken("one tensor under two names", "twice", weights(new TensorBytes().renamed(name ->
                        name.equals(b) ? FIRST.replace("base_model.model.", "") : name))),
                broken("a name that is none", "q_proj.*lora_A is missing", weights(new TensorBytes().renamed(name ->
                        name.equals(FIRST) ? "foo" : name))),
                broken("a weight of the base that was not announced", "q_proj.*lora_A is missing",
                        weights(new TensorBytes()
                        .renamed(name -> name.equals(FIRST) ? "base_model.model.model.norm.weight" : name))),
                broken("a module besides", "k_proj", header(file ->
                        add(file, FIRST.replace("q_proj", "k_proj"), 4, 64))),
                broken("a tensor besides that is none", "foo", header(file -> add(file, "foo", 2))),
                broken("a weight of the base besides", "norm.*announced", header(file ->
                        add(file, "base_model.model.model.norm.weight", 64))),
                broken("a NaN at the end", "NaN", last(Float.NaN)),
                broken("minus infinity at the end", "infinity", last(Float.NEGATIVE_INFINITY)));
    }

    /** One more tensor, with bytes of its own. */
    private static void add(TensorBytes file, String name, int... shape) {
        ObjectNode tensor = file.header.putObject(name).put("dtype", "F32");
        int size = 4 * Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        var sizes = tensor.putArray("shape");
        for (int one : shape) sizes.add(one);
        tensor.putArray("data_offsets").add(file.data.length).add(file.data.length + size);
        file.data = Arrays.copyOf(file.data, file.data.length + size);
    }

    private static MultipartBody last(float value) {
        return header(file -> ByteBuffer.wrap(file.data).order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(file.data.length - 4, value));
    }
}
