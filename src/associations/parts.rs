//! What is kept of an association, as it is shown: states, charters, congresses, terms, officers, memberships.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{
    CharterRow, CongressRow, ExtensionRow, OfficerRow, Registry, SpecialRow, StateRow, TermRow, UnionRow,
};
use super::words::{AssociationStatus, CongressKind, OfficerPosition, SpecialStatus, UnionMembershipKind};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Policy;
use crate::db::Conn;
use crate::experts::policy::ReadExpert;
use crate::experts::store as expert_store;
use crate::kernel::document::DocumentReference;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::model::Body;
use crate::organisations::view::{OrganisationRef, known_on};

/// How an association stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusView {
    /// The state.
    pub status: AssociationStatus,
    /// Since when, where known.
    pub since: Option<NaiveDate>,
    /// To which day, for a past one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    /// The last day a suspension was decided for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The decision.
    pub document: Option<DocumentReference>,
    /// Why; for the Union, the auditor and the association itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl StatusView {
    /// The row of a state; `file` shows why.
    pub fn row(row: &StateRow, day: NaiveDate, file: bool) -> Self {
        Self {
            status: row.state,
            since: row.valid_from,
            valid_to: known_on(day, row.valid_to),
            until: row.until,
            document: row.document.clone().map(Into::into),
            reason: row.reason.clone().filter(|_| file),
        }
    }
}

/// A task from Party or State.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpecialStatusView {
    /// Which.
    kind: SpecialStatus,
    /// Since when.
    valid_from: NaiveDate,
    /// Until when, where that was known.
    valid_to: Option<NaiveDate>,
    /// The decision.
    document: Option<DocumentReference>,
}

impl SpecialStatusView {
    /// The row of a task.
    pub fn new(row: &SpecialRow, day: NaiveDate) -> Self {
        Self {
            kind: row.kind,
            valid_from: row.valid_from,
            valid_to: known_on(day, row.valid_to),
            document: row.document.clone().map(Into::into),
        }
    }
}

/// A version of the charter.
#[derive(Debug, Serialize, ToSchema)]
pub struct Charter {
    /// Its id.
    id: Uuid,
    /// In force since.
    valid_from: NaiveDate,
    /// The decision that approved it.
    document: DocumentReference,
    /// Where the text is kept.
    file: Option<String>,
    /// Remarks.
    note: Option<String>,
}

impl From<&CharterRow> for Charter {
    fn from(row: &CharterRow) -> Self {
        let CharterRow { id, valid_from, document, file, note, .. } = row.clone();
        Self { id, valid_from, document: document.into(), file, note }
    }
}

/// A congress.
#[derive(Debug, Serialize, ToSchema)]
pub struct Congress {
    /// Its id.
    id: Uuid,
    /// Number of the term it opened or fell into.
    term: Option<i16>,
    /// What for.
    kind: CongressKind,
    /// First day.
    held_from: NaiveDate,
    /// Last day.
    held_to: NaiveDate,
    /// Where.
    place: Option<String>,
    /// Delegates who were called.
    delegates_invited: Option<i32>,
    /// Delegates who came.
    delegates_present: Option<i32>,
    /// The document that allowed it.
    document: Option<DocumentReference>,
    /// Remarks.
    note: Option<String>,
}

impl Congress {
    /// A congress with the number of its term.
    pub fn new(row: &CongressRow, registry: &Registry) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            term: row.term_id.and_then(|id| registry.term_by_id(id)).map(|term| term.number),
            kind: row.kind,
            held_from: row.held_from,
            held_to: row.held_to,
            place: row.place,
            delegates_invited: row.delegates_invited,
            delegates_present: row.delegates_present,
            document: row.document.map(Into::into),
            note: row.note,
        }
    }
}

/// A decision that a term goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TermExtension {
    /// Its last day since then.
    until: NaiveDate,
    /// The decision.
    document: Option<DocumentReference>,
    /// Why; for the Union, the auditor and the association itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A term.
#[derive(Debug, Serialize, ToSchema)]
pub struct Term {
    /// Its id.
    id: Uuid,
    /// Its number, counted from the first term.
    #[schema(example = 3)]
    number: i16,
    /// First day.
    valid_from: NaiveDate,
    /// Last day as it was elected for.
    valid_to: NaiveDate,
    /// Last day, extensions included.
    ends_on: NaiveDate,
    /// Extensions.
    extensions: Vec<TermExtension>,
    /// Congresses that opened it or fell into it.
    congresses: Vec<Congress>,
    /// The decision.
    document: Option<DocumentReference>,
    /// Remarks.
    note: Option<String>,
}

