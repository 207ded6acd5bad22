package graft.engine.torch;

import graft.scheduling.Batch;
import graft.scheduling.Slice;

/**
 * What a slice weighs in its step: multiply-adds of the weights for each token computed, and of attention for each
 * token of KV that it reads. Pure.
 *
 * @param perToken   multiply-adds of all matrices
 * @param perKvToken multiply-adds of attention against one cached token, all layers
 */
record StepCost(long perToken, long perKvToken) {
    StepCost {
        if (perToken < 1) throw new IllegalArgumentException("perToken " + perToken);
        if (perKvToken < 1) throw new IllegalArgumentException("perKvToken " + perKvToken);
    }

    /** @return each slice's part of {@code micros}; they add up to it exactly, unless the batch is empty */
    long[] split(Batch batch, long micros) {
        long[] parts = new long[batch.slices().size()];
        double total = batch.slices().stream().mapToDouble(this::weight).sum();
        double passed = 0;
        long given = 0;
        for (int i = 0; i < parts.length; i++) {
            passed += weight(batch.slices().get(i));
            long until = i == parts.length - 1 ? micros : Math.min(micros, (long) (micros * (passed / total)));
            parts[i] = until - given;
            given = until;
        }
        return parts;
    }

    private double weight(Slice slice) {
        // Each token reads the KV before it: the mean over the slice is half way between its ends.
        double read = slice.length() * (slice.start() + (slice.length() + 1) / 2.0);
        return (double) slice.length() * perToken + read * perKvToken;
    }
}
