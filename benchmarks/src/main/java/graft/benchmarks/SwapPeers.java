package graft.benchmarks;

import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.LlamaServer;
import graft.benchmarks.peers.PeftServer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * How long the peers take from an adapter's files to its first token. llama.cpp's server reads adapters only at its
 * start, so there it is a restart; PEFT loads into the running process, from a local folder.
 */
final class SwapPeers {
    private SwapPeers() {}

    static void measure(Options options, Path work, Report report) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        Optional<Path> llama = LlamaServer.programs(options.peers());
        Optional<Path> python = PeftServer.python(options.peers());
        if (llama.isPresent()) llama(options, llama.get(), work, threads, report);
        else report.note("llama.cpp was not found");
        if (python.isPresent()) peft(options, python.get(), work, threads, report);
        else report.note("transformers + PEFT were not found");
    }

    private static MadeAdapter made(int mebibytes) {
        return new MadeAdapter(Shape.SMOLLM2_135M, Shape.SMOLLM2_135M.rankOf((long) mebibytes << 20), mebibytes);
    }

    private static Ask ask(int adapter) {
        return new Ask(Ask.fresh(new Random(1), 16), 1, adapter);
    }

    private static void llama(Options options, Path programs, Path work, int threads, Report report) throws IOException {
        for (int size : options.mebibytes()) {
            double[] millis = new double[options.rounds()];
            for (int i = 0; i < millis.length; i++) {
                try (LlamaServer server = LlamaServer.start(programs, options.demoModel(), List.of(made(size)), work,
                        threads)) {
                    millis[i] = 1000 * server.process().readySeconds()
                            + server.run(List.of(ask(0))).getFirst().firstTokenMillis();
                }
            }
            report.figure(size + " MB: llama.cpp, restart to first token (ms)", new Measurement(millis));
        }
    }

    private static void peft(Options options, Path python, Path work, int threads, Report report) throws IOException {
        try (PeftServer server = PeftServer.start(python, options.root(), options.demoModel(), List.of(made(1)), work,
                threads)) {
            server.run(List.of(ask(0)));
            for (int size : options.mebibytes()) {
                Path folder = made(size).peft(work.resolve("peft-new"), GraftServer.BASE);
                double[] millis = new double[options.rounds()];
                for (int i = 0; i < millis.length; i++) {
                    long start = System.nanoTime();
                    int number = server.client().send(server.client().request("/load").POST(
                            HttpRequest.BodyPublishers.ofString("{\"folder\":\"" + folder + "\"}")).build())
                            .get("adapter").asInt();
                    server.run(List.of(ask(number)));
                    millis[i] = (System.nanoTime() - start) / 1e6;
                }
                report.figure(size + " MB: PEFT, load_adapter from disk to first token (ms)", new Measurement(millis));
            }
        }
    }
}
