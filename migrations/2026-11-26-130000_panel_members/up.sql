-- Who sits on the panels of consultations, and who is in line.

CREATE TABLE panel_members (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    seat            text NOT NULL CHECK (seat IN ('chair', 'secretary', 'reviewer', 'member')),
    -- 0: sits; 1..: the first, second … alternate of that kind of seat
    rank            smallint NOT NULL CHECK (rank >= 0),
    state           text NOT NULL CHECK (state IN ('chosen', 'invited', 'accepted', 'declined', 'silent', 'recused', 'released')),
    score           double precision CHECK (score BETWEEN 0 AND 1),
    reasons         jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(reasons) = 'array'),
    -- when the expert was asked; a choice that was taken back before the panel was approved asked nobody
    asked_at        timestamptz,
    answered_at     timestamptz,
    decline_code    text CHECK (decline_code IN ('busy', 'conflict', 'not_my_field', 'other')),
    ended_at        timestamptz,
    ended_reason    text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX panel_members_consultation ON panel_members (consultation_id, rank);
CREATE INDEX panel_members_expert ON panel_members (expert_id, consultation_id);
CREATE INDEX panel_members_asked ON panel_members (asked_at) WHERE rank = 0;
-- nobody sits twice on a panel
CREATE UNIQUE INDEX panel_members_seated ON panel_members (consultation_id, expert_id)
    WHERE rank = 0 AND state IN ('chosen', 'invited', 'accepted');

CREATE CONSTRAINT TRIGGER panel_members_audited AFTER INSERT OR UPDATE OR DELETE ON panel_members
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
