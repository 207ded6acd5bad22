-- Files, knowledge stores, their chunks and both indexes, the ingestion queue and the record of retrievals.
-- Text keys (file-..., vs_...) face the API; bigint numbers join the tables that grow with every chunk.

-- One rule for what a word is, for chunks and questions alike. Punctuation inside a word becomes a space first:
-- Postgres reads "Fir-964" as a word and the number -964, and "fir-964.md" as one host name.
CREATE FUNCTION knowledge_lexemes(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN to_tsvector('pg_catalog.english'::regconfig,
                       translate(body, '-_/\.,:;@&+=#%~''"`()[]{}<>|', repeat(' ', 27)));

CREATE TABLE file (
    id         text PRIMARY KEY,
    tenant_id  text        NOT NULL REFERENCES tenant,
    filename   text        NOT NULL,
    purpose    text        NOT NULL,
    bytes      bigint      NOT NULL,
    sha256     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
);
CREATE INDEX file_by_tenant ON file (tenant_id, created_at, id);
CREATE INDEX file_by_expiry ON file (expires_at) WHERE expires_at IS NOT NULL;

-- The file's bytes in pieces, so that neither side ever holds a row as large as the file.
CREATE TABLE file_piece (
    tenant_id text    NOT NULL,
    file_id   text    NOT NULL REFERENCES file ON DELETE CASCADE,
    ordinal   integer NOT NULL,
    content   bytea   NOT NULL,
    PRIMARY KEY (file_id, ordinal)
);

-- embedder and dimensions are the store's own: another default model later does not break it.
-- revision counts published changes; chunk_count and lexeme_total give BM25 its average length.
CREATE TABLE vector_store (
    number             bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    id                 text        PRIMARY KEY,
    tenant_id          text        NOT NULL REFERENCES tenant,
    name               text        NOT NULL,
    description        text        NOT NULL DEFAULT '',
    metadata           jsonb       NOT NULL DEFAULT '{}',
    embedder           text        NOT NULL,
    dimensions         integer     NOT NULL,
    expires_after_days integer,
    created_at         timestamptz NOT NULL DEFAULT now(),
    last_active_at     timestamptz NOT NULL DEFAULT now(),
    revision           bigint      NOT NULL DEFAULT 0,
    chunk_count        bigint      NOT NULL DEFAULT 0,
    lexeme_total       bigint      NOT NULL DEFAULT 0
);
CREATE INDEX vector_store_by_tenant ON vector_store (tenant_id, created_at, id);

CREATE TABLE file_batch (
    id         text        PRIMARY KEY,
    tenant_id  text        NOT NULL,
    store      bigint      NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    cancelled  boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX file_batch_by_store ON file_batch (store);

-- A file in a store. visible_revision is what searches see: none until the first one is published.
CREATE TABLE document (
    number           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        text        NOT NULL,
    store            bigint      NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    file_id          text        NOT NULL REFERENCES file ON DELETE CASCADE,
    batch_id         text        REFERENCES file_batch ON DELETE SET NULL,
    status           text        NOT NULL CHECK (status IN ('in_progress', 'completed', 'failed', 'cancelled')),
    error_code       text,
    error_message    text,
    attributes       jsonb       NOT NULL DEFAULT '{}',
    chunk_tokens     integer     NOT NULL,
    overlap_tokens   integer     NOT NULL,
    usage_bytes      bigint      NOT NULL DEFAULT 0,
    visible_revision bigint,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (store, file_id)
);
CREATE INDEX document_by_file ON document (file_id);
CREATE INDEX document_by_batch ON document (batch_id) WHERE batch_id IS NOT NULL;

-- The stored text of a document: what offsets of chunks and citations count in, by code points.
CREATE TABLE document_revision (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          text        NOT NULL UNIQUE,
    tenant_id   text        NOT NULL,
    document    bigint      NOT NULL REFERENCES document ON DELETE CASCADE,
    body        text        NOT NULL,
    code_points integer     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_revision_by_document ON document_revision (document);

-- body is the slice [start_at, end_at) of the stored text. lexemes also hold the heading and the file's name.
CREATE TABLE chunk (
    number    bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text     NOT NULL,
    revision  bigint   NOT NULL REFERENCES document_revision ON DELETE CASCADE,
    ordinal   integer  NOT NULL,
    start_at  integer  NOT NULL,
    end_at    integer  NOT NULL,
    heading   text     NOT NULL,
    body      text     NOT NULL,
    tokens    integer  NOT NULL,
    lexemes   tsvector NOT NULL,
    length    integer  NOT NULL,
    UNIQUE (revision, ordinal)
);

-- One vector per window of a chunk: the embedder sees fewer tokens than a chunk may have. A row is found by searches
-- only while its revision is its document's visible one. No dimension in the type: stores may differ.
CREATE TABLE embedding (
    chunk     bigint   NOT NULL REFERENCES chunk ON DELETE CASCADE,
    part      smallint NOT NULL,
    store     bigint   NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    document  bigint   NOT NULL,
    revision  bigint   NOT NULL,
    tenant_id text     NOT NULL,
    vector    halfvec  NOT NULL,
    PRIMARY KEY (chunk, part)
);
ALTER TABLE embedding ALTER COLUMN vector SET STORAGE PLAIN;
CREATE INDEX embedding_by_store ON embedding (store);

-- The lexical index. Rows exist for visible revisions only; the key's included columns let BM25 run on the index alone.
CREATE TABLE posting (
    store     bigint   NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    lexeme    text     COLLATE "C" NOT NULL,
    chunk     bigint   NOT NULL,
    document  bigint   NOT NULL,
    frequency smallint NOT NULL,
    length    integer  NOT NULL,
    tenant_id text     NOT NULL,
    PRIMARY KEY (store, lexeme, chunk) INCLUDE (document, frequency, length, tenant_id)
);

CREATE TABLE lexeme (
    store       bigint NOT NULL REFERENCES vector_store (number) ON DELETE CASCADE,
    lexeme      text   COLLATE "C" NOT NULL,
    chunk_count bigint NOT NULL,
    tenant_id   text   NOT NULL,
    PRIMARY KEY (store, lexeme)
);

-- The queue of documents to index. A worker owns a job while its lease runs; a killed worker's lease runs out.
CREATE TABLE ingestion_job (
    document    bigint      PRIMARY KEY REFERENCES document ON DELETE CASCADE,
    number      bigint      GENERATED ALWAYS AS IDENTITY,
    tenant_id   text        NOT NULL,
    worker      text,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    attempts    integer     NOT NULL DEFAULT 0,
    revision    bigint      REFERENCES document_revision ON DELETE SET NULL
);
CREATE INDEX ingestion_job_in_order ON ingestion_job (number);
CREATE INDEX ingestion_job_by_revision ON ingestion_job (revision);
CREATE INDEX ingestion_job_by_tenant ON ingestion_job (tenant_id);

-- What a retrieval saw and chose. Holds the question, ids, offsets and ranks; no document text.
CREATE TABLE retrieval (
    id          text        PRIMARY KEY,
    tenant_id   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    mode        text        NOT NULL,
    queries     jsonb       NOT NULL,
    filters     jsonb,
    max_results integer     NOT NULL,
    stores      jsonb       NOT NULL,
    candidates  jsonb       NOT NULL,
    stages      jsonb       NOT NULL
);
CREATE INDEX retrieval_by_age ON retrieval (created_at);

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['file', 'file_piece', 'vector_store', 'file_batch', 'document',
        'document_revision', 'chunk', 'embedding', 'posting', 'lexeme', 'ingestion_job', 'retrieval'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant_table);
        -- The sub-select makes the setting one look-up a statement instead of one a row.
        EXECUTE format('CREATE POLICY own_tenant ON %I TO graft_app'
            ' USING (tenant_id = (SELECT current_setting(''graft.tenant'', true)))'
            ' WITH CHECK (tenant_id = (SELECT current_setting(''graft.tenant'', true)))', tenant_table);
        EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO graft_app, graft_admin', tenant_table);
    END LOOP;
END $$;
