package graft.engine.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import graft.scheduling.AdapterKey;
import graft.scheduling.Batch;
import graft.scheduling.Sequence;
import graft.scheduling.Slice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Lays a batch out as tensors and runs it as one native call. Belongs to the engine's thread.
 *
 * <p>Rows follow the batch's slices. Slices of one token are attended as a batch, longer ones one by one; rows of one
 * adapter list are one range.
 */
final class DecodeStep {
    private static final float[] NO_LOGITS = {};

    private final TorchModule module;
    private final int blockTokens;

    DecodeStep(TorchModule module, int blockTokens) {
        this.module = module;
        this.blockTokens = blockTokens;
    }

    /**
     * @param bank  holds every adapter of the batch
     * @param reads which sampling slices need all logits; of others only the likeliest token leaves libtorch
     */
    StepOutput run(Batch batch, AdapterBank bank, Predicate<Slice> reads) {
        try (TorchModule.Scope scope = module.scope()) {
            List<IValue> arguments = new ArrayList<>(rows(batch, scope));
            arguments.addAll(attention(batch, scope));
            arguments.addAll(groups(batch, bank, scope));
            IValue[] results = scope.toTuple(scope.call("step", arguments.toArray(IValue[]::new)));
            PtNDArray logits = scope.toTensor(results[0]); // [choices, vocabulary]
            float[] summaries = scope.toFloats(results[1]); // [choices, 3]
            var chances = new StepOutput.Chances[choices(batch)];
            int row = 0;
            for (Slice slice : batch.slices()) {
                boolean read = slice.samples() && reads.test(slice);
                for (int end = row + slice.choices(); row < end; row++) {
                    chances[row] = new StepOutput.Chances(read ? scope.toFloats(logits, row) : NO_LOGITS,
                            summaries[3 * row], summaries[3 * row + 1], (int) summaries[3 * row + 2]);
                }
            }
            return new StepOutput(chances, scope.toBooleans(results[2]));
        }
    }

    private static int choices(Batch batch) {
        return batch.slices().stream().mapToInt(Slice::choices).sum();
    }

