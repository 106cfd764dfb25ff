//! `POST /merges/{id}/undo`: both records as they were, unless something was edited since that stands in the way.

use actix_web::{HttpResponse, post};
use serde_json::Value;
use uuid::Uuid;

use super::attached::{attached, end_sessions};
use super::said::{carry_over, widen_again};
use super::view::{Merge, view};
use super::{Journal, fill};
use crate::access::permit::{Permit, Scope};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::keys::Keys;
use crate::experts::model::Draft;
use crate::experts::policy::MergeExperts;
use crate::experts::profile::changes;
use crate::experts::store::{self, Entry, MergeRow, ProfileRow, Stuck};
use crate::experts::vocabulary::Vocabulary;
use crate::http::idempotency::Once;
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// Undo a merge
///
/// The record that ended is back with its id, code, publications, sources and whatever else it had; the other one gives back
/// what it was filled with. What was edited since in other places stays. Where something that the merge moved or filled was
/// changed since, nothing is undone: the 409 names each place, when it was changed and by which role. A consent that was
/// withdrawn since is withdrawn on both records, and who left the bank or died since is gone on both.
#[utoipa::path(
    tag = "duplicates",
    params(("id" = Uuid, Path, description = "The merge"), Once),
    security(("session" = ["experts.merge"])),
    responses((status = 200, description = "The merge, undone", body = Merge)),
)]
#[post("/merges/{id}/undo")]
pub(super) async fn undo_merge(permit: Permit<MergeExperts>, id: Id, once: Once) -> Answer {
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let id = permit
        .write_once(once, async move |tx| {
            // no other merge or undo goes on, so the row stays as it is
            store::lock_merges(tx).await?;
            let row = store::find_merge(tx, id.0).await?;
            if row.undone_at.is_some() {
                return Err(Problem::new(Code::Conflict)
                    .detail(say!("Lần gộp này đã được hoàn tác.", "This merge was undone already.")));
            }
            let journal = Journal::open(&sealer, &row)?;
            Box::pin(undo(tx, &sealer, &scope, &row, journal)).await
        })
        .await?;
    let mut conn = permit.read().await?;
    let row = store::find_merge(&mut conn, id).await?;
    Ok(HttpResponse::Ok().json(view(&mut conn, permit.scope(), row).await?))
}

async fn undo(
    tx: &mut Conn,
    sealer: &Sealer,
    scope: &Scope,
    merge: &MergeRow,
    journal: Journal,
) -> Answer<(Uuid, Vec<Event>)> {
    let winner = standing_winner(tx, scope, merge).await?;
    let now_is = winner.clone().into_draft(store::parts(tx, sealer, winner.id).await?);
    let mut in_the_way = Vec::new();
    let draft = match fill::unfill(&now_is, &journal.before, &journal.after) {
        Ok(draft) => draft,
        Err(members) => {
            for member in members {
                in_the_way.push(edited(tx, merge, member).await?);
            }
            now_is.clone()
        }
    };
    store::put_back(tx, &journal.taken).await?;
    let stuck = store::move_back(tx, &journal.moved, winner.id, merge.loser_id).await?;
    store::follow_seats(tx, &[winner.id, merge.loser_id]).await?;
    store::touch_panels(tx, &[winner.id, merge.loser_id]).await?;
    for stuck in stuck {
        in_the_way.extend(stays(stuck));
    }
    if !store::reopen_accounts(tx, &journal.closed).await? {
        in_the_way.push(gone("accounts", journal.closed.len()));
    }
    if !in_the_way.is_empty() {
        // the transaction rolls back: all or nothing
        return Err(stands_in_the_way(in_the_way));
    }
    end_sessions(tx, &journal.moved, &[]).await?;
    store::disinherit(tx, &journal.distinctions).await?;
    let (said, mut events) = carry_over(tx, scope, (&winner, merge.loser_id), &journal).await?;
    widen_again(tx, scope, winner.id, &journal).await?;
    let version = restore(tx, sealer, winner.id, &draft).await?;
    if winner.version == journal.version_after {
        store::sources_unchanged(tx, winner.id, journal.version_before, version).await?;
    }
    store::reindex(tx, &[winner.id, merge.loser_id]).await?;
    store::mark_undone(tx, merge.id, now(), scope.actor.id()).await?;
    let values = changes(&now_is, &draft);
    let fields: Vec<String> = values.keys().cloned().collect();
    let event = |kind, on| Event::on(kind, on).action("merges.undo");
    events.push(event("expert", winner.id).fields(fields).values(Value::Object(values)));
    events.push(event("expert", merge.loser_id).fields(said));
    events.push(event("merge", merge.id));
    events.extend(attached(&journal.moved, &journal.closed, "merges.undo"));
    Ok((merge.id, events))
}

