CREATE TABLE accounts (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    username        text NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
    display_name    text NOT NULL CHECK (display_name <> ''),
    role            text NOT NULL CHECK (role IN ('expert', 'association', 'agency', 'science_dept', 'union_officer',
                                                  'union_leader', 'auditor', 'admin')),
    organisation_id uuid REFERENCES organisations (id),
    expert_id       uuid UNIQUE REFERENCES experts (id),
    password_hash   text,
    -- a published demo password: signs in on a loopback bind only; cleared by the first change of password
    demo            boolean NOT NULL DEFAULT false,
    disabled_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((role = 'expert') = (expert_id IS NOT NULL)),
    CHECK (role NOT IN ('association', 'agency', 'science_dept') OR organisation_id IS NOT NULL)
);
CREATE INDEX accounts_organisation ON accounts (organisation_id);
CREATE CONSTRAINT TRIGGER accounts_audited AFTER INSERT OR UPDATE OR DELETE ON accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

CREATE TABLE sessions (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES accounts (id),
    user_agent  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    text CHECK (ended_by IN ('logout', 'reuse', 'password', 'disabled', 'role', 'revoked')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX sessions_account ON sessions (account_id, id);

-- Refresh tokens are opaque; only their hash is kept. A used one that comes back was copied: the session ends.
CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions (id),
    issued_at  timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE password_resets (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES accounts (id),
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX password_resets_account ON password_resets (account_id);

CREATE TABLE api_clients (
    id              uuid PRIMARY KEY,
    name            text NOT NULL CHECK (name <> ''),
    role            text NOT NULL CHECK (role IN ('association', 'agency', 'science_dept', 'union_officer', 'auditor')),
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    secret_hash     bytea NOT NULL CHECK (length(secret_hash) = 32),
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz
);
CREATE INDEX api_clients_organisation ON api_clients (organisation_id);
CREATE CONSTRAINT TRIGGER api_clients_audited AFTER INSERT OR UPDATE OR DELETE ON api_clients
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- A known text sealed under each key that was ever used here: a wrong key is noticed at start, not when the first
-- contact can't be opened.
CREATE TABLE sealing_keys (
    key_id     text PRIMARY KEY,
    sample     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
