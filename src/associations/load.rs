//! Loading of associations from a CSV file: the organisations they are, and what is kept beside.

use chrono::NaiveDate;

use super::model::{AssociationField, Record, Registry, StateRow, UnionRow};
use super::reader::Codes;
use super::store;
use super::words::{AssociationKind, AssociationScope, AssociationStatus, UnionMembershipKind};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::kernel::text::{display, fold};
use crate::organisations::load as organisation_load;
use crate::organisations::model::{Body, Kind, Version};
use crate::organisations::store as organisation_store;
use crate::reference::load::{LoadError, load_event, load_recorder};
use crate::state::State;

/// What a row says beside the organisation.
struct Line {
    number: u64,
    code: Option<String>,
    name_key: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    kind: AssociationKind,
    scope: Option<AssociationScope>,
    field: Option<String>,
    member_of: Option<String>,
    /// By what the rows of its members may name it, when it is a Union.
    known_as: Vec<String>,
    status: Status,
}

/// What a file says of how an association stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Active, or nothing: how one ended follows from its days and successors.
    Plain,
    /// Nobody knows: it is taken for active, and the report says so.
    Unknown,
    /// A state of which no day is known.
    Stands(AssociationStatus),
}

/// Associations: the columns of organisations (`name_vi`, `kind`, `valid_from`, `valid_to`, `source`, …), and `scope`,
/// `science_field` (code of the main field), `member_of` (the Union, by code or abbreviation) and `status` where known: one of
/// unknown status is taken for active, and counted in the report. Rows marked as typical are left out. What was edited here since
/// is left as it is; a second time is without effect.
///
/// # Errors
/// See [`LoadError`].
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let lines = sheet::read(file, &["name_vi", "kind", "valid_from", "valid_to", "source"], line)?;
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let mut conn = state.db.conn().await?;
    let codes = Codes::read(&mut conn).await?;
    let bodies = organisation_store::all(&mut conn).await?;
    drop(conn);
    let faults = faults(&lines, &codes, &bodies);
    if !faults.is_empty() {
        return Err(file.broken(faults).into());
    }
    let organisations = organisation_load::load(state, file).await?;
    let recorder = load_recorder(state);
    let written = state
        .db
        .transaction(async move |tx| {
            organisation_store::lock_register(tx).await?;
            let bodies = organisation_store::all(tx).await?;
            let (mut changed, mut left) = (0, 0);
            for line in &lines {
                let Some(body) = body_of(line, &bodies) else { continue };
                match write(tx, line, body, &bodies, &codes).await? {
                    Outcome::Same => {}
                    Outcome::Written => changed += 1,
                    Outcome::Left => left += 1,
                }
            }
            organisation_store::settle(tx).await?;
            let loaded = Loaded {
                changed: organisations.changed.max(changed),
                left: organisations.left.max(left),
                assumed: lines.iter().filter(|line| line.status == Status::Unknown).count(),
                ..organisations
            };
            let event = Loaded { changed, ..organisations };
            let events: Vec<Event> = load_event("associations", event).into_iter().collect();
            recorder.record(tx, events).await?;
            Ok(loaded)
        })
        .await;
    Ok(written?)
}

fn line(row: &Row<'_>) -> Result<Option<Line>, Fault> {
    if !matches!(row.text("kind")?, "association" | "union") {
        return Ok(None);
    }
    let written = display(row.text("name_vi")?);
    let name_key = fold(written.strip_suffix("(cũ)").map_or(written.as_str(), str::trim_end));
    let scope = row
        .optional("scope")
        .map(|text| AssociationScope::parse(text).ok_or_else(|| row.fault("scope", format!("`{text}` is no scope"))));
    Ok(Some(Line {
        number: row.line(),
        code: row.optional("code").map(str::to_owned),
        kind: AssociationKind::of_name(&name_key),
        name_key,
        from: row.date("valid_from")?,
        to: row.date("valid_to")?,
        scope: scope.transpose()?,
        field: row.optional("science_field").map(str::to_owned),
        member_of: row.optional("member_of").filter(|text| *text != "unknown").map(str::to_owned),
        known_as: known_as(row),
        status: status(row)?,
    }))
}

fn status(row: &Row<'_>) -> Result<Status, Fault> {
    Ok(match row.optional("status") {
        Some("dissolved") if row.optional("valid_to").is_none() => {
            return Err(row.fault("valid_to", "one that was dissolved has a last day"));
        }
        None | Some("active" | "merged" | "dissolved") => Status::Plain,
        Some("unknown") => Status::Unknown,
        Some("preparing") => Status::Stands(AssociationStatus::Preparing),
        Some("suspended") => Status::Stands(AssociationStatus::Suspended),
        Some("dissolving") => Status::Stands(AssociationStatus::Dissolving),
        Some(other) => return Err(row.fault("status", format!("`{other}` is no status"))),
    })
}

/// The names of a Union in a row: its code, its abbreviation, what stands in brackets behind its English name.
fn known_as(row: &Row<'_>) -> Vec<String> {
    let union = row.optional("kind") == Some("union");
    let bracketed = row.optional("name_en").and_then(bracketed);
    let names = [row.optional("code"), row.optional("short_name"), bracketed];
    names.into_iter().flatten().filter(|_| union).map(str::to_owned).collect()
}

