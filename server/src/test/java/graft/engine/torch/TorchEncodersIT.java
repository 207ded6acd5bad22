package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.CrossEncoder;
import graft.knowledge.retrieval.CrossEncoderReranker;
import graft.tokens.HuggingFaceTokenizer;
import graft.tokens.Tokenizer;
import graft.weights.InvalidModelException;
import graft.weights.SentenceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** XLM-R, RoBERTa and NomicBERT against transformers, by tiny random models (python/make_encoders.py). */
class TorchEncodersIT {
    private static final Path RESOURCES = Path.of(System.getProperty("graft.root"), "server/src/test/resources");

    @ParameterizedTest
    @CsvSource({"embedder-xlmr,64", "embedder-roberta,40", "embedder-nomic,64"})
    void everyGoldenVectorIsMetAloneAndAmongOthers(String name, int window) throws IOException {
        GoldenEncoder golden = GoldenEncoder.of(name);
        try (TorchEmbedder embedder = TorchEmbedder.open(name, golden.folder(), "cpu", 512, 128)) {
            assertEquals(window, embedder.window());
            List<int[]> texts = golden.texts();
            List<float[]> together = embedder.embed(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertArrayEquals(golden.embedding(i), together.get(i), 2e-5f, "case " + i);
                assertArrayEquals(golden.embedding(i), embedder.embed(List.of(texts.get(i))).getFirst(), 2e-5f,
                        "case " + i);
            }
            assertThrows(IllegalArgumentException.class, () -> embedder.embed(List.of(new int[window + 1])));
        }
    }

    @Test
    void aUnigramTokenizerGivesTheGoldensTokens() throws IOException {
        GoldenEncoder golden = GoldenEncoder.of("embedder-xlmr");
        try (Tokenizer tokenizer = HuggingFaceTokenizer.of(Files.readString(golden.folder().resolve(
                "tokenizer.json")))) {
            for (JsonNode one : golden.cases()) {
                if (one.has("text")) {
                    assertArrayEquals(GoldenEncoder.tokens(one), tokenizer.encode(one.get("text").asText(), true));
                }
            }
        }
    }

    @Test
    void pairsOfXlmRHaveTwoSeparatorsAndMeetTheGoldens() throws IOException {
        GoldenEncoder golden = GoldenEncoder.of("reranker-xlmr");
        Path texts = RESOURCES.resolve("embedder-xlmr");
        try (TorchCrossEncoder encoder = TorchCrossEncoder.open(golden.folder(), "cpu", 512, 64);
                Tokenizer tokenizer = HuggingFaceTokenizer.of(Files.readString(texts.resolve("tokenizer.json")))) {
            assertEquals(40, encoder.window());
            golden.assertScoredBy(encoder);
            List<CrossEncoder.Pair> seen = new ArrayList<>();
            new CrossEncoderReranker(new CrossEncoder() {
                @Override
                public int window() {
                    return encoder.window();
                }

                @Override
                public int separators() {
                    return encoder.separators();
                }

                @Override
                public List<Double> score(List<Pair> asked) {
                    seen.addAll(asked);
                    return asked.stream().map(pair -> 0.5).toList();
                }

                @Override
                public void close() {
                    // the encoder is closed by itself
                }
            }, tokenizer).score("pump", List.of("kg"));
            int[] both = seen.getFirst().tokens();
            int second = seen.getFirst().second();
            int[] first = tokenizer.encode("pump", true);
            assertEquals(first.length + 1, second);
            assertArrayEquals(new int[] {2, 2}, new int[] {both[second - 2], both[second - 1]});
            assertEquals(second + tokenizer.encode("kg", false).length + 1, both.length);
        }
    }

    @Test
    void aFolderSaysHowItPoolsAndWhatItWantsBeforeATextAndWhatIsUnknownIsRefused(@TempDir Path folder)
            throws IOException {
        assertEquals(new SentenceConfig(true, Optional.empty(), "", ""),
                SentenceConfig.read(RESOURCES.resolve("embedder-xlmr")));
        assertEquals(new SentenceConfig(false, Optional.empty(), "search_query: ", "search_document: "),
                SentenceConfig.read(RESOURCES.resolve("embedder-nomic")));
        Files.createDirectory(folder.resolve("2_Pooling"));
        Files.writeString(folder.resolve("2_Pooling/config.json"), "{\"pooling_mode\":\"cls\"}");
        String modules = "[{\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"},"
                + "{\"path\":\"2_Pooling\",\"type\":\"sentence_transformers.models.Pooling\"}%s]";
        Files.writeString(folder.resolve("modules.json"), modules.formatted(""));
        assertEquals(true, SentenceConfig.read(folder).firstToken());
        Files.writeString(folder.resolve("modules.json"), modules.formatted(
                ",{\"path\":\"3_Dense\",\"type\":\"sentence_transformers.models.Dense\"}"));
        assertThrows(InvalidModelException.class, () -> SentenceConfig.read(folder));
    }

    @Test
    void variantsOfNomicBertThatAreNotComputedAreRefusedByName(@TempDir Path folder) throws IOException {
        String config = Files.readString(RESOURCES.resolve("embedder-nomic/config.json"));
        for (String change : List.of("\"prenorm\": true", "\"qkv_proj_bias\": true", "\"rotary_scaling_factor\": 2",
                "\"rotary_emb_fraction\": 0.5", "\"rotary_emb_interleaved\": true")) {
            String name = change.substring(1, change.indexOf('"', 1));
            Files.writeString(folder.resolve("config.json"), config.replaceFirst("\"" + name + "\": [^,\n]+", change));
            InvalidModelException refused = assertThrows(InvalidModelException.class,
                    () -> graft.weights.ModelConfig.read(folder));
            assertEquals(true, refused.getMessage().contains(name), refused.getMessage());
        }
    }
}
