-- How people get in: what they are asked, the links they are sent, and who nominated them.

-- The texts of consent, by purpose and version: what a person reads before deciding. What was once shown is never changed;
-- another text is another version, from a day on.
CREATE TABLE consent_texts (
    purpose    text NOT NULL CHECK (purpose IN ('listing', 'agency_search', 'public_profile', 'contact_sharing')),
    version    text NOT NULL CHECK (version ~ '^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$'),
    valid_from date NOT NULL,
    title_vi   text NOT NULL CHECK (title_vi <> ''),
    title_en   text NOT NULL CHECK (title_en <> ''),
    text_vi    text NOT NULL CHECK (text_vi <> ''),
    text_en    text NOT NULL CHECK (text_en <> ''),
    PRIMARY KEY (purpose, version),
    UNIQUE (purpose, valid_from)
);
CREATE TRIGGER consent_texts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_texts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER consent_texts_audited AFTER INSERT OR UPDATE OR DELETE ON consent_texts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- A consent names the text it was given to. Checked once a statement: a foreign key would want an index of its own on the
-- largest table of the bank, for texts that are never deleted.
CREATE FUNCTION require_consent_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT DISTINCT purpose, text_version FROM new_consents
               EXCEPT SELECT purpose, version FROM consent_texts) THEN
        RAISE EXCEPTION 'a consent names a text that does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER expert_consents_text AFTER INSERT ON expert_consents REFERENCING NEW TABLE AS new_consents
    FOR EACH STATEMENT EXECUTE FUNCTION require_consent_text();

-- One-time links: an invitation into the bank, or "confirm your data". Only the hash of the token is kept.
CREATE TABLE expert_links (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    kind       text NOT NULL CHECK (kind IN ('invitation', 'confirmation')),
    expert_id  uuid NOT NULL REFERENCES experts (id),
    issued_at  timestamptz NOT NULL DEFAULT now(),
    issued_by  uuid,
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz,
    -- accepted or declined by its holder; replaced by a newer link; void because the person's state is another
    outcome    text CHECK (outcome IN ('accepted', 'declined', 'replaced', 'void')),
    CHECK ((spent_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX expert_links_expert ON expert_links (expert_id, kind);
-- of a kind, one link of a person is good at most
CREATE UNIQUE INDEX expert_links_open ON expert_links (expert_id, kind) WHERE spent_at IS NULL;
CREATE CONSTRAINT TRIGGER expert_links_audited AFTER INSERT OR UPDATE OR DELETE ON expert_links
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- Who was nominated, by whom, and what became of it. The form holds contacts: it is sealed whole, with the reasons.
CREATE TABLE expert_nominations (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'linked', 'declined')),
    -- empty when the Union's office nominates without an organisation of its own
    organisation_id uuid REFERENCES organisations (id),
    filed_by        uuid,
    filed_at        timestamptz NOT NULL DEFAULT now(),
    sealed          bytea NOT NULL,
    -- the expert it became, or who it was
    expert_id       uuid REFERENCES experts (id),
    decided_by      uuid,
    decided_at      timestamptz,
    sealed_decision bytea,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK ((state IN ('accepted', 'linked')) = (expert_id IS NOT NULL))
);
CREATE INDEX expert_nominations_state ON expert_nominations (state, id);
CREATE INDEX expert_nominations_organisation ON expert_nominations (organisation_id, id);
CREATE INDEX expert_nominations_expert ON expert_nominations (expert_id);
CREATE CONSTRAINT TRIGGER expert_nominations_audited AFTER INSERT OR UPDATE OR DELETE ON expert_nominations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

