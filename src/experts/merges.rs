//! `POST /experts/{key}/merge`, `GET /merges`, `POST /merges/{id}/undo`: two records of one person become one, and two again.
//!
//! The row of the loser leaves `experts`: no search, list or count can show it, and the database refuses a merge that would
//! leave a reference behind. All that moved or left lies sealed in the journal of the merge.
//!
//! A consent is never widened: what only the loser had agreed to is not taken over, and what the loser had withdrawn last is
//! withdrawn from the winner. What only the winner had agreed to stands, for it is the same person's word; the answer says what
//! is shown by it from now on.

mod attached;
mod fill;
mod redirect;
mod said;
mod undo;
mod view;

pub use redirect::redirect;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::attached::{attached, end_sessions};
use self::fill::Filled;
use self::said::{Narrowed, is_gone, narrow};
use self::view::{Merge, view, views};
use super::duplicates::list::unknown;
use super::keys::Keys;
use super::model::Draft;
use super::policy::{MergeExperts, ReadMerges};
use super::profile::changes;
use super::states;
use super::store::{self, Entry, MergeRow, ProfileRow, Rows};
use super::vocabulary::Vocabulary;
use crate::access::permit::{Permit, Scope};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{IfMatch, fresh, fresh_page, written_once};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(merge_experts).service(list_merges).service(read_merge).service(undo::undo_merge);
}

/// What it takes to undo a merge; sealed, for it holds restricted values.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    /// Rows that moved to the winner, as they were.
    moved: Rows,
    /// Rows that left with the loser.
    taken: Rows,
    /// The account of the two that is nobody's while the merge stands, where both had one.
    closed: Vec<Value>,
    /// Decisions about pairs of two people that the winner took over.
    distinctions: Vec<Value>,
    /// Entries of the winner's ledger that withdraw what the loser had withdrawn, with what stood before.
    narrowed: Vec<Narrowed>,
    /// The winner's ledger after the merge: what is not in it was said since.
    heard: Vec<Uuid>,
    /// The winner's state before.
    status: String,
    /// The winner's record before and after.
    before: Draft,
    after: Draft,
    version_before: i64,
    version_after: i64,
}

fn context(id: Uuid) -> String {
    format!("expert_merges/{id}")
}

impl Journal {
    fn seal(&self, sealer: &Sealer, id: Uuid) -> Answer<Vec<u8>> {
        let plain = serde_json::to_vec(self).map_err(Problem::internal)?;
        sealer.seal(&context(id), &plain).map_err(Problem::internal)
    }

    fn open(sealer: &Sealer, row: &MergeRow) -> Answer<Self> {
        let plain = sealer.open(&context(row.id), &row.sealed).map_err(Problem::internal)?;
        serde_json::from_slice(&plain).map_err(Problem::internal)
    }
}

/// Whose record becomes part of this one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"other": "CG-000002", "reason": "Cùng một người: trùng ngày sinh và thư điện tử"}))]
struct MergeForm {
    /// Id or code of the record that is merged into this one and ends.
    other: String,
    /// Why they are one person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

/// Merge another record into this one
///
/// Everything that refers to the other record refers to this one: records of sources, publications, posts, nominations, the
/// account, periods of availability that fit. What this record leaves open is filled from the other, and is shown to whoever may
/// know of this one (`filled`, `shown_to`); what found no place is named (`left_out`). The other's id and code lead here from
/// then on (308), for who may see this one; its one-time links no longer work, and an account that comes to this record signs in
/// anew. A consent is never widened by it. Two of whom somebody decided that they are two people are not merged before that
/// decision is taken back. `POST /merges/{id}/undo` restores both.
#[utoipa::path(
    tag = "duplicates",
    params(("key" = String, Path, description = "Id or code of the record that stands", example = "CG-000001"), IfMatch, Once),
    request_body = MergeForm,
    security(("session" = ["experts.merge"])),
    responses((status = 201, description = "Merged; `Location` is the merge", body = Merge)),
)]
#[post("/experts/{key}/merge")]
async fn merge_experts(
    permit: Permit<MergeExperts>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<MergeForm>,
) -> Answer {
    let (once, scope, sealer) = (once.of(&body), permit.scope().clone(), permit.state().sealer.clone());
    let reason = states::reason("/reason", body.0.reason.as_deref())?;
    let other = body.0.other;
    let id = permit
        .write_once(once, async move |tx| {
            let (winner, loser) = lock_both(tx, &scope, &key.0, other.trim()).await?;
            if_match.check(winner.version)?;
            check_standing(&winner, &loser)?;
            refuse_distinct(tx, (winner.id, loser.id)).await?;
            Box::pin(merge(tx, &sealer, &scope, (winner, loser), reason)).await
        })
        .await?;
    let mut conn = permit.read().await?;
    let row = store::find_merge(&mut conn, id).await?;
    let merge = view(&mut conn, permit.scope(), row).await?;
    written_once(&format!("/api/v1/merges/{id}"), &merge)
}

