ALTER TABLE expert_availability DROP CONSTRAINT expert_availability_note_check;
DROP INDEX experts_groups;
DROP INDEX experts_audience;
DROP INDEX expert_fields_code;
CREATE INDEX expert_fields_code ON expert_fields (scheme, code text_pattern_ops, expert_id);
ALTER TABLE expert_fields DROP COLUMN new_from;
