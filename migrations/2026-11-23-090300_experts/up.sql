CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE SEQUENCE expert_code_seq;

-- CG-000001 … CG-999999, CG-1000000 …: lpad alone would cut the seventh digit off
CREATE FUNCTION next_expert_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'CG-' || lpad(n::text, greatest(6, length(n::text)), '0') FROM nextval('expert_code_seq') AS n
$$;

-- The expert's profile. Keys ending in _key are folded in Rust (lower case, no marks, đ→d) with a blank before and
-- after, so that ' % word% ' finds the start of a word; accent_key keeps the marks for ranking exact spellings first.
CREATE TABLE experts (
    id                 uuid PRIMARY KEY,
    code               text NOT NULL UNIQUE DEFAULT next_expert_code(),
    version            bigint NOT NULL DEFAULT 1,
    status             text NOT NULL DEFAULT 'nominated'
        CHECK (status IN ('nominated', 'invited', 'consented', 'active', 'paused', 'left', 'deceased')),
    full_name          text NOT NULL CHECK (full_name <> ''),
    family_name        text,
    middle_name        text,
    given_name         text NOT NULL,
    name_sort          bytea NOT NULL,
    gender             text CHECK (gender IN ('male', 'female')),
    birth_year         smallint CHECK (birth_year BETWEEN 1900 AND 2100),
    academic_rank      text REFERENCES academic_titles (code),
    degree             text REFERENCES academic_titles (code),
    other_titles       text[] NOT NULL DEFAULT '{}',
    position           text,
    workplace          text,
    workplace_id       uuid REFERENCES organisations (id),
    province_id        integer REFERENCES provinces (id),
    specialties        text[] NOT NULL DEFAULT '{}',
    languages          text[] NOT NULL DEFAULT '{}',
    publications_count integer CHECK (publications_count >= 0),
    -- ranks of academic rank and degree, so that the better qualified come first among equal hits
    standing           smallint NOT NULL DEFAULT 0,
    name_key           text NOT NULL,
    topic_key          text NOT NULL,
    work_key           text NOT NULL,
    search_key         text NOT NULL,
    accent_key         text NOT NULL,
    -- kept by the trigger on expert_consents: public is a part of agencies
    public_profile     boolean NOT NULL DEFAULT false,
    agency_search      boolean NOT NULL DEFAULT false CHECK (agency_search OR NOT public_profile),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX experts_academic_rank ON experts (academic_rank);
CREATE INDEX experts_degree ON experts (degree);
CREATE INDEX experts_workplace ON experts (workplace_id);
CREATE INDEX experts_province ON experts (province_id);
CREATE INDEX experts_name ON experts (name_sort, id);
CREATE INDEX experts_name_public ON experts (name_sort, id) WHERE public_profile;
CREATE INDEX experts_name_agencies ON experts (name_sort, id) WHERE agency_search;
CREATE INDEX experts_updated ON experts (updated_at DESC, id DESC);
CREATE INDEX experts_search ON experts USING gin (search_key gin_trgm_ops);
CREATE CONSTRAINT TRIGGER experts_audited AFTER INSERT OR UPDATE OR DELETE ON experts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

CREATE TABLE expert_fields (
    expert_id uuid     NOT NULL REFERENCES experts (id),
    ordinal   smallint NOT NULL,
    scheme    text     NOT NULL,
    code      text     NOT NULL,
    main      boolean  NOT NULL,
    PRIMARY KEY (expert_id, ordinal),
    UNIQUE (expert_id, scheme, code),
    FOREIGN KEY (scheme, code) REFERENCES science_fields (scheme, code)
);
CREATE INDEX expert_fields_code ON expert_fields (scheme, code text_pattern_ops, expert_id);

-- Restricted personal data, sealed (XChaCha20-Poly1305 bound to this row): full birth date, e-mail addresses, phones.
-- The keyed hashes allow an exact match without opening anything.
CREATE TABLE expert_restricted (
    expert_id    uuid PRIMARY KEY REFERENCES experts (id),
    sealed       bytea NOT NULL,
    email_hashes bytea[] NOT NULL DEFAULT '{}',
    phone_hashes bytea[] NOT NULL DEFAULT '{}'
);
CREATE INDEX expert_restricted_emails ON expert_restricted USING gin (email_hashes);
CREATE CONSTRAINT TRIGGER expert_restricted_audited AFTER INSERT OR UPDATE OR DELETE ON expert_restricted
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

CREATE TABLE expert_publications (
    id        uuid PRIMARY KEY,
    expert_id uuid NOT NULL REFERENCES experts (id),
    ordinal   integer NOT NULL,
    title     text NOT NULL CHECK (title <> ''),
    abstract  text,
    year      smallint CHECK (year BETWEEN 1900 AND 2100),
    venue     text,
    doi       text,
    authors   text[] NOT NULL DEFAULT '{}',
    UNIQUE (expert_id, ordinal)
);

-- The consent ledger: append-only; the latest row of a purpose is its state. Law 91/2025/QH15 asks for proof of who,
-- when and what; silence is not consent, so no row means no.
CREATE TABLE expert_consents (
    id           uuid PRIMARY KEY,
    -- the order of the ledger: clocks of instances differ
    seq          bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
    expert_id    uuid NOT NULL REFERENCES experts (id),
    purpose      text NOT NULL CHECK (purpose IN ('listing', 'agency_search', 'public_profile', 'contact_sharing')),
    given        boolean NOT NULL,
    decided_on   date NOT NULL,
    channel      text NOT NULL CHECK (channel IN ('paper', 'online', 'import')),
    document     text,
    text_version text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by  uuid
);
CREATE INDEX expert_consents_latest ON expert_consents (expert_id, purpose, seq DESC);
CREATE TRIGGER expert_consents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON expert_consents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER expert_consents_audited AFTER INSERT ON expert_consents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- The audience flags follow the ledger in the same transaction, whoever writes it.
CREATE FUNCTION apply_consent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wants_public boolean;
    wants_agencies boolean;
BEGIN
    SELECT coalesce(bool_or(given) FILTER (WHERE purpose = 'public_profile'), false),
           coalesce(bool_or(given) FILTER (WHERE purpose = 'agency_search'), false)
      INTO wants_public, wants_agencies
      FROM (SELECT DISTINCT ON (purpose) purpose, given FROM expert_consents
             WHERE expert_id = NEW.expert_id ORDER BY purpose, seq DESC) latest;
    UPDATE experts SET public_profile = wants_public, agency_search = wants_public OR wants_agencies
     WHERE id = NEW.expert_id
       AND (public_profile, agency_search) IS DISTINCT FROM (wants_public, wants_public OR wants_agencies);
    RETURN NULL;
END $$;
CREATE TRIGGER expert_consents_apply AFTER INSERT ON expert_consents
    FOR EACH ROW EXECUTE FUNCTION apply_consent();

-- Which record of which source an expert came from, and what it said last time (a keyed digest), so that loading the
-- same file again changes nothing and a local edit is never overwritten in silence.
CREATE TABLE expert_sources (
    source          text NOT NULL CHECK (source ~ '^[a-z][a-z0-9_-]{0,31}$'),
    external_id     text NOT NULL CHECK (external_id <> ''),
    expert_id       uuid NOT NULL REFERENCES experts (id),
    digest          bytea NOT NULL,
    loaded_version  bigint NOT NULL,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, external_id)
);
CREATE INDEX expert_sources_expert ON expert_sources (expert_id);
