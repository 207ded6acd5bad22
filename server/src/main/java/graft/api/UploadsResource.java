package graft.api;

import graft.registry.knowledge.FileDao;
import graft.registry.knowledge.uploads.Upload;
import graft.registry.knowledge.uploads.Upload.Changed;
import graft.registry.knowledge.uploads.UploadDao;
import graft.registry.tenant.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Files in parts, for clients that send large ones piece by piece or several pieces beside each other. */
final class UploadsResource implements Resource {
    private static final int MOST_PARTS = 10_000;
    private final UploadDao uploads;
    private final FileDao files;
    private final Path spool;
    private final Bounds bounds;

    /**
     * @param fileBytes of a whole file: {@code knowledge.max-file-bytes}
     * @param partBytes of one part: {@code knowledge.max-part-bytes}
     * @param pending   uploads of one tenant at a time: {@code knowledge.max-pending-uploads}
     * @param life      how long an upload may take: {@code knowledge.upload-life}
     */
    public record Bounds(long fileBytes, long partBytes, int pending, Duration life) {}

    UploadsResource(UploadDao uploads, FileDao files, Path spool, Bounds bounds) {
        this.uploads = uploads;
        this.files = files;
        this.spool = spool;
        this.bounds = bounds;
    }

    @Override
    public List<Route> routes() {
        return List.of(
                Route.post("/v1/uploads", Scope.KNOWLEDGE, this::create),
                Route.post("/v1/uploads/{upload_id}/parts", Scope.KNOWLEDGE, this::add),
                Route.post("/v1/uploads/{upload_id}/complete", Scope.KNOWLEDGE, this::complete),
                Route.post("/v1/uploads/{upload_id}/cancel", Scope.KNOWLEDGE, this::cancel));
    }

    record ExpiresAfter(String anchor, Integer seconds) {}

    record NewBody(String filename, String purpose, Long bytes, String mimeType, ExpiresAfter expiresAfter) {}

    record CompleteBody(List<String> partIds, String md5) {}

    record UploadBody(String id, String object, long bytes, long createdAt, String filename, String purpose,
            String status, long expiresAt, FilesResource.FileBody file) {}

    record PartBody(String id, String object, long createdAt, String uploadId) {}

    private UploadBody body(String tenant, Upload upload) {
        return new UploadBody(upload.id(), "upload", upload.bytes(), upload.createdAt().getEpochSecond(),
                upload.filename(), upload.purpose(), upload.status().name().toLowerCase(Locale.ROOT),
                upload.expiresAt().getEpochSecond(), upload.fileId().flatMap(id -> files.find(tenant, id))
                        .map(FilesResource.FileBody::of).orElse(null));
    }

    private void create(Exchange exchange) {
        NewBody asked = exchange.body(NewBody.class);
        String name = FilesResource.checkedName("filename", asked.filename() == null ? "" : asked.filename());
        FilesResource.checkPurpose(asked.purpose());
        if (asked.bytes() == null || asked.bytes() < 1)
            throw ApiException.invalid("bytes", "'bytes' must say how large the file will be.");
        if (asked.bytes() > bounds.fileBytes())
            throw ApiException.tooLarge("A file may have " + bounds.fileBytes() + " bytes.");
        if (asked.mimeType() == null || asked.mimeType().isBlank() || asked.mimeType().length() > 255)
            throw ApiException.invalid("mime_type", "'mime_type' must name the file's type.");
        Optional<Duration> lifetime = Optional.ofNullable(asked.expiresAfter()).map(expiry -> {
            if (!"created_at".equals(expiry.anchor()))
                throw ApiException.invalid("expires_after.anchor", "The anchor must be 'created_at'.");
            return FilesResource.lifetime(String.valueOf(expiry.seconds()));
        });
        answer(exchange, uploads.create(exchange.caller().tenantId(), new UploadDao.NewUpload(name, asked.purpose(),
                asked.bytes(), asked.mimeType().replace('\0', ' '), lifetime), bounds.life(), bounds.pending()));
    }

    private void add(Exchange exchange) throws IOException {
        Path part = Files.createTempFile(spool, "part-", ".part");
        try {
            long[] bytes = {-1};
            var limits = new Multipart.Limits(bounds.partBytes() + (64 << 10), 4, 8 << 10, 1 << 10);
            Multipart.read(exchange, limits, field -> {
                if (!field.name().equals("data")) return;
                bytes[0] = Files.copy(field.content(), part, StandardCopyOption.REPLACE_EXISTING);
                if (bytes[0] > bounds.partBytes())
                    throw ApiException.tooLarge("A part may have " + bounds.partBytes() + " bytes.");
            });
            if (bytes[0] < 1) throw ApiException.invalid("data", "The form has no part 'data' with bytes.");
            try (InputStream content = Files.newInputStream(part)) {
                answer(exchange, uploads.add(exchange.caller().tenantId(), exchange.path("upload_id"), content));
            }
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private void complete(Exchange exchange) {
        CompleteBody asked = exchange.body(CompleteBody.class);
        List<String> parts = asked.partIds();
        if (parts == null || parts.isEmpty() || parts.size() > MOST_PARTS || parts.contains(null)
                || new HashSet<>(parts).size() != parts.size())
            throw ApiException.invalid("part_ids", "'part_ids' must name 1 to " + MOST_PARTS + " parts, each once.");
        try {
            answer(exchange, uploads.complete(exchange.caller().tenantId(), exchange.path("upload_id"), parts,
                    Optional.ofNullable(asked.md5())));
        } catch (FileDao.StorageLimitException e) {
            throw ApiException.insufficientQuota("The tenant's limit 'storage_bytes' (" + e.most()
                    + ") would be passed.");
        }
    }

    private void cancel(Exchange exchange) {
        answer(exchange, uploads.cancel(exchange.caller().tenantId(), exchange.path("upload_id")));
    }

    private void answer(Exchange exchange, Changed changed) {
        switch (changed) {
            case Changed.Done done -> exchange.ok(body(exchange.caller().tenantId(), done.upload()));
            case Changed.Added added -> exchange.ok(new PartBody(added.part().id(), "upload.part",
                    added.part().createdAt().getEpochSecond(), added.part().uploadId()));
            case Changed.NoSuchUpload _ -> throw ApiException.notFound();
            case Changed.NotPending other -> throw ApiException.conflict("The upload is "
                    + other.status().name().toLowerCase(Locale.ROOT) + ".");
            case Changed.TooManyPending many -> throw ApiException.conflict("The tenant has " + many.most()
                    + " uploads pending: complete or cancel one.");
            case Changed.TooManyBytes many -> throw ApiException.tooLarge("The upload was announced with "
                    + many.most() + " bytes.");
            case Changed.NoSuchPart absent -> throw ApiException.invalid("part_ids", "The upload has no part '"
                    + absent.id() + "'.");
            case Changed.OtherBytes other -> throw ApiException.invalid("part_ids", "The parts have " + other.actual()
                    + " bytes, and the upload was announced with " + other.expected() + ".");
            case Changed.OtherDigest other -> throw ApiException.invalid("md5", "The file's MD5 is " + other.actual()
                    + ".");
        }
    }
}
