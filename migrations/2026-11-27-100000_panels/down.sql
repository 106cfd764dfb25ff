DROP TRIGGER consultations_panels ON consultations;
DROP TRIGGER experts_panels ON experts;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['expert_publications', 'association_officers', 'consultation_drafters', 'panel_members'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', name || '_panels_came', name);
        EXECUTE format('DROP TRIGGER %I ON %I', name || '_panels_changed', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['expert_publications', 'association_officers', 'consultation_drafters'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', name || '_panels_went', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['organisation_versions', 'organisation_successions', 'settings'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', name || '_panels', name);
    END LOOP;
END $$;
DROP TABLE panel_watch;
DROP TABLE panel_rechecks;
DROP TABLE panel_findings;
DROP TABLE conflict_checks;
DROP TABLE conflict_decisions;
ALTER TABLE panel_members DROP COLUMN ended_by_merge;
DROP FUNCTION recheck_panel_of_consultation();
DROP FUNCTION recheck_panels_of_consultations();
DROP FUNCTION recheck_panels_of_parts();
DROP FUNCTION recheck_panels_of_experts();
DROP FUNCTION enter_panels_of(uuid[]);
DROP FUNCTION recheck_all_panels();
