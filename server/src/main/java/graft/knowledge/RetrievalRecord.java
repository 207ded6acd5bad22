package graft.knowledge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.knowledge.KnowledgeSearch.Candidate;
import graft.knowledge.retrieval.Legs.Leg;
import graft.knowledge.retrieval.Links;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.Hit;
import graft.registry.knowledge.SearchDao.SearchedStore;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes what a retrieval saw as the JSON that is kept of it: ids, offsets, ranks and scores, no document text. */
final class RetrievalRecord {
    private static final JsonFactory JSON = new JsonFactory();

    private RetrievalRecord() {}

    private interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    /**
     * @param ordered  all candidates in their last order; @param kept those of them that were answered with
     * @param standIns for a folded candidate the better one that says the same
     * @param links    that were followed from kept ones, and answered with behind them
     */
    record Seen(List<Candidate> ordered, List<Candidate> kept, Map<Candidate, Candidate> standIns,
            List<Links.Link> links) {}

    static RetrievalDao.Entry of(KnowledgeSearch.Request request, List<SearchedStore> stores, List<Leg> legs,
            Seen seen, Map<String, Long> stages) {
        return new RetrievalDao.Entry("search", queries(request.queries()), request.filterJson(), request.maxResults(),
                stores(stores), candidates(request, seen, legs, scores(legs)), stages(stages),
                request.reader().map(Retrieval.Reader::recorded));
    }

    private static String queries(List<String> queries) {
        return json(json -> {
            json.writeStartArray();
            for (String query : queries) json.writeString(query.replace('\0', ' '));
            json.writeEndArray();
        });
    }

    private static String stores(List<SearchedStore> stores) {
        return json(json -> {
            json.writeStartArray();
            for (SearchedStore store : stores) {
                json.writeStartObject();
                json.writeStringField("id", store.id());
                json.writeNumberField("revision", store.revision());
                json.writeStringField("embedder", store.embedder());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private static String stages(Map<String, Long> stages) {
        return json(json -> {
            json.writeStartObject();
            for (Map.Entry<String, Long> stage : stages.entrySet()) {
                json.writeNumberField(stage.getKey(), stage.getValue());
            }
            json.writeEndObject();
        });
    }

    private static List<Map<Long, Double>> scores(List<Leg> legs) {
        return legs.stream().map(leg -> leg.hits().stream().collect(Collectors.toMap(Hit::chunk, Hit::score)))
                .toList();
    }

    private static String candidates(KnowledgeSearch.Request request, Seen seen, List<Leg> legs,
            List<Map<Long, Double>> scores) {
        Set<Candidate> kept = Set.copyOf(seen.kept());
        Map<Long, String> standIns = new HashMap<>();
        seen.standIns().forEach((folded, better) -> standIns.put(folded.chunk().number(), better.chunk().id()));
        return json(json -> {
            json.writeStartArray();
            for (Candidate candidate : seen.ordered()) {
                FoundChunk chunk = candidate.chunk();
                place(json, chunk);
                json.writeNumberField("score", candidate.score());
                json.writeBooleanField("kept", kept.contains(candidate));
                if (!kept.contains(candidate)) {
                    json.writeStringField("dropped", candidate.score() < request.scoreThreshold() ? "score_threshold"
                            : "max_num_results");
                }
                if (standIns.containsKey(chunk.number())) {
                    json.writeStringField("duplicate_of", standIns.get(chunk.number()));
                }
                legs(json, candidate, legs, scores);
                json.writeEndObject();
            }
            for (Links.Link link : seen.links()) {
                place(json, link.to());
                json.writeBooleanField("kept", true);
                json.writeStringField("linked_from", link.from().id());
                json.writeArrayFieldStart("legs");
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** Begins an object. */
    private static void place(JsonGenerator json, FoundChunk chunk) throws IOException {
        json.writeStartObject();
        json.writeStringField("chunk_id", chunk.id());
        json.writeStringField("file_id", chunk.fileId());
        json.writeStringField("revision", chunk.revision());
        json.writeNumberField("start", chunk.start());
        json.writeNumberField("end", chunk.end());
    }

    private static void legs(JsonGenerator json, Candidate candidate, List<Leg> legs, List<Map<Long, Double>> scores)
            throws IOException {
        json.writeArrayFieldStart("legs");
        for (int leg = 0; leg < legs.size(); leg++) {
            OptionalInt rank = candidate.fused().ranks().get(leg);
            if (rank.isEmpty()) continue;
            json.writeStartObject();
            json.writeStringField("leg", legs.get(leg).byWords() ? "lexical" : "vector");
            json.writeNumberField("query", legs.get(leg).question());
            json.writeNumberField("rank", rank.getAsInt());
            json.writeNumberField("score", scores.get(leg).get(candidate.chunk().number()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static String json(Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            body.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
