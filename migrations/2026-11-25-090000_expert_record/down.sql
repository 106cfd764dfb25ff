DROP TRIGGER experts_status ON experts;
DROP FUNCTION apply_status();
CREATE OR REPLACE FUNCTION apply_consent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wants_public boolean;
    wants_agencies boolean;
BEGIN
    SELECT coalesce(bool_or(given) FILTER (WHERE purpose = 'public_profile'), false),
           coalesce(bool_or(given) FILTER (WHERE purpose = 'agency_search'), false)
      INTO wants_public, wants_agencies
      FROM (SELECT DISTINCT ON (purpose) purpose, given FROM expert_consents
             WHERE expert_id = NEW.expert_id ORDER BY purpose, seq DESC) latest;
    UPDATE experts SET public_profile = wants_public, agency_search = wants_public OR wants_agencies
     WHERE id = NEW.expert_id
       AND (public_profile, agency_search) IS DISTINCT FROM (wants_public, wants_public OR wants_agencies);
    RETURN NULL;
END $$;
ALTER TABLE experts DISABLE TRIGGER experts_audited;
UPDATE experts e SET public_profile = a.public, agency_search = a.agencies
  FROM experts o CROSS JOIN LATERAL expert_audience(o.id, 'active') a
 WHERE o.id = e.id AND (e.public_profile, e.agency_search) IS DISTINCT FROM (a.public, a.agencies);
ALTER TABLE experts ENABLE TRIGGER experts_audited;
DROP FUNCTION expert_audience(uuid, text);
DROP TABLE field_group_fields, field_groups, expert_availability, expert_memberships;
ALTER TABLE experts
    DROP COLUMN former_names, DROP COLUMN other_names, DROP COLUMN birth_precision, DROP COLUMN nationality,
    DROP COLUMN country, DROP COLUMN academic_rank_year, DROP COLUMN degree_year, DROP COLUMN professional_title,
    DROP COLUMN honours, DROP COLUMN unit, DROP COLUMN field_groups, DROP COLUMN biography, DROP COLUMN details,
    DROP COLUMN nominated_by, DROP COLUMN verified_by, DROP COLUMN verified_at, DROP COLUMN standing_evidence,
    DROP COLUMN max_parallel, DROP COLUMN accepted_kinds, DROP COLUMN last_confirmed;
