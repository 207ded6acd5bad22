-- Adapters: what they are called, their immutable versions, the bytes, and the aliases that point at versions.
-- Every row belongs to a tenant. Others see an adapter, and through it its versions and bytes, only if it is shared.

CREATE TABLE adapter (
    tenant_id    text        NOT NULL REFERENCES tenant (id),
    name         text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    base         text        NOT NULL,
    shared       boolean     NOT NULL DEFAULT false,
    last_version integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name)
);
CREATE INDEX adapter_shared_by_name ON adapter (name) WHERE shared;

-- Sharing with one named tenant; adapter.shared means with all.
CREATE TABLE adapter_share (
    tenant_id   text NOT NULL,
    adapter     text NOT NULL,
    shared_with text NOT NULL REFERENCES tenant (id),
    PRIMARY KEY (tenant_id, adapter, shared_with),
    FOREIGN KEY (tenant_id, adapter) REFERENCES adapter (tenant_id, name) ON DELETE CASCADE
);
CREATE INDEX adapter_share_by_guest ON adapter_share (shared_with, adapter);

-- Bytes named by their sha-256. Deduplicated within a tenant only: were it across tenants, the time an upload takes
-- would tell one tenant that another has the same file.
CREATE TABLE artifact (
    tenant_id  text        NOT NULL REFERENCES tenant (id),
    digest     text        NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    size_bytes bigint      NOT NULL CHECK (size_bytes >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, digest)
);

CREATE TABLE artifact_chunk (
    tenant_id text    NOT NULL,
    digest    text    NOT NULL,
    number    integer NOT NULL CHECK (number >= 0),
    bytes     bytea   NOT NULL,
    PRIMARY KEY (tenant_id, digest, number),
    FOREIGN KEY (tenant_id, digest) REFERENCES artifact (tenant_id, digest) ON DELETE CASCADE
);
-- Weights do not compress; trying costs more than the disk saved.
ALTER TABLE artifact_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- An adapter's files as one thing, named by a digest over their names and digests: what the engine loads.
CREATE TABLE adapter_content (
    tenant_id       text        NOT NULL REFERENCES tenant (id),
    digest          text        NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Set when the last version that names it goes. It stays for a while, so that a request admitted before the
    -- deletion can still load it; then it is swept.
    unreferenced_at timestamptz,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX adapter_content_unreferenced ON adapter_content (tenant_id) WHERE unreferenced_at IS NOT NULL;

CREATE TABLE adapter_file (
    tenant_id text NOT NULL,
    content   text NOT NULL,
    path      text NOT NULL CHECK (path <> '' AND path !~ '[/\\]' AND path !~ '^\.'),
    artifact  text NOT NULL,
    PRIMARY KEY (tenant_id, content, path),
    FOREIGN KEY (tenant_id, content) REFERENCES adapter_content (tenant_id, digest) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, artifact) REFERENCES artifact (tenant_id, digest)
);
CREATE INDEX adapter_file_by_artifact ON adapter_file (tenant_id, artifact);

CREATE TABLE adapter_version (
    tenant_id      text        NOT NULL,
    adapter        text        NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    digest         text        NOT NULL,
    base_digest    text        NOT NULL,
    rank           integer     NOT NULL CHECK (rank >= 0),
    target_modules text[]      NOT NULL,
    size_bytes     bigint      NOT NULL CHECK (size_bytes >= 0),
    manifest       jsonb       NOT NULL,
    note           text        NOT NULL,
    warnings       text[]      NOT NULL,
    created_by     text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, adapter, version),
    FOREIGN KEY (tenant_id, adapter) REFERENCES adapter (tenant_id, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, digest) REFERENCES adapter_content (tenant_id, digest)
);
CREATE INDEX adapter_version_by_content ON adapter_version (tenant_id, digest);

CREATE TABLE adapter_alias (
    tenant_id text        NOT NULL,
    adapter   text        NOT NULL,
    alias     text        NOT NULL CHECK (alias ~ '^[a-z][a-z0-9-]{0,31}$'),
    move      integer     NOT NULL,
    moved_by  text        NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, adapter, alias),
    FOREIGN KEY (tenant_id, adapter) REFERENCES adapter (tenant_id, name) ON DELETE CASCADE
);

