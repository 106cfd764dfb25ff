-- People are counted by field, each once however many of their fields lie under it. `new_from` is the number of digits
-- from which on none of a person's earlier fields begins like this one: so a field's count is a sum over rows, without
-- telling people apart. It is written with the rows, for a person's fields are always written together.
ALTER TABLE expert_fields ADD COLUMN new_from smallint;
ALTER TABLE expert_fields DISABLE TRIGGER expert_fields_audited;
UPDATE expert_fields f SET new_from = coalesce((
    SELECT max(CASE WHEN left(earlier.code, 7) = left(f.code, 7) AND length(f.code) >= 7 THEN 9
                    WHEN left(earlier.code, 5) = left(f.code, 5) AND length(f.code) >= 5 THEN 7
                    WHEN left(earlier.code, 3) = left(f.code, 3) AND length(f.code) >= 3 THEN 5
                    WHEN left(earlier.code, 1) = left(f.code, 1) THEN 3 ELSE 1 END)
      FROM expert_fields earlier
     WHERE earlier.expert_id = f.expert_id AND earlier.scheme = f.scheme AND earlier.ordinal < f.ordinal), 1);
ALTER TABLE expert_fields ENABLE TRIGGER expert_fields_audited;
ALTER TABLE expert_fields ALTER COLUMN new_from SET NOT NULL;

-- counting reads these and no table
DROP INDEX expert_fields_code;
CREATE INDEX expert_fields_code ON expert_fields (scheme, code text_pattern_ops, expert_id) INCLUDE (new_from);
CREATE INDEX experts_audience ON experts (id) INCLUDE (public_profile, agency_search);
CREATE INDEX experts_groups ON experts (id) INCLUDE (field_groups, public_profile, agency_search) WHERE field_groups <> '{}';

-- what stands beside an open-ended statement is for the Union and the person; long texts have no place there
ALTER TABLE expert_availability ADD CHECK (length(note) BETWEEN 1 AND 500);
