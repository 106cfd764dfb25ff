//! `/associations/{key}/terms`: terms and their extensions.

use actix_web::{HttpRequest, get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::congresses::{CongressForm, congress_row};
use super::model::{ExtensionRow, OfficerRow, TermRow};
use super::parts::{Term, gone};
use super::policy::{ManageAssociations, ReadAssociations};
use super::reader::Reader;
use super::record::AsOfQuery;
use super::rules::{check_extension, check_life, check_term, shortened};
use super::store;
use super::write::{self, Locked, change, day_of, sight};
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::{Id, Key};
use crate::kernel::clock::today;
use crate::kernel::document::DocumentForm;
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Problem};
use crate::organisations::model::before;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_terms).service(add_term).service(patch_term).service(extend_term);
}

/// List the terms of an association
///
/// From the oldest to the newest, with congresses and extensions; of a past day those that had begun.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its terms", body = Page<Term>)),
)]
#[get("/associations/{key}/terms")]
async fn list_terms(permit: Permit<ReadAssociations>, key: Key, query: Params<AsOfQuery>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, day).await?;
    let sight = sight(&permit, body.id);
    let begun = |row: &&TermRow| query.0.as_of.is_none() || row.valid_from <= day;
    let items = registry.terms.iter().filter(begun).map(|row| Term::new(row, &registry, day, sight.file)).collect();
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, sight.manage.then_some(registry.record.version), cache, &Page { items, next_cursor: None })
}

/// A term to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "number": 1, "from": "2026-06-15", "to": "2031-06-14",
    "congress": {"kind": "founding", "held_from": "2026-06-15", "place": "Hội trường tỉnh", "delegates_invited": 120,
                 "delegates_present": 112},
    "document": {"number": "200/QĐ-UBND", "date": "2026-06-30"}
}))]
struct TermForm {
    /// Its number; the next one by default.
    number: Option<i16>,
    /// First day.
    from: NaiveDate,
    /// Last day; at most five years later.
    to: NaiveDate,
    /// The congress that opened it.
    congress: Option<CongressForm>,
    /// The decision that approved its outcome.
    document: Option<DocumentForm>,
    /// Remarks.
    note: Option<String>,
}

fn term_row(form: &TermForm, locked: &Locked) -> Answer<TermRow> {
    let mut reader = Reader::default();
    let (from, to) = (reader.day("/from", Some(form.from)), reader.day("/to", Some(form.to)));
    let last = locked.registry.terms.iter().map(|term| term.number).max().unwrap_or_default();
    let number = form.number.unwrap_or_else(|| last.saturating_add(1));
    if !(1..=99).contains(&number) {
        reader.fault("/number", "out_of_range", say!("Số từ 1 đến 99.", "A number from 1 to 99."));
    }
    let row = TermRow {
        id: new_id(),
        organisation_id: locked.id(),
        number,
        valid_from: from.unwrap_or_default(),
        valid_to: to.unwrap_or_default(),
        extended_to: None,
        document: reader.paper("/document", form.document.clone()),
        note: reader.note("/note", form.note.as_deref()),
    };
    reader.done(row)
}

/// Enter a term
///
/// With the congress that opened it. A term is at most five years long, and no two share a day. One that begins within the
/// extension of another ends that one the day before, and its posts with it: the congress was held.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = TermForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = Term)),
)]
#[post("/associations/{key}/terms")]
async fn add_term(permit: Permit<ManageAssociations>, key: Key, once: Once, body: Body<TermForm>) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let row = term_row(&form, locked)?;
        let replaced = replaced_by(&row, &locked.registry.terms);
        let early = replaced.map(|old| Early::end(old, before(row.valid_from), locked, "/from")).transpose();
        let early = early.map_err(|problem| locked.rules.cite(problem, row.valid_from))?;
        let now = |term| early.as_ref().map_or(term, |early: &Early| early.instead_of(term));
        let others: Vec<TermRow> = locked.registry.terms.iter().map(now).cloned().collect();
        let judged = check_term(&row, &others, &locked.rules)
            .and_then(|()| check_life("/from", locked.body.period(), row.valid_from));
        judged.map_err(|problem| locked.rules.cite(problem, row.valid_from))?;
        let congress = form.congress.map(|form| congress_row(form, locked, Some(row.id), "/congress")).transpose()?;
        if let Some(early) = &early {
            early.write(tx).await?;
        }
        store::put_term(tx, &row).await?;
        if let Some(congress) = &congress {
            store::add_congress(tx, congress).await?;
        }
        let ended = early.map(|early| early.values());
        let values = json!({ "term": row, "congress": congress, "ended": ended });
        let event = locked.event("associations.add_term").fields(["terms"]).values(values);
        Ok((row.id, vec![event]))
    })
    .await?;
    answer(&permit, &key, id, true).await
}

/// The term whose extension a new one begins in.
fn replaced_by<'a>(new: &TermRow, terms: &'a [TermRow]) -> Option<&'a TermRow> {
    terms.iter().find(|term| term.valid_to < new.valid_from && new.valid_from <= term.end())
}

