-- Replies to requests that carried an Idempotency-Key, kept for a day, so that a retry is answered and not run again.
CREATE TABLE idempotent_reply (
    tenant_id    text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    -- The request that runs under this key, and its server: when that died, the key is free.
    owner        text NOT NULL,
    process_id   text NOT NULL,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    status       integer,
    content_type text,
    body         bytea,
    PRIMARY KEY (tenant_id, key),
    CHECK ((state = 'done') = (status IS NOT NULL AND content_type IS NOT NULL AND body IS NOT NULL))
);
CREATE INDEX idempotent_reply_by_age ON idempotent_reply (created_at);

ALTER TABLE idempotent_reply ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotent_reply FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON idempotent_reply TO graft_app
    USING (tenant_id = (SELECT current_setting('graft.tenant', true)));
CREATE POLICY every_row ON idempotent_reply TO graft_admin USING (true);
REVOKE ALL ON idempotent_reply FROM graft_app, graft_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotent_reply TO graft_app;
GRANT SELECT, DELETE ON idempotent_reply TO graft_admin;

-- Whether a server lives is no secret of a tenant's.
GRANT SELECT (id, lease_until) ON server_process TO graft_app;
