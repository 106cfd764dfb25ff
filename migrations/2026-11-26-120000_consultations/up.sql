-- Consultations (tư vấn, phản biện, giám định xã hội): what is asked, where it stands, what happened, what is attached.

-- How often the days off of a year were changed, and whether somebody entered them here: a load then leaves them alone. Year 0
-- stands for the settings of the clock. Derived of days and settings; the sum of versions is the version of the calendar.
CREATE TABLE calendar_years (
    year      integer PRIMARY KEY,
    version   bigint  NOT NULL DEFAULT 1,
    kept_here boolean NOT NULL DEFAULT false
);
INSERT INTO calendar_years (year) SELECT DISTINCT extract(year FROM day)::integer FROM holidays;

CREATE FUNCTION count_calendar_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO calendar_years (year) SELECT extract(year FROM coalesce(NEW.day, OLD.day))::integer
        ON CONFLICT (year) DO UPDATE SET version = calendar_years.version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER holidays_year AFTER INSERT OR UPDATE OR DELETE ON holidays
    FOR EACH ROW EXECUTE FUNCTION count_calendar_year();

CREATE FUNCTION count_clock_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(NEW.name, OLD.name) LIKE 'consultation\_%' THEN
        INSERT INTO calendar_years (year) VALUES (0)
            ON CONFLICT (year) DO UPDATE SET version = calendar_years.version + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settings_clock AFTER INSERT OR UPDATE OR DELETE ON settings
    FOR EACH ROW EXECUTE FUNCTION count_clock_settings();

CREATE TABLE consultations (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    kind            text NOT NULL CHECK (kind IN ('consultation', 'critical_review', 'social_assessment')),
    origin          text NOT NULL CHECK (origin IN ('ordered', 'assigned', 'self_initiated')),
    state           text NOT NULL CHECK (state IN (
        'draft', 'submitted', 'needs_completion', 'declined', 'accepted', 'panel_forming', 'in_review', 'concluding',
        'delivered', 'responded', 'closed', 'suspended', 'withdrawn', 'cancelled')),
    -- who asks; of what the Union begins itself, the addressee
    asker_id        uuid NOT NULL REFERENCES organisations (id),
    -- the Union keeps the file of an asker who does not work here
    kept_by_union   boolean NOT NULL DEFAULT false,
    authority_id    uuid REFERENCES organisations (id),
    authority_name  text,
    object          text CHECK (object IN ('scheme', 'project', 'plan', 'policy', 'draft_document')),
    title           text NOT NULL CHECK (title <> ''),
    summary         text,
    questions       jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(questions) = 'array'),
    letter          jsonb CHECK (is_document(letter)),
    -- what two writings of the letter's number share, and the year it is unique in
    letter_key      text,
    letter_year     integer,
    -- who issued it, folded, where that is said; else the asker did
    letter_issuer   text,
    decision_on     date,
    wanted_by       date,
    -- the deadline that was agreed, and how many moves there were then: it takes them into account
    agreed_by       date,
    agreed_after    integer,
    urgency         text NOT NULL DEFAULT 'normal' CHECK (urgency IN ('normal', 'urgent')),
    -- accepted although there is little time before the decision
    short_time      boolean NOT NULL DEFAULT false,
    funding         jsonb CHECK (funding IS NULL OR jsonb_typeof(funding) = 'object'),
    -- the asker's word that nothing in the file is a state secret
    no_state_secrets boolean NOT NULL DEFAULT false,
    lead_id         uuid REFERENCES accounts (id),
    register_number text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consultations_register_number UNIQUE (register_number),
    CHECK ((letter_key IS NULL) = (letter IS NULL)),
    CHECK ((agreed_by IS NULL) = (agreed_after IS NULL)),
    CHECK (register_number IS NOT NULL OR state IN ('draft', 'submitted', 'needs_completion', 'declined', 'withdrawn'))
);
CREATE INDEX consultations_asker ON consultations (asker_id, id);
CREATE INDEX consultations_authority ON consultations (authority_id);
CREATE INDEX consultations_lead ON consultations (lead_id);
CREATE INDEX consultations_state ON consultations (state, id);
CREATE INDEX consultations_letter ON consultations (letter_year, letter_key) WHERE letter_key IS NOT NULL;

CREATE TABLE consultation_fields (
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    ordinal         smallint NOT NULL,
    scheme          text NOT NULL,
    code            text NOT NULL,
    PRIMARY KEY (consultation_id, ordinal),
    FOREIGN KEY (scheme, code) REFERENCES science_fields (scheme, code)
);
-- a field takes those under it along: codes that begin alike
CREATE INDEX consultation_fields_code ON consultation_fields (scheme, code text_pattern_ops, consultation_id);

