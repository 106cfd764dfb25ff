ALTER TABLE provinces
    DROP CONSTRAINT provinces_succeeded_when_over,
    DROP COLUMN succeeded_by;
