-- A candidate that answers an alias's requests after the version that really did, for comparison only.

CREATE TABLE adapter_alias_shadow (
    tenant_id text             NOT NULL,
    adapter   text             NOT NULL,
    alias     text             NOT NULL,
    version   integer          NOT NULL,
    fraction  double precision NOT NULL CHECK (fraction > 0 AND fraction <= 1),
    PRIMARY KEY (tenant_id, adapter, alias),
    FOREIGN KEY (tenant_id, adapter, alias) REFERENCES adapter_alias (tenant_id, adapter, alias) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, adapter, version) REFERENCES adapter_version (tenant_id, adapter, version)
);
CREATE INDEX adapter_alias_shadow_by_version ON adapter_alias_shadow (tenant_id, adapter, version);

-- Tenants that let the owner of an adapter they share shadow their requests too, and see both answers.
CREATE TABLE shadow_consent (
    tenant_id text        PRIMARY KEY REFERENCES tenant (id),
    given_by  text        NOT NULL,
    given_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shadow_answer (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        text        NOT NULL,
    adapter          text        NOT NULL,
    alias            text        NOT NULL,
    request_id       text        NOT NULL,
    asked_by         text        NOT NULL,
    version          integer     NOT NULL,
    shadow_version   integer     NOT NULL,
    at               timestamptz NOT NULL DEFAULT now(),
    -- Null where both answers are the same; else how many tokens are.
    first_difference integer,
    answer_tokens    integer     NOT NULL,
    shadow_tokens    integer     NOT NULL,
    answer_micros    bigint      NOT NULL,
    shadow_micros    bigint      NOT NULL,
    answer           text        NOT NULL,
    shadow_answer    text        NOT NULL,
    FOREIGN KEY (tenant_id, adapter) REFERENCES adapter (tenant_id, name) ON DELETE CASCADE
);
CREATE INDEX shadow_answer_of_alias ON shadow_answer (tenant_id, adapter, alias, id);

DO $$
DECLARE entry text;
BEGIN
    FOREACH entry IN ARRAY ARRAY['adapter_alias_shadow', 'shadow_consent', 'shadow_answer'] LOOP
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

-- A guest's request has to know of the candidate; the answers are its owner's alone.
CREATE POLICY guest ON adapter_alias_shadow FOR SELECT TO graft_app
    USING (EXISTS (SELECT FROM adapter_alias a WHERE a.tenant_id = adapter_alias_shadow.tenant_id
        AND a.adapter = adapter_alias_shadow.adapter AND a.alias = adapter_alias_shadow.alias));