/// A term that ends before its extension does, with its extensions and the posts that end with it.
struct Early {
    old: TermRow,
    new: TermRow,
    extensions: Vec<ExtensionRow>,
    gone: Vec<ExtensionRow>,
    officers: Vec<OfficerRow>,
}

impl Early {
    /// Ends a term on a day.
    fn end(old: &TermRow, day: NaiveDate, locked: &Locked, pointer: &str) -> Answer<Self> {
        let (new, extensions, gone) = shortened(old, day, &locked.registry.extensions);
        let outlasts = |row: &&OfficerRow| row.term_id == Some(old.id) && row.valid_to.is_none_or(|to| to > day);
        let officers = locked.registry.officers.iter().filter(outlasts).cloned();
        let officers: Vec<OfficerRow> = officers.map(|row| OfficerRow { valid_to: Some(day), ..row }).collect();
        // who took a post after that day took it in the next term
        if let Some(later) = officers.iter().find(|row| row.valid_from > day) {
            return Err(outside(pointer, &later.full_name));
        }
        Ok(Self { old: old.clone(), new, extensions, gone, officers })
    }

    /// This term as it is now, another one as it is.
    fn instead_of<'a>(&'a self, term: &'a TermRow) -> &'a TermRow {
        if term.id == self.new.id { &self.new } else { term }
    }

    async fn write(&self, tx: &mut Conn) -> Answer<()> {
        store::put_term(tx, &self.new).await?;
        store::remove_extensions(tx, &self.gone).await?;
        store::put_extensions(tx, &self.extensions).await?;
        store::put_officers(tx, &self.officers).await
    }

    /// What an event says of it.
    fn values(&self) -> serde_json::Value {
        json!({ "terms": [self.old, self.new], "extensions": self.extensions, "extensions_removed": self.gone,
            "officers": self.officers.len() })
    }
}

/// Answers a write with the term as it is now.
async fn answer(permit: &Permit<ManageAssociations>, key: &Key, id: Uuid, created: bool) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.term_by_id(id).ok_or_else(gone)?;
    let location = format!("/api/v1/associations/{}/terms", body.id);
    written(created.then_some(location.as_str()), registry.record.version, &Term::new(row, &registry, today(), true))
}

/// Corrections of a term, as a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "2031-05-31"}))]
struct TermPatch {
    /// Its number, counted from the first term.
    #[serde(default)]
    #[schema(value_type = Option<i16>)]
    number: Change<i16>,
    /// First day.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    from: Change<NaiveDate>,
    /// Last day, extensions apart. A day within the extension, or the regular last day, ends the term then.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    to: Change<NaiveDate>,
    /// The decision.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    document: Change<DocumentForm>,
    /// Remarks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    note: Change<String>,
}

impl TermPatch {
    /// The day within its extension on which an extended term ends by this patch: it was elected for as long as before.
    fn early_end(&mut self, old: &TermRow) -> Option<NaiveDate> {
        let Change::Set(to) = self.to else { return None };
        let early = old.extended_to.is_some_and(|extended| old.valid_to <= to && to < extended);
        // nothing is to be done to the end of one that has it already
        if early || old.extended_to == Some(to) {
            self.to = Change::Keep;
        }
        early.then_some(to)
    }

    fn over(self, old: &TermRow) -> Answer<TermRow> {
        let missing =
            |pointer| Problem::field(pointer, "required", say!("Không được bỏ trống.", "It can't be cleared."));
        let mut reader = Reader::default();
        let from = self.from.apply(Some(old.valid_from)).ok_or_else(|| missing("/from"))?;
        let to = self.to.apply(Some(old.valid_to)).ok_or_else(|| missing("/to"))?;
        let number = self.number.apply(Some(old.number)).ok_or_else(|| missing("/number"))?;
        if !(1..=99).contains(&number) {
            reader.fault("/number", "out_of_range", say!("Số từ 1 đến 99.", "A number from 1 to 99."));
        }
        let (from, to) = (reader.day("/from", Some(from)), reader.day("/to", Some(to)));
        let document = match self.document {
            Change::Keep => old.document.clone(),
            Change::Clear => None,
            Change::Set(form) => reader.paper("/document", Some(form)),
        };
        let note = match self.note {
            Change::Keep => old.note.clone(),
            change => reader.note("/note", change.apply(None).as_deref()),
        };
        let row = TermRow {
            number,
            valid_from: from.unwrap_or_default(),
            valid_to: to.unwrap_or_default(),
            document,
            note,
            ..old.clone()
        };
        reader.done(row)
    }
}

