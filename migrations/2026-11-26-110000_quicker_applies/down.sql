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
