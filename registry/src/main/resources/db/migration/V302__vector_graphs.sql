-- A store over knowledge.exact-limit chunks gets an HNSW graph of its own, a partial index over its rows, built in the
-- background without a lock (registry.knowledge.vectors). graph says that it is there and how many dimensions it has;
-- without it every vector of the store is compared.
ALTER TABLE vector_store ADD COLUMN graph integer;
-- An exact search below a selective filter goes from the documents that meet it to their vectors.
CREATE INDEX embedding_by_revision ON embedding (revision);
