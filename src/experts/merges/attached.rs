//! What is attached to records that become one: accounts, posts in associations, drafts of what consultations are about.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use crate::accounts;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::store::Rows;
use crate::kernel::problem::Answer;

/// What happened to accounts that got another expert or are closed, and to associations and consultations whose officer or drafter
/// is another record.
pub(super) fn attached(moved: &Rows, closed: &[Value], action: &'static str) -> Vec<Event> {
    let accounts = moved.get("accounts").into_iter().flatten().map(|row| (row, vec!["expert_id"]));
    let closed = closed.iter().map(|row| (row, vec!["expert_id", "enabled"]));
    let on_accounts = accounts
        .chain(closed)
        .filter_map(|(row, fields)| Some(Event::on("account", uuid_of(row, "id")?).action(action).fields(fields)));
    let posts = moved.get("association_officers").into_iter().flatten();
    let bodies: BTreeSet<Uuid> = posts.filter_map(|row| uuid_of(row, "organisation_id")).collect();
    let on_bodies = bodies.into_iter().map(|id| Event::on("association", id).action(action).fields(["officers"]));
    let drafts = moved.get("consultation_drafters").into_iter().flatten();
    let requests: BTreeSet<Uuid> = drafts.filter_map(|row| uuid_of(row, "consultation_id")).collect();
    let on_requests = requests.into_iter().map(|id| Event::on("consultation", id).action(action).fields(["drafters"]));
    on_accounts.chain(on_bodies).chain(on_requests).collect()
}

fn uuid_of(row: &Value, column: &str) -> Option<Uuid> {
    row.get(column)?.as_str()?.parse().ok()
}

/// Whoever gets the rights of another record, or none, signs in anew.
pub(super) async fn end_sessions(tx: &mut Conn, moved: &Rows, closed: &[Value]) -> Answer<()> {
    let moved = moved.get("accounts").into_iter().flatten().map(|row| (row, "role"));
    for (row, why) in moved.chain(closed.iter().map(|row| (row, "disabled"))) {
        if let Some(account) = uuid_of(row, "id") {
            accounts::store::end_sessions(tx, account, None, why).await?;
        }
    }
    Ok(())
}
