CREATE OR REPLACE FUNCTION next_expert_code() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'CG-' || lpad(n::text, greatest(6, length(n::text)), '0') FROM nextval('expert_code_seq') AS n
$$;

ALTER TABLE audit_details RESET (toast_tuple_target);
ALTER TABLE expert_search RESET (toast_tuple_target);
ALTER TABLE experts RESET (toast_tuple_target);

ALTER INDEX expert_search_words SET (gin_pending_list_limit = 512);
