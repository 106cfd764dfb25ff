-- What a search compares with, derived in Rust from the record, its fields and its publications
-- (`experts/store/index.rs`): folded words, and behind an equals sign the same words with their accents, each with its
-- places; A names, B specialties and fields, C work, D biography and publications. A table of its own keeps the rows that a
-- search ranks short, and changes of a record away from the index. The columns after `specialties` follow `experts`.
CREATE TABLE expert_search (
    expert_id      uuid     PRIMARY KEY REFERENCES experts (id) ON DELETE CASCADE,
    words          tsvector NOT NULL,
    -- each as folded, a tab, as typed
    specialties    text[]   NOT NULL DEFAULT '{}',
    standing       smallint NOT NULL,
    name_sort      bytea    NOT NULL,
    public_profile boolean  NOT NULL,
    agency_search  boolean  NOT NULL
-- a flag that changes stays on its page and leaves the index alone; words stay in the row, for they are read by the thousand
) WITH (fillfactor = 85, toast_tuple_target = 8160);
ALTER TABLE expert_search ALTER COLUMN words SET STORAGE MAIN;
CREATE INDEX expert_search_words ON expert_search USING gin (words);

-- Who leaves an audience leaves its search in the same transaction. The flags may be set by another trigger, so the trigger
-- looks at the values, not at the columns a statement names.
CREATE FUNCTION follow_expert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE expert_search SET standing = NEW.standing, name_sort = NEW.name_sort,
                             public_profile = NEW.public_profile, agency_search = NEW.agency_search
     WHERE expert_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER experts_followed AFTER UPDATE ON experts FOR EACH ROW
    WHEN ((OLD.standing, OLD.name_sort, OLD.public_profile, OLD.agency_search)
          IS DISTINCT FROM (NEW.standing, NEW.name_sort, NEW.public_profile, NEW.agency_search))
    EXECUTE FUNCTION follow_expert();

-- The words of the search and how many people have each, for every audience: how rare a word is, what a misspelled one may
-- be, which specialties there are. Changes are appended and their sum counts, so that writers wait for nobody; housekeeping
-- adds them up. What sums up to nothing does not exist. The kind `people` has one key, and counts everybody.
CREATE TABLE search_words (
    id        bigint  PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind      text    NOT NULL CHECK (kind IN ('word', 'specialty', 'people')),
    key       text    COLLATE "C" NOT NULL,
    label     text    NOT NULL DEFAULT '',
    everybody integer NOT NULL,
    agencies  integer NOT NULL,
    public    integer NOT NULL
);
CREATE INDEX search_words_key ON search_words (kind, key);
CREATE INDEX search_words_specialty ON search_words USING gin (array_to_tsvector(string_to_array(key, ' ')))
    WHERE kind = 'specialty';

CREATE FUNCTION count_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came CONSTANT text := 'SELECT 1 AS n, * FROM new_rows';
    went CONSTANT text := 'SELECT -1 AS n, * FROM old_rows';
BEGIN
    EXECUTE format($query$
        INSERT INTO search_words (kind, key, label, everybody, agencies, public)
        SELECT kind, key, label, sum(n), sum(n * agency_search::int), sum(n * public_profile::int)
          FROM (SELECT r.n, r.agency_search, r.public_profile, w.*
                  FROM (%s) r CROSS JOIN LATERAL (
                       SELECT 'word' AS kind, lexeme AS key, '' AS label FROM unnest(r.words) WHERE lexeme NOT LIKE '=%%'
                       UNION ALL SELECT 'specialty', split_part(s, E'\t', 1), split_part(s, E'\t', 2)
                         FROM unnest(r.specialties) s
                       UNION ALL SELECT 'people', '', '') w) changes
         GROUP BY kind, key, label
        HAVING sum(n) <> 0 OR sum(n * agency_search::int) <> 0 OR sum(n * public_profile::int) <> 0
    $query$, CASE TG_OP WHEN 'INSERT' THEN came WHEN 'DELETE' THEN went ELSE came || ' UNION ALL ' || went END);
    RETURN NULL;
END $$;
CREATE TRIGGER expert_search_came AFTER INSERT ON expert_search
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_search_words();
CREATE TRIGGER expert_search_went AFTER DELETE ON expert_search
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_search_words();
CREATE TRIGGER expert_search_changed AFTER UPDATE ON expert_search
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_search_words();

-- The keys of the first search.
DROP INDEX experts_search;
ALTER TABLE experts
    DROP COLUMN name_key, DROP COLUMN topic_key, DROP COLUMN work_key, DROP COLUMN search_key, DROP COLUMN accent_key;

-- A list by degree begins with the best qualified, and its page 500 costs what its first costs.
CREATE INDEX experts_standing ON experts ((-standing), name_sort, id);
CREATE INDEX experts_standing_public ON experts ((-standing), name_sort, id) WHERE public_profile;
CREATE INDEX experts_standing_agencies ON experts ((-standing), name_sort, id) WHERE agency_search;
