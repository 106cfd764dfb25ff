-- The words everybody is shown by (titles, provinces, fields, groups of fields) and the settings change a few times a year.
-- Their version lets an instance keep them: every answer reads the version in the same snapshot as its rows, so it never
-- shows words of another time.
CREATE TABLE reference_version (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version  bigint  NOT NULL
);
INSERT INTO reference_version (version) VALUES (1);

-- Before the statement, so that all writers take this lock first, and one after the other: versions are in the order of
-- commits, and nobody waits in a circle.
CREATE FUNCTION count_reference_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reference_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER academic_titles_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON academic_titles
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
CREATE TRIGGER provinces_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON provinces
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
CREATE TRIGGER science_fields_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON science_fields
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
CREATE TRIGGER field_groups_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON field_groups
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
CREATE TRIGGER field_group_fields_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON field_group_fields
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
CREATE TRIGGER settings_version BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION count_reference_version();
