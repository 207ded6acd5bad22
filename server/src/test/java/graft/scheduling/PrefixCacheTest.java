package graft.scheduling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
    private static final AdapterKey A = new AdapterKey("sha256:a", 1);
    private static final AdapterKey B = new AdapterKey("sha256:b", 1);

    private final Scheduler scheduler = new Scheduler(new Limits(64, 4, 8, 2, 16, 4));
    private long ids;

    @Test
    void aSecondRequestFindsTheFullBlocksOfTheFirst() {
        assertEquals(0, cachedOf(serve("t", List.of(), prompt(14))));
        assertEquals(12, cachedOf(serve("t", List.of(), prompt(14))));
        assertEquals(12, cachedOf(serve("t", List.of(), prompt(16))), "the fourth block was never filled");
    }

    @Test
    void theLastPromptTokenIsAlwaysComputed() {
        serve("t", List.of(), prompt(16));
        assertEquals(12, cachedOf(serve("t", List.of(), prompt(16))));
    }

    @Test
    void anAnswersBlocksAreFoundByTheNextTurnOfTheConversation() {
        Sequence first = serve("t", List.of(), prompt(6));
        Sequence second = serve("t", List.of(), concat(first.tokens(), 9, 9, 9));
        assertEquals(8, cachedOf(second));
    }

    @Test
    void anotherSaltNeverHits() {
        serve("t", List.of(), prompt(14));
        assertEquals(0, cachedOf(serve("other", List.of(), prompt(14))));
    }

    @Test
    void anotherAdapterScaleOrCompositionNeverHits() {
        List<List<AdapterKey>> all = List.of(List.of(), List.of(A), List.of(B), List.of(A, B),
                List.of(new AdapterKey("sha256:a", 0.5)));
        for (List<AdapterKey> adapters : all) assertEquals(0, cachedOf(serve("t", adapters, prompt(9))), "" + adapters);
        for (List<AdapterKey> adapters : all) assertEquals(8, cachedOf(serve("t", adapters, prompt(9))), "" + adapters);
    }

    @Test
    void anActivatedAdapterSharesWhatIsBeforeItWithTheBaseAndWithOthers() {
        serve("t", List.of(), prompt(14));
        assertEquals(8, cachedOf(serve("t", List.of(A), prompt(14), 9)), "its third block holds its first token");
        assertEquals(12, cachedOf(serve("t", List.of(A), prompt(14), 9)), "its own blocks are found by itself");
        assertEquals(8, cachedOf(serve("t", List.of(A), prompt(14), 11)), "the same block, but begun elsewhere");
        assertEquals(8, cachedOf(serve("t", List.of(B), prompt(14), 9)));
        assertEquals(4, cachedOf(serve("t", List.of(A, B), prompt(14), 9, 4)));
        assertEquals(12, cachedOf(serve("t", List.of(A, B), prompt(14), 12, Sequence.NEVER)), "the base's");
        assertEquals(0, cachedOf(serve("t", List.of(A), prompt(14), 0)));
        assertEquals(0, cachedOf(serve("other", List.of(A), prompt(14), 9)), "never another tenant's");
    }

    @Test
    void theSameBlockBehindAnotherBeginningNeverHits() {
        serve("t", List.of(), new int[] {1, 1, 1, 1, 2, 2, 2, 2, 3});
        assertEquals(0, cachedOf(serve("t", List.of(), new int[] {2, 2, 2, 2, 3})));
    }

    @Test
    void whatAFailedStepComputedIsNeverFoundAndItsBlocksAreFree() {
        Sequence bad = sequence("t", List.of(), prompt(14));
        scheduler.add(bad);
        Batch batch = scheduler.plan();
        Applied applied = scheduler.apply(batch, new StepResult(List.of(), Set.of(bad.id())));
        assertEquals(List.of(new Applied.Ended(bad, Applied.Reason.FAILED)), applied.ended());
        scheduler.checkIntegrity();
        assertEquals(16, scheduler.counts().freeBlocks());
        assertEquals(0, scheduler.counts().cachedBlocks());
        assertEquals(0, cachedOf(serve("t", List.of(), prompt(14))));
    }

    @Test
    void twoThatRunAtOnceShareBlocksInsteadOfHoldingCopies() {
        serve("t", List.of(), prompt(14));
        Sequence one = sequence("t", List.of(), prompt(14));
        Sequence two = sequence("t", List.of(), prompt(14));
        scheduler.add(one);
        scheduler.add(two);
        Batch batch = scheduler.plan();
        for (int i = 0; i < 3; i++) assertEquals(one.block(i), two.block(i));
        assertTrue(one.block(3) != two.block(3), "the block that is written is one's own");
        assertEquals(16 - 5, scheduler.counts().freeBlocks());
        apply(batch);
    }

    @Test
    void theLongestUnusedPrefixIsForgottenFirst() {
        // Each leaves 3 findable blocks of 16: five of them fill 15, the sixth must evict.
        for (int i = 0; i < 5; i++) serve("t" + i, List.of(), prompt(13));
        assertEquals(12, cachedOf(serve("t0", List.of(), prompt(13))));
        serve("t5", List.of(), prompt(13));
        assertEquals(12, cachedOf(serve("t0", List.of(), prompt(13))), "used again, so kept");
        assertTrue(cachedOf(serve("t1", List.of(), prompt(13))) < 12, "the oldest gave blocks");
    }

    private Sequence serve(String tenant, List<AdapterKey> adapters, int[] prompt) {
        return serve(tenant, adapters, prompt, new int[adapters.size()]);
    }

    private Sequence serve(String tenant, List<AdapterKey> adapters, int[] prompt, int... from) {
        Sequence sequence = sequence(tenant, adapters, prompt).activatedFrom(from);
        assertTrue(scheduler.add(sequence));
        while (scheduler.hasWork()) apply(scheduler.plan());
        return sequence;
    }

    private void apply(Batch batch) {
        List<Chosen> chosen = new ArrayList<>();
        for (Slice slice : batch.slices()) if (slice.samples()) chosen.add(new Chosen(slice.sequence().id(), 5));
        scheduler.apply(batch, new StepResult(chosen));
        scheduler.checkIntegrity();
    }

    private Sequence sequence(String tenant, List<AdapterKey> adapters, int[] prompt) {
        return new Sequence(++ids, tenant, "salt of " + tenant, adapters, prompt, 3, Set.of());
    }

    private static int cachedOf(Sequence sequence) {
        return sequence.cachedPromptTokens();
    }

    private static int[] prompt(int length) {
        int[] prompt = new int[length];
        for (int i = 0; i < length; i++) prompt[i] = i;
        return prompt;
    }

    private static int[] concat(int[] tokens, int... more) {
        int[] all = java.util.Arrays.copyOf(tokens, tokens.length + more.length);
        System.arraycopy(more, 0, all, tokens.length, more.length);
        return all;
    }
}
