-- Keys of those alike wait until many are put into their index at once: a session says how many (`db::write_many`), and else no more
-- than are read in a tenth of a millisecond.
ALTER INDEX expert_search_alike SET (fastupdate = on);
ALTER INDEX expert_restricted_emails SET (fastupdate = on);

-- No query is planned by these: names and words are looked up in `expert_search`, and those with accents by nobody.
ALTER TABLE expert_search ALTER COLUMN accents SET STATISTICS 0;
ALTER TABLE experts
    ALTER COLUMN full_name SET STATISTICS 0, ALTER COLUMN family_name SET STATISTICS 0,
    ALTER COLUMN middle_name SET STATISTICS 0, ALTER COLUMN given_name SET STATISTICS 0,
    ALTER COLUMN workplace SET STATISTICS 0, ALTER COLUMN specialties SET STATISTICS 0,
    ALTER COLUMN accepted_kinds SET STATISTICS 0;

-- What a source said stays in one piece with its record: it is sealed, nothing of it can be compressed.
ALTER TABLE expert_sources SET (toast_tuple_target = 4080);

-- The queue is filled by a trigger from the events themselves, which nobody can delete: to look each of them up says nothing.
ALTER TABLE audit_pending DROP CONSTRAINT audit_pending_event_id_fkey;