/// Correct a term
///
/// What was entered wrongly, or a term that ended before its time: one that was extended ends with `to` within the extension,
/// and its posts with it. It goes on by `extend`.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the term"),
        IfMatch,
    ),
    request_body = TermPatch,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The term as it is now", body = Term)),
)]
#[patch("/associations/{key}/terms/{id}")]
async fn patch_term(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    body: Body<TermPatch>,
) -> Answer {
    let mut patch = body.0;
    change(&permit, &key.0, None, None, async move |tx: &mut Conn, locked: &Locked| {
        let old = locked.registry.term_by_id(id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        let early_end = patch.early_end(old);
        let new = patch.over(old)?;
        let end = early_end.or_else(|| falls_back(old, &new));
        let early = end.map(|day| Early::end(&new, day, locked, "/to")).transpose();
        let early = early.map_err(|problem| locked.rules.cite(problem, new.valid_from))?;
        let new = early.as_ref().map_or_else(|| new.clone(), |early| early.new.clone());
        if new == *old {
            return Ok((old.id, Vec::new()));
        }
        let officers = &locked.registry.officers;
        let ended = |row: &&OfficerRow| early.iter().all(|early| early.officers.iter().all(|new| new.id != row.id));
        let officers: Vec<OfficerRow> = officers.iter().filter(ended).cloned().collect();
        let judged = check_term(&new, &locked.registry.terms, &locked.rules)
            .and_then(|()| check_life("/from", locked.body.period(), new.valid_from))
            .and_then(|()| holds_officers(&new, &officers));
        judged.map_err(|problem| locked.rules.cite(problem, new.valid_from))?;
        match &early {
            Some(early) => early.write(tx).await?,
            None => store::put_term(tx, &new).await?,
        }
        let values = json!({ "terms": [old, new], "ended": early.map(|early| early.values()) });
        Ok((old.id, vec![locked.event("associations.update_term").fields(["terms"]).values(values)]))
    })
    .await?;
    answer(&permit, &key, id.0, false).await
}

/// The last day of an extended term whose regular end was moved to where no extension reaches beyond it, or before the old
/// one: the extension was counted from that, and goes.
fn falls_back(old: &TermRow, new: &TermRow) -> Option<NaiveDate> {
    let extended = old.extended_to?;
    (new.valid_to < old.valid_to || new.valid_to >= extended).then_some(new.valid_to)
}

fn outside(pointer: &str, name: &str) -> Problem {
    Problem::field(
        pointer,
        "outside_term",
        say!(
            "Chức vụ của {name} nằm ngoài thời gian đó; hãy sửa chức vụ trước.",
            "The post of {name} lies outside of these days; correct it first.",
        ),
    )
}

/// Those who were elected for a term hold their posts within it.
fn holds_officers(term: &TermRow, officers: &[OfficerRow]) -> Answer<()> {
    let lies_outside = |row: &&OfficerRow| {
        row.term_id == Some(term.id)
            && (row.valid_from < term.valid_from || row.valid_to.is_none_or(|to| to > term.end()))
    };
    officers.iter().find(lies_outside).map_or(Ok(()), |row| Err(outside("/to", &row.full_name)))
}

/// A decision that a term goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "until": "2031-12-14", "document": {"number": "12/QĐ-SNV"}, "reason": "Chờ sắp xếp tổ chức"
}))]
struct ExtensionForm {
    /// Its last day.
    until: NaiveDate,
    /// The decision.
    document: Option<DocumentForm>,
    /// Why.
    reason: Option<String>,
}

/// Extend a term
///
/// Once and by twelve months, by default of the settings, and not into the next term. Posts that were held to its end go on
/// with it.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the term"),
        IfMatch,
        Once,
    ),
    request_body = ExtensionForm,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The term as it is now", body = Term)),
)]
#[post("/associations/{key}/terms/{id}/extend")]
async fn extend_term(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<ExtensionForm>,
) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let registry = &locked.registry;
        let term = registry.term_by_id(id.0).ok_or_else(gone)?;
        if_match.check(registry.record.version)?;
        let mut reader = Reader::default();
        let extension = ExtensionRow {
            id: new_id(),
            organisation_id: locked.id(),
            term_id: term.id,
            until: reader.day("/until", Some(form.until)).unwrap_or_default(),
            document: reader.paper("/document", form.document),
            reason: reader.line("/reason", form.reason.as_deref()),
        };
        let extension = reader.done(extension)?;
        check_extension(term, extension.until, &registry.extensions, &registry.terms, &locked.rules)
            .map_err(|problem| locked.rules.cite(problem, term.end()))?;
        let end = term.end();
        store::put_term(tx, &TermRow { extended_to: Some(extension.until), ..term.clone() }).await?;
        store::put_extensions(tx, std::slice::from_ref(&extension)).await?;
        let go_on = |row: &&OfficerRow| row.term_id == Some(term.id) && row.valid_to == Some(end);
        let officers: Vec<OfficerRow> = registry.officers.iter().filter(go_on).cloned().collect();
        let officers: Vec<OfficerRow> =
            officers.into_iter().map(|row| OfficerRow { valid_to: Some(extension.until), ..row }).collect();
        store::put_officers(tx, &officers).await?;
        let values = json!({ "extension": extension, "officers": officers.len() });
        Ok((term.id, vec![locked.event("associations.extend_term").fields(["terms"]).values(values)]))
    })
    .await?;
    answer(&permit, &key, id.0, false).await
}
