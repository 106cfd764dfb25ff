DROP TRIGGER settings_version ON settings;
DROP TRIGGER field_group_fields_version ON field_group_fields;
DROP TRIGGER field_groups_version ON field_groups;
DROP TRIGGER science_fields_version ON science_fields;
DROP TRIGGER provinces_version ON provinces;
DROP TRIGGER academic_titles_version ON academic_titles;
DROP FUNCTION count_reference_version();
DROP TABLE reference_version;
