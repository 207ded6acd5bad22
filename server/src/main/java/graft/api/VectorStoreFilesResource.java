package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import graft.knowledge.Ingestion;
import graft.registry.knowledge.Document;
import graft.registry.knowledge.DocumentDao;
import graft.registry.knowledge.DocumentDao.Attached;
import graft.registry.knowledge.DocumentDao.Batch;
import graft.registry.knowledge.DocumentDao.NewDocument;
import graft.registry.knowledge.Paging;
import graft.registry.knowledge.StoreDao;
import graft.registry.tenant.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The files of a knowledge store, one by one and in batches. */
final class VectorStoreFilesResource implements Resource {
    private static final String FILES = "/v1/vector_stores/{vector_store_id}/files";
    private static final String BATCHES = "/v1/vector_stores/{vector_store_id}/file_batches";
    private static final int LISTED = 20;
    private static final int MOST_LISTED = 100;
    private final StoreDao stores;
    private final DocumentDao documents;
    private final Ingestion ingestion;
    private final int mostAtOnce;

    /** @param mostAtOnce files a call may name: {@code knowledge.max-files-per-request} */
    VectorStoreFilesResource(StoreDao stores, DocumentDao documents, Ingestion ingestion, int mostAtOnce) {
        this.stores = stores;
        this.documents = documents;
        this.ingestion = ingestion;
        this.mostAtOnce = mostAtOnce;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post(FILES, Scope.KNOWLEDGE, this::create),
                Route.get(FILES, Scope.KNOWLEDGE, this::list),
                Route.get(FILES + "/{file_id}", Scope.KNOWLEDGE, this::get),
                Route.post(FILES + "/{file_id}", Scope.KNOWLEDGE, this::changeAttributes),
                Route.delete(FILES + "/{file_id}", Scope.KNOWLEDGE, this::delete),
                Route.get(FILES + "/{file_id}/content", Scope.KNOWLEDGE, this::content),
                Route.post(BATCHES, Scope.KNOWLEDGE, this::createBatch),
                Route.get(BATCHES + "/{batch_id}", Scope.KNOWLEDGE, this::getBatch),
                Route.post(BATCHES + "/{batch_id}/cancel", Scope.KNOWLEDGE, this::cancelBatch),
                Route.get(BATCHES + "/{batch_id}/files", Scope.KNOWLEDGE, this::listBatch));
    }

    /** Names a file, or in {@code graft} a URL to read one from. */
    record NewFile(String fileId, JsonNode attributes, JsonNode chunkingStrategy, JsonNode graft) {}

    record Source(String url) {}

    record NewBatch(List<String> fileIds, List<NewFile> files, JsonNode attributes, JsonNode chunkingStrategy) {}

    record NewAttributes(JsonNode attributes) {}

    record LastError(String code, String message) {}

    record FileBody(String id, String object, long usageBytes, long createdAt, String vectorStoreId, String status,
            LastError lastError, StoreFields.Strategy chunkingStrategy, @JsonRawValue String attributes,
            @JsonInclude(JsonInclude.Include.NON_NULL) Source graft) {
        static FileBody of(Document document) {
            return new FileBody(document.fileId(), "vector_store.file", document.usageBytes(),
                    document.createdAt().getEpochSecond(), document.storeId(),
                    document.status().name().toLowerCase(Locale.ROOT),
                    document.error().map(error -> new LastError(error.code(), error.message())).orElse(null),
                    StoreFields.Strategy.of(document.chunking()), document.attributes(),
                    document.sourceUrl().map(Source::new).orElse(null));
        }
    }

    record BatchBody(String id, String object, long createdAt, String vectorStoreId, String status,
            VectorStoresResource.FileCounts fileCounts) {
        static BatchBody of(Batch batch) {
            String status = batch.cancelled() ? "cancelled" : batch.files().inProgress() > 0 ? "in_progress"
                    : "completed";
            return new BatchBody(batch.id(), "vector_store.files_batch", batch.createdAt().getEpochSecond(),
                    batch.storeId(), status, VectorStoresResource.FileCounts.of(batch.files()));
        }
    }

    record Content(String type, String text) {}

    record ContentPage(String object, List<Content> data, boolean hasMore, String nextPage) {}

    private static String tenant(Exchange exchange) {
        return exchange.caller().tenantId();
    }

    private static String store(Exchange exchange) {
        return exchange.path("vector_store_id");
    }

    /** Puts files into the queue, all or none. @return the batch's id where one was asked for */
    Optional<String> attach(String tenantId, String storeId, List<NewDocument> wanted, boolean asBatch) {
        if (wanted.size() > mostAtOnce)
            throw ApiException.invalid("file_ids", "At most " + mostAtOnce + " files may be added at once.");
        return switch (documents.attach(tenantId, storeId, wanted, asBatch)) {
            case Attached.Accepted accepted -> {
                ingestion.wake();
                yield accepted.batchId();
            }
            case Attached.NoSuchStore absent -> throw ApiException.notFound();
            case Attached.NoSuchFile absent -> throw ApiException.notFound();
            case Attached.StoreFull full ->
                throw ApiException.invalid("A store holds at most " + full.most() + " files.");
            case Attached.QueueFull full -> throw ApiException.serverBusy(Duration.ofSeconds(10));
        };
    }

    private NewDocument document(NewFile file) {
        if (file != null && !StoreFields.isAbsent(file.graft())) return fromWeb(file);
        if (file == null || file.fileId() == null) throw ApiException.invalid("file_id", "'file_id' is missing.");
        return new NewDocument(file.fileId(), StoreFields.attributes(file.attributes()),
                StoreFields.chunking(file.chunkingStrategy()));
    }

    private NewDocument fromWeb(NewFile file) {
        String url = Json.readStrict(file.graft(), Source.class, "graft").url();
        if (url == null || file.fileId() != null)
            throw ApiException.invalid("graft.url", "Name either 'file_id' or 'graft.url'.");
        ingestion.pages().refusal(url).ifPresent(why -> {
            throw ApiException.invalid("graft.url", why);
        });
        return NewDocument.of(new DocumentDao.WebSource(url, ingestion.pages().provisionalName(url)),
                StoreFields.attributes(file.attributes()), StoreFields.chunking(file.chunkingStrategy()));
    }

    private void create(Exchange exchange) {
        NewDocument wanted = document(exchange.body(NewFile.class));
        attach(tenant(exchange), store(exchange), List.of(wanted), false);
        exchange.ok(FileBody.of(documents.find(tenant(exchange), store(exchange), wanted.fileId())
                .orElseThrow(ApiException::notFound)));
    }

    private void list(Exchange exchange) {
        if (stores.find(tenant(exchange), store(exchange)).isEmpty()) throw ApiException.notFound();
        list(exchange, Optional.empty());
    }

    private void list(Exchange exchange, Optional<String> batch) {
        Paging paging = Lists.paging(exchange, LISTED, MOST_LISTED);
        Optional<Document.Status> status = exchange.query("filter").map(VectorStoreFilesResource::status);
        DocumentDao.Wanted wanted = new DocumentDao.Wanted(batch, status, Lists.part(exchange),
                order(exchange.query("sort").orElse("created_at")));
        exchange.ok(Page.of(documents.list(tenant(exchange), store(exchange), wanted, paging).stream()
                .map(FileBody::of).toList(), paging.limit(), FileBody::id));
    }

    private static DocumentDao.Order order(String sort) {
        return switch (sort) {
            case "created_at" -> DocumentDao.Order.CREATED;
            case "filename" -> DocumentDao.Order.NAME;
            case "usage_bytes" -> DocumentDao.Order.SIZE;
            default -> throw ApiException.invalid("sort", "'sort' must be created_at, filename or usage_bytes.");
        };
    }

    private static Document.Status status(String word) {
        for (Document.Status status : Document.Status.values()) {
            if (status.name().toLowerCase(Locale.ROOT).equals(word)) return status;
        }
        throw ApiException.invalid("filter", "'filter' must be in_progress, completed, failed or cancelled.");
    }

    private Document found(Exchange exchange) {
        return documents.find(tenant(exchange), store(exchange), exchange.path("file_id"))
                .orElseThrow(ApiException::notFound);
    }

    private void get(Exchange exchange) {
        exchange.ok(FileBody.of(found(exchange)));
    }

    private void changeAttributes(Exchange exchange) {
        String attributes = StoreFields.attributes(exchange.body(NewAttributes.class).attributes());
        exchange.ok(FileBody.of(documents.changeAttributes(tenant(exchange), store(exchange), exchange.path("file_id"),
                attributes).orElseThrow(ApiException::notFound)));
    }

    private void delete(Exchange exchange) {
        exchange.ok(Receipts.deleted("vector_store.file.deleted", documents.detach(tenant(exchange), store(exchange),
                exchange.path("file_id"), exchange.caller().keyId()).orElseThrow(ApiException::notFound)));
    }

    private void content(Exchange exchange) {
        Document document = found(exchange);
        String text = documents.text(tenant(exchange), store(exchange), document.fileId())
                .orElseThrow(() -> ApiException.conflict("The file has no text yet: its status is '"
                        + document.status().name().toLowerCase(Locale.ROOT) + "'."));
        exchange.ok(new ContentPage("vector_store.file_content.page", List.of(new Content("text", text)), false, null));
    }

    private void createBatch(Exchange exchange) {
        NewBatch body = exchange.body(NewBatch.class);
        List<NewDocument> wanted = new ArrayList<>();
        if (body.files() != null && body.fileIds() != null)
            throw ApiException.invalid("files", "Name the files either in 'file_ids' or in 'files'.");
        if (body.files() != null) {
            for (NewFile file : body.files()) wanted.add(document(file));
        }
        if (body.fileIds() != null) {
            for (String id : body.fileIds()) {
                wanted.add(document(new NewFile(id, body.attributes(), body.chunkingStrategy(), null)));
            }
        }
        Set<String> names = new HashSet<>();
        if (wanted.isEmpty() || !wanted.stream().allMatch(one -> names.add(one.fileId())))
            throw ApiException.invalid("file_ids", "Name at least one file, and each once, in 'file_ids' or 'files'.");
        String batch = attach(tenant(exchange), store(exchange), wanted, true).orElseThrow();
        exchange.ok(BatchBody.of(documents.findBatch(tenant(exchange), store(exchange), batch)
                .orElseThrow(ApiException::notFound)));
    }

    private Batch batch(Exchange exchange) {
        return documents.findBatch(tenant(exchange), store(exchange), exchange.path("batch_id"))
                .orElseThrow(ApiException::notFound);
    }

    private void getBatch(Exchange exchange) {
        exchange.ok(BatchBody.of(batch(exchange)));
    }

    private void cancelBatch(Exchange exchange) {
        exchange.ok(BatchBody.of(documents.cancelBatch(tenant(exchange), store(exchange), exchange.path("batch_id"))
                .orElseThrow(ApiException::notFound)));
    }

    private void listBatch(Exchange exchange) {
        list(exchange, Optional.of(batch(exchange).id()));
    }
}
