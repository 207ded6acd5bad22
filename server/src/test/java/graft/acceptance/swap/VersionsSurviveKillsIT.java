package graft.acceptance.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.acceptance.RunningGraft;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server and its Postgres are killed while versions are uploaded and deleted and aliases move: what was
 * acknowledged is there, nothing is there by half, no alias points at nothing, and all of it serves.
 */
class VersionsSurviveKillsIT {
    private static final int ADAPTERS = 3;
    private static final int CHANGES_BEFORE_A_KILL = 12;
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final List<AdapterLife> lives = new ArrayList<>();

    @Test
    void whatWasAcknowledgedIsThereAfterKillsOfServerAndPostgres(@TempDir Path folder) throws Exception {
        killed(folder.resolve("data"), 1);
    }

    @Test
    @Tag("long")
    void whatWasAcknowledgedIsThereAfterManyKills(@TempDir Path folder) throws Exception {
        killed(folder.resolve("data"), 12);
    }

    private void killed(Path data, int rounds) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        for (int i = 0; i < ADAPTERS; i++) lives.add(new AdapterLife("adapter-" + i, new Random(random.nextLong())));
        for (int round = 0; round < rounds; round++) {
            RunningGraft graft = up(data);
            SwapClient client = new SwapClient(graft);
            for (AdapterLife life : lives) life.reconcile(client, wrong);
            changeUntil(graft, random, () -> ProcessHandle.of(postmaster(data)).orElseThrow().destroyForcibly());
            client.awaitDatabase();
            for (AdapterLife life : lives) life.reconcile(client, wrong);
            changeUntil(graft, random, graft::kill);
        }
        try (RunningGraft graft = up(data)) {
            SwapClient client = new SwapClient(graft);
            int versions = 0;
            for (AdapterLife life : lives) {
                life.reconcile(client, wrong);
                versions += life.proveAll(client, wrong);
            }
            System.out.println("kills: " + rounds + " of the server, " + rounds + " of Postgres, "
                    + lives.stream().mapToInt(AdapterLife::acknowledged).sum() + " changes acknowledged, " + versions
                    + " versions left, all proved; wrong " + wrong);
        }
        assertEquals(List.of(), wrong);
    }

    private static RunningGraft up(Path data) throws IOException {
        return RunningGraft.up(data, Map.of("GRAFT_PRECISION", "float32", "GRAFT_THREADS", "1"), "--no-demo", "--base",
                PeftVersion.base("tiny-llama3").toString());
    }

    @FunctionalInterface
    private interface Kill {
        void kill() throws Exception;
    }

    /** Each adapter has a thread that changes it until it is not acknowledged any more; in their midst comes the kill. */
    private void changeUntil(RunningGraft graft, Random random, Kill kill) throws Exception {
        SwapClient client = new SwapClient(graft);
        CountDownLatch changes = new CountDownLatch(CHANGES_BEFORE_A_KILL + random.nextInt(CHANGES_BEFORE_A_KILL));
        try (ExecutorService threads = Executors.newFixedThreadPool(ADAPTERS)) {
            for (AdapterLife life : lives) threads.submit(() -> {
                try {
                    while (life.change(client)) changes.countDown();
                } catch (RuntimeException e) {
                    wrong.add(e.toString());
                }
            });
            if (!changes.await(2, TimeUnit.MINUTES)) wrong.add(changes.getCount() + " changes were not made");
            kill.kill();
        }
    }

    /** The first line of PostgreSQL's postmaster.pid. */
    private static long postmaster(Path data) throws IOException {
        return Long.parseLong(Files.readAllLines(data.resolve("postgres/data/postmaster.pid")).getFirst().strip());
    }
}
