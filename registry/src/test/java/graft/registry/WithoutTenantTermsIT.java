package graft.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.catalog.AdapterDao;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.StoreDao;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import graft.registry.usage.UsageQuery;
import graft.registry.usage.UsageReportDao;
import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.junit.jupiter.api.Test;

/**
 * What if every query forgot its tenant? Each statement that a tenant's transaction sends loses the term that names the
 * tenant, and still finds nothing of anybody else's: the database itself keeps them apart.
 */
class WithoutTenantTermsIT {
    private static final Pattern TERM = Pattern.compile("\\b((?:\\w+\\.)?tenant_id)\\s*=\\s*(?::\\w+|\\?)");
    private static final String OWNER = "tenant_owner";
    private static final String STRANGER = "tenant_stranger";

    @Test
    void queriesWithoutTheirTenantTermSeeNothingForeign() {
        try (TestDatabase test = TestDatabase.open()) {
            Map<String, Function<String, Object>> reads = reads(test.database());
            AtomicInteger stripped = new AtomicInteger();
            Jdbi tenants = test.database().tenantJdbi();
            tenants.getConfig(SqlStatements.class).setUnusedBindingAllowed(true).setTemplateEngine((template, context)
                    -> TERM.matcher(template).replaceAll(term -> {
                        stripped.incrementAndGet();
                        return term.group(1) + " IS NOT NULL";
                    }));
            List<String> leaks = new ArrayList<>();
            reads.forEach((name, read) -> {
                assertTrue(found(read.apply(OWNER)), name + " finds nothing of its own: the test would see no leak");
                if (found(read.apply(STRANGER))) leaks.add(name + ": " + read.apply(STRANGER));
            });
            assertEquals(List.of(), leaks);
            assertTrue(stripped.get() >= 8, "only " + stripped + " terms were removed");
        }
    }

    private static boolean found(Object answer) {
        return switch (answer) {
            case Optional<?> one -> one.isPresent();
            case List<?> many -> !many.isEmpty();
            case Long number -> number > 0;
            default -> throw new IllegalStateException(answer.toString());
        };
    }

    /** Everything planted is the owner's. */
    private static Map<String, Function<String, Object>> reads(Database database) {
        TenantDao tenants = new TenantDao(database);
        for (String id : List.of(OWNER, STRANGER)) tenants.ensure("test", id, id);
        FileDao files = new FileDao(database);
        String file = files.create(OWNER, new FileDao.NewFile("a.md", "assistants", Optional.empty()),
                new ByteArrayInputStream("text".getBytes())).id();
        StoreDao stores = new StoreDao(database);
        String store = stores.create(OWNER, new StoreDao.NewStore("s", "", "{}", "e", 3, Optional.empty())).id();
        RetrievalDao retrievals = new RetrievalDao(database);
        String retrieval = retrievals.record(OWNER, new RetrievalDao.Entry("search", "[]", Optional.empty(), 1, "[]",
                "[]", "{}", Optional.empty()));
        database.asOperator(handle -> {
            handle.execute("INSERT INTO tenant_limits (tenant_id, max_parallel_requests) VALUES (?, 7)", OWNER);
            handle.execute("INSERT INTO adapter (tenant_id, name, base) VALUES (?, 'voice', 'base')", OWNER);
            handle.execute("INSERT INTO usage_event VALUES (now(), 'r', 'decode', now(), ?, 'k', 'o', 'b', '', 0, 1, "
                    + "1, 1)", OWNER);
            return handle.execute("INSERT INTO admission_hold (id, tenant_id, request_id, process_id, micros, tokens) "
                    + "VALUES ('h', ?, 'r', 'p', 1, 1)", OWNER);
        });
        AdapterDao adapters = new AdapterDao(database);
        UsageReportDao reports = new UsageReportDao(database);
        UsageQuery query = new UsageQuery(Instant.now().minusSeconds(3600), Instant.now().plusSeconds(60),
                Duration.ofMinutes(1), Set.of(), List.of(), List.of(), List.of(), List.of(), Set.of());
        Map<String, Function<String, Object>> reads = new LinkedHashMap<>();
        reads.put("file", tenant -> files.find(tenant, file));
        reads.put("store", tenant -> stores.find(tenant, store));
        reads.put("retrieval", tenant -> retrievals.find(tenant, retrieval));
        reads.put("limits", tenant -> new LimitsDao(database).of(tenant).maxParallelRequests().orElse(0L));
        reads.put("adapter", tenant -> adapters.find(tenant, "voice"));
        reads.put("adapter of its owner", tenant -> adapters.find(tenant, OWNER, "voice"));
        reads.put("adapters", tenant -> adapters.list(tenant, new Listing(Optional.empty(),
                Listing.Sort.NAME, false, Optional.empty(), 10)));
        reads.put("usage", tenant -> reports.sums(Optional.of(tenant), query));
        reads.put("requests", tenant -> reports.requests(Optional.of(tenant), query));
        reads.put("holds", tenant -> database.asTenant(tenant, handle -> handle.createQuery(
                "SELECT count(*) FROM admission_hold WHERE tenant_id = :tenant").bind("tenant", tenant)
                .mapTo(Long.class).one()));
        reads.put("audit", tenant -> database.asTenant(tenant, handle -> handle.createQuery(
                "SELECT count(*) FROM audit_log WHERE tenant_id = :owner AND object = :owner").bind("owner", OWNER)
                .mapTo(Long.class).one()));
        return reads;
    }
}
