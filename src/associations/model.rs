//! What is kept of an association beside the organisation it is, and what of it holds on a day. No SQL, no HTTP.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::words::{
    AssociationKind, AssociationScope, AssociationStatus, CongressKind, MemberKind, OfficerPosition, RequestState,
    SpecialStatus, UnionMembershipKind,
};
use crate::kernel::document::{Document, DocumentReference};
use crate::organisations::model::Period;

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in kernel/document")]
pub struct Paper {
    pub number: String,
    pub date: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub signatory: Option<String>,
}

impl From<Document> for Paper {
    fn from(document: Document) -> Self {
        let Document { number, date, issuer, signatory } = document;
        Self { number, date, issuer, signatory }
    }
}

impl From<Paper> for DocumentReference {
    fn from(paper: Paper) -> Self {
        let Paper { number, date, issuer, signatory } = paper;
        Document { number, date, issuer, signatory }.into()
    }
}

/// The row of the association itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct Record {
    pub organisation_id: Uuid,
    pub version: i64,
    pub kind: AssociationKind,
    pub scope: AssociationScope,
    pub area: Option<String>,
    pub area_key: String,
    pub minority_name: Option<String>,
    pub department_id: Option<Uuid>,
    pub headquarters: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub tax_code: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// A field it works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct AssociationField {
    pub organisation_id: Uuid,
    pub scheme: String,
    pub code: String,
    pub main: bool,
}

/// How it stood for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct StateRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub state: AssociationStatus,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub document: Option<Paper>,
    pub reason: Option<String>,
}

impl StateRow {
    /// While it holds.
    pub const fn period(&self) -> Period {
        Period { from: self.valid_from, to: self.valid_to }
    }
}

/// A task from Party or State, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct SpecialRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub kind: SpecialStatus,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub document: Option<Paper>,
}

/// A version of the charter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct CharterRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub valid_from: NaiveDate,
    pub document: Paper,
    pub file: Option<String>,
    pub note: Option<String>,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct TermRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub number: i16,
    pub valid_from: NaiveDate,
    pub valid_to: NaiveDate,
    pub extended_to: Option<NaiveDate>,
    pub document: Option<Paper>,
    pub note: Option<String>,
}

impl TermRow {
    /// Its last day, extensions included.
    pub fn end(&self) -> NaiveDate {
        self.extended_to.unwrap_or(self.valid_to)
    }

    /// From its first to its last day, extensions included.
    pub fn period(&self) -> Period {
        Period { from: Some(self.valid_from), to: Some(self.end()) }
    }
}

/// A decision that a term goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct ExtensionRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub term_id: Uuid,
    pub until: NaiveDate,
    pub document: Option<Paper>,
    pub reason: Option<String>,
}

/// A congress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct CongressRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub term_id: Option<Uuid>,
    pub kind: CongressKind,
    pub held_from: NaiveDate,
    pub held_to: NaiveDate,
    pub place: Option<String>,
    pub delegates_invited: Option<i32>,
    pub delegates_present: Option<i32>,
    pub document: Option<Paper>,
    pub note: Option<String>,
}

/// Who held a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct OfficerRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub term_id: Option<Uuid>,
    pub expert_id: Option<Uuid>,
    pub full_name: String,
    pub name_key: String,
    pub position: OfficerPosition,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub concurrent_post: Option<String>,
    pub full_time: Option<bool>,
    pub document: Option<Paper>,
}

impl OfficerRow {
    /// While the post is held.
    pub const fn period(&self) -> Period {
        Period { from: Some(self.valid_from), to: self.valid_to }
    }
}

/// A membership in a Union.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct UnionRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub union_id: Uuid,
    pub kind: UnionMembershipKind,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub document: Option<Paper>,
    pub leaving: Option<Paper>,
    pub reason: Option<String>,
}

impl UnionRow {
    /// While it lasts.
    pub const fn period(&self) -> Period {
        Period { from: self.valid_from, to: self.valid_to }
    }
}

/// Members of a kind in a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct CountRow {
    pub organisation_id: Uuid,
    pub year: i16,
    pub kind: MemberKind,
    pub total: i32,
    pub women: Option<i32>,
    pub degrees: BTreeMap<String, i32>,
}

