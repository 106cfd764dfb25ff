DROP TRIGGER experts_undue ON experts;
DROP TRIGGER experts_due ON experts;
DROP TRIGGER experts_came_due ON experts;
DROP FUNCTION come_due_for_duplicates();
DROP TABLE expert_duplicates_due;
DROP TABLE expert_duplicates;
