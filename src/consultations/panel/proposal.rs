//! `POST /consultations/{id}/panel/proposal`: the best panel under rules, or why there is none and what helps. Nothing is written: a proposal is adopted by `PUT /consultations/{id}/panel`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, post};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::order::{PanelOrder, pointer, relaxed, seat_of};
use super::pool::Pool;
use super::routes::{MOST_REASONS, PanelSeatForm};
use super::store::{self, Who};
use super::view::PanelExpert;
use super::words;
use crate::access::permit::Permit;
use crate::consultations::model::Case;
use crate::consultations::policy::PrepareConsultation;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::PanelSeat;
use crate::db::Conn;
use crate::http::body::MaybeBody;
use crate::http::envelope::lang;
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Lang, Problem};
use crate::panels::solver::clash::Clash;
use crate::panels::solver::panel::{self, Panel, Rule, Seat};
use crate::panels::solver::search::Effort;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(propose_panel);
}

/// A seat of a proposal.
#[derive(Debug, Serialize, ToSchema)]
struct ProposedSeat {
    /// The kind of seat.
    seat: PanelSeat,
    /// Who sits.
    expert: PanelExpert,
    /// How well the person fits the request, 0 to 1.
    #[schema(example = 0.82)]
    score: f64,
    /// What the seat adds to the value of the panel: the score; for the chair a quarter of it is degree and academic rank.
    value: f64,
    /// Why this person.
    reasons: Vec<String>,
    /// Who could take the seat with all others in theirs and all rules kept, the best first.
    alternates: Vec<PanelExpert>,
}

/// What `PUT /consultations/{id}/panel` takes.
#[derive(Debug, Serialize, ToSchema)]
struct ProposedPanel {
    /// Who sits.
    members: Vec<PanelSeatForm>,
    /// Who is in line for each kind of seat.
    alternates: Vec<PanelSeatForm>,
}

/// A rule that can't be kept.
#[derive(Debug, Serialize, ToSchema)]
struct ClashingRule {
    /// Where it stands in the order.
    #[schema(example = "/fields/0")]
    pointer: String,
    /// In words.
    #[schema(example = "ít nhất 3 người thuộc lĩnh vực 404")]
    detail: String,
}

/// The smallest change of an order that makes a panel possible.
#[derive(Debug, Serialize, ToSchema)]
struct PanelRelaxation {
    /// How many steps it takes; no change of fewer helps where `proven`.
    steps: usize,
    /// The changes in words.
    changes: Vec<ClashingRule>,
    /// The order with the changes: send it instead.
    order: PanelOrder,
}

/// A proposal, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PanelProposal {
    /// The consultation.
    consultation_id: Uuid,
    /// Whether there is a panel that keeps all rules.
    possible: bool,
    /// The order with all it did not say.
    order: PanelOrder,
    /// Who sits.
    members: Vec<ProposedSeat>,
    /// The same as a body for `PUT /consultations/{id}/panel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    adopt: Option<ProposedPanel>,
    /// The value of the panel: the sum over its seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// No panel under these rules is worth more.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    /// Whether it is proven that none is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimal: Option<bool>,
    /// How many people were considered.
    candidates: usize,
    /// How many of them have a conflict of interest, and never sit.
    conflicted: usize,
    /// How many were left out, because they have no time or don't take such work.
    busy: usize,
    /// Rules that can't be kept together, none of them idle; with none there are more seats than people.
    clash: Vec<ClashingRule>,
    /// What helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    relaxation: Option<PanelRelaxation>,
    /// Whether the clash, and that no smaller change helps, is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<bool>,
}

