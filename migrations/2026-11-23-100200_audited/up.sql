-- "No commit without an audit event" for every table of the domain: what describes an expert beside the profile itself,
-- and reference data, which decides what may be entered and what it means.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['expert_fields', 'expert_publications', 'expert_sources', 'settings', 'science_fields',
                                'academic_titles', 'provinces', 'holidays'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I
                        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event()',
                       name || '_audited', name);
    END LOOP;
END $$;
