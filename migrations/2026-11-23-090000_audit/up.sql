-- The audit log. Events are append-only and hold no personal values: who, what, on what, which fields, and a
-- salted digest of the values. The values and the client address sit sealed in audit_details, which erasure may
-- empty without breaking the chain.

CREATE TABLE audit_events (
    id          uuid        PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the writing transaction: orders events once it is below pg_snapshot_xmin
    xid         bigint      NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    actor_kind  text        NOT NULL CHECK (actor_kind IN ('anonymous', 'account', 'client', 'system')),
    actor_id    uuid        CHECK ((actor_id IS NULL) = (actor_kind IN ('anonymous', 'system'))),
    actor_role  text,
    action      text        NOT NULL CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    subject_kind text       NOT NULL,
    subject_id  uuid,
    fields      text[]      NOT NULL DEFAULT '{}',
    digest      bytea       NOT NULL CHECK (length(digest) = 32),
    request_id  uuid
);
CREATE INDEX audit_events_xid ON audit_events (xid);
CREATE INDEX audit_events_subject ON audit_events (subject_kind, subject_id, id);
CREATE INDEX audit_events_actor ON audit_events (actor_id, id);
CREATE INDEX audit_events_action ON audit_events (action, id);

CREATE TABLE audit_details (
    event_id uuid  PRIMARY KEY REFERENCES audit_events (id),
    salt     bytea NOT NULL CHECK (length(salt) = 16),
    sealed   bytea NOT NULL
);

-- Events the sealer has not chained yet.
CREATE TABLE audit_pending (
    event_id uuid   PRIMARY KEY REFERENCES audit_events (id),
    xid      bigint NOT NULL
);
CREATE INDEX audit_pending_order ON audit_pending (xid, event_id);

CREATE TABLE audit_chain (
    seq      bigint PRIMARY KEY CHECK (seq > 0),
    event_id uuid   NOT NULL UNIQUE REFERENCES audit_events (id),
    hash     bytea  NOT NULL CHECK (length(hash) = 32)
);

-- Reads of restricted personal data: one row an answer, with the people it showed.
CREATE TABLE disclosures (
    id          uuid        PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_kind  text        NOT NULL CHECK (actor_kind IN ('account', 'client', 'system')),
    actor_id    uuid,
    actor_role  text,
    action      text        NOT NULL,
    expert_ids  uuid[]      NOT NULL CHECK (cardinality(expert_ids) > 0),
    request_id  uuid
);
CREATE INDEX disclosures_experts ON disclosures USING gin (expert_ids);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER disclosures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id, xid) VALUES (NEW.id, NEW.xid);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_events_queue AFTER INSERT ON audit_events
    FOR EACH ROW EXECUTE FUNCTION queue_audit_event();

-- "No commit without an audit event": deferred to the commit, so the event may come first or last.
CREATE FUNCTION require_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- the time as well: transaction numbers begin anew in a database restored elsewhere
    IF NOT EXISTS (SELECT 1 FROM audit_events
                    WHERE xid = pg_current_xact_id()::text::bigint AND at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'a change of % must be committed with an audit event', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
