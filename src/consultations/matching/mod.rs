//! Who fits a request: everybody who may be asked, ranked, with the reasons; and how much each has to do.
//!
//! `terms.rs`, `relevance.rs`, `closeness.rs`, `marks.rs` and `score.rs` are pure; `memory.rs` keeps records between requests, and
//! `store.rs` holds the SQL.

mod closeness;
mod declines;
mod load;
mod marks;
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
pub use marks::{Marks, Work, sought};
pub use memory::{Memory, Record};
pub use relevance::{Near, Source};
pub use score::{Parts, Presence};
pub use settings::MOST as MOST_OF_A_SETTING;
pub use store::TEXTS;

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::memory::Kept;
use self::relevance::{Asked, Documents, Relevance, Weighed};
use self::settings::Settings;
use super::model::{Case, FieldCode};
use super::words::ConsultationKind;
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::experts::model::{ExpertField, Residency, WorkKind};
use crate::experts::store::{self as expert_store, EligibleSql, Filters};
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
    of: Arc<Kept>,
    /// The rank of the degree in `academic_titles`; 0 for none.
    pub degree_rank: i16,
    /// Where the person lives, seen from the home province; none where that is not known.
    pub residency: Option<Residency>,
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
    /// What the record says.
    pub fn record(&self) -> &Record {
        &self.of.record
    }

    /// The texts.
    fn documents(&self) -> &Documents {
        &self.of.documents
    }

    /// Names and works, as far as others may share them.
    pub fn marks(&self) -> &Marks {
        &self.of.marks
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[ExpertField] {
        &self.of.fields
    }

    /// True for who can be asked now: there, with room, taking work of this kind.
    pub fn is_free(&self) -> bool {
        self.presence.can_take_part() && !self.load.is_full() && self.takes_kind
    }
}

/// Whom of those who may be asked one looks for.
#[derive(Debug, Clone, Default)]
pub struct CandidateFilter {
    /// All of these words must be found, as in the search of experts.
    pub terms: Vec<expert_store::Weighed>,
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

/// Candidates, how many may be asked at all, and what the terms of the request weigh among their texts.
struct Ranked {
    all: Vec<Candidate>,
    eligible: usize,
    weighed: Weighed,
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
    let stamps: Vec<_> = people.iter().map(|row| (row.id, (row.version, row.written_by))).collect();
    let kept = state.matching.of(conn, &stamps).await?;
    let mut away = store::away(conn, today, until).await?;
    let mut loads = store::loads(conn, None, Some(case.id()), settings.since).await?;
    let mut disowned = store::disowned(conn, settings.since).await?;
    let asked = asked(case);
    let (kept, relevance, weighed) = compared(asked, kept).await?;
    let request = Request { case, vocabulary: &vocabulary, settings, today, until };
    let (eligible, mut all) = (people.len(), Vec::new());
    for ((row, kept), relevance) in people.into_iter().zip(kept).zip(relevance) {
        let is_meant = row.is_wanted && filter.only.as_ref().is_none_or(|only| only.contains(&row.id));
        let Some(kept) = kept.filter(|_| is_meant) else { continue };
        let load = loads.remove(&row.id).unwrap_or_default();
        let away = away.remove(&row.id).unwrap_or_default();
        let disowned = disowned.remove(&row.id).unwrap_or_default();
        all.push(request.candidate(row.id, kept, relevance, (load, &away, disowned)));
    }
    all.sort_unstable_by(|one, other| other.score.total_cmp(&one.score).then(one.expert.cmp(&other.expert)));
    Ok(Ranked { all, eligible, weighed })
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

type Compared = (Vec<Option<Arc<Kept>>>, Vec<Relevance>, Weighed);

/// Compares texts, beside the threads that serve others.
async fn compared(asked: Asked, kept: Vec<Option<Arc<Kept>>>) -> Answer<Compared> {
    let compare = move || {
        let none = Documents::default();
        let documents: Vec<&Documents> =
            kept.iter().map(|kept| kept.as_ref().map_or(&none, |kept| &kept.documents)).collect();
        let (relevance, weighed) = relevance::relevance(asked, &documents);
        (kept, relevance, weighed)
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
        expert: Uuid,
        kept: Arc<Kept>,
        relevance: Relevance,
        (load, away, disowned): (Load, &[store::Away], Vec<FieldCode>),
    ) -> Candidate {
        let record = &kept.record;
        let load = Load { cap: record.max_parallel, ..load };
        let rank = |code: &Option<String>| {
            code.as_deref().and_then(|code| self.vocabulary.title_by_code(code)).map_or(0, |title| title.rank)
        };
        let kind = work_kind(self.case.row.kind);
        let kinds = &record.accepted_kinds;
        let (degree_rank, academic_rank) = (rank(&record.degree), rank(&record.academic_rank));
        let facts = Facts {
            degree_rank,
            residency: self.vocabulary.residency(record.province_id, record.country.as_deref()),
            presence: Presence::of(away, self.today, self.until),
            takes_kind: kinds.is_empty() || kinds.iter().any(|taken| taken == kind.as_str()),
            disowned: disowned.into_iter().filter(|field| self.case.fields.contains(field)).collect(),
            load,
            of: Arc::clone(&kept),
        };
        let mut fields = closeness::matches(&self.case.fields, &kept.fields);
        let is_disowned = |field: &FieldCode| facts.disowned.contains(field);
        fields.retain(|found| self.case.fields.get(found.asked).is_none_or(|field| !is_disowned(field)));
        let parts = Parts {
            text: score::text(relevance.mean),
            fields: closeness::mean(&self.case.fields, &fields),
            qualification: score::qualification(degree_rank, academic_rank),
            room: facts.load.room(self.settings.usual_load),
            rest: score::rest(facts.load.days_since_asked(self.today)),
            reliability: score::reliability(facts.load.asked, facts.load.declined),
            presence: facts.presence.share(),
            full: facts.load.is_full(),
            takes_kind: facts.takes_kind,
        };
        let explanation = Explanation { parts, fields, documents: relevance.best };
        Candidate { expert, score: parts.score(), explanation, facts }
    }
}

const fn work_kind(kind: ConsultationKind) -> WorkKind {
    match kind {
        ConsultationKind::Consultation => WorkKind::Consultation,
        ConsultationKind::CriticalReview => WorkKind::CriticalReview,
        ConsultationKind::SocialAssessment => WorkKind::SocialAssessment,
    }
}
