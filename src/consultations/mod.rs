//! Consultations (tư vấn, phản biện, giám định xã hội): an agency files a request, the Union decides; every step is dated, due and
//! recorded.
//!
//! `state.rs` is the table of states and verbs, `clock.rs` and `calendar.rs` say when what is due, `rules.rs` what a request needs;
//! all pure. `store.rs` holds the SQL.

mod attachments;
pub mod calendar;
mod clock;
pub mod conclusion;
mod content;
mod days;
mod events;
mod file;
mod form;
pub mod invitations;
pub mod matching;
mod minutes;
pub mod model;
pub mod opinions;
pub mod panel;
pub mod policy;
mod reader;
mod rules;
mod search;
pub mod settings;
pub mod state;
pub mod store;
pub mod timeline;
mod verbs;
mod view;
pub mod words;
pub mod work;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::db::Db;
use crate::kernel::problem::Answer;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    search::configure(config);
    file::configure(config);
    verbs::configure(config);
    events::configure(config);
    attachments::configure(config);
    days::configure(config);
    matching::configure(config);
    panel::configure(config);
    invitations::configure(config);
    timeline::configure(config);
    opinions::configure(config);
    minutes::configure(config);
    conclusion::configure(config);
}

/// Forgets pieces of attachments whose upload broke off; how many there were.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_pieces(db: &Db) -> Answer<usize> {
    store::sweep_chunks(&mut db.conn().await?).await
}
