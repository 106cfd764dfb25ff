DROP INDEX experts_open_workplace;
ALTER TABLE experts DROP COLUMN workplace_key;

-- A body as it is today, or was last, in the one row it had; the rest has no place there.
CREATE TEMP TABLE kept ON COMMIT DROP AS
SELECT o.id, o.code, o.kind, v.name, v.name_en, v.short_name,
       coalesce(n.search_key, ' ' || lower(v.name) || ' ') AS search_key, o.valid_from, o.valid_to,
       (SELECT s.successor_id FROM organisation_successions s
         WHERE s.predecessor_id = o.id AND s.kind <> 'split' ORDER BY s.successor_id LIMIT 1) AS succeeded_by,
       o.source, o.created_at, o.updated_at
  FROM organisations o
 CROSS JOIN LATERAL (SELECT * FROM organisation_versions w WHERE w.organisation_id = o.id
                      ORDER BY w.valid_from DESC NULLS LAST LIMIT 1) v
 CROSS JOIN LATERAL (SELECT string_agg(m.key, '' ORDER BY m.kind) AS search_key FROM organisation_names m
                      WHERE m.organisation_id = o.id AND m.kind IN ('full', 'short', 'english')
                        AND m.valid_from IS NOT DISTINCT FROM v.valid_from) n;

DROP TABLE organisation_names, organisation_heirs, organisation_successions, organisation_versions;
DROP FUNCTION derive_organisation_heirs();
DROP TABLE organisations CASCADE;
DROP FUNCTION next_organisation_code();
DROP SEQUENCE organisation_code_seq;
DROP EXTENSION btree_gist;

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
INSERT INTO organisations SELECT * FROM kept;
SET CONSTRAINTS ALL IMMEDIATE;
CREATE INDEX organisations_successor ON organisations (succeeded_by);
CREATE INDEX organisations_name ON organisations (search_key, id);
CREATE CONSTRAINT TRIGGER organisations_audited AFTER INSERT OR UPDATE OR DELETE ON organisations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
ALTER TABLE experts ADD CONSTRAINT experts_workplace_id_fkey FOREIGN KEY (workplace_id) REFERENCES organisations (id);
ALTER TABLE accounts ADD CONSTRAINT accounts_organisation_id_fkey
    FOREIGN KEY (organisation_id) REFERENCES organisations (id);
ALTER TABLE api_clients ADD CONSTRAINT api_clients_organisation_id_fkey
    FOREIGN KEY (organisation_id) REFERENCES organisations (id);
