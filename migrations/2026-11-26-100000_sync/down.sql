-- Who was erased is forgotten with it: records of theirs that a source sends later are somebody new.
DROP TABLE sync_decisions;
DROP TABLE sync_changes;
DROP TABLE sync_chunks;
DROP TABLE sync_work;
DROP TABLE sync_plans;
DROP TABLE erased_source_records;
ALTER TABLE expert_sources DROP COLUMN withdrawn_at, DROP COLUMN absent_since, DROP COLUMN base, DROP COLUMN supplied;
