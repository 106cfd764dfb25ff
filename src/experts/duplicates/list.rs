//! `GET /experts/duplicates`: pairs of records that may be of one person; `POST /experts/duplicates/decisions`: what somebody
//! decided about a pair.

use actix_web::{HttpRequest, get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::compare::{Evidence, EvidenceKind, LIKELY, POSSIBLE};
use super::pairs;
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::experts::policy::{DecideDuplicates, ReadDuplicates};
use crate::experts::states;
use crate::experts::store::{self, PairHalf, PairRow};
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::{Answer, Code, Lang, Problem};
use crate::say;

pub(in crate::experts) fn configure(config: &mut ServiceConfig) {
    config.service(list_duplicates).service(decide_duplicate);
}

/// What a piece of evidence weighs, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceStrength {
    /// Hardly ever shared by two people.
    Strong,
    /// Shared by few.
    Medium,
    /// Shared by many.
    Weak,
    /// Speaks for two people.
    Against,
}

impl EvidenceStrength {
    fn of(weight: f64) -> Self {
        match weight {
            _ if weight < 0.0 => Self::Against,
            _ if weight >= 2.6 => Self::Strong,
            _ if weight >= 1.2 => Self::Medium,
            _ => Self::Weak,
        }
    }
}

/// One thing that speaks for or against two records being one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceView {
    /// What it is.
    pub kind: EvidenceKind,
    /// How much it says.
    pub strength: EvidenceStrength,
    /// In words, Vietnamese or English by `Accept-Language`.
    #[schema(example = "Trùng họ tên.")]
    pub text: String,
}

impl EvidenceView {
    /// In a language.
    pub fn of(evidence: &[Evidence], lang: Lang) -> Vec<Self> {
        let view = |item: &Evidence| Self {
            kind: item.kind,
            strength: EvidenceStrength::of(item.weight),
            text: lang.of(&item.kind.words()).to_owned(),
        };
        evidence.iter().map(view).collect()
    }
}

/// A record of a pair.
#[derive(Debug, Serialize, ToSchema)]
struct DuplicateHalf {
    /// The expert.
    id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    full_name: String,
    /// Where the person stands with the bank.
    #[schema(value_type = crate::experts::status::Status)]
    status: String,
    /// Year of birth, where known.
    birth_year: Option<i16>,
    /// Where the person works.
    workplace: Option<String>,
}

impl From<PairHalf> for DuplicateHalf {
    fn from(half: PairHalf) -> Self {
        let PairHalf { id, code, full_name, status, birth_year, workplace } = half;
        Self { id, code, full_name, status, birth_year, workplace }
    }
}

/// Two records that may be of one person.
#[derive(Debug, Serialize, ToSchema)]
struct DuplicatePair {
    /// The earlier one.
    one: DuplicateHalf,
    /// The later one.
    other: DuplicateHalf,
    /// How alike they are, from 0 to 1.
    #[schema(example = 0.97)]
    score: f64,
    /// True when nobody needs to look: what is the same is never shared by two people, and nothing contradicts it.
    certain: bool,
    /// What speaks for it and against, the weightiest first. Restricted values are compared and not shown.
    evidence: Vec<EvidenceView>,
}

impl DuplicatePair {
    fn of(row: PairRow, lang: Lang) -> Answer<Self> {
        let evidence: Vec<Evidence> = serde_json::from_value(row.evidence).map_err(Problem::internal)?;
        Ok(Self {
            one: row.one.into(),
            other: row.other.into(),
            score: row.score,
            certain: row.certain,
            evidence: EvidenceView::of(&evidence, lang),
        })
    }
}

/// From 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Score(f64);

impl Default for Score {
    fn default() -> Self {
        Self(LIKELY)
    }
}

impl TryFrom<f64> for Score {
    type Error = &'static str;

    fn try_from(score: f64) -> Result<Self, Self::Error> {
        if (POSSIBLE..=1.0).contains(&score) { Ok(Self(score)) } else { Err("expected a number from 0.4 to 1") }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DuplicatesQuery {
    /// Only pairs at least so alike. Below 0.4 none are kept.
    #[param(value_type = f64, minimum = 0.4, maximum = 1, default = 0.7)]
    min_score: Score,
    /// Only pairs of this expert, by id or code.
    #[param(example = "CG-000001")]
    expert: Option<String>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List records that may be of one person
///
/// The most alike first, with what speaks for it and against; a name alone is never enough. Pairs that somebody decided about
/// and records that were merged are left out. After a large load the list fills up within some seconds.
#[utoipa::path(
    tag = "duplicates",
    params(DuplicatesQuery),
    security(("session" = ["duplicates.read"])),
    responses((status = 200, description = "A page of pairs", body = Page<DuplicatePair>)),
)]
#[get("/experts/duplicates")]
async fn list_duplicates(permit: Permit<ReadDuplicates>, query: Params<DuplicatesQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after = cursors.open(query.cursor.as_deref())?;
    if after.is_none() {
        pairs::help(&permit.state().db, &permit.state().sealer).await?;
    }
    let mut conn = permit.read().await?;
    let of = match query.expert.as_deref() {
        Some(key) => Some(store::find(&mut conn, permit.scope(), key.trim()).await.map_err(unknown_parameter)?.id),
        None => None,
    };
    let rows = store::pairs(&mut conn, query.min_score.0, of, after, query.limit.probe()).await?;
    let page = cursors.page(rows, query.limit, |row| (row.score, row.one.id, row.other.id), |row| row)?;
    let lang = lang(&req);
    let items = page.items.into_iter().map(|row| DuplicatePair::of(row, lang)).collect::<Answer<_>>()?;
    fresh_page(&req, "private", &Page { items, next_cursor: page.next_cursor })
}

fn unknown_parameter(problem: Problem) -> Problem {
    if problem.code() != Code::NotFound {
        return problem;
    }
    Problem::new(Code::InvalidQuery).and_field(
        "/expert",
        "unknown_reference",
        say!("Không có chuyên gia với mã này.", "There is no expert with this id or code."),
    )
}

/// What was decided about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PairDecision {
    /// Two people: the pair is not proposed again.
    NotTheSame,
    /// Not decided any more: the pair is proposed again while the records are alike.
    Open,
}