/// Locks two records, while no other merge goes on.
async fn lock_both(tx: &mut Conn, scope: &Scope, key: &str, other: &str) -> Answer<(ProfileRow, ProfileRow)> {
    store::lock_merges(tx).await?;
    let winner = store::find(tx, scope, key).await?.id;
    let loser = store::find(tx, scope, other).await.map_err(|fault| unknown("/other", fault))?.id;
    if winner == loser {
        return Err(Problem::field(
            "/other",
            "same_expert",
            say!("Không thể gộp một bản ghi vào chính nó.", "A record can't be merged into itself."),
        ));
    }
    let one = store::lock(tx, scope, &winner.min(loser).to_string()).await?;
    let two = store::lock(tx, scope, &winner.max(loser).to_string()).await?;
    Ok(if one.id == winner { (one, two) } else { (two, one) })
}

/// Who left the bank, or died, did so as a person: their other record can't go on as if nothing had been said.
fn check_standing(winner: &ProfileRow, loser: &ProfileRow) -> Answer<()> {
    if !is_gone(&loser.status) || is_gone(&winner.status) {
        return Ok(());
    }
    let (code, status) = (&loser.code, &loser.status);
    Err(Problem::new(Code::Conflict).detail(say!(
        "Bản ghi {code} đang ở trạng thái `{status}`; hãy gộp theo chiều ngược lại, hoặc đưa người đó trở lại trước.",
        "The record {code} is `{status}`: merge the other way round, or take the person back first.",
    )))
}

/// What somebody decided is not gone over.
async fn refuse_distinct(tx: &mut Conn, pair: (Uuid, Uuid)) -> Answer<()> {
    if !store::are_distinct(tx, pair).await? {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).and_field(
        "/other",
        "not_the_same",
        say!(
            "Đã có quyết định rằng đây là hai người; nếu nhầm, hãy mở lại quyết định đó trước (`POST /experts/duplicates/decisions`, `open`).",
            "Somebody decided that they are two people; if that is wrong take it back first (`POST /experts/duplicates/decisions`, `open`).",
        ),
    ))
}

