-- What changed of experts, for those who keep copies. Each row says who might know of the expert before and after; a trigger
-- writes it in the transaction of the change. Numbers of a sequence come in another order than commits, so a row gets its place
-- (`seq`) later: once its transaction and all that began before it are over (below pg_snapshot_xmin), nothing can still appear
-- before it. Only rows with a place are read.
CREATE TABLE expert_changes (
    id           bigint  PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    seq          bigint  UNIQUE CHECK (seq > 0),
    xid          bigint  NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    expert_id    uuid    NOT NULL,
    was_known    boolean NOT NULL,
    was_agencies boolean NOT NULL,
    was_public   boolean NOT NULL,
    is_known     boolean NOT NULL,
    is_agencies  boolean NOT NULL,
    is_public    boolean NOT NULL,
    -- something changed that is shown to whoever may know of the expert; told when the row gets its place
    is_open      boolean NOT NULL DEFAULT false
);
CREATE INDEX expert_changes_waiting ON expert_changes (xid, id) WHERE seq IS NULL;
-- what is told to an audience, and nothing else: who follows it reads no row that is hidden from it
CREATE INDEX expert_changes_agencies ON expert_changes (seq)
    WHERE (was_agencies OR is_agencies) AND (was_agencies <> is_agencies OR is_open);
CREATE INDEX expert_changes_public ON expert_changes (seq)
    WHERE (was_public OR is_public) AND (was_public <> is_public OR is_open);
CREATE INDEX expert_changes_expert ON expert_changes (expert_id, seq);

-- What was shown of experts whom others than the Union may know of, when a change last got its place: a digest. Where it is
-- the same, only what the Union sees was changed, and nobody else is told.
CREATE TABLE expert_shown (
    expert_id uuid PRIMARY KEY,
    digest    text NOT NULL
);

CREATE FUNCTION note_expert_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO expert_changes (expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
        SELECT id, false, false, false, true, agency_search, public_profile FROM new_rows;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO expert_changes (expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
        SELECT n.id, true, o.agency_search, o.public_profile, true, n.agency_search, n.public_profile
          FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.version, n.agency_search, n.public_profile) IS DISTINCT FROM (o.version, o.agency_search, o.public_profile);
    ELSE
        INSERT INTO expert_changes (expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
        SELECT id, true, agency_search, public_profile, false, false, false FROM old_rows;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER experts_came_noted AFTER INSERT ON experts REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_expert_changes();
CREATE TRIGGER experts_changed_noted AFTER UPDATE ON experts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_expert_changes();
CREATE TRIGGER experts_went_noted AFTER DELETE ON experts REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_expert_changes();
-- who is there already came at some time
INSERT INTO expert_changes (at, expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
SELECT updated_at, id, false, false, false, true, agency_search, public_profile FROM experts ORDER BY updated_at, id;
