package graft.api;

import graft.engine.GeneratedToken;
import graft.generation.Answer;
import graft.generation.Delta;
import graft.generation.GenerationFailedException;
import graft.generation.Summary;
import graft.registry.DatabaseUnavailableException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** What chat and plain completions have in common: labels, collecting an answer, failing halfway. */
final class Completions {
    private static final System.Logger LOG = System.getLogger(Completions.class.getName());
    private static final String FLOW = "x-gateway-inference-fairness-id";
    private static final int LONGEST_FLOW = 256;

    private Completions() {}

    /** What every reply and chunk of one answer says about it. */
    record Label(String id, long created, String model, String fingerprint) {
        static Label of(String prefix, String requestId, Clock clock, Models.Target target) {
            String digest = target.base().engine().model().digest().replaceFirst("^sha256:", "");
            return new Label(prefix + requestId.replaceFirst("^req_", ""), clock.instant().getEpochSecond(),
                    target.model().name(), "fp_" + digest.substring(0, Math.min(12, digest.length())));
        }
    }

    /** Tokens with a place in the text: a stop token has none. */
    static List<GeneratedToken> visible(List<GeneratedToken> tokens, Models.Target target) {
        Set<Integer> stops = target.base().engine().model().stopTokens();
        return tokens.stream().filter(token -> !stops.contains(token.id())).toList();
    }

    /** Among one tenant's requests it orders; between tenants it says nothing, because any client may send it. */
    static String flow(Exchange exchange) {
        return exchange.header(FLOW).filter(id -> id.length() <= LONGEST_FLOW).orElse("");
    }

    /** How many alternatives the engine is to report: the most of what is asked in either shape. */
    static int alternatives(boolean logprobs, int asked, GraftOptions options) {
        return Math.max(logprobs ? Math.max(1, asked) : 0, options.alternatives());
    }

    /** One choice's deltas put together. */
    record Collected(StringBuilder content, List<Delta.Cited> citations, ToolCalls.Collector calls,
            List<GeneratedToken> tokens) {
        String text() {
            return content.toString();
        }
    }

    /** Puts an answer that is not streamed together. */
    static final class Collector {
        private final List<Collected> choices = new ArrayList<>();

        Collector(int count) {
            for (int i = 0; i < count; i++) choices.add(new Collected(new StringBuilder(), new ArrayList<>(),
                    new ToolCalls.Collector(), new ArrayList<>()));
        }

        void add(Delta delta) {
            Collected choice = choices.get(delta.choice());
            choice.content.append(delta.text());
            choice.citations.addAll(delta.citations());
            delta.calls().forEach(choice.calls::add);
            choice.tokens.addAll(delta.tokens());
        }

        Collected choice(int index) {
            return choices.get(index);
        }
    }

    static Summary finish(Exchange exchange, Answer answer, Consumer<Delta> deltas) {
        try {
            return answer.finish(deltas);
        } catch (GenerationFailedException e) {
            LOG.log(System.Logger.Level.ERROR, "request={0} generation failed: {1}", exchange.requestId(),
                    e.getMessage());
            throw ApiException.internal(exchange.requestId());
        }
    }

    /**
     * Like {@link #finish}; a failure is told inside the stream, which has no other place left for it.
     *
     * @return empty after a failure: then nothing more is to be sent, and no end is to be claimed
     */
    static Optional<Summary> finishStreamed(Exchange exchange, EventStream events, Answer answer,
            Consumer<Delta> deltas) {
        try {
            return Optional.of(finish(exchange, answer, deltas));
        } catch (EventStream.ClientLeft e) {
            throw e;
        } catch (ApiException e) {
            events.send(e.body());
        } catch (DatabaseUnavailableException e) {
            LOG.log(System.Logger.Level.WARNING, "request={0} database unavailable: {1}", exchange.requestId(),
                    e.getCause());
            events.send(ApiException.databaseUnavailable().body());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "request=" + exchange.requestId() + " failed while streaming", e);
            events.send(ApiException.internal(exchange.requestId()).body());
        }
        return Optional.empty();
    }
}
