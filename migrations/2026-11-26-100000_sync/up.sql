-- What a source last sent of a record (its base), sealed: what changed since is told from it, at the source as well as here.
-- A record that a snapshot no longer has is absent, one the source says it took out is withdrawn; the expert stays.
-- Of a record that came to somebody known, by a merge or because an officer said so, the source did not supply the person.
ALTER TABLE expert_sources
    ADD COLUMN supplied     boolean NOT NULL DEFAULT true,
    ADD COLUMN base         bytea,
    ADD COLUMN absent_since timestamptz,
    ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE expert_sources ALTER COLUMN base SET STORAGE EXTERNAL;

-- Records of people who were erased here: known by a keyed hash of source and id alone, so that none comes back as somebody new.
CREATE TABLE erased_source_records (
    record_hash bytea       PRIMARY KEY,
    erased_at   timestamptz NOT NULL DEFAULT now()
);
CREATE CONSTRAINT TRIGGER erased_source_records_audited AFTER INSERT OR UPDATE OR DELETE ON erased_source_records
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- A plan of what a file of a source changes, and the run that it becomes when it is applied.
CREATE TABLE sync_plans (
    id              uuid        PRIMARY KEY,
    version         bigint      NOT NULL DEFAULT 1,
    source          text        NOT NULL CHECK (source ~ '^[a-z][a-z0-9_-]{0,31}$'),
    mode            text        NOT NULL CHECK (mode IN ('delta', 'snapshot')),
    state           text        NOT NULL
        CHECK (state IN ('receiving', 'planning', 'ready', 'blocked', 'applying', 'applied', 'failed', 'reverting', 'reverted')),
    auto_apply      boolean     NOT NULL DEFAULT false,
    file_hash       bytea,
    bytes           bigint      NOT NULL DEFAULT 0,
    records         bigint      NOT NULL DEFAULT 0,
    same_as         uuid        REFERENCES sync_plans (id),
    hash            bytea,
    counts          jsonb       NOT NULL DEFAULT '{}',
    -- of these, changes of people the source did not supply, by kind: nobody outside the Union is told them apart
    others          jsonb       NOT NULL DEFAULT '{}',
    brake           jsonb,
    failure         jsonb,
    actor_kind      text        NOT NULL,
    actor_id        uuid,
    actor_role      text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    planned_at      timestamptz,
    released_by     uuid,
    released_at     timestamptz,
    apply_kind      text,
    apply_id        uuid,
    apply_role      text,
    apply_asked_at  timestamptz,
    applied_at      timestamptz,
    revert_kind     text,
    revert_id       uuid,
    revert_role     text,
    reverted_at     timestamptz,
    forgotten_at    timestamptz
);
CREATE INDEX sync_plans_same ON sync_plans (same_as);
CREATE INDEX sync_plans_file ON sync_plans (source, file_hash);
CREATE INDEX sync_plans_open ON sync_plans (created_at) WHERE state IN ('receiving', 'planning', 'applying', 'reverting');
CREATE CONSTRAINT TRIGGER sync_plans_audited AFTER INSERT OR UPDATE OR DELETE ON sync_plans
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();

-- Who works on a plan and how far it is. Whoever does not renew the lease is taken for dead.
CREATE TABLE sync_work (
    plan_id     uuid        PRIMARY KEY REFERENCES sync_plans (id) ON DELETE CASCADE,
    worker      uuid,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    attempts    integer     NOT NULL DEFAULT 0,
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint      NOT NULL DEFAULT 0,
    started_at  timestamptz
);

-- The lines of a file as they came, some hundred a row, sealed; gone when the plan is made.
CREATE TABLE sync_chunks (
    plan_id uuid    NOT NULL REFERENCES sync_plans (id) ON DELETE CASCADE,
    number  integer NOT NULL,
    sealed  bytea   NOT NULL,
    PRIMARY KEY (plan_id, number)
);
ALTER TABLE sync_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- What becomes of each record. Everything that says something of a person is sealed.
CREATE TABLE sync_changes (
    plan_id         uuid     NOT NULL REFERENCES sync_plans (id) ON DELETE CASCADE,
    number          bigint   NOT NULL,
    kind            text     NOT NULL CHECK (kind IN ('create', 'update', 'unchanged', 'conflict', 'ambiguous', 'absent',
                                                      'tombstone', 'rejected')),
    outcome         text     CHECK (outcome IN ('left', 'deceased', 'merged', 'erased', 'returned', 'not_known')),
    line            bigint,
    external_id     text,
    -- none of it may hold up what becomes of the person
    expert_id       uuid,
    expert_version  bigint,
    loaded_version  bigint,
    -- false where the source did not supply the person
    supplied        boolean  NOT NULL DEFAULT true,
    -- the record's row when this was planned: whoever writes it moves the plan
    resting_mark    text,
    digest          bytea,
    row_hash        bytea    NOT NULL,
    detail          bytea,
    -- of a record that may be somebody known, once that is decided: what it says and who it may be, to decide anew
    doubt           bytea,
    -- whom the detail or the doubt names
    likes           uuid[],
    decision        text     CHECK (decision IN ('theirs', 'ours', 'link', 'create', 'reject')),
    decided_by      uuid,
    decided_at      timestamptz,
    written_version bigint,
    undo            bytea,
    -- what the record's row was when this was written: another one has been written since
    written_mark    text,
    -- bytes of the detail, or of what it takes to undo it, unpacked: batches go by it
    weight          bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (plan_id, number)
);
CREATE INDEX sync_changes_kind ON sync_changes (plan_id, kind, number);
CREATE INDEX sync_changes_record ON sync_changes (plan_id, external_id);
CREATE INDEX sync_changes_expert ON sync_changes (expert_id) WHERE detail IS NOT NULL OR undo IS NOT NULL;
CREATE INDEX sync_changes_likes ON sync_changes USING gin (likes) WHERE likes IS NOT NULL;
ALTER TABLE sync_changes ALTER COLUMN doubt SET STORAGE EXTERNAL;
ALTER TABLE sync_changes ALTER COLUMN detail SET STORAGE EXTERNAL;
ALTER TABLE sync_changes ALTER COLUMN undo SET STORAGE EXTERNAL;

-- What an officer decided of a record that may be somebody known: the next plan goes by it.
CREATE TABLE sync_decisions (
    source      text        NOT NULL,
    external_id text        NOT NULL,
    decision    text        NOT NULL CHECK (decision IN ('link', 'create', 'reject')),
    expert_id   uuid        REFERENCES experts (id),
    decided_by  uuid,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, external_id),
    CHECK ((decision = 'link') = (expert_id IS NOT NULL))
);
CREATE INDEX sync_decisions_expert ON sync_decisions (expert_id);
CREATE CONSTRAINT TRIGGER sync_decisions_audited AFTER INSERT OR UPDATE OR DELETE ON sync_decisions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_audit_event();
