-- Organisations, true in time. What a body is called, what it stands under and where it is are versions without gaps or
-- overlaps between its first and last day; an empty end is not known (the first) or not reached (the last).
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

-- As kernel/text::fold does it for Vietnamese: lower case, no marks, đ as d, signs as one blank. For the rows there are.
-- The marks go first: under LC_CTYPE C, lower() knows no letter that has one.
CREATE FUNCTION pg_temp.fold(input text) RETURNS text LANGUAGE sql AS $$
    SELECT trim(regexp_replace(lower(translate(regexp_replace(normalize(input, NFD), '[\u0300-\u036f]', '', 'g'),
                                               'đĐðÐ', 'dddd')), '[^a-z0-9]+', ' ', 'g'))
$$;

CREATE TABLE organisation_versions (
    id                 uuid PRIMARY KEY,
    organisation_id    uuid NOT NULL REFERENCES organisations (id),
    valid_from         date,
    valid_to           date CHECK (valid_to >= valid_from),
    name               text NOT NULL CHECK (name <> ''),
    name_en            text,
    short_name         text,
    parent_id          uuid REFERENCES organisations (id) CHECK (parent_id <> organisation_id),
    province_id        integer REFERENCES provinces (id),
    -- folded, for the rule that no two living bodies of one name are in one place, and for the order of lists
    name_key           text NOT NULL,
    -- the document that began it
    document_number    text,
    document_date      date,
    document_issuer    text,
    document_signatory text,
    CHECK (document_number IS NOT NULL OR (document_date IS NULL AND document_issuer IS NULL AND document_signatory IS NULL)),
    CONSTRAINT organisation_versions_overlap EXCLUDE USING gist
        (organisation_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&),
    CONSTRAINT organisation_versions_namesake EXCLUDE USING gist
        (name_key WITH =, (coalesce(province_id, 0)) WITH =,
         (coalesce(parent_id, '00000000-0000-0000-0000-000000000000')) WITH =,
         daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX organisation_versions_body ON organisation_versions (organisation_id, valid_from);
CREATE INDEX organisation_versions_parent ON organisation_versions (parent_id);
CREATE INDEX organisation_versions_province ON organisation_versions (province_id);
CREATE INDEX organisation_versions_name ON organisation_versions (name_key, organisation_id);

-- Where two of one name lived at one time before there was a rule, the living one keeps its key and the other gets its code
-- into it, so that they are no reason not to upgrade.
INSERT INTO organisation_versions (id, organisation_id, valid_from, valid_to, name, name_en, short_name, name_key)
SELECT gen_random_uuid(), o.id, o.valid_from, o.valid_to, o.name, o.name_en, o.short_name,
       pg_temp.fold(o.name) || CASE WHEN EXISTS (
           SELECT 1 FROM organisations p
            WHERE pg_temp.fold(p.name) = pg_temp.fold(o.name)
              AND daterange(p.valid_from, p.valid_to, '[]') && daterange(o.valid_from, o.valid_to, '[]')
              AND (p.valid_to IS NOT NULL, p.code) < (o.valid_to IS NOT NULL, o.code)) THEN ' ' || lower(o.code) ELSE '' END
  FROM organisations o;
CREATE CONSTRAINT TRIGGER organisation_versions_audited AFTER INSERT OR UPDATE OR DELETE ON organisation_versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- Which body took the place of which. A split (tách) leaves the old one alive; after the others it is no more.
CREATE TABLE organisation_successions (
    id                 uuid PRIMARY KEY,
    predecessor_id     uuid NOT NULL REFERENCES organisations (id),
    successor_id       uuid NOT NULL REFERENCES organisations (id) CHECK (successor_id <> predecessor_id),
    kind               text NOT NULL CHECK (kind IN ('merged_into', 'consolidated', 'split', 'divided')),
    effective_on       date NOT NULL,
    document_number    text,
    document_date      date,
    document_issuer    text,
    document_signatory text,
    CHECK (document_number IS NOT NULL OR (document_date IS NULL AND document_issuer IS NULL AND document_signatory IS NULL)),
    UNIQUE (predecessor_id, successor_id)
);
CREATE INDEX organisation_successions_successor ON organisation_successions (successor_id);

-- Who holds the place of a body that is no more, however many times it was handed on: what search and matching follow.
-- Derived from the successions whenever these change; `since` is the day the last of them took effect.
CREATE TABLE organisation_heirs (
    ancestor_id uuid NOT NULL REFERENCES organisations (id),
    heir_id     uuid NOT NULL REFERENCES organisations (id),
    since       date NOT NULL,
    PRIMARY KEY (ancestor_id, heir_id)
);
CREATE INDEX organisation_heirs_heir ON organisation_heirs (heir_id);

CREATE FUNCTION derive_organisation_heirs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM organisation_heirs;
    INSERT INTO organisation_heirs
    WITH RECURSIVE heirs AS (
        SELECT predecessor_id AS ancestor_id, successor_id AS heir_id, effective_on AS since
          FROM organisation_successions WHERE kind <> 'split'
        UNION
        SELECT h.ancestor_id, s.successor_id, greatest(h.since, s.effective_on)
          FROM heirs h JOIN organisation_successions s ON s.predecessor_id = h.heir_id
         WHERE s.kind <> 'split' AND s.successor_id <> h.ancestor_id
    )
    SELECT ancestor_id, heir_id, min(since) FROM heirs GROUP BY ancestor_id, heir_id;
    RETURN NULL;
END $$;
CREATE TRIGGER organisation_successions_heirs AFTER INSERT OR UPDATE OR DELETE ON organisation_successions
    FOR EACH STATEMENT EXECUTE FUNCTION derive_organisation_heirs();

INSERT INTO organisation_successions (id, predecessor_id, successor_id, kind, effective_on)
SELECT gen_random_uuid(), old.id, new.id,
       CASE WHEN new.valid_from > old.valid_to THEN 'consolidated' ELSE 'merged_into' END, old.valid_to + 1
  FROM organisations old JOIN organisations new ON new.id = old.succeeded_by
 WHERE old.valid_to IS NOT NULL;
CREATE CONSTRAINT TRIGGER organisation_successions_audited AFTER INSERT OR UPDATE OR DELETE ON organisation_successions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- Every name a body is found by: those of its versions, names it bore or bears besides, and the spellings of a workplace
-- that an officer accepted (these serve the matching alone; one that was decided anew stays as replaced). Keys as in experts, a blank before and after. The program
-- derives those of the bodies there are when it starts.
CREATE TABLE organisation_names (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    kind            text NOT NULL CHECK (kind IN ('full', 'short', 'english', 'former', 'other', 'workplace', 'replaced')),
    name            text NOT NULL CHECK (name <> ''),
    -- while it was borne
    valid_from      date,
    valid_to        date CHECK (valid_to >= valid_from),
    -- the province a workplace was given with: a bare "Sở Y tế" is another body in each
    province_id     integer REFERENCES provinces (id),
    key             text NOT NULL,
    -- the key with the words of the province, so that "so y te tuyen quang" finds it
    search_key      text NOT NULL,
    accent_key      text NOT NULL,
    -- abbreviations written out, marks of administrative level left out: what the matching compares
    match_key       text NOT NULL,
    decision_id     uuid
);
CREATE INDEX organisation_names_body ON organisation_names (organisation_id);
CREATE INDEX organisation_names_province ON organisation_names (province_id);
CREATE INDEX organisation_names_exact ON organisation_names (match_key);
CREATE INDEX organisation_names_decision ON organisation_names (decision_id);
CREATE INDEX organisation_names_search ON organisation_names USING gin (search_key gin_trgm_ops);
CREATE INDEX organisation_names_match ON organisation_names USING gin (match_key gin_trgm_ops);
-- A spelling means one body.
CREATE UNIQUE INDEX organisation_names_workplace ON organisation_names (match_key, (coalesce(province_id, 0)))
    WHERE kind = 'workplace';

CREATE CONSTRAINT TRIGGER organisation_names_audited AFTER INSERT OR UPDATE OR DELETE ON organisation_names
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

ALTER TABLE organisations
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    -- the version a file was last loaded into; when it is behind, the body was edited here and a load leaves it alone
    ADD COLUMN loaded_version bigint DEFAULT 1,
    ADD COLUMN note text;
-- a successor without a day is no succession yet; what was known is kept
ALTER TABLE organisations DISABLE TRIGGER organisations_audited;
UPDATE organisations o SET note = 'succeeded_by ' || p.code
  FROM organisations p WHERE p.id = o.succeeded_by AND o.valid_to IS NULL;
ALTER TABLE organisations ENABLE TRIGGER organisations_audited;
ALTER TABLE organisations
    DROP COLUMN name, DROP COLUMN name_en, DROP COLUMN short_name, DROP COLUMN search_key, DROP COLUMN succeeded_by;

CREATE SEQUENCE organisation_code_seq;
CREATE FUNCTION next_organisation_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'TC-' || lpad(n::text, greatest(5, length(n::text)), '0') FROM nextval('organisation_code_seq') AS n
$$;
ALTER TABLE organisations
    ALTER COLUMN code SET DEFAULT next_organisation_code(),
    ALTER COLUMN loaded_version DROP DEFAULT;

-- Workplaces as people write them: folded and written out as the names above, so that one decision covers every spelling.
ALTER TABLE experts ADD COLUMN workplace_key text;
CREATE INDEX experts_open_workplace ON experts (workplace_key, province_id)
    WHERE workplace_id IS NULL AND workplace_key IS NOT NULL;
