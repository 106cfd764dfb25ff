CREATE OR REPLACE FUNCTION count_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came CONSTANT text := 'SELECT 1 AS n, * FROM new_rows';
    went CONSTANT text := 'SELECT -1 AS n, * FROM old_rows';
BEGIN
    EXECUTE format($query$
        INSERT INTO search_words (kind, key, label, everybody, agencies, public)
        SELECT kind, key, label, sum(n), sum(n * agency_search::int), sum(n * public_profile::int)
          FROM (SELECT r.n, r.agency_search, r.public_profile, w.*
                  FROM (%s) r CROSS JOIN LATERAL (
                       SELECT 'word' AS kind, lexeme AS key, '' AS label FROM unnest(r.words) WHERE lexeme NOT LIKE '=%%'
                       UNION ALL SELECT 'specialty', split_part(s, E'\t', 1), split_part(s, E'\t', 2)
                         FROM unnest(r.specialties) s
                       UNION ALL SELECT 'people', '', '') w) changes
         GROUP BY kind, key, label
        HAVING sum(n) <> 0 OR sum(n * agency_search::int) <> 0 OR sum(n * public_profile::int) <> 0
    $query$, CASE TG_OP WHEN 'INSERT' THEN came WHEN 'DELETE' THEN went ELSE came || ' UNION ALL ' || went END);
    RETURN NULL;
END $$;

ALTER TABLE expert_restricted ALTER COLUMN sealed SET STORAGE EXTENDED;
ALTER TABLE audit_details ALTER COLUMN sealed SET STORAGE EXTENDED;

CREATE OR REPLACE FUNCTION require_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- the time as well: transaction numbers begin anew in a database restored elsewhere
    IF NOT EXISTS (SELECT 1 FROM audit_events
                    WHERE xid = pg_current_xact_id()::text::bigint AND at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'a change of % must be committed with an audit event', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER audit_events_queue ON audit_events;
CREATE OR REPLACE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id, xid) VALUES (NEW.id, NEW.xid);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_events_queue AFTER INSERT ON audit_events
    FOR EACH ROW EXECUTE FUNCTION queue_audit_event();
