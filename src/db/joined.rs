//! Which tables are asked for in one query of diesel's: each pair takes a dozen impls, and all pairs of all tables took a third
//! of a debug build of this library. A join that does not compile wants its pair here. (Queries written as SQL need none.)

use diesel::allow_tables_to_appear_in_same_query as together;

use super::schema::*;

together!(accounts, sessions);
together!(refresh_tokens, sessions);
together!(audit_events, audit_chain, audit_details, audit_pending);
together!(experts, expert_sources);
together!(field_group_fields, field_groups);
together!(field_group_fields, science_fields);
together!(organisations, organisation_heirs);
together!(organisations, organisation_names);
together!(organisations, organisation_versions);