impl Term {
    /// A term as it stood on a day; `file` shows why it was extended.
    pub fn new(row: &TermRow, registry: &Registry, day: NaiveDate, file: bool) -> Self {
        // decided on the day of its document or, where that is not known, by the time the term would have been over
        let decided =
            |extension: &ExtensionRow| extension.document.as_ref().and_then(|d| d.date).unwrap_or(row.valid_to);
        let known = |extension: &&ExtensionRow| known_on(day, Some(decided(extension))).is_some();
        let extensions = registry.extensions.iter().filter(|extension| extension.term_id == row.id).filter(known);
        let held = |congress: &&CongressRow| known_on(day, Some(congress.held_from)).is_some();
        let congresses = registry.congresses.iter().filter(|congress| congress.term_id == Some(row.id)).filter(held);
        let ends_on = if extensions.clone().next().is_some() { row.end() } else { row.valid_to };
        let extension = |extension: &ExtensionRow| TermExtension {
            until: extension.until,
            document: extension.document.clone().map(Into::into),
            reason: extension.reason.clone().filter(|_| file),
        };
        Self {
            id: row.id,
            number: row.number,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            ends_on,
            extensions: extensions.map(extension).collect(),
            congresses: congresses.map(|congress| Congress::new(congress, registry)).collect(),
            document: row.document.clone().map(Into::into),
            note: row.note.clone(),
        }
    }
}

/// An expert, shown to who may know of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OfficerExpert {
    /// The expert.
    pub id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    pub code: String,
}

/// The experts behind officers, of those the caller may know of.
pub type KnownExperts = HashMap<Uuid, OfficerExpert>;

/// Which of these experts a caller may know of.
///
/// # Errors
/// 503 when the database is away.
pub async fn known_experts<P: Policy>(conn: &mut Conn, permit: &Permit<P>, ids: &[Uuid]) -> Answer<KnownExperts> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let scope: Scope = permit.scope_under::<ReadExpert>();
    let rows = expert_store::by_ids(conn, &scope, ids).await?;
    Ok(rows.into_iter().map(|(id, row)| (id, OfficerExpert { id, code: row.code })).collect())
}

/// Who holds or held a post.
#[derive(Debug, Serialize, ToSchema)]
pub struct Officer {
    /// Its id.
    pub id: Uuid,
    /// Name, as elected.
    #[schema(example = "Nguyễn Văn Mẫu")]
    pub full_name: String,
    /// The expert, where you may know of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expert: Option<OfficerExpert>,
    /// The post.
    pub position: OfficerPosition,
    /// The post in Vietnamese.
    #[schema(example = "Chủ tịch")]
    pub position_label: &'static str,
    /// Number of the term.
    pub term: Option<i16>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, where there is one.
    pub valid_to: Option<NaiveDate>,
    /// What the person is beside it.
    pub concurrent_post: Option<String>,
    /// Whether it is a full-time post.
    pub full_time: Option<bool>,
    /// The decision.
    pub document: Option<DocumentReference>,
}

impl Officer {
    /// An officer, with the expert only for who may know of them.
    pub fn new(row: &OfficerRow, registry: &Registry, known: &KnownExperts) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            full_name: row.full_name,
            expert: row.expert_id.and_then(|id| known.get(&id).cloned()),
            position: row.position,
            position_label: row.position.label(),
            term: row.term_id.and_then(|id| registry.term_by_id(id)).map(|term| term.number),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            concurrent_post: row.concurrent_post,
            full_time: row.full_time,
            document: row.document.map(Into::into),
        }
    }

    /// Without an end that lay ahead of a past day.
    pub fn on(self, day: NaiveDate) -> Self {
        Self { valid_to: known_on(day, self.valid_to), ..self }
    }
}

/// A membership in a Union.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnionMembership {
    /// Its id.
    id: Uuid,
    /// The Union.
    union: Option<OrganisationRef>,
    /// As what.
    kind: UnionMembershipKind,
    /// Since when, where known.
    valid_from: Option<NaiveDate>,
    /// Until when, where that was known.
    valid_to: Option<NaiveDate>,
    /// The decision that admitted it.
    document: Option<DocumentReference>,
    /// The decision with which it left.
    leaving: Option<DocumentReference>,
}

impl UnionMembership {
    /// A membership with the Union by name.
    pub fn new(row: &UnionRow, bodies: &HashMap<Uuid, Body>, day: NaiveDate) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            union: bodies.get(&row.union_id).and_then(|body| OrganisationRef::at(body, day)),
            kind: row.kind,
            valid_from: row.valid_from,
            valid_to: known_on(day, row.valid_to),
            document: row.document.map(Into::into),
            leaving: row.leaving.filter(|_| known_on(day, row.valid_to).is_some()).map(Into::into),
        }
    }
}

/// The states of an association, from the oldest to the newest, as far as they had come by a day.
pub fn history(registry: &Registry, day: NaiveDate, file: bool) -> Vec<StatusView> {
    let began = |row: &&StateRow| row.valid_from.is_none_or(|from| known_on(day, Some(from)).is_some());
    registry.states.iter().filter(began).map(|row| StatusView::row(row, day, file)).collect()
}

/// A problem for a row that is not there.
pub fn gone() -> Problem {
    Problem::new(Code::NotFound)
}
