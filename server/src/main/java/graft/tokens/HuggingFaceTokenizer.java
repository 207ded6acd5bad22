package graft.tokens;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A tokenizer.json run by Hugging Face's tokenizers library (DJL's binding): encoding is theirs, decoding is ours where
 * the vocabulary spells bytes, so that a whole text and a stream of it are decoded by the same code. Never pads, never
 * truncates, never reaches for the network. Safe from any thread until {@link #close}.
 */
public final class HuggingFaceTokenizer implements Tokenizer {
    private static final String FLAVOR = "RUST_FLAVOR";
    private static final Map<String, String> AS_IT_IS =
            Map.of("padding", "false", "truncation", "false", "addSpecialTokens", "false");

    /** Characters from which on the native call is too long for a virtual thread to keep its carrier. */
    private static final int LONG_TEXT = 8 << 10;
    /** As many as there are cores; who is in line waits, so the line is as long as there are callers. */
    private static final ThreadPoolExecutor LONG_TEXTS = longTexts(Runtime.getRuntime().availableProcessors());

    static {
        // Beside a GPU the binding would download a library for it; text needs none.
        if (System.getProperty(FLAVOR) == null && System.getenv(FLAVOR) == null) System.setProperty(FLAVOR, "cpu");
    }

    private final ai.djl.huggingface.tokenizers.HuggingFaceTokenizer library;
    private final Vocabulary vocabulary;

    private HuggingFaceTokenizer(ai.djl.huggingface.tokenizers.HuggingFaceTokenizer library, Vocabulary vocabulary) {
        this.library = library;
        this.vocabulary = vocabulary;
    }

    private static ThreadPoolExecutor longTexts(int threads) {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), Thread.ofPlatform().daemon().name("tokenizer-", 0).factory());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /**
     * @param tokenizerJson the text of a tokenizer.json
     * @throws InvalidTokenizerException when it can't be used
     */
    public static HuggingFaceTokenizer of(String tokenizerJson) {
        Vocabulary vocabulary = Vocabulary.parse(tokenizerJson);
        SpecialTokens.prove(tokenizerJson);
        try (var in = new ByteArrayInputStream(tokenizerJson.getBytes(StandardCharsets.UTF_8))) {
            var library = ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(in, AS_IT_IS);
            return new HuggingFaceTokenizer(library, vocabulary);
        } catch (IOException | RuntimeException refused) {  // the native library throws plain RuntimeExceptions
            throw new InvalidTokenizerException("tokenizer.json is refused by the tokenizers library: "
            + refused.getMessage(), refused);
        }
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        long[] ids = text.length() < LONG_TEXT || !Thread.currentThread().isVirtual() ? encoded(text, addSpecialTokens)
                : CompletableFuture.supplyAsync(() -> encoded(text, addSpecialTokens), LONG_TEXTS).join();
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    private long[] encoded(String text, boolean addSpecialTokens) {
        return library.encode(text, addSpecialTokens, false).getIds();
    }

    @Override
    public String decode(int[] ids) {
        if (vocabulary.spelling() == Vocabulary.Spelling.OTHER) {
            return library.decode(Arrays.stream(ids).asLongStream().toArray(), true);
        }
        Detokenizer detokenizer = newDetokenizer();
        StringBuilder text = new StringBuilder();
        for (int id : ids) text.append(detokenizer.push(id));
        return text.append(detokenizer.flush()).toString();
    }

    /** What the library itself makes of ids; tests hold {@link #decode} against it. */
    String decodeByLibrary(int[] ids) {
        return library.decode(Arrays.stream(ids).asLongStream().toArray(), true);
    }

    @Override
    public byte[] bytes(int id) {
        return vocabulary.bytes(id).clone();
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public Detokenizer newDetokenizer() {
        return vocabulary.spelling() == Vocabulary.Spelling.OTHER ? new NativeDetokenizer(this)
                : new ByteDetokenizer(vocabulary);
    }

    @Override
    public void close() {
        library.close();
    }
}
