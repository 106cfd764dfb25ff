//! What every change of an association has in common, and what every read begins with.

use actix_web::HttpResponse;
use actix_web::http::header;
use chrono::NaiveDate;
use uuid::Uuid;

use super::model::Registry;
use super::policy::{ManageAssociations, ReadAssociationFile};
use super::settings::Rules;
use super::store;
use super::view::Sight;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::idempotency::Once;
use crate::kernel::clock::today;
use crate::kernel::precondition::{IfMatch, versioned};
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::organisations::model::{Body, Kind};
use crate::organisations::store as organisation_store;
use crate::reference::check_as_of;

/// The organisation behind an association, by id or code.
///
/// # Errors
/// 404 for an organisation that is none.
pub async fn find_body(conn: &mut Conn, key: &str) -> Answer<Body> {
    let body = organisation_store::find(conn, key).await?;
    if is_association(&body) { Ok(body) } else { Err(Problem::new(Code::NotFound)) }
}

const fn is_association(body: &Body) -> bool {
    matches!(body.kind, Kind::Association | Kind::Union)
}

/// The day of the parameter `as_of`.
///
/// # Errors
/// 422 with the law for a day before the register begins.
pub async fn day_of(conn: &mut Conn, as_of: Option<NaiveDate>) -> Answer<NaiveDate> {
    check_as_of(conn, as_of).await.map_err(|problem| Rules::new([]).cite(problem, today()))
}

/// Whether an association is the caller's own.
pub fn is_own(scope: &Scope, id: Uuid) -> bool {
    scope.actor.organisation_id() == Some(id)
}

/// What a caller sees of an association beside what everybody does.
pub fn sight<P: Policy>(permit: &Permit<P>, id: Uuid) -> Sight {
    let own = is_own(permit.scope(), id);
    let file = permit.may::<ReadAssociationFile>(|reach| reach == Reach::All || own);
    Sight { file, manage: permit.may::<ManageAssociations>(|_| true) }
}

/// An association that is being changed, locked.
pub struct Locked {
    /// The organisation.
    pub body: Body,
    /// What is kept beside it.
    pub registry: Registry,
    /// The rules.
    pub rules: Rules,
    /// Who changes it.
    pub scope: Scope,
}

impl Locked {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        self.body.id
    }

    /// An event on it.
    pub const fn event(&self, action: &'static str) -> Event {
        Event::on("association", self.body.id).action(action)
    }
}

/// Finds and locks an association the caller may change, of the version they say. The register is locked first, as by every
/// change of organisations: its rules look at other bodies.
///
/// # Errors
/// 404 when it is not theirs; 428, 412.
pub async fn lock(tx: &mut Conn, scope: &Scope, key: &str, if_match: Option<&IfMatch>) -> Answer<Locked> {
    organisation_store::lock_register(tx).await?;
    let body = find_body(tx, key).await?;
    if scope.reach == Reach::Own && !is_own(scope, body.id) {
        return Err(Problem::new(Code::NotFound));
    }
    let registry = store::lock(tx, body.id).await?;
    if let Some(if_match) = if_match {
        if_match.check(registry.record.version)?;
    }
    Ok(Locked { body, registry, rules: Rules::read(tx).await?, scope: scope.clone() })
}

/// Runs a change of an association in a transaction, counts its version up, and names the law of a broken rule. Returns the
/// id that `work` gives.
///
/// # Errors
/// As [`lock`], and what `work` answers.
pub async fn change<P: Policy>(
    permit: &Permit<P>,
    key: &str,
    if_match: Option<IfMatch>,
    once: Option<Once>,
    work: impl AsyncFnOnce(&mut Conn, &Locked) -> Answer<(Uuid, Vec<Event>)> + 'static,
) -> Answer<Uuid> {
    let (scope, key) = (permit.scope().clone(), key.to_owned());
    let run = async move |tx: &mut Conn| {
        let locked = lock(tx, &scope, &key, if_match.as_ref()).await?;
        let done = Box::pin(work(tx, &locked)).await;
        let (made, events) = done.map_err(|problem| locked.rules.cite(problem, today()))?;
        if !events.is_empty() {
            store::touch(tx, locked.id()).await?;
        }
        Ok((made, events))
    };
    match once {
        Some(once) => Box::pin(permit.write_once(once, run)).await,
        None => Box::pin(permit.write(run)).await,
    }
}

/// An association a caller may read on a day: one that is yet to begin by then is there for the managers only.
///
/// # Errors
/// 404 for everybody else, and for what is none.
pub async fn find_visible<P: Policy>(conn: &mut Conn, permit: &Permit<P>, key: &str, day: NaiveDate) -> Answer<Body> {
    let body = find_body(conn, key).await?;
    let last = day.max(today());
    let begun = body.period().from.is_none_or(|from| from <= last);
    if begun || sight(permit, body.id).manage { Ok(body) } else { Err(Problem::new(Code::NotFound)) }
}

/// As [`find_visible`], with all that is kept of it.
///
/// # Errors
/// As there.
pub async fn read_visible<P: Policy>(
    conn: &mut Conn,
    permit: &Permit<P>,
    key: &str,
    day: NaiveDate,
) -> Answer<(Body, Registry)> {
    let body = find_visible(conn, permit, key, day).await?;
    let registry = store::registry(conn, body.id).await?;
    Ok((body, registry))
}

/// The day of the parameter `on`.
///
/// # Errors
/// As [`day_of`], at `/on`.
pub async fn day_on(conn: &mut Conn, on: Option<NaiveDate>) -> Answer<NaiveDate> {
    day_of(conn, on).await.map_err(|problem| {
        let moved = |moved: Problem, error: &FieldError| moved.and_field("/on", error.code, error.detail.clone());
        let law = problem.errors().first().and_then(|error| error.legal_reference.as_deref()).map(str::to_owned);
        problem.errors().iter().fold(Problem::new(problem.code()), moved).citing(|_| law.clone())
    })
}

/// Answers that something was removed, with the association's version as it is now.
///
/// # Errors
/// 503 when the database is away.
pub async fn removed<P: Policy>(permit: &Permit<P>, key: &str) -> Answer {
    let (_, registry) = reread(&mut permit.read().await?, key).await?;
    let etag = (header::ETAG, versioned(registry.record.version));
    Ok(HttpResponse::NoContent().insert_header(etag).finish())
}

/// An association as it is after a change.
///
/// # Errors
/// 503 when the database is away.
pub async fn reread(conn: &mut Conn, key: &str) -> Answer<(Body, Registry)> {
    let body = find_body(conn, key).await?;
    let registry = store::registry(conn, body.id).await?;
    Ok((body, registry))
}
