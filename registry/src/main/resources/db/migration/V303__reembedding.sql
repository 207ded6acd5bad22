-- Vectors of another model, made in the background while the store's present ones stay. One transaction exchanges them.
CREATE TABLE embedding_next (
    chunk     bigint   NOT NULL REFERENCES chunk ON DELETE CASCADE,
    part      smallint NOT NULL,
    store     bigint   NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    tenant_id text     NOT NULL,
    space     text     NOT NULL,
    vector    halfvec  NOT NULL,
    PRIMARY KEY (chunk, part)
);
CREATE INDEX embedding_next_by_store ON embedding_next (store);
ALTER TABLE embedding_next ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON embedding_next TO graft_app
    USING (tenant_id = (SELECT current_setting('graft.tenant', true)))
    WITH CHECK (tenant_id = (SELECT current_setting('graft.tenant', true)));
CREATE POLICY every_row ON embedding_next TO graft_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON embedding_next TO graft_app, graft_admin;
