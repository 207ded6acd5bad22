package graft.registry.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whose document is next. */
class IngestionTurnsIT {
    private static final Duration LEASE = Duration.ofMinutes(5);
    private final TestDatabase test = TestDatabase.open();
    private final Database database = test.database();
    private final IngestionDao queue = new IngestionDao(database);
    private final DocumentDao documents = new DocumentDao(database, new DocumentDao.Bounds(20_000, 10_000));

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void aSingleDocumentIsNextHoweverManyAnotherTenantHasQueuedBefore() {
        String crowd = tenant("crowd");
        queue(crowd, 10_000);
        assertEquals(crowd, next().tenantId());
        String single = tenant("single");
        queue(single, 1);
        IngestionDao.Job theirs = next();
        assertEquals(single, theirs.tenantId());
        assertTrue(queue.othersWait(theirs));
        IngestionDao.Job crowds = next();
        assertEquals(crowd, crowds.tenantId());
        assertFalse(queue.othersWait(crowds), "only its own wait");
    }

    @Test
    void tenantsTakeTurnsAndEachOnesDocumentsKeepTheirOrder() {
        List<String> tenants = List.of(tenant("one"), tenant("two"), tenant("three"));
        for (String tenant : tenants) queue(tenant, 3);
        List<String> served = new ArrayList<>();
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            IngestionDao.Job job = next();
            served.add(job.tenantId());
            if (job.tenantId().equals(tenants.getFirst())) numbers.add(job.document());
        }
        for (int round = 0; round < 3; round++) assertEquals(tenants, served.subList(3 * round, 3 * round + 3));
        assertEquals(numbers.stream().sorted().toList(), numbers);
        assertTrue(queue.claim("worker", LEASE).isEmpty());
    }

    @Test
    void whoGivesWayIsServedAfterTheOthersAndThatIsNoAttempt() {
        String patient = tenant("patient");
        queue(patient, 1);
        IngestionDao.Job begun = next();
        String other = tenant("other");
        queue(other, 1);
        queue.postpone(begun, Duration.ZERO);
        assertEquals(other, next().tenantId());
        IngestionDao.Job again = next();
        assertEquals(begun.document(), again.document());
        assertEquals(1, again.attempt());
    }

    @Test
    void workersThatAskAtOnceGetADocumentEach() throws Exception {
        for (String name : List.of("first", "second")) queue(tenant(name), 4);
        Set<Long> found = new HashSet<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(4)) {
            List<Future<IngestionDao.Job>> claims = new ArrayList<>();
            for (int i = 0; i < 8; i++) claims.add(workers.submit(this::next));
            for (Future<IngestionDao.Job> claim : claims) found.add(claim.get().document());
        }
        assertEquals(8, found.size());
    }

    private IngestionDao.Job next() {
        return queue.claim("worker", LEASE).orElseThrow();
    }

    private String tenant(String name) {
        return new TenantDao(database).create("test", name).id();
    }

    /** One file in as many stores' rows is what a queue of many documents costs least: rows without content. */
    private void queue(String tenant, int number) {
        KnowledgeStore store = new StoreDao(database).create(tenant, new StoreDao.NewStore("store", "", "{}", "by hand",
                2, Optional.empty()));
        String file = new FileDao(database).create(tenant, new FileDao.NewFile("a.txt", "assistants",
                Optional.empty()), new ByteArrayInputStream(new byte[] {'a'})).id();
        documents.attach(tenant, store.id(), List.of(new DocumentDao.NewDocument(file, "{}",
                new Document.Chunking(800, 400))), false);
        database.asTenant(tenant, handle -> handle.execute("""
                WITH files AS (
                    INSERT INTO file SELECT (jsonb_populate_record(f, jsonb_build_object('id', f.id || '-' || i))).*
                    FROM file f, generate_series(2, ?) i WHERE f.id = ? RETURNING id),
                more AS (
                    INSERT INTO document (tenant_id, store, file_id, status, attributes, chunk_tokens, overlap_tokens)
                    SELECT ?, ?, id, 'in_progress', '{}', 800, 400 FROM files RETURNING number, tenant_id)
                INSERT INTO ingestion_job (document, tenant_id) SELECT number, tenant_id FROM more ORDER BY number""",
                number, file, tenant, store.number()));
    }
}
