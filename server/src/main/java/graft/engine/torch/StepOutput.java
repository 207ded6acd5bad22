package graft.engine.torch;

/**
 * What one native step brought.
 *
 * @param chances of each choice of each sampling slice, in the batch's order
 * @param finite  of each row: whether everything computed for it is finite
 */
record StepOutput(Chances[] chances, boolean[] finite) {
    /**
     * Of one next token.
     *
     * @param logits    of the whole vocabulary, where the sampler reads them; else empty
     * @param logsumexp of them
     * @param largest   of them
     * @param likeliest id of the largest; the first of equals
     */
    record Chances(float[] logits, float logsumexp, float largest, int likeliest) {}
}
