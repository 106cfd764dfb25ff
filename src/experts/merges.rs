//! `POST /experts/{key}/merge`, `GET /merges`, `POST /merges/{id}/undo`: two records of one person become one, and two again.
//!
//! The row of the loser leaves `experts`: no search, list or count can show it, and the database refuses a merge that would
//! leave a reference behind. All that moved or left lies sealed in the journal of the merge.
//!
//! A consent is never widened: what only the loser had agreed to is not taken over, and what the loser had withdrawn last is
//! withdrawn from the winner. What only the winner had agreed to stands, for it is the same person's word.

mod fill;
mod redirect;
mod undo;

pub use redirect::redirect;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::duplicates::list::unknown;
use super::keys::Keys;
use super::model::{Draft, Purpose};
use super::policy::{MergeExperts, ReadMerges};
use super::profile::changes;
use super::states;
use super::store::{self, ConsentRow, Entry, MergeRow, ProfileRow, Rows};
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
    /// The loser's account, where the winner had one.
    closed: Vec<Value>,
    /// Pairs of two people that the winner took over.
    distinctions: Vec<(Uuid, Uuid)>,
    /// Entries of the winner's ledger that withdraw what the loser had withdrawn, with what stood before.
    narrowed: Vec<Narrowed>,
    /// The winner's record before and after.
    before: Draft,
    after: Draft,
    version_before: i64,
    version_after: i64,
}

/// A consent of the winner that the loser had withdrawn.
#[derive(Debug, Serialize, Deserialize)]
struct Narrowed {
    purpose: String,
    /// The entry that stood.
    stood: Uuid,
    /// The entry that withdraws it.
    entry: Uuid,
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

/// A record of a merge.
#[derive(Debug, Serialize, ToSchema)]
struct MergedRecord {
    /// The expert.
    id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    full_name: String,
}

/// Two records that became one.
#[derive(Debug, Serialize, ToSchema)]
struct Merge {
    /// Its id.
    id: Uuid,
    /// The record that stands: the winner, or whom the winner was merged into later; none once it was undone.
    winner: Option<MergedRecord>,
    /// The record that ended, as it was called.
    loser: MergedRecord,
    /// Why.
    reason: Option<String>,
    /// How much moved to the winner, by kind.
    #[schema(value_type = BTreeMap<String, u32>, example = json!({"publications": 3, "sources": 1}))]
    moved: Value,
    /// Members of the record that the loser filled.
    #[schema(example = json!(["email", "specialties"]))]
    filled: Vec<String>,
    /// Consents of the winner that are withdrawn, because the person withdrew them on the loser's record.
    #[schema(example = json!([]))]
    narrowed: Vec<String>,
    /// When.
    merged_at: DateTime<Utc>,
    /// By which account.
    merged_by: Option<Uuid>,
    /// When it was undone.
    undone_at: Option<DateTime<Utc>>,
    /// By which account.
    undone_by: Option<Uuid>,
}

/// Views of merges with who stands for the losers.
async fn views(conn: &mut Conn, scope: &Scope, rows: Vec<MergeRow>) -> Answer<Vec<Merge>> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.leads_to).collect();
    let winners = store::by_ids(conn, scope, &ids).await?;
    let view = |row: MergeRow| {
        let winner = row.leads_to.and_then(|id| winners.get(&id));
        Merge {
            id: row.id,
            winner: winner.map(|row| MergedRecord {
                id: row.id,
                code: row.code.clone(),
                full_name: row.full_name.clone(),
            }),
            loser: MergedRecord { id: row.loser_id, code: row.loser_code, full_name: row.loser_name },
            reason: row.reason,
            moved: row.moved,
            filled: store::texts(row.filled),
            narrowed: store::texts(row.narrowed),
            merged_at: row.merged_at,
            merged_by: row.merged_by,
            undone_at: row.undone_at,
            undone_by: row.undone_by,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn view(conn: &mut Conn, scope: &Scope, row: MergeRow) -> Answer<Merge> {
    let view = views(conn, scope, vec![row]).await?.pop();
    view.ok_or_else(|| Problem::internal("a merge without a view"))
}

/// Merge another record into this one
///
/// Everything that refers to the other record refers to this one: records of sources, publications, posts, nominations, the
/// account, periods of availability that fit. What this record leaves open is filled from the other. The other's id and code
/// lead here from then on (308), for who may see this one; its one-time links no longer work. A consent is never widened by
/// it. `POST /merges/{id}/undo` restores both.
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
            Box::pin(merge(tx, &sealer, &scope, (winner, loser), reason)).await
        })
        .await?;
    let mut conn = permit.read().await?;
    let row = store::find_merge(&mut conn, id).await?;
    let merge = view(&mut conn, permit.scope(), row).await?;
    written_once(&format!("/api/v1/merges/{id}"), &merge)
}