-- Where an alias points now. The key on adapter_version is what makes an alias to nothing impossible.
CREATE TABLE adapter_alias_target (
    tenant_id text    NOT NULL,
    adapter   text    NOT NULL,
    alias     text    NOT NULL,
    version   integer NOT NULL,
    weight    integer NOT NULL CHECK (weight >= 0),
    PRIMARY KEY (tenant_id, adapter, alias, version),
    FOREIGN KEY (tenant_id, adapter, alias) REFERENCES adapter_alias (tenant_id, adapter, alias) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, adapter, version) REFERENCES adapter_version (tenant_id, adapter, version)
);
CREATE INDEX adapter_alias_target_by_version ON adapter_alias_target (tenant_id, adapter, version);

-- Where an alias pointed before: a rollback undoes the newest move that still stands.
CREATE TABLE adapter_alias_move (
    tenant_id text        NOT NULL,
    adapter   text        NOT NULL,
    alias     text        NOT NULL,
    move      integer     NOT NULL,
    versions  integer[]   NOT NULL,
    weights   integer[]   NOT NULL,
    undone    boolean     NOT NULL DEFAULT false,
    moved_by  text        NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, adapter, alias, move),
    FOREIGN KEY (tenant_id, adapter, alias) REFERENCES adapter_alias (tenant_id, adapter, alias) ON DELETE CASCADE
);

-- Row-level security: one's own rows by the transaction's tenant; shared adapters for reading. A transaction without a
-- tenant has an empty setting and sees nothing, shared adapters included.
DO $$
DECLARE
    entry text;
BEGIN
    FOREACH entry IN ARRAY ARRAY['adapter', 'adapter_share', 'artifact', 'artifact_chunk', 'adapter_content',
            'adapter_file', 'adapter_version', 'adapter_alias', 'adapter_alias_target', 'adapter_alias_move'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', entry);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', entry);
        EXECUTE format('CREATE POLICY own ON %I TO graft_app '
            'USING (tenant_id = current_setting(''graft.tenant'', true)) '
            'WITH CHECK (tenant_id = current_setting(''graft.tenant'', true))', entry);
        EXECUTE format('CREATE POLICY operator ON %I TO graft_admin USING (true) WITH CHECK (true)', entry);
        EXECUTE format('REVOKE ALL ON %I FROM graft_app, graft_admin', entry);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO graft_app, graft_admin', entry);
    END LOOP;
END $$;

-- A version, a file and a chunk never change once written: nobody has the right to update them.
GRANT UPDATE ON adapter, adapter_content, adapter_alias, adapter_alias_target, adapter_alias_move
    TO graft_app, graft_admin;

-- Each guest policy asks the table above it, whose own policies then decide: chunk -> artifact -> file -> content
-- -> version -> adapter. So bytes can be read only through a version that the tenant may see.
CREATE POLICY guest ON adapter_share FOR SELECT TO graft_app
    USING (shared_with = current_setting('graft.tenant', true));
CREATE POLICY guest ON adapter FOR SELECT TO graft_app
    USING (coalesce(current_setting('graft.tenant', true), '') <> '' AND (shared OR EXISTS (
        SELECT FROM adapter_share s WHERE s.tenant_id = adapter.tenant_id AND s.adapter = adapter.name
            AND s.shared_with = current_setting('graft.tenant', true))));
CREATE POLICY guest ON adapter_version FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter a WHERE a.tenant_id = adapter_version.tenant_id
        AND a.name = adapter_version.adapter));
CREATE POLICY guest ON adapter_content FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter_version v WHERE v.tenant_id = adapter_content.tenant_id
        AND v.digest = adapter_content.digest));
CREATE POLICY guest ON adapter_file FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter_content c WHERE c.tenant_id = adapter_file.tenant_id
        AND c.digest = adapter_file.content));
CREATE POLICY guest ON adapter_alias FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter a WHERE a.tenant_id = adapter_alias.tenant_id
        AND a.name = adapter_alias.adapter));
CREATE POLICY guest ON adapter_alias_target FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter_alias a WHERE a.tenant_id = adapter_alias_target.tenant_id
        AND a.adapter = adapter_alias_target.adapter AND a.alias = adapter_alias_target.alias));
CREATE POLICY guest ON artifact FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter_file f WHERE f.tenant_id = artifact.tenant_id
        AND f.artifact = artifact.digest));
CREATE POLICY guest ON artifact_chunk FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM artifact a WHERE a.tenant_id = artifact_chunk.tenant_id
        AND a.digest = artifact_chunk.digest));
