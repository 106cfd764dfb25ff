-- Records of one person that were merged. The row of the loser leaves `experts`, so that nothing can show or count it; what it
-- was and what moved lies sealed in the journal, from which an undo restores it.
CREATE TABLE expert_merges (
    id         uuid PRIMARY KEY,
    winner_id  uuid NOT NULL,
    -- who stands for the loser now: the winner, or whom the winner was merged into later; empty once undone
    leads_to   uuid REFERENCES experts (id),
    loser_id   uuid NOT NULL CHECK (loser_id <> winner_id),
    loser_code text NOT NULL,
    loser_name text NOT NULL,
    -- who might know of the loser: nobody else is told what became of it
    was_agencies boolean NOT NULL,
    was_public boolean NOT NULL,
    reason     text,
    -- how many rows of each kind moved, which members of the record the loser filled, and which of its own found no place
    moved      jsonb NOT NULL,
    filled     text[] NOT NULL DEFAULT '{}',
    left_out   text[] NOT NULL DEFAULT '{}',
    -- purposes the winner had agreed to and the loser had withdrawn
    narrowed   text[] NOT NULL DEFAULT '{}',
    sealed     bytea NOT NULL,
    merged_at  timestamptz NOT NULL DEFAULT now(),
    merged_by  uuid,
    undone_at  timestamptz,
    undone_by  uuid,
    CHECK ((undone_at IS NULL) = (leads_to IS NOT NULL))
);
ALTER TABLE expert_merges ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX expert_merges_leads_to ON expert_merges (leads_to);
CREATE INDEX expert_merges_winner ON expert_merges (winner_id);
CREATE UNIQUE INDEX expert_merges_loser ON expert_merges (loser_id) WHERE undone_at IS NULL;
CREATE INDEX expert_merges_code ON expert_merges (loser_code) WHERE undone_at IS NULL;
CREATE CONSTRAINT TRIGGER expert_merges_audited AFTER INSERT OR UPDATE OR DELETE ON expert_merges
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- What a person said stays in the ledger, append-only, also when the record it was said on was merged into another. So the
-- ledger is no longer held to the row of an expert; a new entry still is.
ALTER TABLE expert_consents DROP CONSTRAINT expert_consents_expert_id_fkey;
CREATE FUNCTION require_consenting_expert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_consents c WHERE NOT EXISTS (SELECT FROM experts e WHERE e.id = c.expert_id)) THEN
        RAISE EXCEPTION 'a consent of an expert who does not exist' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER expert_consents_expert AFTER INSERT ON expert_consents REFERENCING NEW TABLE AS new_consents
    FOR EACH STATEMENT EXECUTE FUNCTION require_consenting_expert();

-- Where both records had an account, that of the loser is closed and waits for an undo.
ALTER TABLE accounts DROP CONSTRAINT accounts_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_check CHECK (
    CASE WHEN role = 'expert' THEN expert_id IS NOT NULL OR disabled_at IS NOT NULL ELSE expert_id IS NULL END);
