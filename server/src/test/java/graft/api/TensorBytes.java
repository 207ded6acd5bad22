package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A sound adapter's safetensors taken apart, to be put together again in ways that it should not be. */
final class TensorBytes {
    static final Map<String, byte[]> SOUND =
            CatalogServer.files(CatalogServer.RESOURCES.resolve("adapters/l3-r4-qv"));
    static final String CONFIG = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";
    static final String FIRST = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    final ObjectNode header;
    byte[] data;

    TensorBytes() {
        byte[] file = SOUND.get(WEIGHTS);
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        header = (ObjectNode) Json.tree(Arrays.copyOfRange(file, 8, 8 + length));
        data = Arrays.copyOfRange(file, 8 + length, file.length);
    }

    ObjectNode first() {
        return (ObjectNode) header.get(FIRST);
    }

    TensorBytes change(Consumer<TensorBytes> change) {
        change.accept(this);
        return this;
    }

    byte[] bytes() {
        return file(new String(Json.write(header), StandardCharsets.UTF_8), data);
    }

    static byte[] file(String header, byte[] data) {
        return file(header.getBytes(StandardCharsets.UTF_8), data);
    }

    static byte[] file(byte[] header, byte[] data) {
        return ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length).put(header).put(data).array();
    }

    /** The sound adapter with other weights. */
    static MultipartBody weights(byte[] weights) {
        return new MultipartBody().file("f", CONFIG, SOUND.get(CONFIG)).file("f", WEIGHTS, weights);
    }

    static MultipartBody header(Consumer<TensorBytes> change) {
        return weights(new TensorBytes().change(change).bytes());
    }

    /** The sound adapter with a changed configuration. */
    static MultipartBody config(Consumer<ObjectNode> change) {
        ObjectNode config = (ObjectNode) Json.tree(SOUND.get(CONFIG));
        change.accept(config);
        return configBytes(Json.write(config));
    }

    static MultipartBody configField(String field, String json) {
        JsonNode value = Json.tree(json.getBytes(StandardCharsets.UTF_8));
        return config(config -> config.set(field, value));
    }

    static MultipartBody configBytes(byte[] config) {
        return new MultipartBody().file("f", CONFIG, config).file("f", WEIGHTS, SOUND.get(WEIGHTS));
    }

    /** Every name of the header changed alike. */
    byte[] renamed(UnaryOperator<String> change) {
        ObjectNode names = header.objectNode();
        header.properties().forEach(entry -> names.set(entry.getKey().startsWith("__") ? entry.getKey()
                : change.apply(entry.getKey()), entry.getValue()));
        return file(new String(Json.write(names), StandardCharsets.UTF_8), data);
    }

    /** The same values in a narrower or wider type; the sound adapter is of F32. */
    byte[] stored(String type, int bytesEach, Consumer<Element> write) {
        ByteBuffer values = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer changed = ByteBuffer.allocate(data.length / 4 * bytesEach).order(ByteOrder.LITTLE_ENDIAN);
        while (values.hasRemaining()) write.accept(new Element(values.getFloat(), changed));
        ObjectNode types = header.deepCopy();
        types.properties().stream().filter(entry -> !entry.getKey().startsWith("__")).forEach(entry -> {
            ObjectNode tensor = (ObjectNode) entry.getValue();
            tensor.put("dtype", type);
            long begin = tensor.at("/data_offsets/0").asLong();
            long end = tensor.at("/data_offsets/1").asLong();
            tensor.putArray("data_offsets").add(begin / 4 * bytesEach).add(end / 4 * bytesEach);
        });
        return file(new String(Json.write(types), StandardCharsets.UTF_8), changed.array());
    }

    record Element(float value, ByteBuffer to) {}

    /** A shard of the tensors that are chosen. */
    byte[] shard(java.util.function.Predicate<String> chosen) {
        ObjectNode shard = header.objectNode();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        header.properties().stream().filter(entry -> !entry.getKey().startsWith("__") && chosen.test(entry.getKey()))
                .forEach(entry -> {
                    ObjectNode tensor = entry.getValue().deepCopy();
                    int begin = tensor.at("/data_offsets/0").asInt();
                    int end = tensor.at("/data_offsets/1").asInt();
                    tensor.putArray("data_offsets").add(bytes.size()).add(bytes.size() + end - begin);
                    bytes.write(data, begin, end - begin);
                    shard.set(entry.getKey(), tensor);
                });
        return file(new String(Json.write(shard), StandardCharsets.UTF_8), bytes.toByteArray());
    }

    byte[] index(UnaryOperator<String> shardOf) {
        ObjectNode index = header.objectNode();
        ObjectNode map = index.putObject("weight_map");
        header.properties().stream().map(Map.Entry::getKey).filter(name -> !name.startsWith("__"))
                .forEach(name -> map.put(name, shardOf.apply(name)));
        return Json.write(index);
    }
}