/// Propose a panel
///
/// The best panel under the rules of the order, with ordered alternates and a reason for each person, its value, a bound and whether
/// it is proven that none is better. Without a body the usual rules hold. Where no panel keeps the rules, `possible` is false: `clash`
/// names the rules that clash, each with its place in the order, and `relaxation` the smallest change that helps, as an order that can
/// be sent instead. Nothing is written.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    request_body = Option<PanelOrder>,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The proposal, or why there is none", body = PanelProposal)),
)]
#[post("/consultations/{id}/panel/proposal")]
async fn propose_panel(
    permit: Permit<PrepareConsultation>,
    id: Id,
    MaybeBody(body): MaybeBody<PanelOrder>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    check_open(&case)?;
    let pool = Box::pin(Pool::of(&mut conn, (permit.state(), permit.scope()), &case, body.0, "")).await?;
    drop(conn);
    let pool = Arc::new(pool);
    let asked = Arc::clone(&pool);
    let found = beside(move || panel::propose(&asked.people, &asked.order, Effort::default())).await?;
    let mut conn = permit.read().await?;
    let people = shown(&mut conn, &pool, found.as_ref().ok()).await?;
    let told = Telling { case: &case, pool: &pool, people: &people, lang: lang(&req) };
    let proposal = match found {
        Ok(panel) => told.panel(&panel),
        Err(clash) => told.clash(&clash),
    };
    fresh(&req, None, "private", &proposal)
}

/// Proposals that are worked out at a time; each takes its thread for a second or two at most, see [`Effort`].
static SOLVERS: Semaphore = Semaphore::const_new(2);
/// How long a proposal waits for its turn.
const WAIT: Duration = Duration::from_secs(10);

/// Solves beside the threads that serve others, a few at a time.
///
/// # Errors
/// 503 when too many wait.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    let turn = tokio::time::timeout(WAIT, SOLVERS.acquire()).await;
    let turn = turn
        .map_err(|_elapsed| Problem::unavailable("too many proposals are being worked out"))?
        .map_err(Problem::internal)?;
    // whoever goes away in the meantime leaves the thread at work: its turn ends with it
    let work = move || {
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Problem::task)
}

pub(super) fn check_open(case: &Case) -> Answer<()> {
    let state = case.row.state;
    if !state.is_over() {
        return Ok(());
    }
    let state = state.as_str();
    Err(Problem::new(Code::Conflict).detail(say!(
        "Hồ sơ đã kết thúc (`{state}`); không lập hội đồng nữa.",
        "The consultation is over (`{state}`): no panel is formed any more."
    )))
}

/// Who is named in an answer.
pub(super) async fn shown(conn: &mut Conn, pool: &Pool, panel: Option<&Panel>) -> Answer<HashMap<Uuid, Who>> {
    let most = pool.form.alternates();
    let seats = panel.into_iter().flat_map(|panel| &panel.seats);
    let places: HashSet<usize> =
        seats.flat_map(|seat| seat.alternates.iter().take(most).copied().chain([seat.candidate])).collect();
    let lines = panel.map(|panel| lines(pool, panel)).unwrap_or_default();
    let places = places.into_iter().chain(lines.into_iter().map(|(_, place)| place));
    let ids: Vec<Uuid> = places.filter_map(|place| pool.ids.get(place).copied()).collect();
    Ok(store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect())
}

/// Who is in line for each kind of seat: those who could take most of its seats first, and of them the best.
fn lines(pool: &Pool, panel: &Panel) -> Vec<(PanelSeat, usize)> {
    let mut all = Vec::new();
    for kind in panel::SeatKind::ALL {
        let mut fits: HashMap<usize, usize> = HashMap::new();
        for seat in panel.seats.iter().filter(|seat| seat.kind == kind) {
            seat.alternates.iter().for_each(|place| *fits.entry(*place).or_default() += 1);
        }
        let mut line: Vec<(usize, usize)> = fits.into_iter().collect();
        let worth = |place: usize| pool.people.get(place).map_or(0.0, |person| score(person, kind));
        line.sort_by(|a, b| b.1.cmp(&a.1).then(worth(b.0).total_cmp(&worth(a.0))).then(a.0.cmp(&b.0)));
        all.extend(line.into_iter().take(pool.form.alternates()).map(|(place, _)| (seat_of(kind), place)));
    }
    all
}

fn score(person: &panel::Candidate, kind: panel::SeatKind) -> f64 {
    let at = panel::SeatKind::ALL.iter().position(|other| *other == kind).unwrap_or_default();
    person.scores.get(at).copied().unwrap_or_default()
}

/// An answer in the making.
pub(super) struct Telling<'a> {
    pub case: &'a Case,
    pub pool: &'a Pool,
    pub people: &'a HashMap<Uuid, Who>,
    pub lang: Lang,
}

