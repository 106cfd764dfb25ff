ALTER TABLE consultations DROP COLUMN asked_anew_on, DROP COLUMN decision_document;
DROP TABLE expert_evaluations;
DROP TABLE recommendation_replies;
DROP TABLE conclusions;
DROP FUNCTION refuse_change_of_delivered();
