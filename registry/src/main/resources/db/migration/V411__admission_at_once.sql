-- Admission in one statement: counts, decides and holds in one trip to the database, so that it takes little longer than
-- the commit of one row. Both functions run as their caller, so row-level security binds them; the first thing they do
-- is to name the tenant.

CREATE TYPE admission_state AS (
    requests_per_minute bigint, tokens_per_minute bigint, max_parallel_requests bigint, storage_bytes bigint,
    max_adapters bigint, budget_micros bigint, budget_period text, budget_alert_percent smallint,
    second bigint, seconds bigint[], requests bigint[], tokens bigint[], parallel bigint, held bigint, spent bigint,
    alerted boolean, snapshot text
);

-- Where a tenant stands. Until the transaction ends no other admission of this tenant is decided.
CREATE FUNCTION admission_standing(of_tenant text, window_seconds bigint, longest_seconds bigint)
RETURNS SETOF admission_state LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('graft.tenant', of_tenant, true);
    PERFORM pg_advisory_xact_lock(hashtextextended('admission ' || of_tenant, 0));
    -- One statement, so one snapshot: a request that is just being settled is either held or spent, never neither.
    RETURN QUERY
    WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS second,
            (now() AT TIME ZONE 'UTC')::date AS today),
        minute AS (SELECT coalesce(array_agg(w.second ORDER BY w.second), '{}') AS seconds,
                coalesce(array_agg(w.requests ORDER BY w.second), '{}') AS requests,
                coalesce(array_agg(w.tokens ORDER BY w.second), '{}') AS tokens
            FROM admission_window w, clock
            WHERE w.tenant_id = of_tenant AND w.second > clock.second - window_seconds),
        held AS (SELECT count(*) AS parallel, coalesce(sum(h.micros), 0)::bigint AS micros FROM admission_hold h
            WHERE h.tenant_id = of_tenant AND h.admitted_at > now() - longest_seconds * interval '1 second')
    SELECT l.requests_per_minute, l.tokens_per_minute, l.max_parallel_requests, l.storage_bytes, l.max_adapters,
        l.budget_micros, l.budget_period, l.budget_alert_percent, clock.second, minute.seconds, minute.requests,
        minute.tokens, held.parallel, held.micros,
        coalesce(CASE l.budget_period
            WHEN 'day' THEN CASE WHEN a.day = clock.today THEN a.day_micros END
            WHEN 'month' THEN CASE WHEN a.month = date_trunc('month', clock.today)::date THEN a.month_micros END
            ELSE a.total_micros END, 0),
        EXISTS (SELECT FROM budget_alert b WHERE b.tenant_id = of_tenant AND b.period = l.budget_period
            AND b.since = CASE l.budget_period WHEN 'day' THEN clock.today
                WHEN 'month' THEN date_trunc('month', clock.today)::date ELSE date '1970-01-01' END),
        pg_current_snapshot()::text
    FROM clock CROSS JOIN minute CROSS JOIN held
        LEFT JOIN tenant_limits l ON l.tenant_id = of_tenant
        LEFT JOIN tenant_account a ON a.tenant_id = of_tenant;
END $$;

-- outcome: unlimited (only the limits of the state are told, nothing is held), held or denied; the state is the one
-- before this request. What of the window is older than two minutes goes: settling still corrects what is younger.
-- A hold is seen by all servers at once and need not be on disk before its request goes on: before the request's first
-- token its row in the ledger is opened by a commit that does wait, and that flushes the log up to the hold with it. A
-- crash of the database in between loses a hold of a request that has not begun.
CREATE FUNCTION hold_admission(of_tenant text, hold_id text, of_request text, of_process text, more_tokens bigint,
    more_micros bigint, window_seconds bigint, longest_seconds bigint)
RETURNS TABLE (outcome text, state admission_state) LANGUAGE plpgsql
AS $$
DECLARE
    limits tenant_limits;
    s admission_state;
BEGIN
    PERFORM set_config('graft.tenant', of_tenant, true);
    SELECT * INTO limits FROM tenant_limits l WHERE l.tenant_id = of_tenant;
    IF coalesce(limits.requests_per_minute, limits.tokens_per_minute, limits.max_parallel_requests,
            limits.budget_micros) IS NULL THEN
        s.storage_bytes := limits.storage_bytes;
        s.max_adapters := limits.max_adapters;
        RETURN QUERY SELECT 'unlimited', s;
        RETURN;
    END IF;
    SELECT * INTO s FROM admission_standing(of_tenant, window_seconds, longest_seconds);
    IF (SELECT coalesce(sum(n), 0) FROM unnest(s.requests) n) + 1 > s.requests_per_minute
            OR (SELECT coalesce(sum(n), 0) FROM unnest(s.tokens) n) + more_tokens > s.tokens_per_minute
            OR s.parallel + 1 > s.max_parallel_requests
            OR s.budget_micros - s.spent - s.held < more_micros THEN
        RETURN QUERY SELECT 'denied', s;
        RETURN;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    DELETE FROM admission_window w WHERE w.tenant_id = of_tenant AND w.second <= s.second - 2 * window_seconds;
    INSERT INTO admission_window AS w (tenant_id, second, requests, tokens)
    VALUES (of_tenant, s.second, 1, more_tokens)
    ON CONFLICT (tenant_id, second) DO UPDATE SET requests = w.requests + 1, tokens = w.tokens + excluded.tokens;
    INSERT INTO admission_hold (id, tenant_id, request_id, process_id, micros, tokens, second)
    VALUES (hold_id, of_tenant, of_request, of_process, more_micros, more_tokens, s.second);
    RETURN QUERY SELECT 'held', s;
END $$;
