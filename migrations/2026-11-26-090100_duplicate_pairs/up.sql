-- Pairs of records that may be of one person, with score and evidence, derived in Rust (`experts/duplicates/pairs.rs`); the
-- smaller id stands first. Without foreign keys: whoever derives them works beside the writers, and a pair whose half is gone
-- is joined away when it is read.
CREATE TABLE expert_duplicates (
    one_id   uuid NOT NULL,
    other_id uuid NOT NULL,
    score    double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    certain  boolean NOT NULL,
    evidence jsonb NOT NULL,
    PRIMARY KEY (one_id, other_id),
    CHECK (one_id < other_id)
);
CREATE INDEX expert_duplicates_other ON expert_duplicates (other_id);
CREATE INDEX expert_duplicates_score ON expert_duplicates (score DESC, one_id, other_id);

-- Whose pairs are to be derived anew: whoever came or went, or whose record has another version. Appended, so that no writer waits.
CREATE TABLE expert_duplicates_due (
    id        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    expert_id uuid NOT NULL
);
CREATE FUNCTION come_due_for_duplicates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO expert_duplicates_due (expert_id) SELECT id FROM new_rows;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO expert_duplicates_due (expert_id)
        SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.version <> o.version;
    ELSE
        -- whoever derives takes out the pairs of who is gone: here they would be locked in another order
        INSERT INTO expert_duplicates_due (expert_id) SELECT id FROM old_rows;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER experts_came_due AFTER INSERT ON experts REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION come_due_for_duplicates();
CREATE TRIGGER experts_due AFTER UPDATE ON experts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION come_due_for_duplicates();
CREATE TRIGGER experts_undue AFTER DELETE ON experts REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION come_due_for_duplicates();
INSERT INTO expert_duplicates_due (expert_id) SELECT id FROM experts ORDER BY id;
