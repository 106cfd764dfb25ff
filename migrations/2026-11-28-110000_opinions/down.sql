DROP INDEX consultation_files_opinion;
ALTER TABLE consultation_files DROP COLUMN opinion_id;
DROP TABLE panel_meetings;
DROP TABLE opinion_revisions;
DROP TABLE opinions;
DROP FUNCTION refuse_change_of_signed();
