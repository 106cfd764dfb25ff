DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['expert_fields', 'expert_publications', 'expert_sources', 'settings', 'science_fields',
                                'academic_titles', 'provinces', 'holidays'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', name || '_audited', name);
    END LOOP;
END $$;