    /**
     * Sets to zero what went wrong of a slice's KV, so that nothing of it can reach the next owner of its blocks.
     *
     * @param from the first row of the slice that is scrubbed
     */
    void scrub(Slice slice, int from) {
        long[] slots = new long[slice.length() - from];
        for (int i = 0; i < slots.length; i++) slots[i] = slot(slice.sequence(), slice.start() + from + i);
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("scrub", scope.tensor(scope.longs(slots, slots.length)));
        }
    }

    /** The same for all KV, after a step that went wrong. */
    void scrubAll() {
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("scrub_all");
        }
    }

    /** tokens, positions, slots: [n]; wanted: rows whose logits choose a token. */
    private List<IValue> rows(Batch batch, TorchModule.Scope scope) {
        int n = batch.tokens();
        long[] tokens = new long[n];
        long[] positions = new long[n];
        long[] slots = new long[n];
        long[] wanted = new long[choices(batch)];
        int row = 0;
        int sampled = 0;
        for (Slice slice : batch.slices()) {
            Sequence sequence = slice.sequence();
            for (int position = slice.start(); position < slice.end(); position++, row++) {
                tokens[row] = slice.token(position);
                positions[row] = position;
                slots[row] = slot(sequence, position);
            }
            for (int back = slice.choices(); back > 0; back--) wanted[sampled++] = row - back;
        }
        return List.of(scope.tensor(scope.longs(tokens, n)), scope.tensor(scope.longs(positions, n)),
                scope.tensor(scope.longs(slots, n)), scope.tensor(scope.longs(wanted, wanted.length)));
    }

    /** single_rows, single_lengths: [b]; blocks: [b, most], then [1, blocks] of each longer slice; spans. */
    private List<IValue> attention(Batch batch, TorchModule.Scope scope) {
        List<Slice> singles = batch.slices().stream().filter(slice -> slice.length() == 1).toList();
        int b = singles.size();
        int most = singles.stream().mapToInt(slice -> blocksOf(slice)).max().orElse(0);
        long[] rows = new long[b];
        long[] lengths = new long[b];
        long[] table = new long[b * most];
        List<Long> spans = new ArrayList<>();
        List<PtNDArray> blocks = new ArrayList<>();
        blocks.add(null); // the singles' table, once it is known
        int row = 0;
        int single = 0;
        for (Slice slice : batch.slices()) {
            if (slice.length() == 1) {
                rows[single] = row;
                lengths[single] = slice.end();
                fill(table, single * most, most, slice);
                single++;
            } else {
                spans.addAll(List.of((long) row, (long) slice.length(), (long) slice.end()));
                long[] own = new long[blocksOf(slice)];
                fill(own, 0, own.length, slice);
                blocks.add(scope.longs(own, 1, own.length));
            }
            row += slice.length();
        }
        blocks.set(0, scope.longs(table, b, most));
        return List.of(scope.tensor(scope.longs(rows, b)), scope.tensor(scope.longs(lengths, b)),
                scope.tensors(blocks), scope.numbers(spans.stream().mapToLong(Long::longValue).toArray()));
    }

    private long slot(Sequence sequence, int position) {
        return (long) sequence.block(position / blockTokens) * blockTokens + position % blockTokens;
    }

    private int blocksOf(Slice slice) {
        return Math.ceilDiv(slice.end(), blockTokens);
    }

    /** Pads with the sequence's own first block: what is masked must still be finite, and of nobody else. */
    private void fill(long[] table, int from, int count, Slice slice) {
        int used = blocksOf(slice);
        for (int i = 0; i < count; i++) table[from + i] = slice.sequence().block(i < used ? i : 0);
    }

    /** groups, head_groups: start, rows, slot of each adapter, by rows of the step and of the logits; scales. */
    private List<IValue> groups(Batch batch, AdapterBank bank, TorchModule.Scope scope) {
        var ranges = new Ranges(bank);
        List<Slice> slices = batch.slices();
        for (int from = 0, to; from < slices.size(); from = to) {
            List<AdapterKey> adapters = slices.get(from).sequence().adapters();
            to = from;
            while (to < slices.size() && slices.get(to).sequence().adapters().equals(adapters)) to++;
            ranges.add(adapters, slices.subList(from, to));
        }
        return List.of(scope.numbers(ranges.groups.stream().mapToLong(Long::longValue).toArray()),
                scope.numbers(ranges.headGroups.stream().mapToLong(Long::longValue).toArray()),
                scope.decimals(ranges.scales.stream().mapToDouble(Double::doubleValue).toArray()));
    }

    /** Which rows each adapter applies to. Those of an activated one may begin within a slice. */
    private static final class Ranges {
        final List<Long> groups = new ArrayList<>();
        final List<Long> headGroups = new ArrayList<>();
        final List<Double> scales = new ArrayList<>();
        private final AdapterBank bank;
        private int row;
        private int wanted;

        Ranges(AdapterBank bank) {
            this.bank = bank;
        }

        /** Neighbouring slices of sequences with these adapters. */
        void add(List<AdapterKey> adapters, List<Slice> slices) {
            IntStream.range(0, adapters.size()).boxed()
                    .sorted(Comparator.comparing(index -> !bank.looksAtBase(adapters.get(index))))
                    .forEach(index -> one(index, adapters.get(index), slices));
            for (Slice slice : slices) {
                row += slice.length();
                wanted += slice.choices();
            }
        }

        private void one(int index, AdapterKey adapter, List<Slice> slices) {
            int end = row;
            int headEnd = wanted;
            int rows = 0;
            int heads = 0;
            for (Slice slice : slices) {
                int own = slice.tokensOf(index);
                if (own < slice.length()) { // what came before ends here
                    put(adapter, end - rows, rows, headEnd - heads, heads);
                    rows = 0;
                    heads = 0;
                }
                end += slice.length();
                rows += own;
                headEnd += slice.choices(); // all of tokens behind the prompt's last, where every adapter applies
                if (own > 0) heads += slice.choices();
            }
            put(adapter, end - rows, rows, headEnd - heads, heads);
        }

        private void put(AdapterKey adapter, long start, long rows, long headStart, long heads) {
            if (rows == 0) return;
            long slot = bank.slot(adapter);
            groups.addAll(List.of(start, rows, slot));
            headGroups.addAll(List.of(headStart, heads, slot));
            scales.add(adapter.scale());
        }
    }
}
