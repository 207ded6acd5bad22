-- Tenants, their keys and limits, browser sessions, and the audit log.
-- Roles: graft_owner owns and migrates, graft_app serves tenants (row-level security binds it), graft_admin is let
-- through. FORCE binds the owner too, so that the look-up functions below see only what a policy of theirs allows.

CREATE TABLE tenant (
    id         text PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A deleted tenant keeps its row, because its ledger is still owed and its audit log still speaks of it.
    deleted_at timestamptz
);

-- The owner of what is shared with everybody exists from the start, so that other tables may refer to it.
INSERT INTO tenant (id, name) VALUES ('operator', 'operator');

CREATE TABLE api_key (
    id           text PRIMARY KEY,
    tenant_id    text NOT NULL REFERENCES tenant (id),
    name         text NOT NULL,
    -- The public part, by which a row is found; the rest of the secret is only here as a keyed hash.
    prefix       text NOT NULL UNIQUE,
    secret_hmac  bytea NOT NULL CHECK (octet_length(secret_hmac) = 32),
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_key_of_tenant ON api_key (tenant_id, created_at, id);

-- A null limit is no limit.
CREATE TABLE tenant_limits (
    tenant_id             text PRIMARY KEY REFERENCES tenant (id),
    requests_per_minute   bigint CHECK (requests_per_minute >= 0),
    tokens_per_minute     bigint CHECK (tokens_per_minute >= 0),
    max_parallel_requests bigint CHECK (max_parallel_requests >= 0),
    storage_bytes         bigint CHECK (storage_bytes >= 0),
    max_adapters          bigint CHECK (max_adapters >= 0),
    budget_micros         bigint CHECK (budget_micros >= 0),
    budget_period         text CHECK (budget_period IN ('day', 'month', 'total')),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CHECK ((budget_micros IS NULL) = (budget_period IS NULL))
);

-- A browser's session stands for a key and ends with it. Only a hash of the cookie's value is kept.
CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    tenant_id  text NOT NULL REFERENCES tenant (id),
    key_id     text NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_of_key ON session (key_id);
CREATE INDEX session_by_end ON session (expires_at);

-- Append-only: nobody but the owner may change or remove a row.
CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    tenant_id text NOT NULL,
    action    text NOT NULL,
    object    text NOT NULL,
    details   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_of_tenant ON audit_log (tenant_id, id);

DO $$
DECLARE owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['tenant', 'api_key', 'tenant_limits', 'session', 'audit_log'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY own_rows ON %I TO graft_app USING (%I = current_setting(''graft.tenant'', true))',
            owned, CASE owned WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END);
        EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', owned);
    END LOOP;
END $$;

-- Default privileges give both roles everything; what is append-only or the operator's alone is narrowed here.
REVOKE ALL ON tenant, api_key, tenant_limits, session, audit_log FROM graft_app, graft_admin;
GRANT SELECT ON tenant, tenant_limits TO graft_app;
GRANT SELECT, UPDATE (last_used_at) ON api_key TO graft_app;
GRANT SELECT, INSERT, DELETE ON session TO graft_app;
GRANT SELECT, INSERT ON audit_log TO graft_app, graft_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant, api_key, tenant_limits, session TO graft_admin;

-- Who a key or a session belongs to has to be known before there is a tenant to name. These two functions run as the
-- owner, answer for one exact prefix or hash, and are all that a nameless transaction can learn.
CREATE POLICY look_up ON tenant FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY look_up ON api_key FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY look_up ON session FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION find_api_key(wanted_prefix text)
RETURNS TABLE (id text, tenant_id text, tenant_name text, name text, prefix text, secret_hmac bytea, scopes text[],
    created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT k.id, k.tenant_id, t.name, k.name, k.prefix, k.secret_hmac, k.scopes, k.created_at, k.expires_at,
        k.last_used_at,
        k.revoked_at IS NULL AND t.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    FROM api_key k JOIN tenant t ON t.id = k.tenant_id
    WHERE k.prefix = wanted_prefix
$$;

CREATE FUNCTION find_session(wanted_hash bytea)
RETURNS TABLE (id text, tenant_id text, tenant_name text, name text, prefix text, secret_hmac bytea, scopes text[],
    created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT found.*
    FROM session s JOIN api_key k ON k.id = s.key_id, LATERAL find_api_key(k.prefix) found
    WHERE s.token_hash = wanted_hash AND s.expires_at > now()
$$;

REVOKE ALL ON FUNCTION find_api_key(text), find_session(bytea) FROM PUBLIC, graft_admin;
GRANT EXECUTE ON FUNCTION find_api_key(text), find_session(bytea) TO graft_app;
