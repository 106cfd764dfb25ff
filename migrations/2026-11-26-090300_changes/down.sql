DROP TRIGGER experts_went_noted ON experts;
DROP TRIGGER experts_changed_noted ON experts;
DROP TRIGGER experts_came_noted ON experts;
DROP FUNCTION note_expert_changes();
DROP TABLE expert_shown;
DROP TABLE expert_changes;
