DROP TABLE consultation_reminders;
DROP INDEX panel_members_waited_for;
DROP INDEX panel_members_replaces;
ALTER TABLE panel_members
    DROP COLUMN agreed_answer_by, DROP COLUMN agreed_answer_at,
    DROP COLUMN agreed_deliver_by, DROP COLUMN agreed_deliver_at, DROP COLUMN replaces,
    DROP COLUMN answer_note, DROP COLUMN answer_document, DROP COLUMN delivered_at;
