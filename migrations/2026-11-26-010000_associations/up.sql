-- Member associations. An association is an organisation of kind `association` or `union`: its names, place, parent, first and
-- last day and successors live there. What is kept here is what only an association has.
CREATE TABLE associations (
    organisation_id uuid PRIMARY KEY REFERENCES organisations (id),
    version         bigint NOT NULL DEFAULT 1,
    kind            text NOT NULL DEFAULT 'association'
        CHECK (kind IN ('association', 'union', 'general_association', 'trade_association', 'club', 'federation')),
    scope           text NOT NULL DEFAULT 'province'
        CHECK (scope IN ('national', 'inter_provincial', 'province', 'district', 'commune')),
    -- the district or commune, or the provinces of an inter-provincial one, and the same folded
    area            text,
    area_key        text NOT NULL DEFAULT '',
    minority_name   text,
    department_id   uuid REFERENCES organisations (id),
    headquarters    text,
    phone           text,
    email           text,
    website         text,
    tax_code        text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX associations_department ON associations (department_id);

-- Every organisation that is an association has its record, whichever way it came in.
CREATE FUNCTION enter_association() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO associations (organisation_id, kind)
    VALUES (NEW.id, CASE NEW.kind WHEN 'union' THEN 'union' ELSE 'association' END)
    ON CONFLICT (organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER organisations_association AFTER INSERT OR UPDATE OF kind ON organisations
    FOR EACH ROW WHEN (NEW.kind IN ('association', 'union')) EXECUTE FUNCTION enter_association();
INSERT INTO associations (organisation_id, kind)
SELECT id, CASE kind WHEN 'union' THEN 'union' ELSE 'association' END
  FROM organisations WHERE kind IN ('association', 'union');

-- The fields of science it works in; exactly one may be the main one.
CREATE TABLE association_fields (
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    scheme          text NOT NULL,
    code            text NOT NULL,
    main            boolean NOT NULL DEFAULT false,
    PRIMARY KEY (organisation_id, scheme, code),
    FOREIGN KEY (scheme, code) REFERENCES science_fields (scheme, code)
);
CREATE INDEX association_fields_field ON association_fields (scheme, code);
CREATE UNIQUE INDEX association_fields_main ON association_fields (organisation_id) WHERE main;

-- A document is {number, date, issuer, signatory}, the number as typed; it is read and normalised when it is shown.
CREATE FUNCTION is_document(document jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT document IS NULL OR (jsonb_typeof(document) = 'object' AND coalesce(document ->> 'number', '') <> '')
$$;

-- How it stands. Without a row it is active; once the organisation has ended, how it ended follows from
-- the successions, else it was dissolved (that row only keeps the decision).
CREATE TABLE association_states (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    state           text NOT NULL CHECK (state IN ('preparing', 'active', 'suspended', 'dissolving', 'dissolved')),
    valid_from      date,
    valid_to        date CHECK (valid_to >= valid_from),
    -- the last day a suspension was decided for
    until           date CHECK (until >= valid_from),
    document        jsonb CHECK (is_document(document)),
    reason          text,
    CHECK (until IS NULL OR state = 'suspended'),
    CONSTRAINT association_states_overlap EXCLUDE USING gist
        (organisation_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX association_states_association ON association_states (organisation_id, valid_from);

-- "Hội đặc thù" (special), since 2024 "hội được Đảng, Nhà nước giao nhiệm vụ" (state_assigned).
CREATE TABLE association_special_statuses (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    kind            text NOT NULL CHECK (kind IN ('special', 'state_assigned')),
    valid_from      date NOT NULL,
    valid_to        date CHECK (valid_to >= valid_from),
    document        jsonb CHECK (is_document(document)),
    CONSTRAINT association_special_statuses_overlap EXCLUDE USING gist
        (organisation_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX association_special_statuses_association ON association_special_statuses (organisation_id, valid_from);

CREATE TABLE association_charters (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    valid_from      date NOT NULL,
    document        jsonb NOT NULL CHECK (is_document(document)),
    -- where the text is kept
    file            text,
    note            text,
    CONSTRAINT association_charters_day UNIQUE (organisation_id, valid_from)
);

-- Terms (nhiệm kỳ). `extended_to` is the last extension; no two terms share a day, extensions included.
CREATE TABLE association_terms (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    number          smallint NOT NULL CHECK (number BETWEEN 1 AND 99),
    valid_from      date NOT NULL,
    valid_to        date NOT NULL CHECK (valid_to >= valid_from),
    extended_to     date CHECK (extended_to > valid_to),
    document        jsonb CHECK (is_document(document)),
    note            text,
    CONSTRAINT association_terms_number UNIQUE (organisation_id, number),
    CONSTRAINT association_terms_overlap EXCLUDE USING gist
        (organisation_id WITH =, daterange(valid_from, coalesce(extended_to, valid_to), '[]') WITH &&)
);
CREATE INDEX association_terms_association ON association_terms (organisation_id, valid_from);

CREATE TABLE association_extensions (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    term_id         uuid NOT NULL REFERENCES association_terms (id),
    until           date NOT NULL,
    document        jsonb CHECK (is_document(document)),
    reason          text
);
CREATE INDEX association_extensions_association ON association_extensions (organisation_id);
CREATE INDEX association_extensions_term ON association_extensions (term_id);

CREATE TABLE association_congresses (
    id                uuid PRIMARY KEY,
    organisation_id   uuid NOT NULL REFERENCES associations (organisation_id),
    term_id           uuid REFERENCES association_terms (id),
    kind              text NOT NULL CHECK (kind IN ('founding', 'regular', 'extraordinary')),
    held_from         date NOT NULL,
    held_to           date NOT NULL CHECK (held_to >= held_from),
    place             text,
    delegates_invited integer CHECK (delegates_invited >= 0),
    delegates_present integer CHECK (delegates_present BETWEEN 0 AND coalesce(delegates_invited, delegates_present)),
    document          jsonb CHECK (is_document(document)),
    note              text
);
CREATE INDEX association_congresses_association ON association_congresses (organisation_id, held_from);
CREATE INDEX association_congresses_term ON association_congresses (term_id);
CREATE UNIQUE INDEX association_congresses_founding ON association_congresses (organisation_id) WHERE kind = 'founding';

-- Who held which post. The name is that under which the person was elected; the link to the expert is shown to who may know
-- of the expert.
CREATE TABLE association_officers (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    term_id         uuid REFERENCES association_terms (id),
    expert_id       uuid REFERENCES experts (id),
    full_name       text NOT NULL CHECK (full_name <> ''),
    name_key        text NOT NULL,
    position        text NOT NULL CHECK (position IN (
        'president', 'standing_vice_president', 'vice_president', 'secretary_general', 'deputy_secretary_general',
        'standing_committee_member', 'executive_committee_member', 'inspection_head', 'inspection_deputy_head',
        'inspection_member')),
    valid_from      date NOT NULL,
    valid_to        date CHECK (valid_to >= valid_from),
    concurrent_post text,
    full_time       boolean,
    document        jsonb CHECK (is_document(document)),
    CONSTRAINT association_officers_president EXCLUDE USING gist
        (organisation_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&) WHERE (position = 'president'),
    CONSTRAINT association_officers_twice EXCLUDE USING gist
        (organisation_id WITH =, name_key WITH =, position WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX association_officers_association ON association_officers (organisation_id, valid_from);
CREATE INDEX association_officers_term ON association_officers (term_id);
CREATE INDEX association_officers_expert ON association_officers (expert_id);

-- Membership in a Union: a dated relation with a decision of its own, not a property of the association.
CREATE TABLE union_memberships (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    union_id        uuid NOT NULL REFERENCES organisations (id) CHECK (union_id <> organisation_id),
    kind            text NOT NULL CHECK (kind IN ('collective', 'affiliated')),
    valid_from      date,
    valid_to        date CHECK (valid_to >= valid_from),
    document        jsonb CHECK (is_document(document)),
    leaving         jsonb CHECK (is_document(leaving)),
    reason          text,
    CONSTRAINT union_memberships_overlap EXCLUDE USING gist
        (organisation_id WITH =, union_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX union_memberships_association ON union_memberships (organisation_id, valid_from);
CREATE INDEX union_memberships_union ON union_memberships (union_id);

-- Members by year and kind: sums, nobody by name.
CREATE TABLE association_counts (
    organisation_id uuid     NOT NULL REFERENCES associations (organisation_id),
    year            smallint NOT NULL CHECK (year BETWEEN 1945 AND 2999),
    kind            text     NOT NULL
        CHECK (kind IN ('official_individual', 'official_organisation', 'associate', 'honorary')),
    total           integer  NOT NULL CHECK (total >= 0),
    women           integer  CHECK (women BETWEEN 0 AND total),
    degrees         jsonb    NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(degrees) = 'object'),
    PRIMARY KEY (organisation_id, year, kind)
);

CREATE TABLE association_reports (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    year            smallint NOT NULL CHECK (year BETWEEN 1945 AND 2999),
    received_on     date NOT NULL,
    document        jsonb CHECK (is_document(document)),
    note            text,
    CONSTRAINT association_reports_year UNIQUE (organisation_id, year)
);

-- What an association's office proposes to change of what is the Union's to change.
CREATE TABLE change_requests (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    organisation_id uuid NOT NULL REFERENCES associations (organisation_id),
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected')),
    -- a merge patch of the record, and officers to enter
    changes         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(changes) = 'object'),
    officers        jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(officers) = 'array'),
    reason          text NOT NULL CHECK (reason <> ''),
    filed_by        uuid,
    filed_at        timestamptz NOT NULL DEFAULT now(),
    decided_by      uuid,
    decided_at      timestamptz,
    decision_reason text,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK (state <> 'rejected' OR decision_reason IS NOT NULL)
);
CREATE INDEX change_requests_state ON change_requests (state, id);
CREATE INDEX change_requests_association ON change_requests (organisation_id, id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['associations', 'association_fields', 'association_states', 'association_special_statuses',
                                'association_charters', 'association_terms', 'association_extensions',
                                'association_congresses', 'association_officers', 'union_memberships',
                                'association_counts', 'association_reports', 'change_requests'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;

-- The province that a stored one is on a day: itself, or what it was merged into by then.
CREATE FUNCTION province_on(integer, date) RETURNS integer LANGUAGE sql STABLE AS $$
    WITH RECURSIVE heirs (id, step) AS (
        SELECT $1, 0
        UNION ALL
        SELECT p.succeeded_by, h.step + 1 FROM heirs h JOIN provinces p ON p.id = h.id
         WHERE p.succeeded_by IS NOT NULL AND p.valid_to < $2 AND h.step < 100
    )
    SELECT id FROM heirs ORDER BY step DESC LIMIT 1
$$;

-- No two living associations of one scope and area bear one name, under whatever parent (what the register of organisations
-- holds for any two bodies, it holds for those under one parent). Whichever way a name or a scope is changed, this is asked.
-- Where the scope is a province or less, the province counts, as provinces merge: on the last day on which both are there.
CREATE FUNCTION refuse_association_namesake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- the lock of the register, which who writes holds already: two transactions at once would not see each other
    PERFORM pg_advisory_xact_lock(hashtext('organisations'));
    IF EXISTS (
        SELECT 1 FROM organisation_versions v JOIN associations a ON a.organisation_id = v.organisation_id
          JOIN organisation_versions w ON w.name_key = v.name_key AND w.organisation_id <> v.organisation_id
               AND daterange(w.valid_from, w.valid_to, '[]') && daterange(v.valid_from, v.valid_to, '[]')
          JOIN associations b ON b.organisation_id = w.organisation_id AND b.scope = a.scope AND b.area_key = a.area_key
         CROSS JOIN LATERAL (SELECT coalesce(least(v.valid_to, w.valid_to), 'infinity')) d (day)
         WHERE v.organisation_id = NEW.organisation_id
           AND (a.scope IN ('national', 'inter_provincial')
                OR province_on(v.province_id, d.day) IS NOT DISTINCT FROM province_on(w.province_id, d.day))) THEN
        RAISE EXCEPTION 'two living associations of one name in one scope'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'association_namesake';
    END IF;
    RETURN NULL;
END $$;
-- Deferred, since a new association gets its names before its scope; who writes asks for it before the end.
CREATE CONSTRAINT TRIGGER organisation_versions_association AFTER INSERT OR UPDATE ON organisation_versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_association_namesake();
CREATE CONSTRAINT TRIGGER associations_namesake AFTER INSERT OR UPDATE ON associations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_association_namesake();

-- The associations as they stood on a day; of one that is no more as it was at last, with how it ended.
CREATE FUNCTION associations_on(day date) RETURNS TABLE (
    id uuid, code text, name text, name_en text, short_name text, name_key text, province_id integer,
    valid_from date, valid_to date, kind text, scope text, area text, state text, special_status text, member boolean,
    fields text[]
) LANGUAGE sql STABLE AS $$
    SELECT v.organisation_id, o.code, v.name, v.name_en, v.short_name, v.name_key, v.province_id, o.valid_from, o.valid_to,
           a.kind, a.scope, a.area,
           CASE WHEN o.valid_to < day
                THEN coalesce((SELECT s.kind FROM organisation_successions s
                                WHERE s.predecessor_id = o.id AND s.kind <> 'split' AND s.effective_on <= day LIMIT 1),
                              'dissolved')
                ELSE coalesce((SELECT t.state FROM association_states t
                                WHERE t.organisation_id = o.id AND (t.valid_from IS NULL OR t.valid_from <= day)
                                  AND (t.valid_to IS NULL OR t.valid_to >= day)), 'active') END,
           (SELECT p.kind FROM association_special_statuses p
             WHERE p.organisation_id = o.id AND p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to >= day)),
           EXISTS (SELECT 1 FROM union_memberships m
                    WHERE m.organisation_id = o.id AND (m.valid_from IS NULL OR m.valid_from <= day)
                      AND (m.valid_to IS NULL OR m.valid_to >= day)),
           ARRAY(SELECT f.scheme || ':' || f.code FROM association_fields f
                  WHERE f.organisation_id = o.id ORDER BY NOT f.main, f.scheme, f.code)
      FROM organisations o
      JOIN associations a ON a.organisation_id = o.id
      JOIN organisation_versions v ON v.organisation_id = o.id
           AND (v.valid_from IS NULL OR v.valid_from <= day)
           AND (v.valid_to IS NULL OR v.valid_to >= day OR v.valid_to = o.valid_to)
     WHERE o.kind IN ('association', 'union')
$$;