/// That no panel loses an opinion by it: who sits twice has one seat, the winner's.
async fn check_opinions(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<()> {
    let Some(number) = store::opinion_in_the_way(tx, winner, loser).await? else { return Ok(()) };
    Err(Problem::new(Code::Conflict).detail(say!(
        "Cả hai là thành viên hội đồng {number}, và chỉ hồ sơ bị gộp đã gửi ý kiến: gộp theo chiều ngược lại.",
        "Both sit on the panel of {number}, and the one that goes handed in the opinion: merge the other way round."
    )))
}

async fn merge(
    tx: &mut Conn,
    sealer: &Sealer,
    scope: &Scope,
    (winner, loser): (ProfileRow, ProfileRow),
    reason: Option<String>,
) -> Answer<(Uuid, Vec<Event>)> {
    let (id, by) = (new_id(), scope.actor.id());
    let (was_public, was_agencies) = store::shown_to(tx, &[loser.id]).await?.remove(&loser.id).unwrap_or_default();
    let before = winner.clone().into_draft(store::parts(tx, sealer, winner.id).await?);
    let gone = loser.clone().into_draft(store::parts(tx, sealer, loser.id).await?);
    // the Department reads the contacts of whom it supplied: it does not come to others by a merge
    let shared = store::is_supplied(tx, loser.id).await? || !store::is_supplied(tx, winner.id).await?;
    let Filled { draft: after, mut left_out } = fill::fill(&before, &gone, shared);
    let said = [store::losers_of(tx, loser.id).await?, vec![loser.id]].concat();
    let narrowed = narrow(tx, winner.id, &said, by).await?;
    let heard = store::list_consents(tx, winner.id).await?.into_iter().map(|row| row.id).collect();
    let (moved, closed) = hand_over(tx, winner.id, loser.id).await?;
    let distinctions = store::inherit_distinctions(tx, winner.id, loser.id).await?;
    let taken = store::take_out(tx, loser.id).await?;
    left_out.extend(taken.contains_key("expert_availability").then_some("availability"));
    let keys = Keys::of(&after, &Vocabulary::read(tx).await?);
    let row = store::update(tx, sealer, &Entry { id: winner.id, keys, draft: after.clone() }).await?;
    store::reindex(tx, &[winner.id]).await?;
    let filled = fill::filled(&before, &after);
    let purposes: Vec<String> = narrowed.iter().map(|item| item.purpose.clone()).collect();
    let mut events = events(&winner, &loser, changes(&before, &after), &purposes);
    events.extend(attached(&moved, &closed, "experts.merge"));
    events.push(Event::on("merge", id));
    let counts = counts(&moved);
    let journal = Journal {
        moved,
        taken,
        closed,
        distinctions,
        narrowed,
        heard,
        status: winner.status,
        before,
        after,
        version_before: winner.version,
        version_after: row.version,
    };
    let some = |name: &&'static str| Some((*name).to_owned());
    let merged = MergeRow {
        id,
        winner_id: winner.id,
        leads_to: Some(winner.id),
        loser_id: loser.id,
        loser_code: loser.code,
        loser_name: loser.full_name,
        was_agencies,
        was_public,
        reason,
        moved: counts,
        filled: filled.iter().map(some).collect(),
        left_out: left_out.iter().map(some).collect(),
        narrowed: purposes.into_iter().map(Some).collect(),
        sealed: journal.seal(sealer, id)?,
        merged_at: now(),
        merged_by: by,
        undone_at: None,
        undone_by: None,
    };
    store::insert_merge(tx, &merged).await?;
    Ok((id, events))
}

/// Moves what refers to the loser, and ends the sessions of accounts that are of somebody else now, or closed; what moved, and
/// which accounts were closed.
async fn hand_over(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<(Rows, Vec<Value>)> {
    check_opinions(tx, winner, loser).await?;
    let mut closed = store::displace_account(tx, winner, loser).await?;
    let moved = store::move_references(tx, winner, loser).await?;
    closed.extend(store::close_account(tx, loser).await?);
    store::touch_panels(tx, &[winner]).await?;
    end_sessions(tx, &moved, &closed).await?;
    Ok((moved, closed))
}

fn counts(moved: &Rows) -> Value {
    let counts: BTreeMap<&str, usize> = moved.iter().map(|(table, rows)| (kind_of(table), rows.len())).collect();
    json!(counts)
}

/// What happened to the two records. The history shows the values to who may know of both.
fn events(winner: &ProfileRow, loser: &ProfileRow, values: Map<String, Value>, purposes: &[String]) -> Vec<Event> {
    let fields: Vec<String> = values.keys().chain(purposes).cloned().collect();
    let on_winner = Event::on("expert", winner.id).fields(fields).values(Value::Object(values));
    let on_loser = Event::on("expert", loser.id).fields(["merged_into"]).values(json!({ "merged_into": winner.id }));
    vec![on_winner, on_loser]
}

/// What a table holds, in a word.
fn kind_of(table: &str) -> &str {
    match table {
        "association_officers" => "posts",
        "conflict_decisions" => "conflicts",
        "consultation_drafters" => "drafts",
        "expert_merges" => "merges",
        "panel_findings" => "findings",
        "panel_members" => "seats",
        "sync_decisions" => "decisions",
        other => other.strip_prefix("expert_").unwrap_or(other),
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MergesQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List merges
///
/// The latest first, those that were undone as well.
#[utoipa::path(
    tag = "duplicates",
    params(MergesQuery),
    security(("session" = ["merges.read"])),
    responses((status = 200, description = "A page of merges", body = Page<Merge>)),
)]
#[get("/merges")]
async fn list_merges(permit: Permit<ReadMerges>, query: Params<MergesQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let rows = store::merges(&mut conn, before, query.limit.probe()).await?;
    let page = cursors.page(rows, query.limit, |row| row.id, |row| row)?;
    let items = views(&mut conn, permit.scope(), page.items).await?;
    fresh_page(&req, "private", &Page { items, next_cursor: page.next_cursor })
}

/// Read a merge
///
/// Which record stands, which ended, and what moved.
#[utoipa::path(
    tag = "duplicates",
    params(("id" = Uuid, Path, description = "The merge")),
    security(("session" = ["merges.read"])),
    responses((status = 200, description = "The merge", body = Merge)),
)]
#[get("/merges/{id}")]
async fn read_merge(permit: Permit<ReadMerges>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let row = store::find_merge(&mut conn, id.0).await?;
    let merge = view(&mut conn, permit.scope(), row).await?;
    fresh(&req, None, "private", &merge)
}
