package graft.api;

import graft.registry.knowledge.ChunkDao;
import graft.registry.knowledge.DocumentDao;
import graft.registry.tenant.Scope;
import java.util.List;

/** How a document of a store was cut into chunks: the borders and the headings over them, without the text. */
final class ChunksResource implements Resource {
    private static final int MOST_LISTED = 1000;
    private final DocumentDao documents;
    private final ChunkDao chunks;

    ChunksResource(DocumentDao documents, ChunkDao chunks) {
        this.documents = documents;
        this.chunks = chunks;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/vector_stores/{vector_store_id}/files/{file_id}/chunks", Scope.KNOWLEDGE,
                this::list));
    }

    /** @param start in code points of the stored text; @param end exclusive */
    record Body(String object, int ordinal, int start, int end, String heading, int tokens) {
        static Body of(ChunkDao.Chunk chunk) {
            return new Body("chunk", chunk.ordinal(), chunk.start(), chunk.end(), chunk.heading(), chunk.tokens());
        }

        String id() {
            return Integer.toString(ordinal);
        }
    }

    private void list(Exchange exchange) {
        String tenant = exchange.caller().tenantId();
        String store = exchange.path("vector_store_id");
        String file = exchange.path("file_id");
        int limit = exchange.queryInt("limit", 100, 1, MOST_LISTED);
        int after = exchange.queryInt("after", -1, -1, Integer.MAX_VALUE);
        if (documents.find(tenant, store, file).isEmpty()) throw ApiException.notFound();
        exchange.ok(Page.of(chunks.list(tenant, store, file, after, limit + 1).stream().map(Body::of).toList(), limit,
                Body::id));
    }
}