-- Who drafted what is to be judged: they don't judge it.
CREATE TABLE consultation_drafters (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    ordinal         smallint NOT NULL,
    expert_id       uuid REFERENCES experts (id),
    organisation_id uuid REFERENCES organisations (id),
    -- as typed; without one, that of the record, for who may see it
    name            text CHECK (name <> ''),
    CHECK (name IS NOT NULL OR expert_id IS NOT NULL OR organisation_id IS NOT NULL)
);
CREATE INDEX consultation_drafters_consultation ON consultation_drafters (consultation_id, ordinal);
CREATE INDEX consultation_drafters_expert ON consultation_drafters (expert_id);
CREATE INDEX consultation_drafters_organisation ON consultation_drafters (organisation_id);

-- The asker's contact person, sealed.
CREATE TABLE consultation_contacts (
    consultation_id uuid PRIMARY KEY REFERENCES consultations (id),
    sealed          bytea NOT NULL
);

-- What happened: append-only.
CREATE TABLE consultation_moves (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    -- which one it is, from 0: clocks of servers may differ
    ordinal         integer NOT NULL,
    at              timestamptz NOT NULL,
    -- none for the beginning
    verb            text,
    from_state      text CHECK ((from_state IS NULL) = (verb IS NULL)),
    to_state        text NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        uuid,
    actor_role      text,
    reason_code     text CHECK (reason_code IN ('out_of_scope', 'no_suitable_experts', 'too_little_time',
                                                'conflict_of_interest', 'state_secret', 'duplicate')),
    reason          text,
    document        jsonb CHECK (is_document(document)),
    missing         jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(missing) = 'array'),
    resume_on       date,
    -- deadline, decision and urgency as they are from then on, where that was said
    schedule        jsonb CHECK (schedule IS NULL OR jsonb_typeof(schedule) = 'object'),
    CONSTRAINT consultation_moves_consultation UNIQUE (consultation_id, ordinal)
);
CREATE TRIGGER consultation_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consultation_moves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last number of each series and year; locked while a number is taken, so that none is left out.
CREATE TABLE consultation_series (
    series text    NOT NULL,
    year   integer NOT NULL,
    last   integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (series, year)
);

CREATE TABLE consultation_files (
    id              uuid PRIMARY KEY,
    consultation_id uuid NOT NULL REFERENCES consultations (id),
    kind            text NOT NULL CHECK (kind IN ('scheme', 'letter', 'other')),
    name            text NOT NULL CHECK (name <> ''),
    media_type      text NOT NULL,
    bytes           bigint NOT NULL CHECK (bytes > 0),
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    by_union        boolean NOT NULL,
    -- of the Union alone
    internal        boolean NOT NULL DEFAULT false CHECK (by_union OR NOT internal),
    created_by      uuid,
    created_at      timestamptz NOT NULL
);
CREATE INDEX consultation_files_consultation ON consultation_files (consultation_id, id);

-- The bytes of files, piece by piece. They come in before the file is there, so there is no foreign key; pieces whose file never
-- came are swept away.
CREATE TABLE consultation_chunks (
    file_id    uuid        NOT NULL,
    number     integer     NOT NULL,
    data       bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (file_id, number)
);
ALTER TABLE consultation_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX consultation_chunks_age ON consultation_chunks (created_at) WHERE number = 0;

-- What lists ask for, derived of the above: the words, and when it is due by the calendar of that version. `due_key` is the due
-- day, or the end of time without one. `renames` counts changes of the asker's names, `told` those the words know of.
CREATE TABLE consultation_index (
    consultation_id  uuid PRIMARY KEY REFERENCES consultations (id),
    step             text,
    due_key          date NOT NULL DEFAULT '9999-12-31',
    report_due_on    date,
    left_when_stopped bigint,
    renames          bigint NOT NULL DEFAULT 0,
    told             bigint NOT NULL DEFAULT 0,
    calendar_version bigint NOT NULL DEFAULT 0,
    search_key       text NOT NULL,
    words            tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, search_key)) STORED
);
CREATE INDEX consultation_index_due ON consultation_index (due_key, consultation_id);
CREATE INDEX consultation_index_words ON consultation_index USING gin (words);
CREATE INDEX consultation_index_stale ON consultation_index (calendar_version) WHERE step IS NOT NULL;
CREATE INDEX consultation_index_renamed ON consultation_index (consultation_id) WHERE renames <> told;

CREATE FUNCTION rename_askers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- in the order in which they are reckoned anew, so that neither waits for the other
    UPDATE consultation_index SET renames = renames + 1
     WHERE consultation_id IN (
           SELECT k.consultation_id FROM consultation_index k JOIN consultations c ON c.id = k.consultation_id
            WHERE c.asker_id = coalesce(NEW.organisation_id, OLD.organisation_id) ORDER BY 1 FOR UPDATE OF k);
    RETURN NULL;
END $$;
CREATE TRIGGER organisation_versions_askers AFTER INSERT OR UPDATE OR DELETE ON organisation_versions
    FOR EACH ROW EXECUTE FUNCTION rename_askers();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['consultations', 'consultation_fields', 'consultation_drafters', 'consultation_contacts',
                                'consultation_moves', 'consultation_series', 'consultation_files'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;
