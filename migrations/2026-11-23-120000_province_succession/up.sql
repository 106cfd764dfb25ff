-- Which province took the place of one that has ended. The loader writes it: a change of data wants its audit event.
ALTER TABLE provinces
    ADD COLUMN succeeded_by integer REFERENCES provinces (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT provinces_succeeded_when_over CHECK (succeeded_by IS NULL OR valid_to IS NOT NULL);
CREATE INDEX provinces_succeeded_by ON provinces (succeeded_by);
