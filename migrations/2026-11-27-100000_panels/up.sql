-- Panels of consultations: what conflicts of interest were found and decided, what was told about it.

-- A seat that ended because two of the panel became one person: the undo of the merge gives it back, and no other.
ALTER TABLE panel_members ADD COLUMN ended_by_merge boolean;

-- What was said and decided of conflicts of interest, in its order. The last word on a person counts.
CREATE TABLE conflict_decisions (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    ordinal         integer NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('declared', 'waived', 'recused')),
    reason          text NOT NULL CHECK (reason <> ''),
    -- the findings a waiver was given for, by their keys
    covers          jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(covers) = 'array'),
    at              timestamptz NOT NULL,
    actor_id        uuid,
    actor_role      text,
    CONSTRAINT conflict_decisions_ordinal UNIQUE (consultation_id, ordinal)
);
CREATE INDEX conflict_decisions_expert ON conflict_decisions (expert_id, consultation_id);

-- Who was looked at for conflicts, when, and what was found: append-only, so it holds ids, kinds and keys, and no words about people.
CREATE TABLE conflict_checks (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    at              timestamptz NOT NULL,
    actor_id        uuid,
    actor_role      text,
    results         jsonb NOT NULL CHECK (jsonb_typeof(results) = 'array')
);
CREATE INDEX conflict_checks_consultation ON conflict_checks (consultation_id, id);
CREATE TRIGGER conflict_checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conflict_checks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is known of those who sit on a panel, each finding once and without words about people: `raised` where it came up after
-- they were chosen.
CREATE TABLE panel_findings (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    key             text NOT NULL,
    finding         jsonb NOT NULL,
    raised          boolean NOT NULL,
    found_at        timestamptz NOT NULL,
    -- when it held no more; it is new when it comes up again
    ended_at        timestamptz,
    CONSTRAINT panel_findings_once UNIQUE (consultation_id, expert_id, key)
);
CREATE INDEX panel_findings_expert ON panel_findings (expert_id);

-- Panels to be looked at again, because something they rest on changed; triggers enter them, and writers wait for nobody.
CREATE TABLE panel_rechecks (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consultation_id uuid NOT NULL
);
CREATE INDEX panel_rechecks_consultation ON panel_rechecks (consultation_id, id);
-- The day by which a panel was looked at last: terms of office and years run out without a change. And the sum of the versions of the
-- records it rested on: who is put on a panel while a long transaction writes their record is entered by nobody. No reference to the
-- consultation, which would wait for whoever holds it.
CREATE TABLE panel_watch (
    consultation_id uuid PRIMARY KEY,
    checked_on      date NOT NULL,
    records         bigint NOT NULL
);

CREATE FUNCTION recheck_all_panels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO panel_rechecks (consultation_id)
    SELECT DISTINCT m.consultation_id FROM panel_members m JOIN consultations c ON c.id = m.consultation_id
     WHERE m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
       AND c.state IN ('panel_forming', 'in_review', 'concluding', 'suspended');
    RETURN NULL;
END $$;

-- Of experts: the panels on which they sit, and those that judge what they drafted.
CREATE FUNCTION enter_panels_of(experts uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO panel_rechecks (consultation_id)
    SELECT c.id FROM consultations c
     WHERE c.state IN ('panel_forming', 'in_review', 'concluding', 'suspended') AND c.id IN (
        SELECT m.consultation_id FROM panel_members m
         WHERE m.expert_id = ANY (experts) AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
        UNION SELECT d.consultation_id FROM consultation_drafters d WHERE d.expert_id = ANY (experts))
$$;

-- Of experts whose record changed.
CREATE FUNCTION recheck_panels_of_experts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM enter_panels_of(ARRAY(SELECT id FROM changed_rows));
    RETURN NULL;
END $$;

-- The same for rows that belong to an expert.
CREATE FUNCTION recheck_panels_of_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM enter_panels_of(ARRAY(SELECT DISTINCT expert_id FROM changed_rows));
    RETURN NULL;
END $$;

-- Of consultations: who asks, who decides and who drafted, who sits and what they say.
CREATE FUNCTION recheck_panels_of_consultations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO panel_rechecks (consultation_id) SELECT DISTINCT consultation_id FROM changed_rows;
    RETURN NULL;
END $$;

CREATE FUNCTION recheck_panel_of_consultation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO panel_rechecks (consultation_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER experts_panels AFTER UPDATE ON experts REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_experts();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['expert_publications', 'association_officers'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_parts()', name || '_panels_came', name);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_parts()', name || '_panels_changed', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['expert_publications', 'association_officers'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_parts()', name || '_panels_went', name);
    END LOOP;
    CREATE TRIGGER consultation_drafters_panels_went AFTER DELETE ON consultation_drafters REFERENCING OLD TABLE AS changed_rows
        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_consultations();
    FOREACH name IN ARRAY ARRAY['consultation_drafters', 'panel_members', 'conflict_decisions'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_consultations()', name || '_panels_came', name);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed_rows
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_panels_of_consultations()', name || '_panels_changed', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['organisation_versions', 'organisation_successions', 'settings'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION recheck_all_panels()', name || '_panels', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['conflict_decisions', 'conflict_checks', 'panel_findings'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;
CREATE TRIGGER consultations_panels AFTER UPDATE OF asker_id, authority_id ON consultations FOR EACH ROW
    WHEN ((OLD.asker_id, OLD.authority_id) IS DISTINCT FROM (NEW.asker_id, NEW.authority_id))
    EXECUTE FUNCTION recheck_panel_of_consultation();
