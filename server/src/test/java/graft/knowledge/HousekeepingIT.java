package graft.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.knowledge.KnowledgeStore;
import graft.registry.tenant.TenantDao;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HousekeepingIT {
    @Test
    void whatHasExpiredOrLostItsTenantGoesAndTheRestStays() {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("keeper");
            KnowledgeStore lasting = rig.store(tenant);
            KnowledgeStore unused = rig.store(tenant);
            String kept = rig.upload(tenant, "kept.txt", "a pump that stays");
            String brief = rig.upload(tenant, "brief.txt", "a pump that goes");
            rig.attach(tenant, lasting, kept, "{}");
            rig.attach(tenant, lasting, brief, "{}");
            rig.attach(tenant, unused, kept, "{}");
            ingestion.wake();
            KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, lasting).completed() == 2
                    && rig.counts(tenant, unused).completed() == 1);
            String retrieval = rig.search(tenant, lasting, "pump", 4, "").retrievalId();
            String leaving = rig.tenant("leaver");
            String orphan = rig.upload(leaving, "orphan.txt", "nobody's");
            new TenantDao(rig.test.database()).delete("test", leaving);
            execute(rig, "UPDATE file SET expires_at = now() - interval '1 second' WHERE filename = 'brief.txt'");
            execute(rig, "UPDATE vector_store SET expires_after_days = 1, last_active_at = now() - interval '2 days'"
                    + " WHERE number = " + unused.number());
            assertThrows(Retrieval.UnknownStoreException.class, () -> rig.search(tenant, unused, "pump", 4, ""));

            housekeeping(rig, Duration.ofDays(30)).round();
            assertTrue(rig.files.find(tenant, brief).isEmpty());
            assertTrue(rig.files.find(leaving, orphan).isEmpty());
            assertEquals(0, rig.counts(tenant, unused).total());
            assertEquals(1, rig.search(tenant, lasting, "pump", 4, "").results().size());
            assertTrue(rig.retrievals.find(tenant, retrieval).isPresent());

            execute(rig, "UPDATE retrieval SET created_at = now() - interval '31 days' WHERE id = '" + retrieval + "'");
            housekeeping(rig, Duration.ofDays(30)).round();
            assertTrue(rig.retrievals.find(tenant, retrieval).isEmpty());
            assertTrue(rig.files.find(tenant, kept).isPresent());
        }
    }

    private static Housekeeping housekeeping(KnowledgeRig rig, Duration retention) {
        return new Housekeeping(rig.files, rig.stores, rig.retrievals, rig.uploads,
                new Housekeeping.Settings(Duration.ofHours(1), retention, 100));
    }

    private static void execute(KnowledgeRig rig, String sql) {
        rig.test.database().asOperator(handle -> handle.execute(sql));
    }
}
