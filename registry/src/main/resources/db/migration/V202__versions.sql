-- What else is known of a version, who an adapter is shared with since when, and numbers that are never given twice.

ALTER TABLE adapter_version
    ADD COLUMN tags          text[]  NOT NULL DEFAULT '{}',
    -- Where the data it was trained on can be found: a reference, never the data.
    ADD COLUMN training_data text    NOT NULL DEFAULT '',
    ADD COLUMN metrics       jsonb   NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metrics) = 'object'),
    -- The version it was trained on from; no foreign key, because that one may be deleted and this one stays.
    ADD COLUMN parent        integer CHECK (parent > 0 AND parent < version),
    ADD COLUMN origin        text    NOT NULL DEFAULT 'upload' CHECK (origin IN ('upload', 'folder')),
    -- Fingerprint of the public key whose signature over the files was checked; empty: none was.
    ADD COLUMN signed_by     text    NOT NULL DEFAULT '' CHECK (signed_by ~ '^(sha256:[0-9a-f]{64})?$'),
    ADD COLUMN changed_by    text,
    ADD COLUMN changed_at    timestamptz;
CREATE INDEX adapter_version_by_tag ON adapter_version USING gin (tags);

-- What people say about a version may change; what it is still may not.
GRANT UPDATE (note, tags, training_data, metrics, changed_by, changed_at) ON adapter_version TO graft_app, graft_admin;

ALTER TABLE adapter_share
    ADD COLUMN granted_by text        NOT NULL DEFAULT '',
    ADD COLUMN granted_at timestamptz NOT NULL DEFAULT now();

-- The last number of an adapter that was deleted. One of the same name goes on from there: somebody's old
-- adapter@1 must be absent, and never other weights.
CREATE TABLE adapter_number (
    tenant_id    text    NOT NULL REFERENCES tenant (id),
    name         text    NOT NULL,
    last_version integer NOT NULL CHECK (last_version >= 0),
    PRIMARY KEY (tenant_id, name)
);
ALTER TABLE adapter_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE adapter_number FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON adapter_number TO graft_app USING (tenant_id = current_setting('graft.tenant', true))
    WITH CHECK (tenant_id = current_setting('graft.tenant', true));
CREATE POLICY operator ON adapter_number TO graft_admin USING (true) WITH CHECK (true);
REVOKE ALL ON adapter_number FROM graft_app, graft_admin;
GRANT SELECT, INSERT, UPDATE ON adapter_number TO graft_app, graft_admin;
