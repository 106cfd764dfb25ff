//! A merge as it is shown to the Union.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::permit::Scope;
use crate::db::Conn;
use crate::experts::store::{self, MergeRow};
use crate::kernel::problem::{Answer, Problem};

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

/// Who may know of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ShownTo {
    /// Everybody.
    Everybody,
    /// Agencies and the Union.
    Agencies,
    /// The Union, the auditor and the person.
    Union,
}

/// Two records that became one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Merge {
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
    /// Members of the loser that found no place: lists that are full, another membership of the same association, periods that
    /// overlap, contacts that the Department would have come to. An undo brings them back.
    #[schema(example = json!(["availability"]))]
    left_out: Vec<String>,
    /// Who may know of the record that stands, and so sees what it was filled with, contacts and birth date apart.
    shown_to: Option<ShownTo>,
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
pub(super) async fn views(conn: &mut Conn, scope: &Scope, rows: Vec<MergeRow>) -> Answer<Vec<Merge>> {
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.leads_to).collect();
    let winners = store::by_ids(conn, scope, &ids).await?;
    let shown = store::shown_to(conn, &ids).await?;
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
            left_out: store::texts(row.left_out),
            shown_to: row.leads_to.and_then(|id| shown.get(&id)).map(|flags| match flags {
                (true, _) => ShownTo::Everybody,
                (false, true) => ShownTo::Agencies,
                (false, false) => ShownTo::Union,
            }),
            narrowed: store::texts(row.narrowed),
            merged_at: row.merged_at,
            merged_by: row.merged_by,
            undone_at: row.undone_at,
            undone_by: row.undone_by,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

pub(super) async fn view(conn: &mut Conn, scope: &Scope, row: MergeRow) -> Answer<Merge> {
    let view = views(conn, scope, vec![row]).await?.pop();
    view.ok_or_else(|| Problem::internal("a merge without a view"))
}
