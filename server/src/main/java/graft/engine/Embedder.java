package graft.engine;

import java.util.List;

/**
 * Turns token ids into unit vectors (a BERT-family encoder with mean pooling). Any thread may call; calls share the
 * machine with generation and may wait for their turn.
 */
public interface Embedder extends AutoCloseable {
    /** The name callers use. */
    String id();

    int dimensions();

    /** Most tokens one text may have, special tokens included; longer input is refused. */
    int window();

    /**
     * @param texts token ids with special tokens, each of 1 to {@link #window} tokens
     * @return one unit vector a text, in order
     */
    List<float[]> embed(List<int[]> texts);

    @Override
    void close();
}
