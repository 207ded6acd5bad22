-- Files that come in parts. A part's bytes stand in pieces, as a file's do, until the upload ends one way or another.
CREATE TABLE upload (
    id               text        PRIMARY KEY,
    tenant_id        text        NOT NULL REFERENCES tenant,
    filename         text        NOT NULL,
    purpose          text        NOT NULL,
    bytes            bigint      NOT NULL,
    mime_type        text        NOT NULL,
    lifetime_seconds bigint,
    status           text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'cancelled')),
    file_id          text        REFERENCES file ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz NOT NULL
);
CREATE INDEX upload_by_tenant ON upload (tenant_id) WHERE status = 'pending';
CREATE INDEX upload_by_expiry ON upload (expires_at);
CREATE INDEX upload_by_file ON upload (file_id);

CREATE TABLE upload_part (
    id         text        PRIMARY KEY,
    tenant_id  text        NOT NULL,
    upload_id  text        NOT NULL REFERENCES upload ON DELETE CASCADE,
    bytes      bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upload_part_by_upload ON upload_part (upload_id);

CREATE TABLE upload_piece (
    part_id   text    NOT NULL REFERENCES upload_part ON DELETE CASCADE,
    tenant_id text    NOT NULL,
    ordinal   integer NOT NULL,
    content   bytea   NOT NULL,
    PRIMARY KEY (part_id, ordinal)
);

DO $$
DECLARE tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['upload', 'upload_part', 'upload_piece'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('CREATE POLICY own_tenant ON %I TO graft_app'
            ' USING (tenant_id = (SELECT current_setting(''graft.tenant'', true)))'
            ' WITH CHECK (tenant_id = (SELECT current_setting(''graft.tenant'', true)))', tenant_table);
        EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', tenant_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO graft_app, graft_admin', tenant_table);
    END LOOP;
END $$;
