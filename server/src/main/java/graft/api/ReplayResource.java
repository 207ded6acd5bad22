package graft.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.knowledge.RetrievalDao;
import graft.registry.knowledge.whole.WholeStoreDao;
import graft.registry.knowledge.whole.WholeStoreDao.Slice;
import graft.registry.tenant.Scope;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a retrieval showed, read again from the revisions that it saw; gone once a part of it was deleted. */
final class ReplayResource implements Resource {
    private final RetrievalDao retrievals;
    private final WholeStoreDao texts;

    ReplayResource(RetrievalDao retrievals, WholeStoreDao texts) {
        this.retrievals = retrievals;
        this.texts = texts;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/retrievals/{retrieval_id}/replay", Scope.KNOWLEDGE, this::replay));
    }

    record PassageBody(String chunkId, String fileId, String revision, int start, int end, String text) {}

    record ReplayBody(String id, String object, String mode, @JsonRawValue String queries,
            @JsonRawValue String stores, List<PassageBody> passages) {}

    /** One's own; the admin scope reads everybody's. */
    private void replay(Exchange exchange) {
        String id = exchange.path("retrieval_id");
        RetrievalDao.Recorded recorded = (exchange.caller().isAdmin() ? retrievals.findAny(id)
                : retrievals.find(exchange.caller().tenantId(), id)).orElseThrow(ApiException::notFound);
        List<JsonNode> kept = new ArrayList<>();
        for (JsonNode candidate : Json.tree(recorded.entry().candidates().getBytes(StandardCharsets.UTF_8))) {
            if (candidate.path("kept").asBoolean()) kept.add(candidate);
        }
        List<Optional<String>> read = texts.slices(recorded.tenantId(), kept.stream().map(one -> new Slice(
                one.path("revision").asText(), one.path("start").asInt(), one.path("end").asInt())).toList());
        List<PassageBody> passages = new ArrayList<>();
        for (int i = 0; i < kept.size(); i++) {
            JsonNode one = kept.get(i);
            String text = read.get(i).orElseThrow(() -> ApiException.gone("The revision '"
                    + one.path("revision").asText() + "' of file '" + one.path("file_id").asText()
                    + "' was deleted or replaced."));
            passages.add(new PassageBody(one.path("chunk_id").asText(), one.path("file_id").asText(),
                    one.path("revision").asText(), one.path("start").asInt(), one.path("end").asInt(), text));
        }
        exchange.ok(new ReplayBody(recorded.id(), "retrieval.replay", recorded.entry().mode(),
                recorded.entry().queries(), recorded.entry().stores(), passages));
    }
}