/// A decision about two records. To say that they are one person, merge them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"one": "CG-000001", "other": "CG-000002", "decision": "not_the_same",
                          "reason": "Hai anh em, cùng cơ quan"}))]
struct PairDecisionForm {
    /// Id or code of an expert.
    one: String,
    /// Id or code of another.
    other: String,
    /// What was decided.
    decision: PairDecision,
    /// Why; kept for whoever asks later.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

/// The decision that stands.
#[derive(Debug, Serialize, ToSchema)]
struct PairDecided {
    /// The earlier expert.
    one: Uuid,
    /// The later one.
    other: Uuid,
    /// What was decided.
    decision: PairDecision,
}

/// Decide about a pair
///
/// `not_the_same` is remembered: the pair is not proposed again, here nor when records are entered or loaded. `open` takes that
/// back. Decided the same twice, the later decision and its reason are kept.
#[utoipa::path(
    tag = "duplicates",
    params(Once),
    request_body = PairDecisionForm,
    security(("session" = ["duplicates.decide"])),
    responses((status = 200, description = "The decision that stands now", body = PairDecided)),
)]
#[post("/experts/duplicates/decisions")]
async fn decide_duplicate(permit: Permit<DecideDuplicates>, once: Once, body: Body<PairDecisionForm>) -> Answer {
    let (once, scope) = (once.of(&body), permit.scope().clone());
    let reason = states::reason("/reason", body.0.reason.as_deref())?;
    let form = body.0;
    let decision = form.decision;
    let (one_key, other_key) = (form.one.clone(), form.other.clone());
    permit
        .write_once(once, async move |tx| {
            let one = store::find(tx, &scope, form.one.trim()).await.map_err(|fault| unknown("/one", fault))?.id;
            let other = store::find(tx, &scope, form.other.trim()).await.map_err(|fault| unknown("/other", fault))?.id;
            if one == other {
                let same = say!("Cần hai chuyên gia khác nhau.", "Name two different experts.");
                return Err(Problem::field("/other", "same_expert", same));
            }
            let pair = (one.min(other), one.max(other));
            let changed = match decision {
                PairDecision::NotTheSame => {
                    store::distinguish(tx, pair, scope.actor.id(), reason.as_deref()).await?;
                    true
                }
                PairDecision::Open => store::reopen(tx, pair).await?,
            };
            if !changed {
                return Ok((pair.0, Vec::new()));
            }
            store::come_due(tx, &[pair.0, pair.1]).await?;
            let event = match decision {
                PairDecision::NotTheSame => distinguished(pair, reason.as_deref()),
                PairDecision::Open => Event::on("distinction", pair.0).values(json!({ "reopened": pair })),
            };
            Ok((pair.0, vec![event]))
        })
        .await?;
    let mut conn = permit.read().await?;
    let one = store::find(&mut conn, permit.scope(), one_key.trim()).await?.id;
    let other = store::find(&mut conn, permit.scope(), other_key.trim()).await?.id;
    let decided = PairDecided { one: one.min(other), other: one.max(other), decision };
    Ok(actix_web::HttpResponse::Ok().json(decided))
}

/// The event of two people who are two. It is none on a person: who reads their own history must not learn whom they resemble.
pub(crate) fn distinguished(pair: (Uuid, Uuid), reason: Option<&str>) -> Event {
    let values = json!({ "not_the_same": pair, "reason": reason });
    Event::on("distinction", pair.0).action("duplicates.decide").values(values)
}

/// A reference of a body to an expert that is not there.
pub(in crate::experts) fn unknown(pointer: &str, problem: Problem) -> Problem {
    if problem.code() != Code::NotFound {
        return problem;
    }
    Problem::field(
        pointer,
        "unknown_reference",
        say!("Không có chuyên gia với mã này.", "There is no expert with this id or code."),
    )
}
