package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.CrossEncoder;
import graft.weights.SentenceConfig;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Tiny random BERTs made with transformers 5.23: a classifier over pairs, and an encoder with its first token. */
class TorchCrossEncoderIT {
    @Test
    void everyGoldenPairIsMetAloneAndAmongOthers() throws IOException {
        GoldenEncoder golden = GoldenEncoder.of("reranker");
        TorchCrossEncoder encoder = TorchCrossEncoder.open(golden.folder(), "cpu", 512, 64);
        try (encoder) {
            assertEquals(40, encoder.window());
            golden.assertScoredBy(encoder);
            assertThrows(IllegalArgumentException.class,
                    () -> encoder.score(List.of(new CrossEncoder.Pair(new int[41], 1))));
        }
        encoder.close(); // again
        assertThrows(IllegalStateException.class, () -> golden.assertScoredBy(encoder));
    }

    @Test
    void anEncodersFolderSaysHowItPoolsHowFarItSeesAndWhatItWantsBeforeAText() throws IOException {
        GoldenEncoder golden = GoldenEncoder.of("embedder-cls");
        assertEquals(new SentenceConfig(true, Optional.of(24), "Represent this sentence: ", ""),
                SentenceConfig.read(golden.folder()));
        try (TorchEmbedder embedder = TorchEmbedder.open("tiny", golden.folder(), "cpu", 512, 64)) {
            assertEquals(24, embedder.window());
            List<float[]> together = embedder.embed(golden.texts());
            for (int i = 0; i < together.size(); i++) {
                double cosine = 0;
                for (int k = 0; k < 32; k++) cosine += golden.embedding(i)[k] * together.get(i)[k];
                assertTrue(cosine > 0.99999, "cosine " + cosine);
            }
        }
    }

    @Test
    void aBatchHoldsInputsOfSimilarLengthWithinItsTokensAndEachOnce() {
        assertEquals(List.of(List.of(1, 3), List.of(2), List.of(0)),
                EncoderModule.batches(List.of(90, 3, 10, 4), 20));
        assertEquals(List.of(), EncoderModule.batches(List.of(), 20));
    }
}
