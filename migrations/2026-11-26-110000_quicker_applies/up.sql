-- A plan writes millions of rows in one transaction. Once its event is there, nothing is queued that would look for it.
CREATE OR REPLACE FUNCTION queue_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id, xid) SELECT id, xid FROM new_events;
    IF EXISTS (SELECT FROM new_events WHERE xid = pg_current_xact_id()::text::bigint) THEN
        PERFORM set_config('expert_bank.audited', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE
    known record;
BEGIN
    FOR known IN SELECT tgname, tgrelid::regclass AS of, pg_get_triggerdef(oid) AS text
                   FROM pg_trigger WHERE tgfoid = 'require_audit_event'::regproc LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', known.tgname, known.of);
        EXECUTE replace(known.text, 'FOR EACH ROW EXECUTE', 'FOR EACH ROW
            WHEN (current_setting(''expert_bank.audited'', true) IS DISTINCT FROM pg_current_xact_id()::text) EXECUTE');
    END LOOP;
END $$;

-- Who may be one person is looked up while people are written: what waits to be put into the index would be read by each look.
ALTER INDEX expert_search_alike SET (fastupdate = off);
ALTER INDEX expert_restricted_emails SET (fastupdate = off);
SELECT gin_clean_pending_list('expert_search_alike'), gin_clean_pending_list('expert_restricted_emails');

-- A search reads what waits to be put into the index of words: less of it, more often put there.
ALTER INDEX expert_search_words SET (gin_pending_list_limit = 512);

-- No query is planned by these, and to look at them takes most of the time of an ANALYZE.
ALTER TABLE experts
    ALTER COLUMN biography SET STATISTICS 0, ALTER COLUMN details SET STATISTICS 0,
    ALTER COLUMN standing_evidence SET STATISTICS 0, ALTER COLUMN position SET STATISTICS 0,
    ALTER COLUMN unit SET STATISTICS 0, ALTER COLUMN professional_title SET STATISTICS 0,
    ALTER COLUMN other_titles SET STATISTICS 0, ALTER COLUMN honours SET STATISTICS 0,
    ALTER COLUMN former_names SET STATISTICS 0, ALTER COLUMN other_names SET STATISTICS 0;
ALTER TABLE expert_search ALTER COLUMN alike SET STATISTICS 0;
ALTER TABLE expert_sources ALTER COLUMN base SET STATISTICS 0, ALTER COLUMN digest SET STATISTICS 0;
ALTER TABLE expert_publications ALTER COLUMN abstract SET STATISTICS 0, ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE sync_changes
    ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN undo SET STATISTICS 0, ALTER COLUMN doubt SET STATISTICS 0,
    ALTER COLUMN row_hash SET STATISTICS 0, ALTER COLUMN digest SET STATISTICS 0;

-- Who writes many people in one transaction counts the words of those who are new, and enters them once at the end.
CREATE OR REPLACE FUNCTION count_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came CONSTANT text := 'SELECT 1 AS n, * FROM new_rows';
    went CONSTANT text := 'SELECT -1 AS n, * FROM old_rows';
    changes CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN came WHEN 'DELETE' THEN went
                                        ELSE came || ' UNION ALL ' || went END;
BEGIN
    IF TG_OP = 'INSERT' AND current_setting('expert_bank.words_counted', true) = 'on' THEN
        RETURN NULL;
    END IF;
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
