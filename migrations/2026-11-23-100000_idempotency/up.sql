-- Retried POSTs: what an Idempotency-Key stood for, kept for a day. Keyed hashes only: neither the key nor the body is here.
CREATE TABLE idempotency_keys (
    -- caller, method, path and key
    scope_hash  bytea PRIMARY KEY,
    body_hash   bytea NOT NULL,
    -- null only inside the transaction that does the work
    resource_id uuid,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
