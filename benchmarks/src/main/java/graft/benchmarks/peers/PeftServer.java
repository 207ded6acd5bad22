package graft.benchmarks.peers;

import graft.benchmarks.lora.MadeAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** transformers + PEFT behind {@code benchmarks/peers/peft_server.py}: static batches, answers told whole. */
public final class PeftServer implements Contender {
    private final ServerProcess process;
    private final CompletionClient client;

    private PeftServer(ServerProcess process, CompletionClient client) {
        this.process = process;
        this.client = client;
    }

    /** The Python of an environment that has both. */
    public static Optional<Path> python(Path peers) {
        return Optional.of(peers.resolve("venv/bin/python")).filter(Files::isExecutable);
    }

    public static PeftServer start(Path python, Path root, Path model, List<MadeAdapter> made, Path work, int threads)
            throws IOException {
        int port = ServerProcess.freePort();
        List<String> command = new ArrayList<>(List.of(python.toString(),
                root.resolve("benchmarks/peers/peft_server.py").toString(), String.valueOf(port), model.toString()));
        for (int i = 0; i < made.size(); i++)
            command.add(made.get(i).peft(work.resolve("peft-" + i), GraftServer.BASE).toString());
        String url = "http://127.0.0.1:" + port;
        ServerProcess process = ServerProcess.start(command, Map.of("OMP_NUM_THREADS", String.valueOf(threads),
                "HF_HUB_OFFLINE", "1", "TOKENIZERS_PARALLELISM", "false"), work.resolve("peft.log"), url + "/health");
        return new PeftServer(process, new CompletionClient(url, "none"));
    }

    @Override
    public String name() {
        return "PEFT";
    }

    @Override
    public ServerProcess process() {
        return process;
    }

    @Override
    public boolean streams() {
        return false;
    }

    @Override
    public List<Streamed> run(List<Ask> asks) {
        List<Map<String, Object>> bodies = new ArrayList<>();
        for (Ask ask : asks) bodies.add(Map.of("prompt", ask.prompt(), "max_tokens", ask.tokens(), "adapter",
                ask.adapter()));
        return client.together(bodies);
    }

    /** Loads an adapter into the running model. */
    public CompletionClient client() {
        return client;
    }

    @Override
    public void close() {
        process.close();
    }
}
