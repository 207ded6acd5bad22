package graft.tokens;

/** A model's tokeniser. Safe from any thread. */
public interface Tokenizer extends AutoCloseable {
    /**
     * @param addSpecialTokens whether the post-processor adds what the model wants around a text (BOS, CLS, SEP);
     *                         false for a rendered chat template, which holds them already
     * @return token ids; special tokens written in the text are recognised
     */
    int[] encode(String text, boolean addSpecialTokens);

    /** Special tokens are left out. */
    String decode(int[] ids);

    /** The vocabulary's string of one id, as bytes of UTF-8 that may be a part of a character. */
    byte[] bytes(int id);

    int vocabularySize();

    /** For one stream: turns ids into text as soon as whole characters are known. */
    Detokenizer newDetokenizer();

    @Override
    void close();
}
