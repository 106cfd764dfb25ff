//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

mod coverage;
mod database;
mod drift;
mod experts {
    mod consents;
    mod enter;
    mod load;
    mod patch;
    mod profile;
    mod restricted;
    mod search;
    mod search_order;
    mod unseen;
}
mod fields;
mod journeys {
    mod first_day;
}
mod organisations;
mod reference;
mod support;
