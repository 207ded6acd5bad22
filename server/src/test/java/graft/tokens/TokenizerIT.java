package graft.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.weights.DemoModel;
import graft.weights.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tokeniser built from the demo model's GGUF against what transformers makes of the same file. */
class TokenizerIT {
    private static final int HALF_CHARACTER_TEXTS = 300;
    private static ModelFiles model;
    private static HuggingFaceTokenizer tokenizer;
    private static JsonNode golden;

    @BeforeAll
    static void open() throws IOException {
        model = ModelFiles.open(DemoModel.gguf(), ModelFiles.DEFAULT_HEADER_LIMIT);
        tokenizer = HuggingFaceTokenizer.of(model.tokenizerJson().orElseThrow());
        try (var in = TokenizerIT.class.getResourceAsStream("/demo/smollm2-golden.json")) {
            golden = new ObjectMapper().readTree(in);
        }
    }

    @AfterAll
    static void close() {
        tokenizer.close();
        model.close();
    }

    @Test
    void everyGoldenTextHasItsIds() {
        for (JsonNode entry : golden.get("tokenizer")) {
            String text = entry.get("text").asText();
            assertArrayEquals(ids(entry.get("ids")), tokenizer.encode(text, false), text);
        }
    }

    @Test
    void renderedChatsHaveTheirIdsAndAnswersTheirText() {
        for (JsonNode entry : golden.get("cases")) {
            assertArrayEquals(ids(entry.get("input_ids")), tokenizer.encode(entry.get("rendered").asText(), false));
            assertEquals(entry.get("greedy_text").asText(), tokenizer.decode(ids(entry.get("greedy_32"))));
        }
    }

    @Test
    void specialTokensAreKnownAndLeftOutOfText() {
        assertTrue(model.stopTokens().contains(2));
        assertEquals("<|im_start|>", model.bosToken().orElseThrow());
        assertEquals("user", tokenizer.decode(tokenizer.encode("<|im_start|>user<|im_end|>", false)));
        assertEquals(49_152, tokenizer.vocabularySize());
    }

    @Test
    void aStreamOfAnyTokensGivesTheTextOfTheWhole() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < HALF_CHARACTER_TEXTS; round++) {
            int[] ids = random.ints(1 + random.nextInt(40), 0, tokenizer.vocabularySize()).toArray();
            assertEquals(tokenizer.decodeByLibrary(ids), streamed(ids), "ids " + java.util.Arrays.toString(ids));
        }
    }

    @Test
    void textsComeBackAsTheyWentIn() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        String alphabet = "aZ09 \n\t.,'é日🙂\u200d<|>\u00a0";
        int[] points = alphabet.codePoints().toArray();
        for (int round = 0; round < HALF_CHARACTER_TEXTS; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(60); i > 0; i--) text.appendCodePoint(points[random.nextInt(points.length)]);
            assertEquals(text.toString(), streamed(tokenizer.encode(text.toString(), false)));
        }
    }

    @Test
    void halfACharacterIsHeldBack() {
        int[] ids = tokenizer.encode("👧", false);
        assertTrue(ids.length > 1);
        Detokenizer stream = tokenizer.newDetokenizer();
        for (int i = 0; i < ids.length - 1; i++) assertEquals("", stream.push(ids[i]));
        assertEquals("👧", stream.push(ids[ids.length - 1]));
        assertEquals("", stream.flush());
        Detokenizer cut = tokenizer.newDetokenizer();
        cut.push(ids[0]);
        assertEquals("\ufffd", cut.flush());
    }

    @Test
    void theEmbeddersTokeniserAddsItsSpecialTokens() throws IOException {
        String json = Files.readString(DemoModel.embedder().resolve("tokenizer.json"));
        try (Tokenizer embedder = HuggingFaceTokenizer.of(json)) {
            assertArrayEquals(new int[] {101, 7592, 2088, 102}, embedder.encode("Hello world", true));
            assertArrayEquals(new int[] {7592, 2088}, embedder.encode("Hello world", false));
            assertEquals("hello world", embedder.decode(new int[] {101, 7592, 2088, 102}));
            assertEquals(1000 + 2, embedder.encode("pump ".repeat(1000), true).length, "neither padded nor truncated");
            assertEquals(Set.of(30_522), Set.of(embedder.vocabularySize()));
        }
    }

    private static String streamed(int[] ids) {
        Detokenizer stream = tokenizer.newDetokenizer();
        StringBuilder text = new StringBuilder();
        IntStream.of(ids).forEach(id -> text.append(stream.push(id)));
        return text.append(stream.flush()).toString();
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
    }
}
