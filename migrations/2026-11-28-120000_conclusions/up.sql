-- The conclusion of a consultation, version by version; what the asker says to each recommendation; how the experts did.

CREATE TABLE conclusions (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    consultation_id   uuid NOT NULL REFERENCES consultations (id),
    -- 1 is the report, 2.. are corrections of the one before
    number            integer NOT NULL,
    -- {"basis", "summary", "majority", "minority": [...], "recommendations": [{"number", "text"}], "members": [...], ...}
    content           jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object'),
    corrects          uuid REFERENCES conclusions (id),
    correction_reason text CHECK (correction_reason <> ''),
    -- the number, date and signatory it was signed with
    report            jsonb,
    signed_at         timestamptz,
    -- when it went out: the report by `deliver`, a correction when it was signed
    delivered_at      timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conclusions_number UNIQUE (consultation_id, number),
    CHECK ((number = 1) = (corrects IS NULL)),
    CHECK ((corrects IS NULL) = (correction_reason IS NULL)),
    CHECK ((signed_at IS NULL) = (report IS NULL)),
    CHECK (delivered_at IS NULL OR signed_at IS NOT NULL)
);
CREATE UNIQUE INDEX conclusions_corrects ON conclusions (corrects);

-- A version that went out never changes.
CREATE FUNCTION refuse_change_of_delivered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.delivered_at IS NOT NULL THEN
        RAISE EXCEPTION 'what was delivered never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER conclusions_delivered BEFORE UPDATE OR DELETE ON conclusions
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_delivered();

-- What the asker says to the recommendations of a version, each reply as it was given; the last one counts.
CREATE TABLE recommendation_replies (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    conclusion_id   uuid NOT NULL REFERENCES conclusions (id),
    recommendation  integer NOT NULL CHECK (recommendation > 0),
    outcome         text NOT NULL CHECK (outcome IN ('adopted', 'partly_adopted', 'not_adopted')),
    reason          text CHECK (reason <> ''),
    -- the letter of the asker
    document        jsonb NOT NULL,
    -- the day a correction asked this anew; none where it is the report's own question
    asked_anew_on   date,
    at              timestamptz NOT NULL,
    actor_id        uuid,
    actor_role      text,
    CHECK (outcome = 'adopted' OR reason IS NOT NULL)
);
CREATE INDEX recommendation_replies_conclusion ON recommendation_replies (conclusion_id, recommendation, id);
CREATE INDEX recommendation_replies_consultation ON recommendation_replies (consultation_id);
CREATE TRIGGER recommendation_replies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recommendation_replies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How an expert of the panel did, as the office says: 1 to 5 each.
CREATE TABLE expert_evaluations (
    member_id       uuid PRIMARY KEY REFERENCES panel_members (id),
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    quality         smallint NOT NULL CHECK (quality BETWEEN 1 AND 5),
    timeliness      smallint NOT NULL CHECK (timeliness BETWEEN 1 AND 5),
    remark          text CHECK (remark <> ''),
    at              timestamptz NOT NULL,
    actor_id        uuid
);
CREATE INDEX expert_evaluations_consultation ON expert_evaluations (consultation_id);
CREATE INDEX expert_evaluations_expert ON expert_evaluations (expert_id);

ALTER TABLE consultations
    -- the decision that was made in the end, where it is known
    ADD COLUMN decision_document jsonb,
    -- the day from which the asker has its days to reply again, since a correction asks something new of it
    ADD COLUMN asked_anew_on date;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conclusions', 'recommendation_replies', 'expert_evaluations'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;
