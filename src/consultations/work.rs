//! What every change of a consultation has in common: whose it is, what it is reckoned by, and what lists are told of it.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::clock;
use super::form::ConsultationPatch;
use super::model::{Case, MoveRow, Row, ticks};
use super::policy::{DecideConsultation, PrepareConsultation};
use super::rules::{Known, Reckoning};
use super::settings::Limits;
use super::state::{Hands, Verb};
use super::store::{self, Seen};
use super::words::ConsultationState;
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::{Conn, Db};
use crate::experts::policy::ReadExpert;
use crate::experts::store as expert_store;
use crate::fields::store as field_store;
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::patch::Change;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code};
use crate::kernel::text::fold;
use crate::organisations::model::Version;
use crate::organisations::store as organisation_store;

/// Consultations that are reckoned anew in one transaction.
const BATCH: i64 = 200;

/// In the Union's office, as a leader, or neither.
pub fn union_hands(scope: &Scope) -> Hands {
    let all = |reach: Reach| reach == Reach::All;
    Hands {
        asker: false,
        officer: all(PrepareConsultation::RULE.reach_of(&scope.actor)),
        leader: all(DecideConsultation::RULE.reach_of(&scope.actor)),
    }
}

/// As whom a caller acts on a consultation.
///
/// # Errors
/// 503 when the database is away.
pub async fn hands(conn: &mut Conn, scope: &Scope, case: &Case) -> Answer<Hands> {
    let union = union_hands(scope);
    let asks = matches!(scope.actor.role(), Some(Role::Agency | Role::ScienceDept));
    let asks_for = match (union.officer, scope.reach) {
        (false, Reach::Own) if asks => store::askers(conn, scope.actor.organisation_id(), today()).await?,
        _ => Vec::new(),
    };
    Ok(case.hands(&asks_for, union))
}

/// By what days are reckoned now, and the version of the calendar.
///
/// # Errors
/// 503 when the database is away.
pub async fn reckoning(conn: &mut Conn) -> Answer<(Reckoning, i64)> {
    let (calendar, version) = store::calendar(conn).await?;
    Ok((Reckoning { calendar, limits: Limits::read(conn).await?, today: today() }, version))
}

/// A consultation that is being changed, locked.
pub struct Locked {
    /// As it was.
    pub case: Case,
    /// As whom the caller acts on it.
    pub hands: Hands,
    /// By what days are reckoned.
    pub on: Reckoning,
    version: i64,
}

/// Finds and locks a consultation that exists for the caller, of the version they say.
///
/// # Errors
/// 404; 428, 412.
pub async fn lock(tx: &mut Conn, scope: &Scope, id: Uuid, if_match: Option<&IfMatch>) -> Answer<Locked> {
    let case = store::lock(tx, Seen::by(scope, today()), id).await?;
    if let Some(if_match) = if_match {
        if_match.check(case.row.version)?;
    }
    let hands = hands(tx, scope, &case).await?;
    let (on, version) = reckoning(tx).await?;
    Ok(Locked { case, hands, on, version })
}

impl Locked {
    /// An event on it.
    pub const fn event(&self, action: &'static str) -> Event {
        Event::on("consultation", self.case.row.id).action(action)
    }

    /// Tells lists how it is now.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn settle(&self, tx: &mut Conn, row: &Row, moves: &[MoveRow]) -> Answer<()> {
        settle(tx, (&self.on, self.version), row, moves).await
    }
}

/// Tells lists how a consultation is now: its words, and when it is due.
///
/// # Errors
/// 503 when the database is away.
pub async fn settle(tx: &mut Conn, by: (&Reckoning, i64), row: &Row, moves: &[MoveRow]) -> Answer<()> {
    let renames = store::renames(tx, &[row.id]).await?;
    let names = names(tx, &[row.asker_id]).await?;
    put_index(tx, by, (row, moves), (&names, &renames)).await
}

