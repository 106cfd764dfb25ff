CREATE TABLE panel_members (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    seat            text NOT NULL CHECK (seat IN ('chair', 'secretary', 'reviewer', 'member')),
    -- 0: sits; 1..: the first, second … alternate of that kind of seat
    rank            smallint NOT NULL CHECK (rank >= 0),
    state           text NOT NULL CHECK (state IN ('chosen', 'invited', 'accepted', 'declined', 'silent', 'recused', 'released')),
    score           double precision,
    reasons         jsonb NOT NULL DEFAULT '[]',
    asked_at        timestamptz,
    answered_at     timestamptz,
    decline_code    text CHECK (decline_code IN ('busy', 'conflict', 'not_my_field', 'other')),
    ended_at        timestamptz,
    ended_reason    text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX panel_members_consultation ON panel_members (consultation_id);
CREATE INDEX panel_members_expert ON panel_members (expert_id);
CREATE CONSTRAINT TRIGGER panel_members_audited AFTER INSERT OR UPDATE OR DELETE ON panel_members
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
