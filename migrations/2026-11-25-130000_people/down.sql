DROP TABLE expert_nominations, expert_links;
DROP TRIGGER expert_consents_text ON expert_consents;
DROP FUNCTION require_consent_text();
DROP TABLE consent_texts;
