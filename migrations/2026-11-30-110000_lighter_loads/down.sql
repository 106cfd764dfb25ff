ALTER TABLE audit_pending ADD CONSTRAINT audit_pending_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit_events (id);

ALTER TABLE expert_sources RESET (toast_tuple_target);

ALTER TABLE experts
    ALTER COLUMN full_name SET STATISTICS -1, ALTER COLUMN family_name SET STATISTICS -1,
    ALTER COLUMN middle_name SET STATISTICS -1, ALTER COLUMN given_name SET STATISTICS -1,
    ALTER COLUMN workplace SET STATISTICS -1, ALTER COLUMN specialties SET STATISTICS -1,
    ALTER COLUMN accepted_kinds SET STATISTICS -1;
ALTER TABLE expert_search ALTER COLUMN accents SET STATISTICS -1;

ALTER INDEX expert_search_alike SET (fastupdate = off);
ALTER INDEX expert_restricted_emails SET (fastupdate = off);
SELECT gin_clean_pending_list('expert_search_alike'), gin_clean_pending_list('expert_restricted_emails');
