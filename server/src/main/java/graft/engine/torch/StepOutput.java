package graft.engine.torch;

/**
 * What one native step brought.
 *
 * @param logits     of each sampling slice in the batch's order, one row of the vocabulary after another
 * @param logsumexp  of each of these rows
 * @param finite     of each slice: whether everything computed for it is finite
 * @param vocabulary length of a row
 */
record StepOutput(float[] logits, float[] logsumexp, boolean[] finite, int vocabulary) {}
