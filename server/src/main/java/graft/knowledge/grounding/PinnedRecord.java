package graft.knowledge.grounding;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import graft.knowledge.Retrieval.Question;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.SearchDao.SearchedStore;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** What is kept of stores that were shown whole: each passage's ids and offsets, no document text. */
final class PinnedRecord {
    private static final JsonFactory JSON = new JsonFactory();

    private PinnedRecord() {}

    static RetrievalDao.Entry of(Question question, List<SearchedStore> stores, List<Passage> passages,
            Map<String, Long> stages) {
        return new RetrievalDao.Entry("pinned", array(json -> json.writeString(question.text().replace('\0', ' '))),
                question.filters(), question.maxResults(), array(json -> {
                    for (SearchedStore store : stores) {
                        json.writeStartObject();
                        json.writeStringField("id", store.id());
                        json.writeNumberField("revision", store.revision());
                        json.writeStringField("embedder", store.embedder());
                        json.writeEndObject();
                    }
                }), array(json -> {
                    for (Passage passage : passages) candidate(json, passage);
                }), "{\"render\":" + stages.getOrDefault("render", 0L) + "}", question.reader()
                        .map(Retrieval.Reader::recorded));
    }

    private static void candidate(JsonGenerator json, Passage passage) throws IOException {
        json.writeStartObject();
        json.writeStringField("chunk_id", passage.chunkId());
        json.writeStringField("file_id", passage.fileId());
        json.writeStringField("revision", passage.revision());
        json.writeNumberField("start", passage.start());
        json.writeNumberField("end", passage.end());
        json.writeNumberField("score", passage.score());
        json.writeBooleanField("kept", true);
        json.writeArrayFieldStart("legs");
        json.writeEndArray();
        json.writeEndObject();
    }

    private interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    private static String array(Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartArray();
            body.write(json);
            json.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
