//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod accounts_disable;
mod api_clients;
mod associations;
mod audit_chain;
mod audit_events;
mod auth;
mod consultations;
mod conventions;
mod coverage;
mod database;
mod drift;
mod experts {
    mod availability;
    mod changes;
    mod consents;
    mod duplicates;
    mod enter;
    mod history;
    mod links;
    mod load;
    mod merge_rules;
    mod merges;
    mod nominations;
    mod noninterference;
    mod normalised;
    mod patch;
    mod profile;
    mod publications;
    mod record;
    mod restricted;
    mod search;
    mod search_filters;
    mod search_order;
    mod search_words;
    mod states;
    mod unseen;
}
mod field_counts;
mod field_groups;
mod fields;
mod journeys {
    mod associations;
    mod consultations;
    mod first_day;
    mod panel_work;
    mod ways_in;
}
mod idempotency;
mod logging;
mod me;
mod organisations {
    mod edit;
    mod find;
    mod history;
    mod load;
    mod succeed;
}
mod provinces;
mod reference;
mod reset;
mod shared_connections;
mod support;
mod sync;
mod throttle;
mod workplaces;
