-- The whole record of an expert: what the form "Lý lịch khoa học chuyên gia" asks for, and what the bank itself keeps.
ALTER TABLE experts
    ADD COLUMN former_names       text[] NOT NULL DEFAULT '{}',
    ADD COLUMN other_names        text[] NOT NULL DEFAULT '{}',
    -- how much of the birth date is known; the date itself lies sealed in expert_restricted
    ADD COLUMN birth_precision    text CHECK (birth_precision IN ('year', 'month', 'day')),
    ADD COLUMN nationality        text CHECK (nationality ~ '^[A-Z]{2}$'),
    -- where the person works, when that is not Viet Nam: in the province, out of it or abroad is derived, not stored
    ADD COLUMN country            text CHECK (country ~ '^[A-Z]{2}$' AND country <> 'VN'),
    ADD COLUMN academic_rank_year smallint CHECK (academic_rank_year BETWEEN 1900 AND 2100),
    ADD COLUMN degree_year        smallint CHECK (degree_year BETWEEN 1900 AND 2100),
    ADD COLUMN professional_title text,
    ADD COLUMN honours            text[] NOT NULL DEFAULT '{}',
    ADD COLUMN unit               text,
    -- chosen beside those that follow from the fields
    ADD COLUMN field_groups       text[] NOT NULL DEFAULT '{}',
    ADD COLUMN biography          text,
    -- education, work history, projects, awards, patents, councils, levels of languages: lists that are read with the record
    ADD COLUMN details            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    -- the bank's own data
    ADD COLUMN nominated_by       uuid REFERENCES organisations (id),
    ADD COLUMN verified_by        uuid,
    ADD COLUMN verified_at        timestamptz,
    ADD COLUMN standing_evidence  text,
    ADD COLUMN max_parallel       smallint CHECK (max_parallel BETWEEN 0 AND 100),
    ADD COLUMN accepted_kinds     text[] NOT NULL DEFAULT '{}'
        CHECK (accepted_kinds <@ ARRAY['consultation', 'critical_review', 'social_assessment']),
    ADD COLUMN last_confirmed     date,
    ADD CHECK (verified_by IS NULL OR verified_at IS NOT NULL);
ALTER TABLE experts DISABLE TRIGGER experts_audited;
UPDATE experts SET birth_precision = 'day' WHERE birth_year IS NOT NULL;
ALTER TABLE experts ENABLE TRIGGER experts_audited;
CREATE INDEX experts_nominated_by ON experts (nominated_by);
CREATE INDEX experts_country ON experts (country) WHERE country IS NOT NULL;
-- who was not asked for longest comes first in the list of stale records
CREATE INDEX experts_confirmed ON experts ((coalesce(last_confirmed, DATE '1900-01-01')), id) WHERE status IN ('consented', 'active', 'paused');

-- Membership of an association while it lasted.
CREATE TABLE expert_memberships (
    expert_id       uuid     NOT NULL REFERENCES experts (id),
    ordinal         smallint NOT NULL,
    organisation_id uuid     NOT NULL REFERENCES organisations (id),
    position        text,
    valid_from      date,
    valid_to        date CHECK (valid_to >= valid_from),
    PRIMARY KEY (expert_id, ordinal)
);
CREATE INDEX expert_memberships_organisation ON expert_memberships (organisation_id, expert_id);
CREATE CONSTRAINT TRIGGER expert_memberships_audited AFTER INSERT OR UPDATE OR DELETE ON expert_memberships
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- When an expert is away, or finishes what they have but takes nothing new. An empty end is open. One statement a day.
CREATE TABLE expert_availability (
    id         uuid PRIMARY KEY,
    expert_id  uuid NOT NULL REFERENCES experts (id),
    kind       text NOT NULL CHECK (kind IN ('unavailable', 'no_new_work')),
    valid_from date NOT NULL,
    valid_to   date CHECK (valid_to >= valid_from),
    note       text,
    CONSTRAINT expert_availability_overlap EXCLUDE USING gist
        (expert_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX expert_availability_expert ON expert_availability (expert_id, valid_from);
CREATE CONSTRAINT TRIGGER expert_availability_audited AFTER INSERT OR UPDATE OR DELETE ON expert_availability
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- The Union's groups of fields ("nhóm ngành, lĩnh vực"), each with the fields it takes along, descendants included.
CREATE TABLE field_groups (
    code    text PRIMARY KEY CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
    scheme  text NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    source  text
);
CREATE TABLE field_group_fields (
    group_code text NOT NULL REFERENCES field_groups (code),
    scheme     text NOT NULL,
    field_code text NOT NULL,
    PRIMARY KEY (group_code, scheme, field_code),
    FOREIGN KEY (scheme, field_code) REFERENCES science_fields (scheme, code)
);
CREATE INDEX field_group_fields_field ON field_group_fields (scheme, field_code);
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['field_groups', 'field_group_fields'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;

-- Who sees an expert follows from the consents and the state together: whoever withdrew from the bank, left or died is
-- shown to the Union alone. The two flags hold the outcome, so that no query can forget a half of it.
CREATE FUNCTION expert_audience(expert uuid, state text, OUT public boolean, OUT agencies boolean) LANGUAGE sql STABLE AS $$
    SELECT shown AND wants_public, shown AND (wants_public OR wants_agencies)
      FROM (SELECT state NOT IN ('left', 'deceased')
                   AND coalesce(bool_and(given) FILTER (WHERE purpose = 'listing'), true) AS shown,
                   coalesce(bool_or(given) FILTER (WHERE purpose = 'public_profile'), false) AS wants_public,
                   coalesce(bool_or(given) FILTER (WHERE purpose = 'agency_search'), false) AS wants_agencies
              FROM (SELECT DISTINCT ON (purpose) purpose, given FROM expert_consents
                     WHERE expert_id = expert ORDER BY purpose, seq DESC) latest) wishes
$$;
CREATE OR REPLACE FUNCTION apply_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experts e SET public_profile = a.public, agency_search = a.agencies
      FROM expert_audience(NEW.expert_id, (SELECT status FROM experts WHERE id = NEW.expert_id)) a
     WHERE e.id = NEW.expert_id AND (e.public_profile, e.agency_search) IS DISTINCT FROM (a.public, a.agencies);
    RETURN NULL;
END $$;
CREATE FUNCTION apply_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.public, a.agencies INTO NEW.public_profile, NEW.agency_search FROM expert_audience(NEW.id, NEW.status) a;
    RETURN NEW;
END $$;
CREATE TRIGGER experts_status BEFORE UPDATE OF status ON experts
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION apply_status();
ALTER TABLE experts DISABLE TRIGGER experts_audited;
UPDATE experts e SET public_profile = a.public, agency_search = a.agencies
  FROM experts o CROSS JOIN LATERAL expert_audience(o.id, o.status) a
 WHERE o.id = e.id AND (e.public_profile, e.agency_search) IS DISTINCT FROM (a.public, a.agencies);
ALTER TABLE experts ENABLE TRIGGER experts_audited;
