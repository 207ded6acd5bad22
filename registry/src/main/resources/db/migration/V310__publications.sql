-- The store's revision with which a document's visible one was published. Changes of a store are committed in the order
-- of its revisions, because each of them holds the store's row: what a server's memory of a store lacks is what was
-- published after the revision that it knows.
ALTER TABLE document ADD COLUMN published bigint NOT NULL DEFAULT 0;
CREATE INDEX document_by_publication ON document (store, published);
