DROP TABLE holidays;
DROP TABLE provinces;
DROP TABLE academic_titles;
DROP TABLE science_fields;
DROP TABLE settings;
