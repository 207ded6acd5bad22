-- The ledger by days, what else is metered (ingestion, storage, adapter loads, engine time), rollups, and the cost book.

-- The second of admission_window that a hold was counted in: settling corrects it there.
ALTER TABLE admission_hold ADD COLUMN second bigint NOT NULL DEFAULT 0;

ALTER TABLE usage_request
    ADD COLUMN embed_index    bigint NOT NULL DEFAULT 0 CHECK (embed_index >= 0),
    ADD COLUMN storage        bigint NOT NULL DEFAULT 0 CHECK (storage >= 0),
    ADD COLUMN adapter_load   bigint NOT NULL DEFAULT 0 CHECK (adapter_load >= 0),
    -- Tokens of the prompt that were passages; a part of prefill and cached_prefill.
    ADD COLUMN context_tokens bigint NOT NULL DEFAULT 0 CHECK (context_tokens >= 0);

-- Makes the partitions of these days that are not there, with the same walls as their parent. Rows of such a day that
-- lie in the default partition, because no server made it ahead, are moved. Locks usage_request before usage_event, as
-- writers do.
CREATE FUNCTION ensure_usage_partitions(from_day date, to_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    wanted date;
    parent text;
    child text;
    made integer := 0;
BEGIN
    IF to_day - from_day > 400 THEN RAISE EXCEPTION 'too many days: % to %', from_day, to_day; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('usage partitions', 0));
    FOR wanted IN SELECT generate_series(from_day::timestamp, to_day::timestamp, interval '1 day')::date LOOP
        FOREACH parent IN ARRAY ARRAY['usage_request', 'usage_event'] LOOP
            child := parent || to_char(wanted, '_YYYYMMDD');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_rest');
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
            EXECUTE format('CREATE POLICY own_rows ON %I TO graft_app '
                'USING (tenant_id = current_setting(''graft.tenant'', true))', child);
            EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', child);
            EXECUTE format('REVOKE ALL ON %I FROM graft_app, graft_admin', child);
            EXECUTE format('WITH moved AS (DELETE FROM %I WHERE day = %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                parent || '_rest', wanted, child);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, wanted,
                wanted + 1);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Sums of a closed day by hour, written as a whole and again with the same result. A request is counted at one of its
-- lines: at the first of prefill, cached_prefill and decode, and of the embed components.
CREATE TABLE usage_hour (
    day             date NOT NULL,
    hour            timestamptz NOT NULL,
    tenant_id       text NOT NULL,
    key_id          text NOT NULL,
    operation       text NOT NULL,
    base_id         text NOT NULL,
    adapter_name    text NOT NULL,
    adapter_version integer NOT NULL,
    component       text NOT NULL,
    price_revision  bigint NOT NULL REFERENCES price_revision (revision),
    quantity        bigint NOT NULL,
    cost_micros     bigint NOT NULL,
    requests        bigint NOT NULL,
    PRIMARY KEY (day, hour, tenant_id, key_id, operation, base_id, adapter_name, adapter_version, component,
        price_revision)
);
CREATE INDEX usage_hour_of_tenant ON usage_hour (tenant_id, hour);

-- Days that are rolled up; a detached one is only there.
CREATE TABLE usage_rollup (
    day       date PRIMARY KEY,
    rolled_at timestamptz NOT NULL DEFAULT now(),
    detached  boolean NOT NULL DEFAULT false
);

-- Takes a rolled-up day's partitions out of the ledger. They stay as tables, to be dumped and dropped by an operator.
CREATE FUNCTION detach_usage_day(old_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    parent text;
    child text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('usage partitions', 0));
    IF NOT EXISTS (SELECT FROM usage_rollup WHERE day = old_day AND NOT detached) THEN RETURN false; END IF;
    FOREACH parent IN ARRAY ARRAY['usage_request', 'usage_event'] LOOP
        child := parent || to_char(old_day, '_YYYYMMDD');
        IF EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(child)) THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, child);
        END IF;
    END LOOP;
    UPDATE usage_rollup SET detached = true WHERE day = old_day;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION ensure_usage_partitions(date, date), detach_usage_day(date) FROM PUBLIC, graft_app;
GRANT EXECUTE ON FUNCTION ensure_usage_partitions(date, date), detach_usage_day(date) TO graft_admin;

-- An engine's life: its wall clock up to the last checkpoint.
CREATE TABLE engine_run (
    process_id    text NOT NULL,
    base_id       text NOT NULL,
    device        text NOT NULL,
    started_at    timestamptz NOT NULL,
    checkpoint_at timestamptz NOT NULL,
    wall_micros   bigint NOT NULL CHECK (wall_micros >= 0),
    PRIMARY KEY (process_id, base_id)
);

-- Whose that time was, by hour of the checkpoint: a tenant's, nobody's in particular (other) or idle. All accounts of
-- a run add up to its wall clock, to the microsecond.
CREATE TABLE engine_time (
    process_id text NOT NULL,
    base_id    text NOT NULL,
    hour       timestamptz NOT NULL,
    account    text NOT NULL CHECK (account IN ('tenant', 'idle', 'other')),
    tenant_id  text NOT NULL,
    micros     bigint NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (process_id, base_id, hour, account, tenant_id),
    FOREIGN KEY (process_id, base_id) REFERENCES engine_run (process_id, base_id),
    CHECK ((account = 'tenant') = (tenant_id <> ''))
);
CREATE INDEX engine_time_by_hour ON engine_time (hour);

-- What the installation pays: for an hour of a device, for a GiB stored an hour. An empty device stands for any.
CREATE TABLE cost_revision (
    revision   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);
CREATE TABLE cost_item (
    revision bigint NOT NULL REFERENCES cost_revision (revision),
    resource text NOT NULL CHECK (resource IN ('device_hour', 'storage_gib_hour')),
    device   text NOT NULL,
    micros   bigint NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (revision, resource, device)
);
INSERT INTO cost_revision (currency, created_by) VALUES ('USD', 'server');

DO $$
DECLARE owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['usage_hour', 'engine_time'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY own_rows ON %I TO graft_app '
            'USING (tenant_id = (SELECT current_setting(''graft.tenant'', true)) AND tenant_id <> '''')', owned);
        EXECUTE format('CREATE POLICY every_row ON %I TO graft_admin USING (true)', owned);
    END LOOP;
END $$;
REVOKE ALL ON usage_hour, usage_rollup, engine_run, engine_time, cost_revision, cost_item FROM graft_app, graft_admin;
GRANT SELECT ON usage_hour, usage_rollup, engine_time TO graft_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_hour, usage_rollup TO graft_admin;
GRANT SELECT, INSERT, UPDATE ON engine_run, engine_time TO graft_admin;
GRANT SELECT, INSERT ON cost_revision, cost_item TO graft_admin;

SELECT ensure_usage_partitions(day, day) FROM (SELECT day FROM usage_request_rest UNION SELECT day FROM usage_event_rest)
    AS met (day);