/// `VUSTA` of `Vietnam Union of Science and Technology Associations (VUSTA)`.
fn bracketed(name: &str) -> Option<&str> {
    Some(name.strip_suffix(')')?.rsplit_once('(')?.1)
}

fn faults(lines: &[Line], codes: &Codes, bodies: &[Body]) -> Vec<Fault> {
    let fault =
        |line: &Line, column: &str, message: String| Fault { line: line.number, column: column.to_owned(), message };
    let mut faults = Vec::new();
    for line in lines {
        if let Some(field) = line.field.as_ref().filter(|field| codes.find(field).is_none()) {
            faults.push(fault(line, "science_field", format!("there is no field `{field}`")));
        }
        let listed = |name: &String| lines.iter().any(|other| other.known_as.contains(name));
        if let Some(name) = line.member_of.as_ref().filter(|name| !listed(name) && union_of(name, bodies).is_none()) {
            let remedy = "give its code or abbreviation, or load it before";
            faults.push(fault(line, "member_of", format!("there is no Union `{name}`; {remedy}")));
        }
    }
    faults
}

/// The organisation a row means: by code, else by name, of several the one with its days.
fn body_of<'a>(line: &Line, bodies: &'a [Body]) -> Option<&'a Body> {
    if line.code.is_some() {
        return bodies.iter().find(|body| body.code == line.code);
    }
    let named = |body: &&Body| {
        matches!(body.kind, Kind::Association | Kind::Union)
            && body.versions.iter().any(|version| fold(&version.name) == line.name_key)
    };
    // a body that was handed over ends a day before a list says
    let days = |body: &&Body| body.period().from == line.from && body.period().to.is_some() == line.to.is_some();
    bodies.iter().filter(named).find(days).or_else(|| bodies.iter().find(named))
}

enum Outcome {
    Same,
    Written,
    Left,
}

async fn write(tx: &mut Conn, line: &Line, body: &Body, bodies: &[Body], codes: &Codes) -> Answer<Outcome> {
    let old = store::lock(tx, body.id).await?;
    let (record, fields) = wanted(line, &old, codes);
    let union = line.member_of.as_deref().and_then(|text| union_of(text, bodies)).filter(|union| union.id != body.id);
    let joins = union.is_some_and(|union| old.unions.iter().all(|row| row.union_id != union.id));
    // how it stands is said once: what was decided here since is not undone by a file
    let state = first_state(line, body).filter(|_| old.states.is_empty());
    if record == old.record && fields == old.fields && !joins && state.is_none() {
        return Ok(Outcome::Same);
    }
    // one that is as it was entered has never been edited
    if old.record.version > 1 {
        return Ok(Outcome::Left);
    }
    store::put_record(tx, &record).await?;
    store::put_fields(tx, body.id, &fields).await?;
    store::put_states(tx, state.as_slice()).await?;
    if let Some(union) = union.filter(|_| joins) {
        store::put_union(tx, &membership(body, union)).await?;
    }
    Ok(Outcome::Written)
}

/// The state a file says it is in: from its first day where it is being founded, else nobody knows since when.
fn first_state(line: &Line, body: &Body) -> Option<StateRow> {
    let Status::Stands(state) = line.status else { return None };
    Some(StateRow {
        id: new_id(),
        organisation_id: body.id,
        state,
        valid_from: body.period().from.filter(|_| state == AssociationStatus::Preparing),
        valid_to: None,
        until: None,
        document: None,
        reason: None,
    })
}

fn wanted(line: &Line, old: &Registry, codes: &Codes) -> (Record, Vec<AssociationField>) {
    let scope = line.scope.unwrap_or(old.record.scope);
    let record = Record { kind: line.kind, scope, ..old.record.clone() };
    let main = line.field.as_deref().and_then(|text| codes.find(text));
    let Some((scheme, code)) = main else { return (record, old.fields.clone()) };
    (record, vec![AssociationField { organisation_id: old.id(), scheme, code, main: true }])
}

/// The Union a file names, by code or abbreviation, also where that stands in brackets after its English name.
fn union_of<'a>(text: &str, bodies: &'a [Body]) -> Option<&'a Body> {
    let named = |body: &&Body| {
        let short = |version: &Version| {
            version.short_name.as_deref() == Some(text)
                || version.name_en.as_deref().is_some_and(|name| bracketed(name) == Some(text))
        };
        body.kind == Kind::Union && (body.code.as_deref() == Some(text) || body.versions.iter().any(short))
    };
    bodies.iter().find(named)
}

/// A membership for as long as both are there: a file knows no days. Of an association whose first day nobody knows, nobody knows
/// since when it belongs.
fn membership(body: &Body, union: &Body) -> UnionRow {
    let (own, of) = (body.period(), union.period());
    UnionRow {
        id: new_id(),
        organisation_id: body.id,
        union_id: union.id,
        kind: UnionMembershipKind::Collective,
        valid_from: own.from.map(|from| of.from.map_or(from, |of| of.max(from))),
        valid_to: [own.to, of.to].into_iter().flatten().min(),
        document: None,
        leaving: None,
        reason: None,
    }
}
