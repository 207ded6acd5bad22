package graft.benchmarks.peers;

import graft.benchmarks.lora.MadeAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** llama.cpp's server, as {@code benchmarks/peers/llama-cpp.sh} built it: adapters are read at start, chosen by request. */
public final class LlamaServer implements Contender {
    private static final int SLOTS = 16;
    private static final int CONTEXT_A_SLOT = 1536;
    private final ServerProcess process;
    private final CompletionClient client;
    private final int adapters;

    private LlamaServer(ServerProcess process, CompletionClient client, int adapters) {
        this.process = process;
        this.client = client;
        this.adapters = adapters;
    }

    /** Its programs, where they were built. */
    public static Optional<Path> programs(Path peers) throws IOException {
        if (!Files.isDirectory(peers)) return Optional.empty();
        try (Stream<Path> built = Files.list(peers)) {
            return built.filter(path -> path.getFileName().toString().startsWith("llama-cpp-"))
                    .map(path -> path.resolve("bin")).filter(path -> Files.isExecutable(path.resolve("llama-server")))
                    .sorted().reduce((one, later) -> later);
        }
    }

    /** Writes a copy of a model in another type (BF16, Q8_0), so that both sides read one and the same file. */
    public static Path converted(Path programs, Path model, String type, Path models) throws IOException {
        String stem = model.getFileName().toString().replaceFirst("\\.[^.]*\\.gguf$", "");
        Path file = models.resolve(stem + "." + type + ".gguf");
        if (Files.exists(file)) return file;
        Files.createDirectories(models);
        Path part = models.resolve(file.getFileName() + ".part");
        Process process = new ProcessBuilder(programs.resolve("llama-quantize").toString(), "--allow-requantize",
                model.toString(), part.toString(), type).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            if (process.waitFor() != 0) throw new IOException("llama-quantize failed on " + model);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return Files.move(part, file);
    }

    public static LlamaServer start(Path programs, Path model, List<MadeAdapter> made, Path work, int threads)
            throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < made.size(); i++) files.add(made.get(i).gguf(work.resolve("adapter-" + i + ".gguf")).toString());
        int port = ServerProcess.freePort();
        List<String> command = new ArrayList<>(List.of(programs.resolve("llama-server").toString(), "-m",
                model.toString(), "--host", "127.0.0.1", "--port", String.valueOf(port), "-np", String.valueOf(SLOTS),
                "-c", String.valueOf(SLOTS * CONTEXT_A_SLOT), "-t", String.valueOf(threads), "--no-webui"));
        if (!files.isEmpty()) command.addAll(List.of("--lora", String.join(",", files), "--lora-init-without-apply"));
        String url = "http://127.0.0.1:" + port;
        ServerProcess process = ServerProcess.start(command, Map.of(), work.resolve("llama.log"), url + "/health");
        return new LlamaServer(process, new CompletionClient(url, "none"), made.size());
    }

    @Override
    public String name() {
        return "llama.cpp";
    }

    @Override
    public ServerProcess process() {
        return process;
    }

    @Override
    public List<Streamed> run(List<Ask> asks) {
        List<Map<String, Object>> bodies = new ArrayList<>();
        for (Ask ask : asks) {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("prompt", ask.prompt());
            body.put("max_tokens", ask.tokens());
            body.put("temperature", 0);
            body.put("ignore_eos", true);
            body.put("stream", true);
            if (adapters > 0) body.put("lora", IntStream.range(0, adapters).mapToObj(id -> Map.of("id", id, "scale",
                    id == ask.adapter() ? 1.0 : 0.0)).toList());
            bodies.add(body);
        }
        return client.together(bodies);
    }

    @Override
    public void close() {
        process.close();
    }
}
