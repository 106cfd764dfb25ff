//! Memberships of associations for the slice of associations: the same rows that the experts' records show.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::model::Membership;
use super::store::{self, ProfileRow};
use crate::access::permit::Scope;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::model::{Period, before};
use crate::say;

pub use store::{AfterMember, MemberRow, MemberSql, members};

/// Most memberships of a person.
const MAX: usize = 100;

async fn lock(tx: &mut Conn, scope: &Scope, key: &str) -> Answer<ProfileRow> {
    store::lock(tx, scope, key).await.map_err(|problem| {
        if problem.code() != Code::NotFound {
            return problem;
        }
        Problem::field("/expert", "unknown_reference", say!("Không có chuyên gia này.", "There is no such expert."))
    })
}

async fn put(tx: &mut Conn, id: Uuid, old: Vec<Membership>, new: Vec<Membership>) -> Answer<Event> {
    store::put_memberships(tx, id, &new).await?;
    store::changed(tx, id).await?;
    let values = json!({ "memberships": [old, new] });
    Ok(Event::on("expert", id).action("experts.update").fields(["memberships"]).values(values))
}

/// Makes an expert a member; whoever is one on a shared day is refused.
///
/// # Errors
/// 422 with the place.
pub async fn enrol(tx: &mut Conn, scope: &Scope, expert: &str, new: Membership) -> Answer<(Uuid, Event)> {
    let row = lock(tx, scope, expert).await?;
    let old = store::memberships(tx, row.id).await?;
    let period = |membership: &Membership| Period { from: membership.from, to: membership.to };
    let shares =
        |known: &&Membership| known.organisation_id == new.organisation_id && period(known).overlaps(period(&new));
    if old.iter().any(|known| shares(&known)) {
        let detail =
            say!("Người này đã là hội viên trong thời gian đó.", "The person is a member at that time already.");
        return Err(Problem::field("/from", "overlap", detail));
    }
    if old.len() >= MAX {
        let detail = say!("Tối đa {MAX} mục.", "At most {MAX} items.");
        return Err(Problem::field("/expert", "too_many", detail));
    }
    let mut all = old.clone();
    all.push(new);
    Ok((row.id, put(tx, row.id, old, all).await?))
}

/// Ends the membership that lasts on the day before: `day` is the first on which it is over.
///
/// # Errors
/// 404 for who is no member then.
pub async fn leave(tx: &mut Conn, scope: &Scope, expert: Uuid, organisation: Uuid, day: NaiveDate) -> Answer<Event> {
    let row = store::lock(tx, scope, &expert.to_string()).await?;
    let old = store::memberships(tx, row.id).await?;
    let lasts = |known: &Membership| {
        let period = Period { from: known.from, to: known.to };
        known.organisation_id == organisation && period.contains(before(day))
    };
    let mut all = old.clone();
    let found = all.iter_mut().find(|known| lasts(known)).ok_or_else(|| Problem::new(Code::NotFound))?;
    found.to = Some(before(day));
    put(tx, row.id, old, all).await
}
