-- Fails while merges stand: undo them first, or what the losers said and whose accounts wait would be lost.
ALTER TABLE accounts DROP CONSTRAINT accounts_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_check CHECK ((role = 'expert') = (expert_id IS NOT NULL));
DROP TRIGGER expert_consents_expert ON expert_consents;
DROP FUNCTION require_consenting_expert();
ALTER TABLE expert_consents ADD CONSTRAINT expert_consents_expert_id_fkey FOREIGN KEY (expert_id) REFERENCES experts (id);
DROP TABLE expert_merges;
