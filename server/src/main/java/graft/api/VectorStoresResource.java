package graft.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.knowledge.TextEmbedder;
import graft.registry.knowledge.Document.Chunking;
import graft.registry.knowledge.DocumentDao.NewDocument;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.Paging;
import graft.registry.knowledge.StoreDao;
import graft.registry.tenant.Scope;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** Knowledge stores under OpenAI's name, vector stores. */
final class VectorStoresResource implements Resource {
    private static final int LONGEST_NAME = 256;
    private static final int LONGEST_DESCRIPTION = 4096;
    private static final int LISTED = 20;
    private static final int MOST_LISTED = 100;
    private final StoreDao stores;
    private final VectorStoreFilesResource files;
    private final TextEmbedder embedder;

    /** @param files takes the files named at creation; @param embedder of new stores */
    VectorStoresResource(StoreDao stores, VectorStoreFilesResource files, TextEmbedder embedder) {
        this.stores = stores;
        this.files = files;
        this.embedder = embedder;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post("/v1/vector_stores", Scope.KNOWLEDGE, this::create),
                Route.get("/v1/vector_stores", Scope.KNOWLEDGE, this::list),
                Route.get("/v1/vector_stores/{vector_store_id}", Scope.KNOWLEDGE, this::get),
                Route.post("/v1/vector_stores/{vector_store_id}", Scope.KNOWLEDGE, this::change),
                Route.delete("/v1/vector_stores/{vector_store_id}", Scope.KNOWLEDGE, this::delete));
    }

    record NewStore(String name, String description, List<String> fileIds, JsonNode expiresAfter,
            JsonNode chunkingStrategy, JsonNode metadata) {}

    record Expiry(String anchor, int days) {}

    record FileCounts(int inProgress, int completed, int failed, int cancelled, int total) {
        static FileCounts of(KnowledgeStore.FileCounts counts) {
            return new FileCounts(counts.inProgress(), counts.completed(), counts.failed(), counts.cancelled(),
                    counts.total());
        }
    }

    record StoreBody(String id, String object, long createdAt, String name, String description, long usageBytes,
            FileCounts fileCounts, String status, Expiry expiresAfter, Long expiresAt, long lastActiveAt,
            @JsonRawValue String metadata) {
        static StoreBody of(KnowledgeStore store) {
            String status = store.isExpired(Instant.now()) ? "expired"
                    : store.files().inProgress() > 0 ? "in_progress" : "completed";
            return new StoreBody(store.id(), "vector_store", store.createdAt().getEpochSecond(), store.name(),
                    store.description(), store.usageBytes(), FileCounts.of(store.files()), status,
                    store.expiresAfterDays().map(days -> new Expiry("last_active_at", days)).orElse(null),
                    store.expiresAt().map(Instant::getEpochSecond).orElse(null),
                    store.lastActiveAt().getEpochSecond(), store.metadata());
        }
    }

    private void create(Exchange exchange) {
        NewStore body = Lists.bodyOrEmpty(exchange, NewStore.class);
        Chunking chunking = StoreFields.chunking(body.chunkingStrategy());
        StoreDao.NewStore wanted = new StoreDao.NewStore(StoreFields.text(body.name(), "name", LONGEST_NAME),
                StoreFields.text(body.description(), "description", LONGEST_DESCRIPTION),
                StoreFields.metadata(body.metadata()), embedder.space(), embedder.dimensions(),
                StoreFields.expiry(body.expiresAfter()));
        String tenant = exchange.caller().tenantId();
        KnowledgeStore store = stores.create(tenant, wanted);
        if (body.fileIds() != null && !body.fileIds().isEmpty()) {
            try {
                files.attach(tenant, store.id(), new LinkedHashSet<>(body.fileIds()).stream()
                        .map(file -> new NewDocument(String.valueOf(file), "{}", chunking)).toList(), false);
            } catch (ApiException e) {
                stores.delete(tenant, store.id(), exchange.caller().keyId());
                throw e;
            }
        }
        exchange.ok(StoreBody.of(stores.find(tenant, store.id()).orElseThrow(ApiException::notFound)));
    }

    private void list(Exchange exchange) {
        Paging paging = Lists.paging(exchange, LISTED, MOST_LISTED);
        if (exchange.caller().lists().stores().isPresent()) {
            exchange.ok(narrowed(exchange.caller()));
            return;
        }
        exchange.ok(Page.of(stores.list(exchange.caller().tenantId(), paging, Lists.part(exchange)).stream()
                .map(StoreBody::of).toList(), paging.limit(), StoreBody::id));
    }

    /** All stores that a key is narrowed to, on one page. */
    private Page<StoreBody> narrowed(Caller caller) {
        List<StoreBody> listed = caller.lists().stores().orElseThrow().stream().sorted()
                .flatMap(id -> stores.find(caller.tenantId(), id).stream()).map(StoreBody::of).toList();
        return Page.of(listed, listed.size(), StoreBody::id);
    }

    private void get(Exchange exchange) {
        exchange.ok(StoreBody.of(stores.find(exchange.caller().tenantId(), exchange.path("vector_store_id"))
                .orElseThrow(ApiException::notFound)));
    }

    private void change(Exchange exchange) {
        JsonNode body = exchange.body(JsonNode.class);
        if (!body.isObject()) throw ApiException.invalid("The body must be a JSON object.");
        JsonNode name = body.path("name");
        if (!StoreFields.isAbsent(name) && !name.isTextual())
            throw ApiException.invalid("name", "'name' must be a string.");
        StoreDao.Change change = new StoreDao.Change(
                StoreFields.isAbsent(name) ? Optional.empty()
                        : Optional.of(StoreFields.text(name.textValue(), "name", LONGEST_NAME)),
                body.has("metadata") ? Optional.of(StoreFields.metadata(body.get("metadata"))) : Optional.empty(),
                body.has("expires_after") ? Optional.of(StoreFields.expiry(body.get("expires_after")))
                        : Optional.empty());
        exchange.ok(StoreBody.of(stores.change(exchange.caller().tenantId(), exchange.path("vector_store_id"), change)
                .orElseThrow(ApiException::notFound)));
    }

    private void delete(Exchange exchange) {
        exchange.ok(Receipts.deleted("vector_store.deleted", stores.delete(exchange.caller().tenantId(),
                exchange.path("vector_store_id"), exchange.caller().keyId()).orElseThrow(ApiException::notFound)));
    }
}
