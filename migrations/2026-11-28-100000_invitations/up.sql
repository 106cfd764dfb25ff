-- Invitations to panels: until when an answer and an opinion are due, who stepped in for whom, and what was told in time.

ALTER TABLE panel_members
    -- days that were agreed with this person instead of the usual ones, and when each was; suspensions after that move them
    ADD COLUMN agreed_answer_by date,
    ADD COLUMN agreed_answer_at timestamptz,
    ADD COLUMN agreed_deliver_by date,
    ADD COLUMN agreed_deliver_at timestamptz,
    -- whose seat the person stepped into
    ADD COLUMN replaces uuid REFERENCES panel_members (id),
    -- what the person said with the answer, and the letter by which the office entered it
    ADD COLUMN answer_note text CHECK (answer_note <> ''),
    ADD COLUMN answer_document jsonb,
    -- when the first opinion was handed in
    ADD COLUMN delivered_at timestamptz;
CREATE INDEX panel_members_replaces ON panel_members (replaces);
CREATE INDEX panel_members_waited_for ON panel_members (consultation_id)
    WHERE rank = 0 AND (state = 'invited' OR (state = 'accepted' AND delivered_at IS NULL));

-- Who sat on an approved panel before there were invitations took part without being asked for an answer.
ALTER TABLE panel_members DISABLE TRIGGER panel_members_audited;
UPDATE panel_members SET state = 'accepted', answered_at = asked_at
 WHERE rank = 0 AND state = 'chosen' AND asked_at IS NOT NULL;
ALTER TABLE panel_members ENABLE TRIGGER panel_members_audited;

-- What somebody was reminded of: once for each day it was due on. Mail and webhooks read the events of these rows.
CREATE TABLE consultation_reminders (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    -- who of the panel; none where the asker is reminded
    member_id       uuid REFERENCES panel_members (id),
    kind            text NOT NULL CHECK (kind IN ('answer_soon', 'answer_late', 'deliver_soon', 'deliver_late',
                                                  'reply_soon', 'reply_late')),
    due_on          date NOT NULL,
    at              timestamptz NOT NULL,
    CONSTRAINT consultation_reminders_once UNIQUE NULLS NOT DISTINCT (consultation_id, member_id, kind, due_on),
    CHECK ((member_id IS NULL) = (kind IN ('reply_soon', 'reply_late')))
);
CREATE INDEX consultation_reminders_member ON consultation_reminders (member_id);
CREATE TRIGGER consultation_reminders_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consultation_reminders
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER consultation_reminders_audited AFTER INSERT ON consultation_reminders
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