/// What keeps rows from moving back, in the words of the answer.
fn stays(stuck: Stuck) -> Vec<FieldError> {
    let (kind, count) = (super::kind_of(stuck.table), stuck.edited);
    let edited = (count > 0).then(|| {
        FieldError::new(
            format!("/{kind}"),
            "edited_since",
            say!(
                "{count} mục đã chuyển khi gộp được sửa sau đó.",
                "{count} of what the merge moved were edited since."
            ),
        )
    });
    let gone = (stuck.gone > 0).then(|| gone(kind, stuck.gone));
    edited.into_iter().chain(gone).collect()
}

/// The record that took the other one in, locked, while it stands by itself.
async fn standing_winner(tx: &mut Conn, scope: &Scope, merge: &MergeRow) -> Answer<ProfileRow> {
    match store::lock(tx, scope, &merge.winner_id.to_string()).await {
        Err(problem) if problem.code() == Code::NotFound => {}
        found => return found,
    }
    let later = store::merge_of(tx, merge.winner_id).await?;
    Err(match later {
        Some(later) => Problem::new(Code::Conflict).existing(format!("/api/v1/merges/{later}")).detail(say!(
            "Bản ghi đứng lại đã được gộp tiếp (`existing`); hãy hoàn tác lần gộp đó trước.",
            "The record that stood was merged into another one later (`existing`): undo that merge first.",
        )),
        None => Problem::new(Code::Conflict)
            .detail(say!("Bản ghi đứng lại không còn nữa.", "The record that stood is no more.")),
    })
}

fn stands_in_the_way(places: Vec<FieldError>) -> Problem {
    let problem = Problem::new(Code::Conflict).detail(say!(
        "Có thay đổi sau lần gộp; hãy sửa lại các mục này rồi hoàn tác, hoặc để nguyên.",
        "Something was changed since the merge: set these places right and undo it then, or leave it.",
    ));
    places.into_iter().fold(problem, |problem, place| problem.and_field(place.pointer, place.code, place.detail))
}

async fn edited(tx: &mut Conn, merge: &MergeRow, member: &'static str) -> Answer<FieldError> {
    // the event names the province by the word of the form
    let named = if member == "province_id" { "province" } else { member };
    let edit = store::last_edit(tx, merge.winner_id, merge.merged_at, named).await?;
    let (at, role) = edit.map_or((String::from("–"), String::from("–")), |edit| {
        (edit.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(), edit.role.unwrap_or_else(|| "system".to_owned()))
    });
    Ok(FieldError::new(
        format!("/{named}"),
        "edited_since",
        say!("Đã sửa sau lần gộp (lúc {at}, {role}).", "Edited since the merge (at {at}, by {role})."),
    ))
}

fn gone(kind: &str, count: usize) -> FieldError {
    FieldError::new(
        format!("/{kind}"),
        "moved_since",
        say!(
            "{count} mục đã chuyển khi gộp nay không còn ở đó.",
            "{count} of what the merge moved are no longer where it left them.",
        ),
    )
}

async fn restore(tx: &mut Conn, sealer: &Sealer, id: Uuid, draft: &Draft) -> Answer<i64> {
    let keys = Keys::of(draft, &Vocabulary::read(tx).await?);
    Ok(store::update(tx, sealer, &Entry { id, keys, draft: draft.clone() }).await?.version)
}
