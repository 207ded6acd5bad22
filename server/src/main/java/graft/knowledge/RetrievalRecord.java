package graft.knowledge;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.registry.knowledge.KnowledgeStore;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao.FoundChunk;
import graft.registry.knowledge.SearchDao.Hit;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Writes what a retrieval saw as the JSON that is kept of it: ids, offsets, ranks and scores, no document text. */
final class RetrievalRecord {
    private static final JsonFactory JSON = new JsonFactory();

    private RetrievalRecord() {}

    private interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    /** @param legs the lexical hits of every question, then the nearest ones of every question */
    static RetrievalDao.Entry of(KnowledgeSearch.Request request, List<KnowledgeStore> stores, List<List<Hit>> legs,
            List<Fusion.Fused> candidates, Map<Long, FoundChunk> chunks, List<Fusion.Fused> kept,
            Map<String, Long> stages) {
        return new RetrievalDao.Entry("search", queries(request.queries()), request.filterJson(), request.maxResults(),
                stores(stores), candidates(candidates, chunks, kept, scores(legs)), stages(stages));
    }

    private static String queries(List<String> queries) {
        return json(json -> {
            json.writeStartArray();
            for (String query : queries) json.writeString(query.replace('\0', ' '));
            json.writeEndArray();
        });
    }

    private static String stores(List<KnowledgeStore> stores) {
        return json(json -> {
            json.writeStartArray();
            for (KnowledgeStore store : stores) {
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

    private static List<Map<Long, Double>> scores(List<List<Hit>> legs) {
        return legs.stream().map(leg -> leg.stream().collect(Collectors.toMap(Hit::chunk, Hit::score))).toList();
    }

    private static String candidates(List<Fusion.Fused> candidates, Map<Long, FoundChunk> chunks,
            List<Fusion.Fused> kept, List<Map<Long, Double>> scores) {
        return json(json -> {
            json.writeStartArray();
            for (Fusion.Fused candidate : candidates) {
                FoundChunk chunk = chunks.get(candidate.chunk());
                json.writeStartObject();
                json.writeStringField("chunk_id", chunk.id());
                json.writeStringField("file_id", chunk.fileId());
                json.writeStringField("revision", chunk.revision());
                json.writeNumberField("start", chunk.start());
                json.writeNumberField("end", chunk.end());
                json.writeNumberField("score", candidate.score());
                json.writeBooleanField("kept", kept.contains(candidate));
                legs(json, candidate, scores);
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    /** One entry a leg and question, the lexical ones first. */
    private static void legs(JsonGenerator json, Fusion.Fused candidate, List<Map<Long, Double>> scores)
            throws IOException {
        json.writeArrayFieldStart("legs");
        for (int leg = 0; leg < scores.size(); leg++) {
            OptionalInt rank = candidate.ranks().get(leg);
            if (rank.isEmpty()) continue;
            json.writeStartObject();
            json.writeStringField("leg", leg < scores.size() / 2 ? "lexical" : "vector");
            json.writeNumberField("query", leg % (scores.size() / 2));
            json.writeNumberField("rank", rank.getAsInt());
            json.writeNumberField("score", scores.get(leg).get(candidate.chunk()));
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
