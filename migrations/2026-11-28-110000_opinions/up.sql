-- What the experts of a panel say: an opinion each, every version of it that was handed in, and the meetings of the panel.

CREATE TABLE opinions (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    member_id       uuid NOT NULL UNIQUE REFERENCES panel_members (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    state           text NOT NULL CHECK (state IN ('draft', 'submitted')),
    -- the declaration on conflicts of interest: {"has_conflict": bool, "statement": text, "signed_at": time}
    declaration     jsonb,
    assessment      text CHECK (assessment IN ('agree', 'agree_with_changes', 'disagree')),
    -- [{"question": 1, "text": "…"}], by the number of the question
    answers         jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(answers) = 'array'),
    body            text CHECK (body <> ''),
    -- the paper it came on, where the office entered it
    paper           jsonb,
    -- why it was opened again after it was handed in
    reopened_reason text CHECK (reopened_reason <> ''),
    -- how many versions were handed in
    revision        integer NOT NULL DEFAULT 0,
    submitted_at    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (state = 'draft' OR (declaration IS NOT NULL AND assessment IS NOT NULL AND submitted_at IS NOT NULL))
);
CREATE INDEX opinions_consultation ON opinions (consultation_id);
CREATE INDEX opinions_expert ON opinions (expert_id);

-- Each version that was handed in, as it was.
CREATE TABLE opinion_revisions (
    id          uuid PRIMARY KEY,
    opinion_id  uuid NOT NULL REFERENCES opinions (id),
    number      integer NOT NULL,
    content     jsonb NOT NULL,
    at          timestamptz NOT NULL,
    actor_id    uuid,
    actor_role  text,
    CONSTRAINT opinion_revisions_number UNIQUE (opinion_id, number)
);
CREATE TRIGGER opinion_revisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON opinion_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Meetings of a panel with their minutes; signed ones never change.
CREATE TABLE panel_meetings (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    number          integer NOT NULL,
    held_on         date NOT NULL,
    place           text NOT NULL CHECK (place <> ''),
    -- [{"member_id": …, "present": bool, "note": …}]
    attendance      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(attendance) = 'array'),
    -- [{"question": "…", "for": 3, "against": 1, "abstained": 0}]
    votes           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(votes) = 'array'),
    minutes         text CHECK (minutes <> ''),
    signed_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT panel_meetings_number UNIQUE (consultation_id, number)
);

CREATE FUNCTION refuse_change_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL THEN
        RAISE EXCEPTION 'what is signed never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER panel_meetings_signed BEFORE UPDATE OR DELETE ON panel_meetings
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_signed();

-- Files that belong to an opinion; the asker sees none of them.
ALTER TABLE consultation_files ADD COLUMN opinion_id uuid REFERENCES opinions (id);
ALTER TABLE consultation_files DROP CONSTRAINT consultation_files_check,
    ADD CONSTRAINT consultation_files_internal CHECK (by_union OR NOT internal OR opinion_id IS NOT NULL);
CREATE INDEX consultation_files_opinion ON consultation_files (opinion_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['opinions', 'opinion_revisions', 'panel_meetings'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;