/// Every name organisations bear or bore.
async fn names(tx: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<String>>> {
    let bodies = organisation_store::bodies(tx, ids).await?;
    let names = |versions: &[Version]| versions.iter().map(|version| version.name.clone()).collect();
    Ok(bodies.into_iter().map(|(id, body)| (id, names(&body.versions))).collect())
}

async fn put_index(
    tx: &mut Conn,
    (on, version): (&Reckoning, i64),
    (row, moves): (&Row, &[MoveRow]),
    (names, renames): (&HashMap<Uuid, Vec<String>>, &HashMap<Uuid, i64>),
) -> Answer<()> {
    let names = names.get(&row.asker_id).map(Vec::as_slice).unwrap_or_default();
    let told = renames.get(&row.id).copied().unwrap_or_default();
    let ticks = ticks(moves);
    let clock = clock::clock(&on.calendar, &on.limits, &row.course(&ticks));
    store::put_index(tx, row.id, &clock, (version, told), &words(row, names)).await
}

/// The folded words it is found by: no contact person is among them.
fn words(row: &Row, asker: &[String]) -> String {
    let letter = row.letter.as_ref().map(|letter| letter.number.as_str());
    let texts = [
        row.register_number.as_deref(),
        Some(row.title.as_str()),
        row.summary.as_deref(),
        letter,
        row.authority_name.as_deref(),
    ];
    let questions = row.questions.iter().map(String::as_str);
    let all = texts.into_iter().flatten().chain(questions).chain(asker.iter().map(String::as_str));
    all.map(fold).collect::<Vec<_>>().join(" ")
}

/// What was done, by whom, and where it led; after so many moves before.
pub fn moved(
    (id, before): (Uuid, usize),
    verb: Option<Verb>,
    from: Option<ConsultationState>,
    to: ConsultationState,
    scope: &Scope,
) -> MoveRow {
    MoveRow {
        id: new_id(),
        consultation_id: id,
        ordinal: i32::try_from(before).unwrap_or(i32::MAX),
        at: now(),
        verb: verb.map(|verb| verb.as_str().to_owned()),
        from_state: from,
        to_state: to,
        actor_kind: scope.actor.kind().to_owned(),
        actor_id: scope.actor.id(),
        actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
        reason_code: None,
        reason: None,
        document: None,
        missing: Vec::new(),
        resume_on: None,
        schedule: None,
    }
}

/// Looks up what a patch names: experts among those the caller may know of.
///
/// # Errors
/// 503 when the database is away.
pub async fn known(conn: &mut Conn, scope: &Scope, patch: &ConsultationPatch, day: NaiveDate) -> Answer<Known> {
    let mut organisations = HashMap::new();
    for key in patch.organisations() {
        if organisations.contains_key(key) {
            continue;
        }
        match organisation_store::find(conn, key).await {
            Ok(body) => {
                let name = body.at_or_last(day).or_else(|| body.versions.first()).map(|version| version.name.clone());
                organisations.insert(key.to_owned(), (body.id, name.unwrap_or_default()));
            }
            Err(problem) if problem.code() == Code::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    let reads = Scope { reach: ReadExpert::RULE.reach_of(&scope.actor), actor: scope.actor.clone() };
    let mut experts = HashMap::new();
    for key in patch.experts() {
        if experts.contains_key(key) {
            continue;
        }
        match expert_store::find(conn, &reads, key).await {
            Ok(expert) => {
                experts.insert(key.to_owned(), expert.id);
            }
            Err(problem) if problem.code() == Code::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    let fields = match &patch.fields {
        Change::Set(_) => field_store::all(conn).await?.into_iter().map(|row| (row.scheme, row.code)).collect(),
        _ => Default::default(),
    };
    Ok(Known { organisations, experts, fields })
}

/// Tells lists anew of consultations whose calendar, settings or asker's names changed; how many there were. A few hundred a
/// transaction; what somebody holds is theirs to reckon.
///
/// # Errors
/// 503 when the database is away.
pub async fn catch_up(db: &Db) -> Answer<usize> {
    let mut all = 0;
    while store::is_behind(&mut db.conn().await?).await? {
        // what is written is derived, so there is no event: the change it follows from has one
        let count = db.transaction(async |tx| reckon_some(tx).await).await?;
        all += count;
        if count == 0 {
            // somebody holds the rest, and reckons it anew
            break;
        }
    }
    Ok(all)
}

/// Tells lists anew of some of them in the caller's transaction; how many.
///
/// # Errors
/// 503 when the database is away.
pub async fn reckon_some(tx: &mut Conn) -> Answer<usize> {
    let (on, version) = reckoning(tx).await?;
    let rows = store::reckoned_otherwise(tx, version, BATCH).await?;
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.id).collect();
    let askers: Vec<Uuid> = rows.iter().map(|(row, _)| row.asker_id).collect();
    // counted before the names are read: what is changed in between is told once more
    let renames = store::renames(tx, &ids).await?;
    let names = names(tx, &askers).await?;
    for (row, moves) in &rows {
        put_index(tx, (&on, version), (row, moves), (&names, &renames)).await?;
    }
    Ok(rows.len())
}
