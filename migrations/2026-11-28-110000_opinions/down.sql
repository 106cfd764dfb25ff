DROP INDEX consultation_files_opinion;
DELETE FROM consultation_chunks WHERE file_id IN (SELECT id FROM consultation_files WHERE opinion_id IS NOT NULL);
ALTER TABLE consultation_files DISABLE TRIGGER consultation_files_audited;
DELETE FROM consultation_files WHERE opinion_id IS NOT NULL;
ALTER TABLE consultation_files ENABLE TRIGGER consultation_files_audited;
ALTER TABLE consultation_files DROP CONSTRAINT consultation_files_internal,
    ADD CONSTRAINT consultation_files_check CHECK (by_union OR NOT internal);
ALTER TABLE consultation_files DROP COLUMN opinion_id;
DROP TABLE panel_meetings;
DROP TABLE opinion_revisions;
DROP TABLE opinions;
DROP FUNCTION refuse_change_of_signed();
