-- A load writes tens of rows a person. The queue takes the events of a statement at once, and the rule "no commit without an
-- audit event" looks for the event once a transaction: that one is there is remembered until the transaction, or the part of
-- it that wrote the event, ends.
DROP TRIGGER audit_events_queue ON audit_events;
CREATE OR REPLACE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id, xid) SELECT id, xid FROM new_events;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_events_queue AFTER INSERT ON audit_events REFERENCING NEW TABLE AS new_events
    FOR EACH STATEMENT EXECUTE FUNCTION queue_audit_event();

CREATE OR REPLACE FUNCTION require_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('expert_bank.audited', true) = pg_current_xact_id()::text THEN
        RETURN NULL;
    END IF;
    -- the time as well: transaction numbers begin anew in a database restored elsewhere
    IF NOT EXISTS (SELECT 1 FROM audit_events
                    WHERE xid = pg_current_xact_id()::text::bigint AND at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'a change of % must be committed with an audit event', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM set_config('expert_bank.audited', pg_current_xact_id()::text, true);
    RETURN NULL;
END $$;

-- What is sealed cannot be compressed.
ALTER TABLE audit_details ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE expert_restricted ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- The words of many people are counted without their places.
CREATE OR REPLACE FUNCTION count_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came CONSTANT text := 'SELECT 1 AS n, * FROM new_rows';
    went CONSTANT text := 'SELECT -1 AS n, * FROM old_rows';
    changes CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN came WHEN 'DELETE' THEN went
                                        ELSE came || ' UNION ALL ' || went END;
BEGIN
    EXECUTE format($query$
        WITH r AS MATERIALIZED (%s)
        INSERT INTO search_words (kind, key, label, everybody, agencies, public)
        SELECT * FROM (
            SELECT 'word', key, '', sum(n) AS everybody, sum(n * agency_search::int) AS agencies,
                   sum(n * public_profile::int) AS public
              FROM r CROSS JOIN LATERAL unnest(tsvector_to_array(r.words)) w (key)
             WHERE key COLLATE "C" < '=' OR key COLLATE "C" >= '>' GROUP BY key
            UNION ALL
            SELECT 'specialty', split_part(s, E'\t', 1), split_part(s, E'\t', 2), sum(n),
                   sum(n * agency_search::int), sum(n * public_profile::int)
              FROM r CROSS JOIN LATERAL unnest(r.specialties) w (s) GROUP BY s
            UNION ALL
            SELECT 'people', '', '', sum(n), sum(n * agency_search::int), sum(n * public_profile::int) FROM r) counted
         WHERE everybody <> 0 OR agencies <> 0 OR public <> 0
    $query$, changes);
    RETURN NULL;
END $$;
