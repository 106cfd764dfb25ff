DROP TABLE disclosures;
DROP TABLE audit_chain;
DROP TABLE audit_pending;
DROP TABLE audit_details;
DROP TABLE audit_events;
DROP FUNCTION require_audit_event();
DROP FUNCTION queue_audit_event();
DROP FUNCTION refuse_change();
