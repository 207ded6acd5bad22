-- A hold is seen by all servers at once and need not be on disk before its request goes on: before the request's first
-- token its row in the ledger is opened by a commit that does wait, and that flushes the log up to the hold with it. A
-- crash of the database in between loses a hold of a request that has not begun.
CREATE OR REPLACE FUNCTION hold_admission(of_tenant text, hold_id text, of_request text, of_process text, more_tokens bigint,
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
