-- What brings together records that may be of one person: hashes of name and birth year, of name and workplace, of
-- publications (`experts/duplicates/person.rs`), derived with the search row. Empty until it is derived.
ALTER TABLE expert_search ADD COLUMN alike bigint[];
CREATE INDEX expert_search_alike ON expert_search USING gin (alike);

-- Two records of which somebody said that they are two people. The smaller id stands first.
CREATE TABLE expert_distinctions (
    one_id     uuid NOT NULL REFERENCES experts (id),
    other_id   uuid NOT NULL REFERENCES experts (id),
    decided_at timestamptz NOT NULL DEFAULT now(),
    decided_by uuid,
    reason     text,
    PRIMARY KEY (one_id, other_id),
    CHECK (one_id < other_id)
);
CREATE INDEX expert_distinctions_other ON expert_distinctions (other_id);
CREATE CONSTRAINT TRIGGER expert_distinctions_audited AFTER INSERT OR UPDATE OR DELETE ON expert_distinctions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
