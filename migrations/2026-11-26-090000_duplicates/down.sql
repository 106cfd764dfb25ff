DROP TABLE expert_distinctions;
DROP INDEX expert_search_alike;
ALTER TABLE expert_search DROP COLUMN alike;
