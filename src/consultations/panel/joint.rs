//! `POST /consultations/panel-proposals`: panels of several requests under joint loads. Nothing is written.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::{HttpRequest, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::everybody::{Everybody, named_too_often};
use super::order::PanelOrder;
use super::pool::Pool;
use super::proposal::{PanelProposal, Telling, beside, check_open, shown};
use crate::access::permit::Permit;
use crate::consultations::policy::PrepareConsultation;
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::kernel::clock::today;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::panels::solver::joint::{self, Joint, JointClash, Request};
use crate::panels::solver::matrix::Objective;
use crate::panels::solver::search::Effort;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(propose_panels);
}

/// Most requests of one joint proposal.
const MOST_REQUESTS: usize = 20;

/// What a joint proposal is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PanelObjective {
    /// The largest sum of the values of all panels.
    #[default]
    Total,
    /// The largest value of the lowest panel.
    Worst,
}

/// A request of a joint proposal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JointPanelOrder {
    /// The consultation.
    consultation_id: Uuid,
    /// What is asked of its panel.
    #[serde(default)]
    order: PanelOrder,
}

/// Several requests at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "consultations": [{"consultation_id": "0190c0de-0000-7000-8000-000000000001"},
                      {"consultation_id": "0190c0de-0000-7000-8000-000000000002", "order": {"least_outside_province": 1}}],
    "objective": "worst"
}))]
struct JointPanelForm {
    /// The requests.
    #[schema(min_items = 1, max_items = 20)]
    consultations: Vec<JointPanelOrder>,
    /// What for.
    #[serde(default)]
    objective: PanelObjective,
    /// Most of these panels that one person sits on, beside what they said they take at a time.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 20)]
    most_each: Option<u32>,
}

/// Proposals for several requests.
#[derive(Debug, Serialize, ToSchema)]
struct JointPanelProposal {
    /// What for.
    objective: PanelObjective,
    /// Whether each request has a panel.
    possible: bool,
    /// The proposals in the order asked for; where it is not possible, the one that has none, with the clash among those the others
    /// leave.
    panels: Vec<PanelProposal>,
    /// The sum of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    /// The smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst: Option<f64>,
    /// Nothing is better than this in the objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    /// Whether it is proven that nothing is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimal: Option<bool>,
    /// Where it is not possible: whether that is proven, because the request has no panel even alone. Else none was found for it beside
    /// the others, in the orders that were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<bool>,
}

/// Propose panels for several consultations
///
/// Jointly, under what each person can take: for the largest total, or for the lowest panel. Never worse than one after the other with
/// the same share of the search each. Where `possible` is false, `proven` says whether that is certain. Nothing is written.
#[utoipa::path(
    tag = "panels",
    request_body = JointPanelForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The proposals, or why there are none", body = JointPanelProposal)),
)]
#[post("/consultations/panel-proposals")]
async fn propose_panels(permit: Permit<PrepareConsultation>, body: Body<JointPanelForm>, req: HttpRequest) -> Answer {
    let form = body.0;
    check_joint(&form)?;
    let mut conn = permit.read().await?;
    let (mut cases, mut pools) = (Vec::new(), Vec::new());
    for (index, asked) in form.consultations.into_iter().enumerate() {
        let at = format!("/consultations/{index}");
        let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), asked.consultation_id).await;
        let case = case.map_err(|problem| unknown(problem, &at))?;
        check_open(&case)?;
        let whose = (permit.state(), permit.scope());
        pools.push(Box::pin(Pool::of(&mut conn, whose, &case, asked.order, &format!("{at}/order"))).await?);
        cases.push(case);
    }
    drop(conn);
    let most = form.most_each.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST_REQUESTS);
    check_names(&pools, most)?;
    let pools = Arc::new(pools);
    let (asked, objective) = (Arc::clone(&pools), form.objective);
    let found = beside(move || solve(&asked, most, objective)).await?;
    let mut conn = permit.read().await?;
    let lang = lang(&req);
    let mut panels = Vec::new();
    let told = match found {
        Ok(joint) => {
            for ((case, pool), panel) in cases.iter().zip(pools.iter()).zip(&joint.panels) {
                let people = shown(&mut conn, pool, Some(panel)).await?;
                panels.push(Telling { case, pool, people: &people, lang }.panel(panel));
            }
            JointPanelProposal {
                objective,
                possible: true,
                panels,
                total: Some(joint.total),
                worst: Some(joint.worst),
                bound: Some(joint.bound),
                optimal: Some(joint.optimal),
                proven: None,
            }
        }
        Err(JointClash { request, clash, proven }) => {
            for (case, pool) in cases.iter().zip(pools.iter()).skip(request).take(1) {
                let people = shown(&mut conn, pool, None).await?;
                panels.push(Telling { case, pool, people: &people, lang }.clash(&clash));
            }
            JointPanelProposal {
                objective,
                possible: false,
                panels,
                total: None,
                worst: None,
                bound: None,
                optimal: None,
                proven: Some(proven),
            }
        }
    };
    fresh(&req, None, "private", &told)
}

