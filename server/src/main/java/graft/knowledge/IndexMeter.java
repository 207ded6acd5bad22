package graft.knowledge;

/** Is told what indexing a document embeds, so that it can be billed. Any thread may call. */
@FunctionalInterface
public interface IndexMeter {
    /** Bills nobody. */
    IndexMeter NONE = (tenantId, embedder) -> new Document() {
        @Override
        public void embedded(int tokens, long micros) {
            // nobody is billed
        }

        @Override
        public void close() {
            // nothing is open
        }
    };

    /** One document that is being indexed. @param embedder whose prices apply */
    Document open(String tenantId, String embedder);

    /** Belongs to its worker. Closing it bills what was embedded, however the document ended. */
    interface Document extends AutoCloseable {
        void embedded(int tokens, long micros);

        @Override
        void close();
    }
}
