//! Who fits a request: everybody who may be asked, ranked, with the reasons; and how much each has to do.
//!
//! `terms.rs`, `relevance.rs`, `closeness.rs` and `score.rs` are pure; `memory.rs` keeps texts as numbers between requests, and
//! `store.rs` holds the SQL.

mod closeness;
mod declines;
mod load;
mod memory;
mod relevance;
mod routes;
mod score;
mod settings;
mod store;
mod terms;
mod view;

pub use closeness::Match;
pub use load::{Load, load_of};
pub use memory::Memory;
pub use relevance::{Near, Source};
pub use score::{Parts, Presence};
pub use settings::MOST as MOST_OF_A_SETTING;
pub use store::TEXTS;

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::memory::Kept;
use self::relevance::{Asked, Documents, Relevance};
use self::settings::Settings;
use super::model::{Case, FieldCode};
use super::words::ConsultationKind;
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::experts::model::{ExpertField, Residency, WorkKind};
use crate::experts::store::{self as expert_store, Eligible, EligibleSql, Filters, Weighed};
use crate::experts::vocabulary::Vocabulary;
use crate::kernel::clock::today;
use crate::kernel::problem::{Answer, Problem};
use crate::state::State;

/// Days ahead for which availability is looked at where a request has no due date yet.
const AHEAD: u64 = 30;
/// How often the title of a request counts beside its summary and questions.
const TITLE: u32 = 2;

/// The routes of matching.
pub fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    load::configure(config);
}

/// Somebody who may be asked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The expert.
    pub expert: Uuid,
    /// How well they fit, 0 to 1; comparable between requests.
    pub score: f64,
    /// Why.
    pub explanation: Explanation,
    /// What rules of a panel ask for.
    pub facts: Facts,
}

/// What a score is made of.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The parts, 0 to 1 each.
    pub parts: Parts,
    /// For each field of the request the closest of the expert's.
    pub fields: Vec<Match>,
    /// The nearest documents.
    pub documents: Vec<Near>,
}

/// What rules of a panel ask for.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Code of the degree, and its rank in `academic_titles` (0 for none).
    pub degree: (Option<String>, i16),
    /// Code of the academic rank, and its rank.
    pub academic_rank: (Option<String>, i16),
    /// The fields, in their order.
    pub fields: Vec<ExpertField>,
    /// The workplace, where it is an organisation of the register.
    pub employer: Option<Uuid>,
    /// The workplace by its key, as it is compared: people of one key work at one place.
    pub workplace_key: Option<String>,
    /// In the Union's province; false where that is not known.
    pub at_home: bool,
    /// How much they have to do, the request itself left out.
    pub load: Load,
    /// Whether they are there until the request is due.
    pub presence: Presence,
    /// Takes work of this kind.
    pub takes_kind: bool,
    /// Fields of the request that they lately said are not theirs.
    pub disowned: Vec<FieldCode>,
}

impl Facts {
    /// True for who can be asked now: there, with room, taking work of this kind.
    pub fn is_free(&self) -> bool {
        self.presence.can_take_part() && !self.load.is_full() && self.takes_kind
    }
}

/// Whom of those who may be asked one looks for.
#[derive(Debug, Clone, Default)]
pub struct CandidateFilter {
    /// All of these words must be found, as in the search of experts.
    pub terms: Vec<Weighed>,
    /// All of these must hold.
    pub filters: Filters,
    /// Only these; everybody without.
    pub only: Option<Vec<Uuid>>,
}

/// Everybody who may be asked for a request and is looked for: the best first, those of one score by id. What others are there
/// changes no order between two, and what is hidden changes nothing; a filter changes no score.
///
/// # Errors
/// 503 when the database is away.
pub async fn candidates(
    conn: &mut Conn,
    state: &State,
    scope: &Scope,
    case: &Case,
    filter: &CandidateFilter,
) -> Answer<Vec<Candidate>> {
    Ok(ranked(conn, state, scope, case, filter).await?.all)
}

/// Candidates, and how many may be asked at all.
struct Ranked {
    all: Vec<Candidate>,
    eligible: usize,
}

async fn ranked(
    conn: &mut Conn,
    state: &State,
    scope: &Scope,
    case: &Case,
    filter: &CandidateFilter,
) -> Answer<Ranked> {
    let today = today();
    let version = expert_store::reference_version(conn).await?;
    let vocabulary = state.vocabularies.get(conn, version).await?;
    let settings = Settings::read(conn, today).await?;
    let until = due(conn, case, today).await?;
    let sql = EligibleSql::new(scope).terms(&filter.terms).filters(&filter.filters);
    let people = expert_store::eligible(conn, sql).await?;
    let stamps: Vec<_> = people.iter().map(|row| (row.id, (row.version, row.updated_at))).collect();
    let kept = state.matching.of(conn, &stamps).await?;
    let mut away = store::away(conn, today, until).await?;
    let mut loads = store::loads(conn, None, Some(case.id()), settings.since).await?;
    let mut disowned = store::disowned(conn, settings.since).await?;
    let asked = asked(case);
    let (kept, relevance) = compared(asked, kept).await?;
    let request = Request { case, vocabulary: &vocabulary, settings, today, until };
    let (eligible, mut all) = (people.len(), Vec::new());
    for ((row, kept), relevance) in people.into_iter().zip(&kept).zip(relevance) {
        let is_meant = row.is_wanted && filter.only.as_ref().is_none_or(|only| only.contains(&row.id));
        let Some(kept) = kept.as_ref().filter(|_| is_meant) else { continue };
        let load = loads.remove(&row.id).unwrap_or_default();
        let away = away.remove(&row.id).unwrap_or_default();
        let disowned = disowned.remove(&row.id).unwrap_or_default();
        all.push(request.candidate(row, kept, relevance, (load, &away, disowned)));
    }
    all.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.expert.cmp(&other.expert)));
    Ok(Ranked { all, eligible })
}