fn unknown(problem: Problem, at: &str) -> Problem {
    if problem.code() != Code::NotFound {
        return problem;
    }
    let detail = say!("Không có hồ sơ này.", "There is no such consultation.");
    Problem::field(format!("{at}/consultation_id"), "unknown_reference", detail)
}

/// Who is asked for by name on more panels than one may sit on.
fn check_names(pools: &[Pool], most: usize) -> Answer<()> {
    let mut reader = Reader::default();
    for (request, place) in named_too_often(pools, most) {
        let detail = say!(
            "Đã được nêu ở {most} hồ sơ khác, trong khi `most_each` là {most}: bỏ tên, hoặc tăng `most_each`.",
            "Is named for {most} other requests, and `most_each` is {most}: leave the name out, or raise `most_each`."
        );
        reader.fault(&format!("/consultations/{request}/order/include/{place}"), "over_limit", detail);
    }
    reader.done(())
}

fn check_joint(form: &JointPanelForm) -> Answer<()> {
    let mut reader = Reader::default();
    let count = form.consultations.len();
    if count == 0 || count > MOST_REQUESTS {
        let detail = say!("Từ 1 đến {MOST_REQUESTS} hồ sơ.", "1 to {MOST_REQUESTS} consultations.");
        reader.fault("/consultations", "out_of_range", detail);
    }
    let mut seen = HashSet::new();
    for (index, asked) in form.consultations.iter().enumerate() {
        if !seen.insert(asked.consultation_id) {
            let detail = say!("Nêu hai lần; bỏ một.", "Named twice; leave one out.");
            reader.fault(&format!("/consultations/{index}/consultation_id"), "duplicate", detail);
        }
    }
    let is_far = |most: u32| most == 0 || usize::try_from(most).is_ok_and(|most| most > MOST_REQUESTS);
    if form.most_each.is_some_and(is_far) {
        let detail = say!("Từ 1 đến {MOST_REQUESTS}.", "From 1 to {MOST_REQUESTS}.");
        reader.fault("/most_each", "out_of_range", detail);
    }
    reader.done(())
}

/// Solves over everybody who could sit on any of the panels. The panels come back in the places of their own pools.
fn solve(pools: &[Pool], most: usize, objective: PanelObjective) -> Result<Joint, JointClash> {
    let effort = Effort::default();
    let all = Everybody::new(pools, most, &effort);
    let requests: Vec<Request<'_>> =
        all.people.iter().zip(&all.orders).map(|(people, order)| Request { people, order }).collect();
    let objective = match objective {
        PanelObjective::Total => Objective::Total,
        PanelObjective::Worst => Objective::Worst,
    };
    match joint::propose(&requests, &all.spare, objective, &effort) {
        Ok(mut found) => {
            for (request, panel) in found.panels.iter_mut().enumerate() {
                all.rename(request, panel);
            }
            Ok(found)
        }
        Err(mut clash) => {
            all.rename_clash(&mut clash);
            Err(clash)
        }
    }
}
