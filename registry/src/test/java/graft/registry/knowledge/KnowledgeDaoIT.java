package graft.registry.knowledge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Database;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import graft.registry.usage.UsageReportDao;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What both indexes and the queue promise, without an embedder: vectors are given by hand. */
class KnowledgeDaoIT {
    private static final Duration LEASE = Duration.ofMinutes(5);
    private static final List<String> TABLES = List.of("document", "document_revision", "chunk", "embedding", "posting",
            "lexeme", "ingestion_job");
    private static TestDatabase test;
    private static Database database;
    private static FileDao files;
    private static StoreDao stores;
    private static DocumentDao documents;
    private static IngestionDao ingestion;
    private static SearchDao search;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        database = test.database();
        files = new FileDao(database);
        stores = new StoreDao(database);
        documents = new DocumentDao(database, new DocumentDao.Bounds(3, 4));
        ingestion = new IngestionDao(database);
        search = new SearchDao(database, new SearchDao.Bm25(0.9, 0.4));
    }

    @AfterAll
    static void close() {
        test.close();
    }

    @Test
    void aPublishedDocumentIsFoundByBothLegsAndADeletedOneLeavesNoRow() {
        String tenant = tenant("finder");
        KnowledgeStore store = store(tenant);
        String file = indexed(tenant, store, "The Birch-103 pump weighs 134 kg.", 1, 0);
        SearchDao.Scope scope = scope(tenant, store, Optional.empty());
        List<SearchDao.Hit> lexical = search.lexical(tenant, scope, "How heavy is birch-103?", 10);
        assertEquals(1, lexical.size());
        List<SearchDao.Hit> near = search.nearest(tenant, scope, new float[] {1, 0}, 10);
        assertEquals(1, near.getFirst().score(), 1e-3);
        SearchDao.FoundChunk chunk = search.chunks(tenant, List.of(near.getFirst().chunk())).getFirst();
        assertEquals("The Birch-103 pump weighs 134 kg.", chunk.text());
        assertEquals("The Birch-103 pump weighs 134 kg.", documents.text(tenant, store.id(), file).orElseThrow());

        assertTrue(files.delete(tenant, file, "test").isPresent());
        assertEquals(List.of(), search.lexical(tenant, scope, "birch", 10));
        assertEquals(List.of(), search.nearest(tenant, scope, new float[] {1, 0}, 10));
        assertEquals(List.of(), search.chunks(tenant, List.of(chunk.number())));
        for (String table : TABLES) assertEquals(0, rows(tenant, table), table);
        assertEquals(0, stores.find(tenant, store.id()).orElseThrow().files().total());
        assertTrue(files.delete(tenant, file, "test").isEmpty());
    }

    @Test
    void totalsAndDocumentFrequenciesFollowReplacementsAndDeletions() {
        String tenant = tenant("counter");
        KnowledgeStore store = store(tenant);
        String first = indexed(tenant, store, "pump pump valve", 1, 0);
        indexed(tenant, store, "pump", 0, 1);
        assertEquals("pump 2, valv 1", frequencies(tenant));
        reindex(tenant, store, first, "relay");
        assertEquals("pump 1, relay 1", frequencies(tenant));
        assertEquals(2, documents.list(tenant, store.id(), new DocumentDao.Wanted(Optional.empty(),
                Optional.empty(), Optional.empty(), DocumentDao.Order.CREATED), page()).size());
        assertTrue(documents.detach(tenant, store.id(), first, "test").isPresent());
        assertEquals("pump 1", frequencies(tenant));
        assertEquals(2, files.list(tenant, Optional.empty(), page()).size(), "the file itself stays");
        assertTrue(stores.delete(tenant, store.id(), "test").isPresent());
        for (String table : TABLES) assertEquals(0, rows(tenant, table), table);
    }

    @Test
    void whatIsStoredIsToldForEveryMomentAtOnce() {
        String tenant = tenant("hoarder");
        KnowledgeStore store = store(tenant);
        Instant before = Instant.now().minusSeconds(3600);
        indexed(tenant, store, "pump", 1, 0);
        long first = stores.find(tenant, store.id()).orElseThrow().usageBytes();
        Instant between = Instant.now();
        indexed(tenant, store, "valves", 0, 1);
        long both = stores.find(tenant, store.id()).orElseThrow().usageBytes();
        assertTrue(first > 0 && both > first, first + " " + both);
        UsageReportDao reports = new UsageReportDao(database);
        List<Instant> moments = List.of(before, between, Instant.now(), Instant.now().plusSeconds(3600));
        assertEquals(List.of(List.of(), List.of(first), List.of(both), List.of(both)),
                reports.stored(Optional.of(tenant), moments).stream()
                        .map(all -> all.stream().map(UsageReportDao.Stored::bytes).toList()).toList());
        assertTrue(reports.stored(Optional.empty(), moments).getLast().contains(
                new UsageReportDao.Stored(tenant, both)), "the operator sees all");
    }

    @Test
    void aForeignTenantFindsReadsAndAttachesNothing() {
        String owner = tenant("owner");
        String stranger = tenant("stranger");
        KnowledgeStore store = store(owner);
        String file = indexed(owner, store, "secret pump", 1, 0);
        SearchDao.Scope scope = scope(owner, store, Optional.empty());
        assertEquals(List.of(), search.lexical(stranger, scope, "secret", 10));
        assertEquals(List.of(), search.nearest(stranger, scope, new float[] {1, 0}, 10));
        assertTrue(search.stores(stranger, List.of(store.id())).isEmpty());
        assertTrue(files.find(stranger, file).isEmpty());
        assertFalse(files.read(stranger, file, new ByteArrayOutputStream()));
        assertTrue(files.delete(stranger, file, "test").isEmpty());
        assertTrue(stores.delete(stranger, store.id(), "test").isEmpty());
        KnowledgeStore theirs = store(stranger);
        assertEquals(new DocumentDao.Attached.NoSuchFile(file), attach(stranger, theirs, file));
        assertEquals(new DocumentDao.Attached.NoSuchStore(), attach(stranger, store, file));
    }

    @Test
    void aKilledWorkersJobGoesOnAfterItsLastChunk() {
        String tenant = tenant("resumer");
        KnowledgeStore store = store(tenant);
        String file = upload(tenant, "one two");
        attach(tenant, store, file);
        IngestionDao.Job first = ingestion.claim("first", Duration.ZERO).orElseThrow();
        long revision = ingestion.begin(first, Duration.ZERO, "one two");
        ingestion.append(first, Duration.ZERO, revision, List.of(chunk(0, 0, 3, "one", 1, 0)));

        IngestionDao.Job second = ingestion.claim("second", LEASE).orElseThrow();
        assertEquals(2, second.attempt());
        assertEquals(new IngestionDao.Begun(revision, "one two", 1, 3), ingestion.resume(second).orElseThrow());
        assertThrows(IngestionDao.LeaseLostException.class, () ->
                ingestion.append(first, LEASE, revision, List.of(chunk(1, 4, 7, "two", 0, 1))));
        ingestion.append(second, LEASE, revision, List.of(chunk(1, 4, 7, "two", 0, 1)));
        assertEquals(List.of(), search.lexical(tenant,
                scope(tenant, store, Optional.empty()), "one two", 10), "not published yet");
        ingestion.publish(second, LEASE, revision);
        assertEquals(2, rows(tenant, "posting"));
        assertEquals(Document.Status.COMPLETED, documents.find(tenant, store.id(), file).orElseThrow().status());
        assertTrue(ingestion.claim("third", LEASE).isEmpty());
    }

    @Test
    void aDocumentDeletedWhileItIsIndexedEndsTheWork() {
        String tenant = tenant("interrupter");
        KnowledgeStore store = store(tenant);
        String file = upload(tenant, "gone");
        attach(tenant, store, file);
        IngestionDao.Job job = ingestion.claim("worker", LEASE).orElseThrow();
        long revision = ingestion.begin(job, LEASE, "gone");
        assertTrue(files.delete(tenant, file, "test").isPresent());
        assertThrows(IngestionDao.LeaseLostException.class, () -> ingestion.publish(job, LEASE, revision));
        for (String table : TABLES) assertEquals(0, rows(tenant, table), table);
    }

    @Test
    void aFullStoreAndAFullQueueRefuse() {
        String tenant = tenant("filler");
        KnowledgeStore store = store(tenant);
        List<DocumentDao.NewDocument> four = IntStream.range(0, 4)
                .mapToObj(i -> document(upload(tenant, "text " + i))).toList();
        assertEquals(new DocumentDao.Attached.StoreFull(3), documents.attach(tenant, store.id(), four, false));
        assertInstanceOf(DocumentDao.Attached.Accepted.class,
                documents.attach(tenant, store.id(), four.subList(0, 3), true));
        assertEquals(new DocumentDao.Attached.QueueFull(4),
                documents.attach(tenant, store(tenant).id(), four.subList(0, 2), false));
        assertTrue(stores.delete(tenant, store.id(), "test").isPresent());
    }

    @Test
    void filesStopAtTheTenantsStorageLimitAndNothingIsHalfStored() {
        String tenant = tenant("saver");
        new LimitsDao(database).put("test", tenant, new Limits(OptionalLong.empty(), OptionalLong.empty(),
                OptionalLong.empty(), OptionalLong.of(10), OptionalLong.empty(), Optional.empty()));
        upload(tenant, "12345");
        FileDao.StorageLimitException refused =
                assertThrows(FileDao.StorageLimitException.class, () -> upload(tenant, "123456"));
        assertEquals(10, refused.most());
        assertEquals(1, rows(tenant, "file_piece"));
        upload(tenant, "12345");
    }

    @Test
    void filtersKeepWhatMeetsThemAndAttributesChangeAtOnce() {
        String tenant = tenant("filterer");
        KnowledgeStore store = store(tenant);
        String file = indexed(tenant, store, "pump", 1, 0);
        indexed(tenant, store, "pump", 1, 0);
        documents.changeAttributes(tenant, store.id(), file, "{\"year\": 2024, \"kind\": \"sheet\"}");
        check(tenant, store, 1, new AttributeFilter.Compare(AttributeFilter.Operator.EQ, "year", "2024"));
        check(tenant, store, 1, new AttributeFilter.Compare(AttributeFilter.Operator.GT, "year", "2023.5"));
        check(tenant, store, 0, new AttributeFilter.Compare(AttributeFilter.Operator.GT, "kind", "5"));
        check(tenant, store, 1, new AttributeFilter.Compare(AttributeFilter.Operator.NE, "kind", "\"sheet\""));
        check(tenant, store, 1, new AttributeFilter.In("kind", List.of("\"a\"", "\"sheet\""), false));
        check(tenant, store, 1, new AttributeFilter.In("kind", List.of("\"sheet\""), true));
        AttributeFilter old = new AttributeFilter.Compare(AttributeFilter.Operator.LTE, "year", "2024");
        AttributeFilter other = new AttributeFilter.Compare(AttributeFilter.Operator.EQ, "kind", "\"none\"");
        check(tenant, store, 0, new AttributeFilter.Compound(true, List.of(old, other)));
        check(tenant, store, 1, new AttributeFilter.Compound(false, List.of(old, other)));
    }

    @Test
    void pagesGoForwardAndBackWithoutGapsOrRepeats() {
        String tenant = tenant("pager");
        List<String> ids = IntStream.range(0, 5).mapToObj(i -> upload(tenant, "t" + i)).toList();
        List<String> first = ids(files.list(tenant, Optional.empty(),
                new Paging(2, false, Optional.empty(), Optional.empty())));
        assertEquals(ids.subList(0, 3), first, "one more than the limit");
        assertEquals(ids.subList(2, 5), ids(files.list(tenant, Optional.empty(),
                new Paging(2, false, Optional.of(ids.get(1)), Optional.empty()))));
        List<String> back = ids(files.list(tenant, Optional.empty(),
                new Paging(2, false, Optional.empty(), Optional.of(ids.get(3)))));
        assertEquals(List.of(ids.get(1), ids.get(2)), back.subList(0, 2));
        assertEquals(ids.reversed().subList(0, 3), ids(files.list(tenant, Optional.empty(),
                new Paging(2, true, Optional.empty(), Optional.empty()))));
    }

    @Test
    void storesAreFoundByAPartOfTheirName() {
        String tenant = tenant("finder");
        for (String name : List.of("Pump handbook", "Valves", "PUMPS of 2025")) stores.create(tenant,
                new StoreDao.NewStore(name, "", "{}", "test", 2, Optional.empty()));
        Paging paging = new Paging(2, false, Optional.empty(), Optional.empty());
        assertEquals(List.of("Pump handbook", "PUMPS of 2025"), stores.list(tenant, paging, Optional.of("pump"))
                .stream().map(KnowledgeStore::name).toList());
        assertEquals(List.of(), stores.list(tenant, paging, Optional.of("%")));
        assertEquals(3, stores.list(tenant, paging).size(), "one more than the limit");
    }

    private static SearchDao.Scope scope(String tenant, KnowledgeStore store, Optional<AttributeFilter> filter) {
        return new SearchDao.Scope(List.copyOf(search.stores(tenant, List.of(store.id())).values()), filter);
    }

    private static void check(String tenant, KnowledgeStore store, int expected, AttributeFilter filter) {
        SearchDao.Scope scope = scope(tenant, store, Optional.of(filter));
        assertEquals(expected, search.lexical(tenant, scope, "pump", 10).size(), filter.toString());
        assertEquals(expected, search.nearest(tenant, scope, new float[] {1, 0}, 10).size(), filter.toString());
    }

    private static List<String> ids(List<StoredFile> found) {
        return found.stream().map(StoredFile::id).toList();
    }

    private static Paging page() {
        return new Paging(100, false, Optional.empty(), Optional.empty());
    }

    private static String tenant(String name) {
        return new TenantDao(database).create("test", name).id();
    }

    private static KnowledgeStore store(String tenant) {
        return stores.create(tenant, new StoreDao.NewStore("store", "", "{}", "by hand", 2, Optional.empty()));
    }

    private static String upload(String tenant, String text) {
        return files.create(tenant, new FileDao.NewFile("a.txt", "assistants", Optional.empty()),
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))).id();
    }

    private static DocumentDao.NewDocument document(String file) {
        return new DocumentDao.NewDocument(file, "{}", new Document.Chunking(800, 400));
    }

    private static DocumentDao.Attached attach(String tenant, KnowledgeStore store, String file) {
        return documents.attach(tenant, store.id(), List.of(document(file)), false);
    }

    private static String indexed(String tenant, KnowledgeStore store, String text, float x, float y) {
        String file = upload(tenant, text);
        index(tenant, store, file, text, x, y);
        return file;
    }

    private static void reindex(String tenant, KnowledgeStore store, String file, String text) {
        index(tenant, store, file, text, 1, 1);
    }

    private static void index(String tenant, KnowledgeStore store, String file, String text, float x, float y) {
        assertInstanceOf(DocumentDao.Attached.Accepted.class, attach(tenant, store, file));
        IngestionDao.Job job = ingestion.claim("worker", LEASE).orElseThrow();
        long revision = ingestion.begin(job, LEASE, text);
        ingestion.append(job, LEASE, revision, List.of(chunk(0, 0, text.length(), text, x, y)));
        ingestion.publish(job, LEASE, revision);
    }

    private static IngestionDao.NewChunk chunk(int ordinal, int start, int end, String body, float x, float y) {
        return new IngestionDao.NewChunk(ordinal, start, end, "", body, 1, List.of(new float[] {x, y}));
    }

    private static String frequencies(String tenant) {
        return database.asTenant(tenant, handle -> handle.createQuery(
                "SELECT string_agg(lexeme || ' ' || chunk_count, ', ' ORDER BY lexeme) FROM lexeme")
                .mapTo(String.class).one());
    }

    private static int rows(String tenant, String table) {
        return database.asTenant(tenant, handle -> handle.createQuery("SELECT count(*) FROM " + table)
                .mapTo(Integer.class).one());
    }
}
