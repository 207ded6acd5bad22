-- The ledger, the price book, and what admission holds against them. Money is in integer millionths (micros) of the
-- price book's currency, tokens are integers.

CREATE TABLE price_revision (
    revision   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);

-- An empty base or adapter stands for any. Revisions are referenced by ledger rows, so none is ever changed.
CREATE TABLE price_item (
    revision           bigint NOT NULL REFERENCES price_revision (revision),
    component          text NOT NULL,
    base               text NOT NULL,
    adapter            text NOT NULL,
    micros_per_million bigint NOT NULL CHECK (micros_per_million >= 0),
    PRIMARY KEY (revision, component, base, adapter)
);

INSERT INTO price_revision (currency, created_by) VALUES ('USD', 'server');
INSERT INTO price_item (revision, component, base, adapter, micros_per_million)
SELECT revision, component, '', '', micros
FROM price_revision, (VALUES
    ('prefill', 150000), ('cached_prefill', 75000), ('decode', 600000), ('embed_query', 20000),
    ('embed_index', 20000), ('retrieve', 100000000), ('storage', 0), ('adapter_load', 0)) AS items (component, micros);

-- A running server. Whoever finds a lease that ended settles what that server left open.
CREATE TABLE server_process (
    id          text PRIMARY KEY,
    node        text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL
);

-- One request: open while it runs, with the counters of its last checkpoint, then settled for good.
CREATE TABLE usage_request (
    day              date NOT NULL,
    request_id       text NOT NULL,
    tenant_id        text NOT NULL,
    key_id           text NOT NULL,
    operation        text NOT NULL,
    base_id          text NOT NULL,
    adapter_name     text NOT NULL,
    adapter_version  integer NOT NULL,
    process_id       text NOT NULL,
    price_revision   bigint NOT NULL REFERENCES price_revision (revision),
    state            text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled')),
    ended            text,
    opened_at        timestamptz NOT NULL,
    checkpointed_at  timestamptz,
    settled_at       timestamptz,
    prefill          bigint NOT NULL DEFAULT 0 CHECK (prefill >= 0),
    cached_prefill   bigint NOT NULL DEFAULT 0 CHECK (cached_prefill >= 0),
    decode           bigint NOT NULL DEFAULT 0 CHECK (decode >= 0),
    embed_query      bigint NOT NULL DEFAULT 0 CHECK (embed_query >= 0),
    retrieve         bigint NOT NULL DEFAULT 0 CHECK (retrieve >= 0),
    delivered        bigint,
    queue_micros     bigint NOT NULL DEFAULT 0,
    engine_micros    bigint NOT NULL DEFAULT 0,
    retrieval_micros bigint NOT NULL DEFAULT 0,
    cost_micros      bigint,
    PRIMARY KEY (day, request_id),
    CHECK ((state = 'settled') = (settled_at IS NOT NULL AND cost_micros IS NOT NULL AND ended IS NOT NULL))
) PARTITION BY RANGE (day);
CREATE TABLE usage_request_rest PARTITION OF usage_request DEFAULT;
CREATE INDEX usage_request_open ON usage_request (process_id) WHERE state = 'open';
CREATE INDEX usage_request_of_tenant ON usage_request (tenant_id, opened_at);

-- The ledger: one row per request and component, written once when the request is settled, never changed.
CREATE TABLE usage_event (
    day             date NOT NULL,
    request_id      text NOT NULL,
    component       text NOT NULL,
    at              timestamptz NOT NULL,
    tenant_id       text NOT NULL,
    key_id          text NOT NULL,
    operation       text NOT NULL,
    base_id         text NOT NULL,
    adapter_name    text NOT NULL,
    adapter_version integer NOT NULL,
    quantity        bigint NOT NULL CHECK (quantity >= 0),
    price_revision  bigint NOT NULL REFERENCES price_revision (revision),
    cost_micros     bigint NOT NULL CHECK (cost_micros >= 0),
    PRIMARY KEY (day, request_id, component)
) PARTITION BY RANGE (day);
CREATE TABLE usage_event_rest PARTITION OF usage_event DEFAULT;
CREATE INDEX usage_event_of_tenant ON usage_event (tenant_id, at);
CREATE INDEX usage_event_at ON usage_event (at);

-- What a tenant has spent, moved in the transaction that settles. A period's figure counts from its first settled row.
CREATE TABLE tenant_account (
    tenant_id    text PRIMARY KEY,
    total_micros bigint NOT NULL,
    month        date NOT NULL,
    month_micros bigint NOT NULL,
    day          date NOT NULL,
    day_micros   bigint NOT NULL
);

-- Worst cases of admitted requests that are not settled.
CREATE TABLE admission_hold (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL,
    request_id  text NOT NULL,
    process_id  text NOT NULL,
    micros      bigint NOT NULL CHECK (micros >= 0),
    tokens      bigint NOT NULL CHECK (tokens >= 0),
    admitted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX admission_hold_of_tenant ON admission_hold (tenant_id);
CREATE INDEX admission_hold_of_request ON admission_hold (request_id);
CREATE INDEX admission_hold_of_process ON admission_hold (process_id);

-- Requests and tokens admitted, by second, for the last minute.
CREATE TABLE admission_window (
    tenant_id text NOT NULL,
    second    bigint NOT NULL,
    requests  bigint NOT NULL,
    tokens    bigint NOT NULL,
    PRIMARY KEY (tenant_id, second)
);

DO $$
DECLARE owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['usage_request', 'usage_request_rest', 'usage_event', 'usage_event_rest',
        'tenant_account', 'admission_hold', 'admission_window'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY own_rows ON %I TO graft_app '
            'USING (tenant_id = current_setting(''graft.tenant'', true))', owned);
        EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', owned);
    END LOOP;
END $$;

-- Partitions get no grants: they are reached through their parent. Ledger and prices can be added to and not edited.
REVOKE ALL ON price_revision, price_item, server_process, usage_request, usage_request_rest, usage_event,
    usage_event_rest, tenant_account, admission_hold, admission_window FROM graft_app, graft_admin;
GRANT SELECT ON price_revision, price_item, usage_request, usage_event, tenant_account TO graft_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON admission_hold, admission_window TO graft_app, graft_admin;
GRANT SELECT, INSERT ON price_revision, price_item, usage_event TO graft_admin;
GRANT SELECT, INSERT, UPDATE ON usage_request, tenant_account TO graft_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON server_process TO graft_admin;
