DROP INDEX experts_standing, experts_standing_public, experts_standing_agencies;
-- the keys are derived in Rust: an older program finds nobody until each record was written again
ALTER TABLE experts
    ADD COLUMN name_key   text NOT NULL DEFAULT '',
    ADD COLUMN topic_key  text NOT NULL DEFAULT '',
    ADD COLUMN work_key   text NOT NULL DEFAULT '',
    ADD COLUMN search_key text NOT NULL DEFAULT '',
    ADD COLUMN accent_key text NOT NULL DEFAULT '';
ALTER TABLE experts
    ALTER COLUMN name_key DROP DEFAULT, ALTER COLUMN topic_key DROP DEFAULT, ALTER COLUMN work_key DROP DEFAULT,
    ALTER COLUMN search_key DROP DEFAULT, ALTER COLUMN accent_key DROP DEFAULT;
CREATE INDEX experts_search ON experts USING gin (search_key gin_trgm_ops);
DROP TRIGGER experts_followed ON experts;
DROP FUNCTION follow_expert();
DROP TABLE expert_search;
DROP TABLE search_words;
DROP FUNCTION count_search_words();
