-- What a deletion removed: counts, ids and hashes, no text. Written in the transaction of the deletion, never changed.
CREATE TABLE deletion_receipt (
    number           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id               text        NOT NULL UNIQUE,
    tenant_id        text        NOT NULL REFERENCES tenant,
    created_at       timestamptz NOT NULL,
    actor            text        NOT NULL,
    kind             text        NOT NULL,
    object_id        text        NOT NULL,
    store_ids        text[]      NOT NULL,
    documents        bigint      NOT NULL,
    revisions        bigint      NOT NULL,
    chunks           bigint      NOT NULL,
    vectors          bigint      NOT NULL,
    postings         bigint      NOT NULL,
    pinned_prefixes  bigint      NOT NULL,
    bytes            bigint      NOT NULL,
    -- The first of the removed revisions by id, file, store and hash; the digest counts all of them in.
    listed           jsonb       NOT NULL,
    revisions_digest text        NOT NULL,
    digest           text        NOT NULL
);
CREATE INDEX deletion_receipt_of_tenant ON deletion_receipt (tenant_id, number);
ALTER TABLE deletion_receipt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON deletion_receipt TO graft_app
    USING (tenant_id = (SELECT current_setting('graft.tenant', true)))
    WITH CHECK (tenant_id = (SELECT current_setting('graft.tenant', true)));
CREATE POLICY every_row ON deletion_receipt TO graft_admin USING (true);
GRANT SELECT, INSERT ON deletion_receipt TO graft_app, graft_admin;

-- Hashed as it is stored, so that a deletion need not read every text again; of older revisions it is made when needed.
ALTER TABLE document_revision ADD COLUMN text_sha256 bytea;
-- Which prompts began with a whole store.
CREATE INDEX retrieval_of_whole_stores ON retrieval (tenant_id) WHERE mode = 'pinned';
