package graft.benchmarks.peers;

import com.fasterxml.jackson.databind.JsonNode;
import graft.benchmarks.lora.MadeAdapter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Graft, by {@code ./graft up} on a data folder of its own, with adapters uploaded over HTTP. */
public final class GraftServer implements Contender {
    public static final String BASE = "bench";
    private static final String BOUNDARY = "graft-bench-boundary";
    private final String name;
    private final Path data;
    private final ServerProcess process;
    private final String url;
    private final String key;
    private final CompletionClient client;
    private final Map<Integer, String> adapters = new HashMap<>();

    private GraftServer(String name, Path data, ServerProcess process, String url, String keyFile) throws IOException {
        this.name = name;
        this.data = data;
        this.process = process;
        this.url = url;
        this.key = Files.readString(data.resolve(keyFile)).strip();
        this.client = new CompletionClient(url, key);
    }

    /**
     * One base model and nothing else.
     *
     * @param settings GRAFT_ variables
     */
    public static GraftServer start(String name, Path root, Path work, Path model, Map<String, String> settings)
            throws IOException {
        return up(name, root, work, work.resolve(name), settings, "admin.key", "--no-demo", "--base",
                BASE + "=" + model);
    }

    /** The demo; its key is the demo tenant's. @param data may hold what an earlier run left */
    public static GraftServer demo(Path root, Path work, Path data) throws IOException {
        return up("graft", root, work, data, Map.of(), "demo.key");
    }

    /** The demo under a name and in a folder of its own. @param settings GRAFT_ variables */
    public static GraftServer demo(String name, Path root, Path work, Map<String, String> settings) throws IOException {
        return up(name, root, work, work.resolve(name), settings, "demo.key");
    }

    private static GraftServer up(String name, Path root, Path work, Path data, Map<String, String> settings,
            String keyFile, String... arguments) throws IOException {
        int port = ServerProcess.freePort();
        List<String> command = new ArrayList<>(List.of(root.resolve("graft").toString(), "up", "--port",
                String.valueOf(port), "--data", data.toString()));
        command.addAll(List.of(arguments));
        String url = "http://127.0.0.1:" + port;
        ServerProcess process = ServerProcess.start(command, settings, work.resolve(name + ".log"),
                url + "/health/ready");
        return new GraftServer(name, data, process, url, keyFile);
    }

    public String url() {
        return url;
    }

    public String key() {
        return key;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ServerProcess process() {
        return process;
    }

    public Path data() {
        return data;
    }

    public CompletionClient client() {
        return client;
    }

    /** Uploads an adapter under a number that asks may name. */
    public JsonNode upload(int number, Path folder) throws IOException {
        JsonNode reply = upload("adapter-" + number, folder);
        adapters.put(number, "adapter-" + number);
        return reply;
    }

    public JsonNode upload(String adapter, Path folder) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
            body.writeBytes(("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + file
                    + "\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            body.writeBytes(Files.readAllBytes(folder.resolve(file)));
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return client.send(client.request("/admin/v1/adapters/" + adapter + "/versions")
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build());
    }

    public void move(String adapter, String alias, int version) throws IOException {
        client.send(client.request("/admin/v1/adapters/" + adapter + "/aliases/" + alias)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString("{\"version\":" + version + "}")).build());
    }

    public Map<String, Object> body(String model, int[] prompt, int tokens) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("model", model);
        body.put("prompt", prompt);
        body.put("max_tokens", tokens);
        body.put("temperature", 0);
        body.put("ignore_eos", true);
        body.put("stream", true);
        body.put("graft", Map.of("return_token_ids", true)); // so that every token has a chunk, also one without text
        return body;
    }

    @Override
    public List<Streamed> run(List<Ask> asks) {
        List<Map<String, Object>> bodies = new ArrayList<>();
        for (Ask ask : asks) {
            String model = ask.adapter() == Ask.BASE ? BASE : adapters.get(ask.adapter());
            bodies.add(body(model, ask.prompt(), ask.tokens()));
        }
        return client.together(bodies);
    }

    /** Makes and uploads adapters, numbered from 0. */
    public void uploadAll(List<MadeAdapter> made, Path work) throws IOException {
        for (int i = 0; i < made.size(); i++) upload(i, made.get(i).peft(work.resolve("peft-" + i), BASE));
    }

    @Override
    public void close() {
        process.close();
    }
}