/// The day until which somebody has to be there.
async fn due(conn: &mut Conn, case: &Case, today: NaiveDate) -> Answer<NaiveDate> {
    let known = store::report_due(conn, case.id()).await?.or(case.row.wanted_by).or(case.row.decision_on);
    let ahead = today.checked_add_days(Days::new(AHEAD)).unwrap_or(today);
    Ok(known.filter(|day| *day >= today).unwrap_or(ahead))
}

/// The text of a request: title, summary, questions.
fn asked(case: &Case) -> Asked {
    let texts = case.row.summary.iter().chain(&case.row.questions).map(|text| (text.as_str(), 1));
    Asked::new(std::iter::once((case.row.title.as_str(), TITLE)).chain(texts))
}

type Compared = (Vec<Option<Arc<Kept>>>, Vec<Relevance>);

/// Compares texts, beside the threads that serve others.
async fn compared(asked: Asked, kept: Vec<Option<Arc<Kept>>>) -> Answer<Compared> {
    let compare = move || {
        let none = Documents::default();
        let documents: Vec<&Documents> =
            kept.iter().map(|kept| kept.as_ref().map_or(&none, |kept| &kept.documents)).collect();
        let relevance = relevance::relevance(&asked, &documents);
        (kept, relevance)
    };
    tokio::task::spawn_blocking(compare).await.map_err(Problem::task)
}

/// What candidates are held against.
struct Request<'a> {
    case: &'a Case,
    vocabulary: &'a Vocabulary,
    settings: Settings,
    today: NaiveDate,
    until: NaiveDate,
}

impl Request<'_> {
    fn candidate(
        &self,
        row: Eligible,
        kept: &Kept,
        relevance: Relevance,
        (load, away, disowned): (Load, &[store::Away], Vec<FieldCode>),
    ) -> Candidate {
        let load = Load { cap: row.max_parallel.and_then(|cap| u32::try_from(cap).ok()), ..load };
        let rank = |code: &Option<String>| {
            code.as_deref().and_then(|code| self.vocabulary.title_by_code(code)).map_or(0, |title| title.rank)
        };
        let kind = work_kind(self.case.row.kind);
        let kinds: Vec<&str> = row.accepted_kinds.iter().flatten().map(String::as_str).collect();
        let residency = self.vocabulary.residency(row.province_id, row.country.as_deref());
        let facts = Facts {
            degree: (row.degree.clone(), rank(&row.degree)),
            academic_rank: (row.academic_rank.clone(), rank(&row.academic_rank)),
            fields: kept.fields.clone(),
            employer: row.workplace_id,
            workplace_key: row.workplace_key,
            at_home: residency == Some(Residency::InProvince),
            presence: Presence::of(away, self.today, self.until),
            takes_kind: kinds.is_empty() || kinds.contains(&kind.as_str()),
            disowned: disowned.into_iter().filter(|field| self.case.fields.contains(field)).collect(),
            load,
        };
        let mut fields = closeness::matches(&self.case.fields, &kept.fields);
        let is_disowned = |field: &FieldCode| facts.disowned.contains(field);
        fields.retain(|found| self.case.fields.get(found.asked).is_none_or(|field| !is_disowned(field)));
        let parts = Parts {
            text: score::text(relevance.mean),
            fields: closeness::mean(&self.case.fields, &fields),
            qualification: score::qualification(facts.degree.1, facts.academic_rank.1),
            room: facts.load.room(self.settings.usual_load),
            rest: score::rest(facts.load.days_since_asked(self.today)),
            reliability: score::reliability(facts.load.asked, facts.load.declined),
            presence: facts.presence.share(),
            full: facts.load.is_full(),
            takes_kind: facts.takes_kind,
        };
        let explanation = Explanation { parts, fields, documents: relevance.best };
        Candidate { expert: row.id, score: parts.score(), explanation, facts }
    }
}

const fn work_kind(kind: ConsultationKind) -> WorkKind {
    match kind {
        ConsultationKind::Consultation => WorkKind::Consultation,
        ConsultationKind::CriticalReview => WorkKind::CriticalReview,
        ConsultationKind::SocialAssessment => WorkKind::SocialAssessment,
    }
}
