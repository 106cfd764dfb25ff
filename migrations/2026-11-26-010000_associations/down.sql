DROP FUNCTION associations_on(date);
DROP TRIGGER organisation_versions_association ON organisation_versions;
DROP TABLE change_requests, association_reports, association_counts, union_memberships, association_officers,
    association_congresses, association_extensions, association_terms, association_charters, association_special_statuses,
    association_states, association_fields;
DROP TRIGGER organisations_association ON organisations;
DROP TABLE associations;
DROP FUNCTION refuse_association_namesake();
DROP FUNCTION province_on(integer, date);
DROP FUNCTION enter_association();
DROP FUNCTION is_document(jsonb);