impl Telling<'_> {
    fn empty(&self, possible: bool) -> PanelProposal {
        PanelProposal {
            consultation_id: self.case.id(),
            possible,
            order: self.pool.form.clone(),
            members: Vec::new(),
            adopt: None,
            value: None,
            bound: None,
            optimal: None,
            candidates: self.pool.ids.len(),
            conflicted: self.pool.conflicted,
            busy: self.pool.busy,
            clash: Vec::new(),
            relaxation: None,
            proven: None,
        }
    }

    fn expert(&self, place: usize) -> Option<PanelExpert> {
        self.people.get(self.pool.ids.get(place)?).map(Into::into)
    }

    fn seat(&self, seat: &Seat) -> Option<ProposedSeat> {
        let fit = self.pool.scores.get(seat.candidate).copied().unwrap_or_default();
        let value = self.pool.people.get(seat.candidate).map_or(0.0, |person| score(person, seat.kind));
        let said = say!("Điểm phù hợp với yêu cầu: {fit:.2}.", "Fits the request by {fit:.2}.");
        let mut reasons = vec![self.lang.of(&said).to_owned()];
        reasons.extend(seat.reasons.iter().map(|reason| self.lang.of(&self.pool.glossary.reason(*reason)).to_owned()));
        reasons.truncate(MOST_REASONS);
        let alternates = seat.alternates.iter().take(self.pool.form.alternates());
        Some(ProposedSeat {
            seat: seat_of(seat.kind),
            expert: self.expert(seat.candidate)?,
            score: fit,
            value,
            reasons,
            alternates: alternates.filter_map(|place| self.expert(*place)).collect(),
        })
    }

    pub fn panel(&self, panel: &Panel) -> PanelProposal {
        let members: Vec<ProposedSeat> = panel.seats.iter().filter_map(|seat| self.seat(seat)).collect();
        let sits = |seat: &ProposedSeat| PanelSeatForm {
            expert: seat.expert.code.clone(),
            seat: seat.seat,
            score: Some(seat.score),
            reasons: seat.reasons.clone(),
        };
        let waits = |(seat, place): (PanelSeat, usize)| {
            let score = self.pool.scores.get(place).copied();
            Some(PanelSeatForm { expert: self.expert(place)?.code, seat, score, reasons: Vec::new() })
        };
        let alternates = lines(self.pool, panel).into_iter().filter_map(waits).collect();
        let adopt = ProposedPanel { members: members.iter().map(sits).collect(), alternates };
        PanelProposal {
            members,
            adopt: Some(adopt),
            value: Some(panel.value),
            bound: Some(panel.bound),
            optimal: Some(panel.optimal),
            ..self.empty(true)
        }
    }

    fn rule(&self, rule: Rule, said: &crate::kernel::problem::Say) -> ClashingRule {
        let pointer = pointer(rule, &self.pool.named, &self.pool.ids);
        ClashingRule { pointer, detail: self.lang.of(said).to_owned() }
    }

    pub fn clash(&self, clash: &Clash) -> PanelProposal {
        let glossary = &self.pool.glossary;
        let mut told: Vec<ClashingRule> =
            clash.rules.iter().map(|rule| self.rule(*rule, &glossary.rule(*rule))).collect();
        if told.is_empty() {
            let free = self.pool.people.iter().filter(|person| !person.conflicted).count();
            let detail = self.lang.of(&words::too_few(&self.pool.form, free)).to_owned();
            told.push(ClashingRule { pointer: "/seats".to_owned(), detail });
        }
        let relaxation = clash.relaxation.as_ref().map(|relaxation| {
            let rules = relaxation.rules.iter();
            let mut changes: Vec<ClashingRule> =
                rules.map(|weakened| self.rule(weakened.rule, &glossary.weakened(weakened))).collect();
            changes.extend(words::members(relaxation).map(|said| ClashingRule {
                pointer: "/seats/member".to_owned(),
                detail: self.lang.of(&said).to_owned(),
            }));
            let degree = |step| self.pool.degree(step);
            let order = relaxed(&self.pool.form, &self.pool.named, &self.pool.ids, relaxation, degree);
            PanelRelaxation { steps: relaxation.size, changes, order }
        });
        PanelProposal { clash: told, relaxation, proven: Some(clash.proven), ..self.empty(false) }
    }
}
