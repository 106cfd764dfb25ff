ALTER TABLE sync_changes RESET (fillfactor);

DROP INDEX expert_search_words;
ALTER TABLE expert_search DISABLE TRIGGER expert_search_changed;
UPDATE expert_search s SET
       words = (SELECT coalesce(string_agg(quote_literal(w.lexeme) || ':' || p.places, ' '), '')::tsvector
                  FROM (SELECT lexeme, positions, weights FROM unnest(s.words)
                        UNION ALL
                        SELECT '=' || lexeme, positions, weights FROM unnest(s.accents)) w, LATERAL (
                       SELECT string_agg(u.position || u.weight, ',') AS places
                         FROM unnest(w.positions, w.weights) u (position, weight)) p);
ALTER TABLE expert_search ENABLE TRIGGER expert_search_changed;
ALTER TABLE expert_search DROP COLUMN accents;
CREATE INDEX expert_search_words ON expert_search USING gin (words) WITH (gin_pending_list_limit = 512);

CREATE OR REPLACE FUNCTION count_search_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came CONSTANT text := 'SELECT 1 AS n, * FROM new_rows';
    went CONSTANT text := 'SELECT -1 AS n, * FROM old_rows';
    changes CONSTANT text := CASE TG_OP WHEN 'INSERT' THEN came WHEN 'DELETE' THEN went
                                        ELSE came || ' UNION ALL ' || went END;
BEGIN
    IF TG_OP = 'INSERT' AND current_setting('expert_bank.words_counted', true) = 'on' THEN
        RETURN NULL;
    END IF;
    EXECUTE format($query$
        WITH r AS MATERIALIZED (%s)
        INSERT INTO search_words (kind, key, label, everybody, agencies, public)
        SELECT * FROM (
            SELECT 'word', key, '', sum(n) AS everybody, sum(n * agency_search::int) AS agencies,
                   sum(n * public_profile::int) AS public
              FROM r CROSS JOIN LATERAL unnest(tsvector_to_array(r.words)) w (key)
             WHERE key COLLATE "C" < '=' OR key COLLATE "C" >= '>' GROUP BY key
            UNION ALL
            SELECT 'specialty', split_part(s, E'\t', 1), split_part(s, E'\t', 2), sum(n),
                   sum(n * agency_search::int), sum(n * public_profile::int)
              FROM r CROSS JOIN LATERAL unnest(r.specialties) w (s) GROUP BY s
            UNION ALL
            SELECT 'people', '', '', sum(n), sum(n * agency_search::int), sum(n * public_profile::int) FROM r) counted
         WHERE everybody <> 0 OR agencies <> 0 OR public <> 0
    $query$, changes);
    RETURN NULL;
END $$;
