-- Many people at once put their words into the index in larger pieces; those of single people are put there each minute by whoever
-- keeps house, so that no search reads what waits for long.
ALTER INDEX expert_search_words SET (gin_pending_list_limit = 2048);

-- A row of some 2 to 4 kB stays in one piece: PostgreSQL neither tries to compress what is sealed or short, nor keeps it elsewhere.
ALTER TABLE experts SET (toast_tuple_target = 4080);
ALTER TABLE expert_search SET (toast_tuple_target = 8160);
ALTER TABLE audit_details SET (toast_tuple_target = 8160);

-- At least six digits, in one expression, which becomes a part of the statement.
CREATE OR REPLACE FUNCTION next_expert_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'CG-' || to_char(nextval('expert_code_seq'), 'FM999999999999000000')
$$;
