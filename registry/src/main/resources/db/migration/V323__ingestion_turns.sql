-- When a tenant's turn at the ingestion queue was last: the one who has waited longest is next. Only workers know it.
CREATE TABLE ingestion_turn (
    tenant_id text        PRIMARY KEY REFERENCES tenant ON DELETE CASCADE,
    served_at timestamptz NOT NULL
);
ALTER TABLE ingestion_turn ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON ingestion_turn TO graft_admin USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON ingestion_turn TO graft_admin;

-- A tenant's jobs in their order, and the tenants that have any by stepping from one to the next.
DROP INDEX ingestion_job_by_tenant;
CREATE INDEX ingestion_job_by_tenant ON ingestion_job (tenant_id, number);
