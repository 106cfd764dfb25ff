// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;
}

diesel::table! {
    academic_titles (code) {
        code -> Text,
        kind -> Text,
        name_vi -> Text,
        name_en -> Text,
        abbreviation -> Text,
        rank -> Int2,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    accounts (id) {
        id -> Uuid,
        version -> Int8,
        username -> Text,
        display_name -> Text,
        role -> Text,
        organisation_id -> Nullable<Uuid>,
        expert_id -> Nullable<Uuid>,
        password_hash -> Nullable<Text>,
        demo -> Bool,
        disabled_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    api_clients (id) {
        id -> Uuid,
        name -> Text,
        role -> Text,
        organisation_id -> Uuid,
        secret_hash -> Bytea,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    association_charters (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        valid_from -> Date,
        document -> Jsonb,
        file -> Nullable<Text>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    association_congresses (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        term_id -> Nullable<Uuid>,
        kind -> Text,
        held_from -> Date,
        held_to -> Date,
        place -> Nullable<Text>,
        delegates_invited -> Nullable<Int4>,
        delegates_present -> Nullable<Int4>,
        document -> Nullable<Jsonb>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    association_counts (organisation_id, year, kind) {
        organisation_id -> Uuid,
        year -> Int2,
        kind -> Text,
        total -> Int4,
        women -> Nullable<Int4>,
        degrees -> Jsonb,
    }
}

diesel::table! {
    association_extensions (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        term_id -> Uuid,
        until -> Date,
        document -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    association_fields (organisation_id, scheme, code) {
        organisation_id -> Uuid,
        scheme -> Text,
        code -> Text,
        main -> Bool,
    }
}

diesel::table! {
    association_officers (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        term_id -> Nullable<Uuid>,
        expert_id -> Nullable<Uuid>,
        full_name -> Text,
        name_key -> Text,
        position -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        concurrent_post -> Nullable<Text>,
        full_time -> Nullable<Bool>,
        document -> Nullable<Jsonb>,
    }
}

diesel::table! {
    association_reports (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        year -> Int2,
        received_on -> Date,
        document -> Nullable<Jsonb>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    association_special_statuses (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        kind -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        document -> Nullable<Jsonb>,
    }
}

diesel::table! {
    association_states (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        state -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        until -> Nullable<Date>,
        document -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    association_terms (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        number -> Int2,
        valid_from -> Date,
        valid_to -> Date,
        extended_to -> Nullable<Date>,
        document -> Nullable<Jsonb>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    associations (organisation_id) {
        organisation_id -> Uuid,
        version -> Int8,
        kind -> Text,
        scope -> Text,
        area -> Nullable<Text>,
        area_key -> Text,
        minority_name -> Nullable<Text>,
        department_id -> Nullable<Uuid>,
        headquarters -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        website -> Nullable<Text>,
        tax_code -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    audit_chain (seq) {
        seq -> Int8,
        event_id -> Uuid,
        hash -> Bytea,
    }
}

diesel::table! {
    audit_details (event_id) {
        event_id -> Uuid,
        salt -> Bytea,
        sealed -> Bytea,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        at -> Timestamptz,
        xid -> Int8,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Nullable<Uuid>,
        fields -> Array<Nullable<Text>>,
        digest -> Bytea,
        request_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    audit_pending (event_id) {
        event_id -> Uuid,
        xid -> Int8,
    }
}

diesel::table! {
    calendar_years (year) {
        year -> Int4,
        version -> Int8,
        kept_here -> Bool,
    }
}

diesel::table! {
    change_requests (id) {
        id -> Uuid,
        version -> Int8,
        organisation_id -> Uuid,
        state -> Text,
        changes -> Jsonb,
        officers -> Jsonb,
        reason -> Text,
        filed_by -> Nullable<Uuid>,
        filed_at -> Timestamptz,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        decision_reason -> Nullable<Text>,
    }
}

diesel::table! {
    conclusions (id) {
        id -> Uuid,
        version -> Int8,
        consultation_id -> Uuid,
        number -> Int4,
        content -> Jsonb,
        corrects -> Nullable<Uuid>,
        correction_reason -> Nullable<Text>,
        report -> Nullable<Jsonb>,
        signed_at -> Nullable<Timestamptz>,
        delivered_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    conflict_checks (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
        results -> Jsonb,
    }
}

diesel::table! {
    conflict_decisions (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        expert_id -> Uuid,
        ordinal -> Int4,
        outcome -> Text,
        reason -> Text,
        covers -> Jsonb,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
    }
}

diesel::table! {
    consent_texts (purpose, version) {
        purpose -> Text,
        version -> Text,
        valid_from -> Date,
        title_vi -> Text,
        title_en -> Text,
        text_vi -> Text,
        text_en -> Text,
    }
}

diesel::table! {
    consultation_chunks (file_id, number) {
        file_id -> Uuid,
        number -> Int4,
        data -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    consultation_contacts (consultation_id) {
        consultation_id -> Uuid,
        sealed -> Bytea,
    }
}

diesel::table! {
    consultation_drafters (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        ordinal -> Int2,
        expert_id -> Nullable<Uuid>,
        organisation_id -> Nullable<Uuid>,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    consultation_fields (consultation_id, ordinal) {
        consultation_id -> Uuid,
        ordinal -> Int2,
        scheme -> Text,
        code -> Text,
    }
}

diesel::table! {
    consultation_files (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        kind -> Text,
        name -> Text,
        media_type -> Text,
        bytes -> Int8,
        sha256 -> Bytea,
        by_union -> Bool,
        internal -> Bool,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        opinion_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Tsvector;

    consultation_index (consultation_id) {
        consultation_id -> Uuid,
        step -> Nullable<Text>,
        due_key -> Date,
        report_due_on -> Nullable<Date>,
        left_when_stopped -> Nullable<Int8>,
        renames -> Int8,
        told -> Int8,
        calendar_version -> Int8,
        search_key -> Text,
        words -> Tsvector,
    }
}

diesel::table! {
    consultation_moves (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        ordinal -> Int4,
        at -> Timestamptz,
        verb -> Nullable<Text>,
        from_state -> Nullable<Text>,
        to_state -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
        reason_code -> Nullable<Text>,
        reason -> Nullable<Text>,
        document -> Nullable<Jsonb>,
        missing -> Jsonb,
        resume_on -> Nullable<Date>,
        schedule -> Nullable<Jsonb>,
    }
}

diesel::table! {
    consultation_reminders (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        member_id -> Nullable<Uuid>,
        kind -> Text,
        due_on -> Date,
        at -> Timestamptz,
    }
}

diesel::table! {
    consultation_series (series, year) {
        series -> Text,
        year -> Int4,
        last -> Int4,
    }
}

diesel::table! {
    consultations (id) {
        id -> Uuid,
        version -> Int8,
        kind -> Text,
        origin -> Text,
        state -> Text,
        asker_id -> Uuid,
        kept_by_union -> Bool,
        authority_id -> Nullable<Uuid>,
        authority_name -> Nullable<Text>,
        object -> Nullable<Text>,
        title -> Text,
        summary -> Nullable<Text>,
        questions -> Jsonb,
        letter -> Nullable<Jsonb>,
        letter_key -> Nullable<Text>,
        letter_year -> Nullable<Int4>,
        letter_issuer -> Nullable<Text>,
        decision_on -> Nullable<Date>,
        wanted_by -> Nullable<Date>,
        agreed_by -> Nullable<Date>,
        agreed_after -> Nullable<Int4>,
        urgency -> Text,
        short_time -> Bool,
        funding -> Nullable<Jsonb>,
        no_state_secrets -> Bool,
        lead_id -> Nullable<Uuid>,
        register_number -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        decision_document -> Nullable<Jsonb>,
        asked_anew_on -> Nullable<Date>,
    }
}

diesel::table! {
    disclosures (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
        action -> Text,
        expert_ids -> Array<Nullable<Uuid>>,
        request_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    erased_source_records (record_hash) {
        record_hash -> Bytea,
        erased_at -> Timestamptz,
    }
}

diesel::table! {
    expert_availability (id) {
        id -> Uuid,
        expert_id -> Uuid,
        kind -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    expert_changes (id) {
        id -> Int8,
        seq -> Nullable<Int8>,
        xid -> Int8,
        at -> Timestamptz,
        expert_id -> Uuid,
        was_known -> Bool,
        was_agencies -> Bool,
        was_public -> Bool,
        is_known -> Bool,
        is_agencies -> Bool,
        is_public -> Bool,
        is_open -> Bool,
    }
}

diesel::table! {
    expert_consents (id) {
        id -> Uuid,
        seq -> Int8,
        expert_id -> Uuid,
        purpose -> Text,
        given -> Bool,
        decided_on -> Date,
        channel -> Text,
        document -> Nullable<Text>,
        text_version -> Text,
        recorded_at -> Timestamptz,
        recorded_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    expert_distinctions (one_id, other_id) {
        one_id -> Uuid,
        other_id -> Uuid,
        decided_at -> Timestamptz,
        decided_by -> Nullable<Uuid>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    expert_duplicates (one_id, other_id) {
        one_id -> Uuid,
        other_id -> Uuid,
        score -> Float8,
        certain -> Bool,
        evidence -> Jsonb,
    }
}

diesel::table! {
    expert_duplicates_due (id) {
        id -> Int8,
        expert_id -> Uuid,
    }
}

diesel::table! {
    expert_evaluations (member_id) {
        member_id -> Uuid,
        consultation_id -> Uuid,
        expert_id -> Uuid,
        quality -> Int2,
        timeliness -> Int2,
        remark -> Nullable<Text>,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    expert_fields (expert_id, ordinal) {
        expert_id -> Uuid,
        ordinal -> Int2,
        scheme -> Text,
        code -> Text,
        main -> Bool,
        new_from -> Int2,
    }
}

diesel::table! {
    expert_links (token_hash) {
        token_hash -> Bytea,
        kind -> Text,
        expert_id -> Uuid,
        issued_at -> Timestamptz,
        issued_by -> Nullable<Uuid>,
        expires_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    expert_memberships (expert_id, ordinal) {
        expert_id -> Uuid,
        ordinal -> Int2,
        organisation_id -> Uuid,
        position -> Nullable<Text>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
    }
}

diesel::table! {
    expert_merges (id) {
        id -> Uuid,
        winner_id -> Uuid,
        leads_to -> Nullable<Uuid>,
        loser_id -> Uuid,
        loser_code -> Text,
        loser_name -> Text,
        was_agencies -> Bool,
        was_public -> Bool,
        reason -> Nullable<Text>,
        moved -> Jsonb,
        filled -> Array<Nullable<Text>>,
        left_out -> Array<Nullable<Text>>,
        narrowed -> Array<Nullable<Text>>,
        sealed -> Bytea,
        merged_at -> Timestamptz,
        merged_by -> Nullable<Uuid>,
        undone_at -> Nullable<Timestamptz>,
        undone_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    expert_nominations (id) {
        id -> Uuid,
        version -> Int8,
        state -> Text,
        organisation_id -> Nullable<Uuid>,
        filed_by -> Nullable<Uuid>,
        filed_at -> Timestamptz,
        sealed -> Bytea,
        expert_id -> Nullable<Uuid>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        sealed_decision -> Nullable<Bytea>,
    }
}

diesel::table! {
    expert_publications (id) {
        id -> Uuid,
        expert_id -> Uuid,
        ordinal -> Int4,
        title -> Text,
        #[sql_name = "abstract"]
        abstract_ -> Nullable<Text>,
        year -> Nullable<Int2>,
        venue -> Nullable<Text>,
        doi -> Nullable<Text>,
        authors -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    expert_restricted (expert_id) {
        expert_id -> Uuid,
        sealed -> Bytea,
        email_hashes -> Array<Nullable<Bytea>>,
        phone_hashes -> Array<Nullable<Bytea>>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Tsvector;

    expert_search (expert_id) {
        expert_id -> Uuid,
        words -> Tsvector,
        specialties -> Array<Nullable<Text>>,
        standing -> Int2,
        name_sort -> Bytea,
        public_profile -> Bool,
        agency_search -> Bool,
        alike -> Nullable<Array<Nullable<Int8>>>,
        accents -> Tsvector,
    }
}

diesel::table! {
    expert_shown (expert_id) {
        expert_id -> Uuid,
        digest -> Text,
    }
}

diesel::table! {
    expert_sources (source, external_id) {
        source -> Text,
        external_id -> Text,
        expert_id -> Uuid,
        digest -> Bytea,
        loaded_version -> Int8,
        loaded_at -> Timestamptz,
        supplied -> Bool,
        base -> Nullable<Bytea>,
        absent_since -> Nullable<Timestamptz>,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    experts (id) {
        id -> Uuid,
        code -> Text,
        version -> Int8,
        status -> Text,
        full_name -> Text,
        family_name -> Nullable<Text>,
        middle_name -> Nullable<Text>,
        given_name -> Text,
        name_sort -> Bytea,
        gender -> Nullable<Text>,
        birth_year -> Nullable<Int2>,
        academic_rank -> Nullable<Text>,
        degree -> Nullable<Text>,
        other_titles -> Array<Nullable<Text>>,
        position -> Nullable<Text>,
        workplace -> Nullable<Text>,
        workplace_id -> Nullable<Uuid>,
        province_id -> Nullable<Int4>,
        specialties -> Array<Nullable<Text>>,
        languages -> Array<Nullable<Text>>,
        publications_count -> Nullable<Int4>,
        standing -> Int2,
        public_profile -> Bool,
        agency_search -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        workplace_key -> Nullable<Text>,
        former_names -> Array<Nullable<Text>>,
        other_names -> Array<Nullable<Text>>,
        birth_precision -> Nullable<Text>,
        nationality -> Nullable<Text>,
        country -> Nullable<Text>,
        academic_rank_year -> Nullable<Int2>,
        degree_year -> Nullable<Int2>,
        professional_title -> Nullable<Text>,
        honours -> Array<Nullable<Text>>,
        unit -> Nullable<Text>,
        field_groups -> Array<Nullable<Text>>,
        biography -> Nullable<Text>,
        details -> Jsonb,
        nominated_by -> Nullable<Uuid>,
        verified_by -> Nullable<Uuid>,
        verified_at -> Nullable<Timestamptz>,
        standing_evidence -> Nullable<Text>,
        max_parallel -> Nullable<Int2>,
        accepted_kinds -> Array<Nullable<Text>>,
        last_confirmed -> Nullable<Date>,
    }
}

diesel::table! {
    field_group_fields (group_code, scheme, field_code) {
        group_code -> Text,
        scheme -> Text,
        field_code -> Text,
    }
}

diesel::table! {
    field_groups (code) {
        code -> Text,
        scheme -> Text,
        name_vi -> Text,
        name_en -> Text,
        source -> Nullable<Text>,
    }
}

diesel::table! {
    holidays (day) {
        day -> Date,
        kind -> Text,
        name -> Text,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency_keys (scope_hash) {
        scope_hash -> Bytea,
        body_hash -> Bytea,
        resource_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    opinion_revisions (id) {
        id -> Uuid,
        opinion_id -> Uuid,
        number -> Int4,
        content -> Jsonb,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
    }
}

diesel::table! {
    opinions (id) {
        id -> Uuid,
        version -> Int8,
        consultation_id -> Uuid,
        member_id -> Uuid,
        expert_id -> Uuid,
        state -> Text,
        declaration -> Nullable<Jsonb>,
        assessment -> Nullable<Text>,
        answers -> Jsonb,
        body -> Nullable<Text>,
        paper -> Nullable<Jsonb>,
        reopened_reason -> Nullable<Text>,
        revision -> Int4,
        submitted_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    organisation_heirs (ancestor_id, heir_id) {
        ancestor_id -> Uuid,
        heir_id -> Uuid,
        since -> Date,
    }
}

diesel::table! {
    organisation_names (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        kind -> Text,
        name -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        province_id -> Nullable<Int4>,
        key -> Text,
        search_key -> Text,
        accent_key -> Text,
        match_key -> Text,
        decision_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    organisation_successions (id) {
        id -> Uuid,
        predecessor_id -> Uuid,
        successor_id -> Uuid,
        kind -> Text,
        effective_on -> Date,
        document_number -> Nullable<Text>,
        document_date -> Nullable<Date>,
        document_issuer -> Nullable<Text>,
        document_signatory -> Nullable<Text>,
    }
}

diesel::table! {
    organisation_versions (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        name -> Text,
        name_en -> Nullable<Text>,
        short_name -> Nullable<Text>,
        parent_id -> Nullable<Uuid>,
        province_id -> Nullable<Int4>,
        name_key -> Text,
        document_number -> Nullable<Text>,
        document_date -> Nullable<Date>,
        document_issuer -> Nullable<Text>,
        document_signatory -> Nullable<Text>,
    }
}

diesel::table! {
    organisations (id) {
        id -> Uuid,
        code -> Text,
        kind -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        source -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        loaded_version -> Nullable<Int8>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    panel_findings (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        expert_id -> Uuid,
        key -> Text,
        finding -> Jsonb,
        raised -> Bool,
        found_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    panel_meetings (id) {
        id -> Uuid,
        version -> Int8,
        consultation_id -> Uuid,
        number -> Int4,
        held_on -> Date,
        place -> Text,
        attendance -> Jsonb,
        votes -> Jsonb,
        minutes -> Nullable<Text>,
        signed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    panel_members (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        expert_id -> Uuid,
        seat -> Text,
        rank -> Int2,
        state -> Text,
        score -> Nullable<Float8>,
        reasons -> Jsonb,
        asked_at -> Nullable<Timestamptz>,
        answered_at -> Nullable<Timestamptz>,
        decline_code -> Nullable<Text>,
        ended_at -> Nullable<Timestamptz>,
        ended_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        ended_by_merge -> Nullable<Bool>,
        agreed_answer_by -> Nullable<Date>,
        agreed_answer_at -> Nullable<Timestamptz>,
        agreed_deliver_by -> Nullable<Date>,
        agreed_deliver_at -> Nullable<Timestamptz>,
        replaces -> Nullable<Uuid>,
        answer_note -> Nullable<Text>,
        answer_document -> Nullable<Jsonb>,
        delivered_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    panel_rechecks (id) {
        id -> Int8,
        consultation_id -> Uuid,
    }
}

diesel::table! {
    panel_watch (consultation_id) {
        consultation_id -> Uuid,
        checked_on -> Date,
        records -> Int8,
    }
}

diesel::table! {
    password_resets (token_hash) {
        token_hash -> Bytea,
        account_id -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    provinces (id) {
        id -> Int4,
        code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        name -> Text,
        kind -> Text,
        name_key -> Text,
        succeeded_by -> Nullable<Int4>,
    }
}

diesel::table! {
    recommendation_replies (id) {
        id -> Uuid,
        consultation_id -> Uuid,
        conclusion_id -> Uuid,
        recommendation -> Int4,
        outcome -> Text,
        reason -> Nullable<Text>,
        document -> Jsonb,
        asked_anew_on -> Nullable<Date>,
        at -> Timestamptz,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
    }
}

diesel::table! {
    reference_version (only_one) {
        only_one -> Bool,
        version -> Int8,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Bytea,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    science_fields (scheme, code) {
        scheme -> Text,
        code -> Text,
        parent_code -> Nullable<Text>,
        level -> Int2,
        name_vi -> Text,
        name_en -> Text,
        search_key -> Text,
    }
}

diesel::table! {
    sealing_keys (key_id) {
        key_id -> Text,
        sample -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    search_words (id) {
        id -> Int8,
        kind -> Text,
        key -> Text,
        label -> Text,
        everybody -> Int4,
        agencies -> Int4,
        public -> Int4,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        used_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    settings (name, valid_from) {
        name -> Text,
        valid_from -> Date,
        value -> Jsonb,
        legal_reference -> Nullable<Text>,
    }
}

diesel::table! {
    sign_in_meters (subject) {
        subject -> Bytea,
        full_at -> Timestamptz,
    }
}

diesel::table! {
    sign_in_places (place) {
        place -> Bytea,
        last_seen -> Timestamptz,
    }
}

diesel::table! {
    sync_changes (plan_id, number) {
        plan_id -> Uuid,
        number -> Int8,
        kind -> Text,
        outcome -> Nullable<Text>,
        line -> Nullable<Int8>,
        external_id -> Nullable<Text>,
        expert_id -> Nullable<Uuid>,
        expert_version -> Nullable<Int8>,
        loaded_version -> Nullable<Int8>,
        supplied -> Bool,
        resting_mark -> Nullable<Text>,
        digest -> Nullable<Bytea>,
        row_hash -> Bytea,
        detail -> Nullable<Bytea>,
        doubt -> Nullable<Bytea>,
        likes -> Nullable<Array<Nullable<Uuid>>>,
        decision -> Nullable<Text>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        written_version -> Nullable<Int8>,
        undo -> Nullable<Bytea>,
        written_mark -> Nullable<Text>,
        weight -> Int8,
    }
}

diesel::table! {
    sync_chunks (plan_id, number) {
        plan_id -> Uuid,
        number -> Int4,
        sealed -> Bytea,
    }
}

diesel::table! {
    sync_decisions (source, external_id) {
        source -> Text,
        external_id -> Text,
        decision -> Text,
        expert_id -> Nullable<Uuid>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Timestamptz,
    }
}

diesel::table! {
    sync_plans (id) {
        id -> Uuid,
        version -> Int8,
        source -> Text,
        mode -> Text,
        state -> Text,
        auto_apply -> Bool,
        file_hash -> Nullable<Bytea>,
        bytes -> Int8,
        records -> Int8,
        same_as -> Nullable<Uuid>,
        hash -> Nullable<Bytea>,
        counts -> Jsonb,
        others -> Jsonb,
        brake -> Nullable<Jsonb>,
        failure -> Nullable<Jsonb>,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_role -> Nullable<Text>,
        created_at -> Timestamptz,
        planned_at -> Nullable<Timestamptz>,
        released_by -> Nullable<Uuid>,
        released_at -> Nullable<Timestamptz>,
        apply_kind -> Nullable<Text>,
        apply_id -> Nullable<Uuid>,
        apply_role -> Nullable<Text>,
        apply_asked_at -> Nullable<Timestamptz>,
        applied_at -> Nullable<Timestamptz>,
        revert_kind -> Nullable<Text>,
        revert_id -> Nullable<Uuid>,
        revert_role -> Nullable<Text>,
        reverted_at -> Nullable<Timestamptz>,
        forgotten_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sync_work (plan_id) {
        plan_id -> Uuid,
        worker -> Nullable<Uuid>,
        lease_until -> Timestamptz,
        attempts -> Int4,
        done -> Int8,
        total -> Int8,
        started_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    union_memberships (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        union_id -> Uuid,
        kind -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        document -> Nullable<Jsonb>,
        leaving -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
    }
}

diesel::joinable!(accounts -> experts (expert_id));
diesel::joinable!(accounts -> organisations (organisation_id));
diesel::joinable!(api_clients -> organisations (organisation_id));
diesel::joinable!(association_charters -> associations (organisation_id));
diesel::joinable!(association_congresses -> association_terms (term_id));
diesel::joinable!(association_congresses -> associations (organisation_id));
diesel::joinable!(association_counts -> associations (organisation_id));
diesel::joinable!(association_extensions -> association_terms (term_id));
diesel::joinable!(association_extensions -> associations (organisation_id));
diesel::joinable!(association_fields -> associations (organisation_id));
diesel::joinable!(association_officers -> association_terms (term_id));
diesel::joinable!(association_officers -> associations (organisation_id));
diesel::joinable!(association_officers -> experts (expert_id));
diesel::joinable!(association_reports -> associations (organisation_id));
diesel::joinable!(association_special_statuses -> associations (organisation_id));
diesel::joinable!(association_states -> associations (organisation_id));
diesel::joinable!(association_terms -> associations (organisation_id));
diesel::joinable!(audit_chain -> audit_events (event_id));
diesel::joinable!(audit_details -> audit_events (event_id));
diesel::joinable!(change_requests -> associations (organisation_id));
diesel::joinable!(conclusions -> consultations (consultation_id));
diesel::joinable!(conflict_checks -> consultations (consultation_id));
diesel::joinable!(conflict_decisions -> consultations (consultation_id));
diesel::joinable!(conflict_decisions -> experts (expert_id));
diesel::joinable!(consultation_contacts -> consultations (consultation_id));
diesel::joinable!(consultation_drafters -> consultations (consultation_id));
diesel::joinable!(consultation_drafters -> experts (expert_id));
diesel::joinable!(consultation_drafters -> organisations (organisation_id));
diesel::joinable!(consultation_fields -> consultations (consultation_id));
diesel::joinable!(consultation_files -> consultations (consultation_id));
diesel::joinable!(consultation_files -> opinions (opinion_id));
diesel::joinable!(consultation_index -> consultations (consultation_id));
diesel::joinable!(consultation_moves -> consultations (consultation_id));
diesel::joinable!(consultation_reminders -> consultations (consultation_id));
diesel::joinable!(consultation_reminders -> panel_members (member_id));
diesel::joinable!(consultations -> accounts (lead_id));
diesel::joinable!(expert_availability -> experts (expert_id));
diesel::joinable!(expert_evaluations -> consultations (consultation_id));
diesel::joinable!(expert_evaluations -> experts (expert_id));
diesel::joinable!(expert_evaluations -> panel_members (member_id));
diesel::joinable!(expert_fields -> experts (expert_id));
diesel::joinable!(expert_links -> experts (expert_id));
diesel::joinable!(expert_memberships -> experts (expert_id));
diesel::joinable!(expert_memberships -> organisations (organisation_id));
diesel::joinable!(expert_merges -> experts (leads_to));
diesel::joinable!(expert_nominations -> experts (expert_id));
diesel::joinable!(expert_nominations -> organisations (organisation_id));
diesel::joinable!(expert_publications -> experts (expert_id));
diesel::joinable!(expert_restricted -> experts (expert_id));
diesel::joinable!(expert_search -> experts (expert_id));
diesel::joinable!(expert_sources -> experts (expert_id));
diesel::joinable!(experts -> provinces (province_id));
diesel::joinable!(field_group_fields -> field_groups (group_code));
diesel::joinable!(opinion_revisions -> opinions (opinion_id));
diesel::joinable!(opinions -> consultations (consultation_id));
diesel::joinable!(opinions -> experts (expert_id));
diesel::joinable!(opinions -> panel_members (member_id));
diesel::joinable!(organisation_names -> organisations (organisation_id));
diesel::joinable!(organisation_names -> provinces (province_id));
diesel::joinable!(organisation_versions -> provinces (province_id));
diesel::joinable!(panel_findings -> consultations (consultation_id));
diesel::joinable!(panel_findings -> experts (expert_id));
diesel::joinable!(panel_meetings -> consultations (consultation_id));
diesel::joinable!(panel_members -> consultations (consultation_id));
diesel::joinable!(panel_members -> experts (expert_id));
diesel::joinable!(password_resets -> accounts (account_id));
diesel::joinable!(recommendation_replies -> conclusions (conclusion_id));
diesel::joinable!(recommendation_replies -> consultations (consultation_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(sync_changes -> sync_plans (plan_id));
diesel::joinable!(sync_chunks -> sync_plans (plan_id));
diesel::joinable!(sync_decisions -> experts (expert_id));
diesel::joinable!(sync_work -> sync_plans (plan_id));
diesel::joinable!(union_memberships -> associations (organisation_id));
diesel::joinable!(union_memberships -> organisations (union_id));
