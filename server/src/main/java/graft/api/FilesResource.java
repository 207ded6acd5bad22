package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.Paging;
import graft.registry.knowledge.StoredFile;
import graft.registry.tenant.Scope;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Files: uploaded once, put into as many knowledge stores as wanted. */
final class FilesResource implements Resource {
    private static final List<String> PURPOSES =
            List.of("assistants", "batch", "fine-tune", "vision", "user_data", "evals");
    private static final int MOST_LISTED = 10_000;
    private static final int SHORTEST_LIFE = 3600;
    private static final int LONGEST_LIFE = 30 * 24 * 3600;
    private final FileDao files;
    private final Path spool;
    private final long maxBytes;
    private final Multipart.Limits limits;

    /**
     * @param spool    folder for uploads on their way into the database
     * @param maxBytes largest file: {@code knowledge.max-file-bytes}
     */
    FilesResource(FileDao files, Path spool, long maxBytes) {
        this.files = files;
        this.spool = spool;
        this.maxBytes = maxBytes;
        // Besides the file: a purpose, two fields of an expiry, and what multipart writes around them.
        this.limits = new Multipart.Limits(maxBytes + (64 << 10), 16, 8 << 10, 1 << 10);
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post("/v1/files", Scope.KNOWLEDGE, this::create),
                Route.get("/v1/files", Scope.KNOWLEDGE, this::list),
                Route.get("/v1/files/{file_id}", Scope.KNOWLEDGE, this::get),
                Route.get("/v1/files/{file_id}/content", Scope.KNOWLEDGE, this::content),
                Route.delete("/v1/files/{file_id}", Scope.KNOWLEDGE, this::delete));
    }

    record FileBody(String id, String object, long bytes, long createdAt, Long expiresAt, String filename,
            String purpose, String status, @JsonInclude(JsonInclude.Include.NON_NULL) Source graft) {
        record Source(String url) {}

        static FileBody of(StoredFile file) {
            return new FileBody(file.id(), "file", file.bytes(), file.createdAt().getEpochSecond(),
                    file.expiresAt().map(at -> at.getEpochSecond()).orElse(null), file.filename(), file.purpose(),
                    "processed", file.sourceUrl().map(Source::new).orElse(null));
        }
    }

    /** The parts of an upload, in whatever order they come. */
    private static final class Upload implements AutoCloseable {
        private final Path path;
        private final long maxBytes;
        private String filename = "";
        private String purpose = "";
        private Optional<Duration> lifetime = Optional.empty();

        Upload(Path spool, long maxBytes) throws IOException {
            this.maxBytes = maxBytes;
            path = Files.createTempFile(spool, "upload-", ".part");
        }

        void part(Multipart.Part part) throws IOException {
            switch (part.name()) {
                case "file" -> {
                    filename = checkedName("file", part.filename().orElse(""));
                    long bytes = Files.copy(part.content(), path, StandardCopyOption.REPLACE_EXISTING);
                    if (bytes > maxBytes) throw ApiException.tooLarge("A file may have " + maxBytes + " bytes.");
                }
                case "purpose" -> purpose = part.text();
                case "expires_after[seconds]" -> lifetime = Optional.of(lifetime(part.text()));
                case "expires_after[anchor]" -> {
                    if (!part.text().equals("created_at"))
                        throw ApiException.invalid("expires_after.anchor", "The anchor must be 'created_at'.");
                }
                default -> { } // unknown fields are ignored at the top, as in JSON bodies
            }
        }

        @Override
        public void close() throws IOException {
            Files.deleteIfExists(path);
        }
    }

    private void create(Exchange exchange) throws IOException {
        try (Upload upload = new Upload(spool, maxBytes)) {
            Multipart.read(exchange, limits, upload::part);
            if (upload.filename.isEmpty())
                throw ApiException.invalid("file", "The form has no part 'file' with a file.");
            checkPurpose(upload.purpose);
            try (InputStream content = Files.newInputStream(upload.path)) {
                exchange.ok(FileBody.of(files.create(exchange.caller().tenantId(),
                        new FileDao.NewFile(upload.filename, upload.purpose, upload.lifetime), content)));
            } catch (FileDao.StorageLimitException e) {
                throw ApiException.insufficientQuota("The tenant's limit 'storage_bytes' (" + e.most()
                        + ") would be passed.");
            }
        }
    }

    static void checkPurpose(String purpose) {
        if (purpose == null || !PURPOSES.contains(purpose))
            throw ApiException.invalid("purpose", "'purpose' must be one of " + String.join(", ", PURPOSES) + ".");
    }

    /** Without the folders that some clients write before it. */
    static String checkedName(String param, String written) {
        String name = written.substring(Math.max(written.lastIndexOf('/'), written.lastIndexOf('\\')) + 1);
        if (name.isBlank() || name.length() > 255 || name.chars().anyMatch(Character::isISOControl))
            throw ApiException.invalid(param, "The file needs a name of 1 to 255 printable characters.");
        return name;
    }

    static Duration lifetime(String text) {
        try {
            int seconds = Integer.parseInt(text);
            if (seconds >= SHORTEST_LIFE && seconds <= LONGEST_LIFE) return Duration.ofSeconds(seconds);
        } catch (NumberFormatException e) {
            // falls through to the same refusal
        }
        throw ApiException.invalid("expires_after.seconds", "'seconds' must be a whole number from " + SHORTEST_LIFE
                + " to " + LONGEST_LIFE + ".");
    }

    private void list(Exchange exchange) {
        Paging paging = Lists.paging(exchange, MOST_LISTED, MOST_LISTED);
        exchange.ok(Page.of(files.list(exchange.caller().tenantId(), exchange.query("purpose"), paging).stream()
                .map(FileBody::of).toList(), paging.limit(), FileBody::id));
    }

    private StoredFile file(Exchange exchange) {
        return files.find(exchange.caller().tenantId(), exchange.path("file_id")).orElseThrow(ApiException::notFound);
    }

    private void get(Exchange exchange) {
        exchange.ok(FileBody.of(file(exchange)));
    }

    private void content(Exchange exchange) {
        StoredFile file = file(exchange);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.toIntExact(file.bytes()));
        if (!files.read(exchange.caller().tenantId(), file.id(), bytes)) throw ApiException.notFound();
        exchange.download(file.filename(), bytes.toByteArray());
    }

    private void delete(Exchange exchange) {
        exchange.ok(Receipts.deleted("file", files.delete(exchange.caller().tenantId(), exchange.path("file_id"),
                exchange.caller().keyId()).orElseThrow(ApiException::notFound)));
    }
}
