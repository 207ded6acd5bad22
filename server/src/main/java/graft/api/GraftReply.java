package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import graft.engine.GeneratedToken;
import graft.generation.Delta;
import graft.generation.Summary;
import graft.knowledge.Citation;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import java.util.List;
import java.util.OptionalInt;

/** The objects {@code graft} of answers (CONTRACT.md). Times in milliseconds. */
final class GraftReply {
    private GraftReply() {}

    /** Of the whole answer. */
    record Whole(String requestId, String baseDigest, String adapterDigest, String retrievalId, String retrievalMode,
            List<Retrieved> retrieved, int unverifiedQuotes, double queueMs, double retrievalMs, double engineMs,
            long costMicros, String currency) {}

    /** @param page left out where there are none, as in {@link CitationRecord} */
    record Retrieved(String chunkId, String fileId, String filename, double score, int start, int end,
            @JsonInclude(JsonInclude.Include.NON_NULL) Integer page) {}

    /** Of a message or delta. */
    record Cited(List<CitationRecord> citations) {}

    record CitationRecord(String fileId, String filename, int index, int passage, String quote, int start, int end,
            String chunkId, String revision, @JsonInclude(JsonInclude.Include.NON_NULL) Integer page) {}

    /** @return null where there are none */
    static Integer page(OptionalInt page) {
        return page.isPresent() ? page.getAsInt() : null;
    }

    /** Of a choice, where token ids or alternatives were asked. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Tokens(List<Integer> tokenIds, List<List<Logprobs.ById>> topLogprobs) {}

    static Whole whole(String requestId, Models.Target target, Summary summary) {
        return new Whole(requestId, target.base().engine().model().digest(), target.adapterDigest().orElse(null),
                summary.retrieved().map(Retrieval.Retrieved::retrievalId).orElse(null),
                summary.retrieved().map(Retrieval.Retrieved::mode).orElse(null),
                summary.shown().stream().map(GraftReply::retrieved).toList(), summary.unverifiedQuotes(),
                millis(summary.queueMicros()), millis(retrievalMicros(summary)), millis(summary.engineMicros()),
                summary.costMicros(), summary.currency());
    }

    private static long retrievalMicros(Summary summary) {
        return summary.retrieved().map(Retrieval.Retrieved::micros).orElse(0L);
    }

    private static double millis(long micros) {
        return micros / 1000.0;
    }

    private static Retrieved retrieved(Passage passage) {
        return new Retrieved(passage.chunkId(), passage.fileId(), passage.filename(), passage.score(), passage.start(),
                passage.end(), page(passage.page()));
    }

    static Cited cited(List<Delta.Cited> citations) {
        return new Cited(citations.stream().map(one -> {
            Citation citation = one.citation();
            return new CitationRecord(citation.fileId(), citation.filename(), one.index(), citation.passage(),
                    citation.quote(), citation.start(), citation.end(), citation.chunkId(), citation.revision(),
                    page(citation.page()));
        }).toList());
    }

    /** @return null where nothing of it was asked */
    static Tokens tokens(List<GeneratedToken> tokens, GraftOptions options) {
        if (!options.tokenIds() && options.alternatives() == 0) return null;
        return new Tokens(options.tokenIds() ? tokens.stream().map(GeneratedToken::id).toList() : null,
                options.alternatives() > 0 ? Logprobs.byId(tokens, options.alternatives()) : null);
    }

    /** The stages of a reply that is not streamed (W3C Server Timing); those of the retrieval after its whole. */
    static String serverTiming(Summary summary) {
        StringBuilder retrieval = new StringBuilder();
        summary.retrieved().ifPresent(found -> found.stages().forEach((stage, micros) ->
                retrieval.append(", ").append(stage).append(";dur=").append(millis(micros))));
        return "queue;dur=" + millis(summary.queueMicros()) + ", retrieval;dur=" + millis(retrievalMicros(summary))
                + retrieval + ", engine;dur=" + millis(summary.engineMicros());
    }
}
