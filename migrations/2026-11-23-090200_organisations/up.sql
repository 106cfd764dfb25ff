-- Agencies, Unions, associations and workplaces.
CREATE TABLE organisations (
    id            uuid PRIMARY KEY,
    code          text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9-]{0,39}$'),
    kind          text NOT NULL CHECK (kind IN ('agency', 'union', 'association', 'institution')),
    name          text NOT NULL CHECK (name <> ''),
    name_en       text,
    short_name    text,
    search_key    text NOT NULL,
    valid_from    date,
    valid_to      date CHECK (valid_to >= valid_from),
    succeeded_by  uuid REFERENCES organisations (id) DEFERRABLE INITIALLY DEFERRED CHECK (succeeded_by <> id),
    source        text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX organisations_successor ON organisations (succeeded_by);
CREATE INDEX organisations_name ON organisations (search_key, id);
CREATE CONSTRAINT TRIGGER organisations_audited AFTER INSERT OR UPDATE OR DELETE ON organisations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
