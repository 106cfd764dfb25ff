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
ALTER TABLE sync_changes
    ALTER COLUMN detail SET STATISTICS -1, ALTER COLUMN undo SET STATISTICS -1, ALTER COLUMN doubt SET STATISTICS -1,
    ALTER COLUMN row_hash SET STATISTICS -1, ALTER COLUMN digest SET STATISTICS -1;
ALTER TABLE expert_publications ALTER COLUMN abstract SET STATISTICS -1, ALTER COLUMN title SET STATISTICS -1;
ALTER TABLE expert_sources ALTER COLUMN base SET STATISTICS -1, ALTER COLUMN digest SET STATISTICS -1;
ALTER TABLE expert_search ALTER COLUMN alike SET STATISTICS -1;
ALTER TABLE experts
    ALTER COLUMN biography SET STATISTICS -1, ALTER COLUMN details SET STATISTICS -1,
    ALTER COLUMN standing_evidence SET STATISTICS -1, ALTER COLUMN position SET STATISTICS -1,
    ALTER COLUMN unit SET STATISTICS -1, ALTER COLUMN professional_title SET STATISTICS -1,
    ALTER COLUMN other_titles SET STATISTICS -1, ALTER COLUMN honours SET STATISTICS -1,
    ALTER COLUMN former_names SET STATISTICS -1, ALTER COLUMN other_names SET STATISTICS -1;
ALTER INDEX expert_search_words RESET (gin_pending_list_limit);
ALTER INDEX expert_restricted_emails RESET (fastupdate);
ALTER INDEX expert_search_alike RESET (fastupdate);
DO $$
DECLARE
    known record;
BEGIN
    FOR known IN SELECT tgname, tgrelid::regclass AS of, pg_get_triggerdef(oid) AS text
                   FROM pg_trigger WHERE tgfoid = 'require_audit_event'::regproc LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', known.tgname, known.of);
        EXECUTE regexp_replace(known.text, 'WHEN .* EXECUTE', 'EXECUTE');
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id, xid) SELECT id, xid FROM new_events;
    RETURN NULL;
END $$;
