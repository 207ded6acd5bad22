package graft.api;

import graft.metering.BilledBefore;
import graft.metering.KeptReplies;
import graft.registry.usage.IdempotencyDao.Found;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Set;

/**
 * Requests with an Idempotency-Key run once: the same key and body again get the stored reply, streamed or not, and are
 * not billed again, not even if their server died with the reply: then they run again at no price. Another body is a
 * conflict, and so is a request that still runs. A request under a key goes on when its client leaves, because the
 * client is expected back. Any thread may call.
 */
final class Idempotency {
    private static final Set<String> PATHS = Set.of("/v1/chat/completions", "/v1/completions", "/v1/embeddings");
    private static final int LONGEST_KEY = 255;
    private static final Duration COME_BACK = Duration.ofSeconds(1);
    private final KeptReplies replies;
    private final String processId;
    private final BilledBefore billedBefore;
    private final int largestReply;

    /** @param largestReply bytes; a larger one is sent and not kept ({@code idempotency.largest-reply}, 8 MiB) */
    Idempotency(KeptReplies replies, String processId, BilledBefore billedBefore, int largestReply) {
        this.replies = replies;
        this.processId = processId;
        this.billedBefore = billedBefore;
        this.largestReply = largestReply;
    }

    /** Runs a route's handler, or answers in its place. */
    void answer(Route route, Exchange exchange) throws Exception {
        String key = exchange.header("Idempotency-Key").orElse("");
        if (key.isEmpty() || !PATHS.contains(route.path())) {
            route.handler().handle(exchange);
            return;
        }
        if (key.length() > LONGEST_KEY)
            throw ApiException.invalid("Idempotency-Key", "The key is longer than " + LONGEST_KEY + " characters.");
        String tenant = exchange.caller().tenantId();
        Found found = replies.begin(tenant, key, hash(route.path(), exchange.bytes()), exchange.requestId(), processId);
        switch (found) {
            case Found.Begun begun -> {
                if (begun.billed()) billedBefore.begin(exchange.requestId());
                run(route, exchange, tenant, key);
            }
            case Found.Done done -> {
                exchange.header("Idempotency-Replayed", "true");
                exchange.replay(done.status(), done.contentType(), done.body());
            }
            case Found.Differs _ -> throw ApiException.conflict("This Idempotency-Key was used with another request.");
            case Found.Running _ -> throw ApiException.conflict(
                    "The request with this Idempotency-Key is still running.", COME_BACK);
        }
    }

    private void run(Route route, Exchange exchange, String tenant, String key) throws Exception {
        exchange.copyTo(new ReplyCopy(largestReply, reply -> replies.finish(tenant, key, exchange.requestId(),
                new Found.Done(reply.status(), reply.contentType(), reply.body()))));
        try {
            route.handler().handle(exchange);
        } finally {
            billedBefore.end(exchange.requestId());
            replies.forget(tenant, key, exchange.requestId());
        }
    }

    private static byte[] hash(String path, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((path + "\n").getBytes(StandardCharsets.UTF_8));
            return digest.digest(body);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