/// A yearly report that was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct ReportRow {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub year: i16,
    pub received_on: NaiveDate,
    pub document: Option<Paper>,
    pub note: Option<String>,
}

/// What an association's office proposes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct RequestRow {
    pub id: Uuid,
    pub version: i64,
    pub organisation_id: Uuid,
    pub state: RequestState,
    pub changes: Value,
    pub officers: Value,
    pub reason: String,
    pub filed_by: Option<Uuid>,
    pub filed_at: DateTime<Utc>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decision_reason: Option<String>,
}

/// All that is kept of an association, each list in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "named as the tables")]
pub struct Registry {
    pub record: Record,
    pub fields: Vec<AssociationField>,
    pub states: Vec<StateRow>,
    pub special_statuses: Vec<SpecialRow>,
    pub charters: Vec<CharterRow>,
    pub terms: Vec<TermRow>,
    pub extensions: Vec<ExtensionRow>,
    pub congresses: Vec<CongressRow>,
    pub officers: Vec<OfficerRow>,
    pub unions: Vec<UnionRow>,
    pub counts: Vec<CountRow>,
    pub reports: Vec<ReportRow>,
}

impl Registry {
    /// The association.
    pub const fn id(&self) -> Uuid {
        self.record.organisation_id
    }

    /// The state row of a day; without one it is active.
    pub fn state_row(&self, day: NaiveDate) -> Option<&StateRow> {
        self.states.iter().find(|row| row.period().contains(day))
    }

    /// How it stands on a day on which it is there.
    pub fn state(&self, day: NaiveDate) -> AssociationStatus {
        self.state_row(day).map_or(AssociationStatus::Active, |row| row.state)
    }

    /// The term of a day.
    pub fn term(&self, day: NaiveDate) -> Option<&TermRow> {
        self.terms.iter().find(|term| term.period().contains(day))
    }

    /// The last term that had begun by a day.
    pub fn latest_term(&self, day: NaiveDate) -> Option<&TermRow> {
        self.terms.iter().filter(|term| term.valid_from <= day).max_by_key(|term| term.valid_from)
    }

    /// The term of this id.
    pub fn term_by_id(&self, id: Uuid) -> Option<&TermRow> {
        self.terms.iter().find(|term| term.id == id)
    }

    /// Who holds a post on a day, the highest first.
    pub fn officers_on(&self, day: NaiveDate) -> Vec<&OfficerRow> {
        let mut found: Vec<&OfficerRow> = self.officers.iter().filter(|row| row.period().contains(day)).collect();
        found.sort_by_key(|row| (row.position, row.valid_from, row.id));
        found
    }

    /// The Unions it belongs to on a day.
    pub fn unions_on(&self, day: NaiveDate) -> impl Iterator<Item = &UnionRow> {
        self.unions.iter().filter(move |row| row.period().contains(day))
    }

    /// The charter that holds on a day.
    pub fn charter(&self, day: NaiveDate) -> Option<&CharterRow> {
        self.charters.iter().filter(|row| row.valid_from <= day).max_by_key(|row| row.valid_from)
    }

    /// The task from Party or State on a day.
    pub fn special(&self, day: NaiveDate) -> Option<&SpecialRow> {
        let holds = |row: &&SpecialRow| Period { from: Some(row.valid_from), to: row.valid_to }.contains(day);
        self.special_statuses.iter().find(holds)
    }

    /// The main field, as (scheme, code).
    pub fn main_field(&self) -> Option<(&str, &str)> {
        self.fields.iter().find(|field| field.main).map(|field| (field.scheme.as_str(), field.code.as_str()))
    }

    /// Official members of the last year that was counted by a year; with that year.
    pub fn official_members(&self, year: i16) -> Option<(i16, i64)> {
        let counted = self.counts.iter().filter(|row| row.year <= year && row.kind.is_official());
        let last = counted.clone().map(|row| row.year).max()?;
        Some((last, counted.filter(|row| row.year == last).map(|row| i64::from(row.total)).sum()))
    }

    /// True when a report of the year is there.
    pub fn has_report(&self, year: i32) -> bool {
        self.reports.iter().any(|row| i32::from(row.year) == year)
    }
}