/// Locks two records, always in the same order: two merges at once must not wait for each other in a circle.
async fn lock_both(tx: &mut Conn, scope: &Scope, key: &str, other: &str) -> Answer<(ProfileRow, ProfileRow)> {
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
    let gone = |row: &ProfileRow| ["left", "deceased"].contains(&row.status.as_str());
    if !gone(loser) || gone(winner) {
        return Ok(());
    }
    let (code, status) = (&loser.code, &loser.status);
    Err(Problem::new(Code::Conflict).detail(say!(
        "Bản ghi {code} đang ở trạng thái `{status}`; hãy gộp theo chiều ngược lại, hoặc đưa người đó trở lại trước.",
        "The record {code} is `{status}`: merge the other way round, or take the person back first.",
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
    let before = winner.clone().into_draft(store::parts(tx, sealer, winner.id).await?);
    let gone = loser.clone().into_draft(store::parts(tx, sealer, loser.id).await?);
    let after = fill::fill(&before, &gone);
    let moved = store::move_references(tx, winner.id, loser.id).await?;
    let closed = store::close_account(tx, loser.id).await?;
    let distinctions = store::inherit_distinctions(tx, winner.id, loser.id).await?;
    let narrowed = narrow(tx, winner.id, loser.id, by).await?;
    let taken = store::take_out(tx, loser.id).await?;
    let keys = Keys::of(&after, &Vocabulary::read(tx).await?);
    let row = store::update(tx, sealer, &Entry { id: winner.id, keys, draft: after.clone() }).await?;
    store::reindex(tx, &[winner.id]).await?;
    let filled = fill::filled(&before, &after);
    let counts: BTreeMap<String, usize> =
        moved.iter().map(|(table, rows)| (kind_of(table).to_owned(), rows.len())).collect();
    let values = changes(&before, &after);
    let purposes: Vec<String> = narrowed.iter().map(|item| item.purpose.clone()).collect();
    let journal = Journal {
        moved,
        taken,
        closed,
        distinctions,
        narrowed,
        before,
        after,
        version_before: winner.version,
        version_after: row.version,
    };
    let merged = MergeRow {
        id,
        winner_id: winner.id,
        leads_to: Some(winner.id),
        loser_id: loser.id,
        loser_code: loser.code,
        loser_name: loser.full_name,
        reason,
        moved: json!(counts),
        filled: filled.iter().map(|name| Some((*name).to_owned())).collect(),
        narrowed: purposes.iter().cloned().map(Some).collect(),
        sealed: journal.seal(sealer, id)?,
        merged_at: now(),
        merged_by: by,
        undone_at: None,
        undone_by: None,
    };
    store::insert_merge(tx, &merged).await?;
    let fields: Vec<String> = values.keys().cloned().chain(purposes).collect();
    let on_winner = Event::on("expert", winner.id).fields(fields).values(Value::Object(values));
    let on_loser = Event::on("expert", loser.id).fields(["merged_into"]).values(json!({ "merged_into": winner.id }));
    Ok((id, vec![on_winner, on_loser, Event::on("merge", id)]))
}

/// What a table holds, in a word.
fn kind_of(table: &str) -> &str {
    match table {
        "association_officers" => "posts",
        "expert_merges" => "merges",
        other => other.strip_prefix("expert_").unwrap_or(other),
    }
}

/// Withdraws from the winner what the person withdrew on the loser's record, on the same day or later than they agreed. Being
/// listed is a state, which is looked at before.
async fn narrow(tx: &mut Conn, winner: Uuid, loser: Uuid, by: Option<Uuid>) -> Answer<Vec<Narrowed>> {
    let standing = latest(store::list_consents(tx, winner).await?);
    let said = latest(store::list_consents(tx, loser).await?);
    let mut narrowed = Vec::new();
    let mut entries = Vec::new();
    for purpose in [Purpose::AgencySearch, Purpose::PublicProfile, Purpose::ContactSharing] {
        let (Some(stands), Some(word)) = (standing.get(purpose.as_str()), said.get(purpose.as_str())) else { continue };
        if !stands.given || word.given || word.decided_on < stands.decided_on {
            continue;
        }
        // as it was recorded, now on the record that stands
        let entry = ConsentRow { id: new_id(), expert_id: winner, recorded_at: now(), recorded_by: by, ..word.clone() };
        narrowed.push(Narrowed { purpose: purpose.as_str().to_owned(), stood: stands.id, entry: entry.id });
        entries.push(entry);
    }
    store::insert_consents(tx, &entries).await?;
    Ok(narrowed)
}

/// The latest entry of each purpose, of a ledger with the latest first.
fn latest(ledger: Vec<ConsentRow>) -> BTreeMap<String, ConsentRow> {
    ledger.into_iter().rev().map(|row| (row.purpose.clone(), row)).collect()
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
