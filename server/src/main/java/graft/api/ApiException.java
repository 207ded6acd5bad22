package graft.api;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * A request that gets an error answer in OpenAI's shape. The factories are the codes of the contract; nothing else
 * makes one, so a client can rely on the list.
 */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final String type;
    private final String code;
    private final String param;
    private final transient Duration retryAfter;

    private ApiException(int status, String type, String code, String param, String message, Duration retryAfter) {
        super(Objects.requireNonNull(message), null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
        this.retryAfter = retryAfter;
    }

    private static ApiException of(int status, String type, String code, String message) {
        return new ApiException(status, type, code, null, message, null);
    }

    /** @param param the field that is wrong, as the client wrote it: {@code "messages[2].role"} */
    public static ApiException invalid(String param, String message) {
        return new ApiException(400, "invalid_request_error", "invalid_request", param, message, null);
    }

    public static ApiException invalid(String message) {
        return invalid(null, message);
    }

    /** @param param {@code messages}, {@code prompt} or {@code input} */
    public static ApiException contextLengthExceeded(String param, String message) {
        return new ApiException(400, "invalid_request_error", "context_length_exceeded", param, message, null);
    }

    public static ApiException modelHasNoTokenizer(String model) {
        return new ApiException(400, "invalid_request_error", "model_has_no_tokenizer", "model", "The model '" + model
                + "' has no tokenizer: send token ids to /v1/completions.", null);
    }

    public static ApiException invalidApiKey() {
        return of(401, "invalid_request_error", "invalid_api_key",
                "Missing, unknown or expired API key. Send it as 'Authorization: Bearer KEY'.");
    }

    public static ApiException insufficientScope(String scope) {
        return of(403, "invalid_request_error", "insufficient_scope", "This key lacks the scope '" + scope + "'.");
    }

    public static ApiException modelNotFound(String model) {
        return new ApiException(404, "invalid_request_error", "model_not_found", "model",
                "The model '" + model + "' does not exist or you do not have access to it.", null);
    }

    /** The same body for what is absent and for what belongs to somebody else. */
    public static ApiException notFound() {
        return of(404, "invalid_request_error", "not_found", "No such object.");
    }

    public static ApiException conflict(String message) {
        return of(409, "invalid_request_error", "conflict", message);
    }

    public static ApiException conflict(String message, Duration retryAfter) {
        return new ApiException(409, "invalid_request_error", "conflict", null, message, retryAfter);
    }

    /** It was there and was deleted. */
    public static ApiException gone(String message) {
        return of(410, "invalid_request_error", "gone", message);
    }

    public static ApiException tooLarge(String message) {
        return of(413, "invalid_request_error", "too_large", message);
    }

    /** @param message names the tensor or field and the reason */
    public static ApiException invalidAdapter(String message) {
        return of(422, "invalid_request_error", "invalid_adapter", message);
    }

    public static ApiException rateLimitExceeded(String message, Duration retryAfter) {
        return new ApiException(429, "rate_limit_error", "rate_limit_exceeded", null, message, retryAfter);
    }

    public static ApiException insufficientQuota(String message) {
        return of(429, "insufficient_quota", "insufficient_quota", message);
    }

    public static ApiException insufficientQuota(String message, Duration retryAfter) {
        return new ApiException(429, "insufficient_quota", "insufficient_quota", null, message, retryAfter);
    }

    public static ApiException serverBusy(Duration retryAfter) {
        return new ApiException(429, "server_error", "server_busy", null,
                "The server has as many requests waiting as it accepts. Try again shortly.", retryAfter);
    }

    public static ApiException databaseUnavailable() {
        return new ApiException(503, "server_error", "database_unavailable", null,
                "The database can't be reached. Nothing was changed; try again shortly.", Duration.ofSeconds(2));
    }

    /** Something broke on our side; the log has the reason under this request's id. */
    public static ApiException internal(String requestId) {
        return of(500, "server_error", "internal_error", "The server failed on this request (" + requestId + ").");
    }

    public int status() {
        return status;
    }

    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** The body, all four keys always present. */
    public Body body() {
        return new Body(new Fields(getMessage(), type, param, code));
    }

    public record Body(Fields error) {}

    public record Fields(String message, String type, String param, String code) {}
}
