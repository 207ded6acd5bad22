-- What a key is narrowed to, and a budget's soft alert.
-- A null list narrows nothing; an empty one lets nothing through.

ALTER TABLE api_key ADD COLUMN models text[], ADD COLUMN stores text[];

ALTER TABLE tenant_limits ADD COLUMN budget_alert_percent smallint
    CHECK (budget_alert_percent IS NULL OR budget_alert_percent BETWEEN 1 AND 100 AND budget_micros IS NOT NULL);

-- That a tenant's budget has passed its alert in this period: told once.
CREATE TABLE budget_alert (
    tenant_id text NOT NULL REFERENCES tenant (id),
    period    text NOT NULL,
    since     date NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, period, since)
);
ALTER TABLE budget_alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE budget_alert FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON budget_alert TO graft_app USING (tenant_id = current_setting('graft.tenant', true));
CREATE POLICY every_row ON budget_alert TO graft_admin USING (true);
REVOKE ALL ON budget_alert FROM graft_app, graft_admin;
GRANT SELECT, INSERT ON budget_alert TO graft_app;
GRANT SELECT, DELETE ON budget_alert TO graft_admin;

DROP FUNCTION find_session(bytea);
DROP FUNCTION find_api_key(text);

CREATE FUNCTION find_api_key(wanted_prefix text)
RETURNS TABLE (id text, tenant_id text, tenant_name text, name text, prefix text, secret_hmac bytea, scopes text[],
    models text[], stores text[], created_at timestamptz, expires_at timestamptz, last_used_at timestamptz,
    valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT k.id, k.tenant_id, t.name, k.name, k.prefix, k.secret_hmac, k.scopes, k.models, k.stores, k.created_at,
        k.expires_at, k.last_used_at,
        k.revoked_at IS NULL AND t.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    FROM api_key k JOIN tenant t ON t.id = k.tenant_id
    WHERE k.prefix = wanted_prefix
$$;

CREATE FUNCTION find_session(wanted_hash bytea)
RETURNS TABLE (id text, tenant_id text, tenant_name text, name text, prefix text, secret_hmac bytea, scopes text[],
    models text[], stores text[], created_at timestamptz, expires_at timestamptz, last_used_at timestamptz,
    valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT found.*
    FROM session s JOIN api_key k ON k.id = s.key_id, LATERAL find_api_key(k.prefix) found
    WHERE s.token_hash = wanted_hash AND s.expires_at > now()
$$;

REVOKE ALL ON FUNCTION find_api_key(text), find_session(bytea) FROM PUBLIC, graft_admin;
GRANT EXECUTE ON FUNCTION find_api_key(text), find_session(bytea) TO graft_app;
