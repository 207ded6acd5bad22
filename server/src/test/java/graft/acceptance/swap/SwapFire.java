package graft.acceptance.swap;

import graft.acceptance.swap.SwapClient.Answer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sixteen streams over four aliases that move fifty times a second among eight versions, while each second a version is
 * uploaded, asked and deleted. It lasts until as many moves were made and versions uploaded as the seconds ask for,
 * however slow the machine.
 */
final class SwapFire {
    static final int LONGEST = 32;
    private static final int STREAMS = 16;
    private static final int MOVES_PER_SECOND = 50;
    private static final List<String> ALIASES = List.of("production", "canary", "green", "blue");
    private static final List<PeftVersion> VERSIONS = List.of(new PeftVersion("l3-r4-qv", 8),
            new PeftVersion("l3-r4-qv", 96), new PeftVersion("l3-r16-all", 16), new PeftVersion("l3-r16-all", 64),
            new PeftVersion("l3-dora-r8", 16), new PeftVersion("l3-dora-r8", 48), new PeftVersion("l3-rslora-r8", 16),
            new PeftVersion("l3-lora-bias", 32));
    private final SwapClient client;
    private final Random seeds;
    private final int seconds;
    private final AliasMoves moves;
    /** By digest: what was uploaded under it. */
    final Map<String, PeftVersion> contents = new ConcurrentHashMap<>();
    /** By version's number: its digest. */
    final Map<Integer, String> digests = new ConcurrentHashMap<>();
    final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    final AtomicInteger uploads = new AtomicInteger();
    final AtomicInteger left = new AtomicInteger();
    private final Map<String, PeftVersion> standing = new LinkedHashMap<>();
    private final CompletableFuture<Void> enough = new CompletableFuture<>();
    private long nanos;

    SwapFire(SwapClient client, long seed, int seconds) {
        this.client = client;
        this.seeds = new Random(seed);
        this.seconds = seconds;
        List<Integer> numbers = new ArrayList<>();
        for (PeftVersion version : VERSIONS) {
            SwapClient.Version stored = uploaded(version);
            numbers.add(stored.number());
            standing.put(stored.digest(), version);
        }
        moves = new AliasMoves(client, ALIASES, numbers);
    }

    private SwapClient.Version uploaded(PeftVersion version) {
        SwapClient.Version stored = client.upload(SwapClient.ADAPTER, version);
        contents.put(stored.digest(), version);
        digests.put(stored.number(), stored.digest());
        return stored;
    }

    void run() throws InterruptedException {
        long start = System.nanoTime();
        try (ScheduledExecutorService threads = Executors.newScheduledThreadPool(STREAMS + ALIASES.size() + 1)) {
            for (int i = 0; i < STREAMS; i++) {
                Random random = new Random(seeds.nextLong());
                threads.scheduleWithFixedDelay(guarded(() -> ask(random)), 0, 1, TimeUnit.NANOSECONDS);
            }
            for (String alias : ALIASES) {
                Random random = new Random(seeds.nextLong());
                threads.scheduleAtFixedRate(guarded(() -> moves.move(alias, random)), 0,
                        1000 * ALIASES.size() / MOVES_PER_SECOND, TimeUnit.MILLISECONDS);
            }
            Random random = new Random(seeds.nextLong());
            threads.scheduleAtFixedRate(guarded(() -> uploadAskAndDelete(random)), 0, 1, TimeUnit.SECONDS);
            try {
                enough.get(60 + 10L * seconds, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                failures.add("only " + moves.count() + " moves and " + uploads + " uploads: " + e);
            }
        }
        nanos = System.nanoTime() - start;
    }

    /** A task that throws would silently not be run again. */
    private Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                failures.add(e.toString());
            }
            boolean done = moves.count() >= seconds * MOVES_PER_SECOND && uploads.get() >= seconds;
            if (done || !failures.isEmpty()) enough.complete(null);
        };
    }

    private void ask(Random random) {
        String alias = ALIASES.get(random.nextInt(ALIASES.size()));
        String model = alias.equals("production") && random.nextBoolean() ? SwapClient.ADAPTER
                : SwapClient.ADAPTER + "@" + alias;
        int prompt = random.nextInt(Prompts.COUNT);
        int tokens = 4 + random.nextInt(LONGEST - 3);
        switch (random.nextInt(8)) {
            case 0 -> {
                try (SwapClient.Streamed stream = client.stream(model, prompt, tokens)) {
                    stream.awaitFirstToken();
                    left.incrementAndGet(); // closing it now is a client that leaves
                }
            }
            case 1, 2, 3 -> {
                try (SwapClient.Streamed stream = client.stream(model, prompt, tokens)) {
                    keep(stream.rest(), tokens);
                }
            }
            default -> keep(client.answer(model, prompt, tokens), tokens);
        }
    }

    private void keep(Answer answer, int tokens) {
        answers.add(answer);
        if (answer.tokens().size() != tokens)
            failures.add(answer.model() + ": " + answer.tokens().size() + " tokens, not " + tokens);
        if (!answer.digest().equals(digests.get(answer.version())))
            failures.add(answer.model() + " says it is " + answer.digest());
    }

    /** A new version, or one with the bytes of a standing one; it is deleted while it answers, and gone then. */
    private void uploadAskAndDelete(Random random) {
        PeftVersion version = random.nextInt(3) == 0 ? VERSIONS.get(random.nextInt(VERSIONS.size()))
                : new PeftVersion(VERSIONS.get(random.nextInt(VERSIONS.size())).of(), 20 + random.nextInt(1000) / 7.0);
        SwapClient.Version stored = uploaded(version);
        String model = SwapClient.ADAPTER + "@" + stored.number();
        try (SwapClient.Streamed stream = client.stream(model, random.nextInt(Prompts.COUNT), LONGEST)) {
            stream.awaitFirstToken();
            client.delete(SwapClient.ADAPTER, stored.number());
            int after = client.status(model, 0);
            if (after != 404) failures.add(model + " answers " + after + " after its deletion");
            Answer answer = stream.rest();
            answers.add(answer);
            if (!answer.digest().equals(stored.digest()) || answer.tokens().size() != LONGEST)
                failures.add(model + " was deleted while it answered: " + answer);
        }
        uploads.incrementAndGet();
    }

    /** Holds every answer to the solo run of the version it names. */
    List<String> differences(SoloAnswers solo) {
        if (solo.differing(standing, 0, LONGEST) < standing.size() - 1)
            return List.of("the versions answer alike, so that nothing is proved");
        List<String> different = new ArrayList<>();
        int ties = 0;
        for (Answer answer : answers) {
            if (!moves.allows(answer)) different.add("its alias did not point there while it was asked: " + answer);
            switch (solo.compare(answer.tokens(), answer.digest(), contents.get(answer.digest()), answer.prompt(),
                    LONGEST)) {
                case EQUAL -> { }
                case TIE -> ties++;
                case DIFFERENT -> different.add(answer.toString());
            }
        }
        System.out.printf("swap under fire: %.1f s, %d streams, %d alias moves (%.0f a second) among %d versions, "
                + "%d uploads and deletions, %d answers whole and %d left early, %d failed; of %d versions and prompts "
                + "computed alone, %d answers differ first at a tie, %d differ%n", nanos / 1e9, STREAMS, moves.count(),
                moves.count() / (nanos / 1e9), VERSIONS.size(), uploads.get(), answers.size(), left.get(),
                failures.size(), solo.computed(), ties, different.size());
        if (ties > Math.max(1, answers.size() / 100)) different.add(ties + " ties");
        return different;
    }
}
