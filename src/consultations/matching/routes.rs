//! `GET /consultations/{id}/candidates`.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::settings::Settings;
use super::view::{ConsultationCandidate, Teller};
use super::{Candidate, CandidateFilter, ranked, store};
use crate::access::permit::Permit;
use crate::consultations::panel;
use crate::consultations::policy::ReadCandidates;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::experts::model::Residency;
use crate::experts::search::{ExpertQuery, found_by};
use crate::experts::store as expert_store;
use crate::experts::view::ExpertCard;
use crate::http::envelope::lang;
use crate::http::params::Params;
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::page::{Cursors, Limit};
use crate::kernel::precondition::fresh_list;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(rank_candidates);
}

/// Whom one looks for, in the words of the search of experts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CandidateQuery {
    /// Words that must be found, as in the search of experts; they change nobody's score.
    #[param(example = "lam nghiep", max_length = 200)]
    q: Option<String>,
    /// Code of a field, its descendants included; repeat it for one field or another. A scheme may stand before it:
    /// `BKHCN-2008:404`.
    #[param(example = json!(["404"]))]
    field: Vec<String>,
    /// Code of a group of fields: who works in one of its fields, or chose the group.
    field_group: Vec<String>,
    /// Code of a degree (học vị); see `GET /api/v1/academic-titles`.
    #[param(example = json!(["TS"]))]
    degree: Vec<String>,
    /// This degree or a higher one.
    #[param(example = "ThS")]
    min_degree: Option<String>,
    /// Code of an academic rank (học hàm).
    #[param(example = json!(["PGS"]))]
    academic_rank: Vec<String>,
    /// Workplace: id or code of an organisation of the register. Bodies under it count as well, and those whose place it took.
    organisation: Vec<String>,
    /// Name or code of a province of today; who was entered with one that became part of it counts as well.
    #[param(example = json!(["Tuyên Quang"]))]
    province: Vec<String>,
    /// Where the person works, seen from the home province.
    residency: Vec<Residency>,
    /// Two-letter code of a language.
    #[param(example = json!(["en"]))]
    language: Vec<String>,
    /// Id or code of an association: its members of today.
    association: Vec<String>,
    /// A day on which the person is neither away nor without room for new work.
    #[param(example = "2026-12-01")]
    available_on: Option<NaiveDate>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl CandidateQuery {
    fn filters(&self) -> ExpertQuery {
        ExpertQuery {
            field: self.field.clone(),
            field_group: self.field_group.clone(),
            degree: self.degree.clone(),
            min_degree: self.min_degree.clone(),
            academic_rank: self.academic_rank.clone(),
            organisation: self.organisation.clone(),
            province: self.province.clone(),
            residency: self.residency.clone(),
            language: self.language.clone(),
            association: self.association.clone(),
            available_on: self.available_on,
            ..ExpertQuery::default()
        }
    }
}

/// Candidates for a request.
#[derive(Debug, Serialize, ToSchema)]
struct CandidatePage {
    /// The rows, the best first.
    items: Vec<ConsultationCandidate>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// The experts who may be asked, filters or not.
    #[schema(example = 412)]
    eligible: usize,
}

/// Rank candidates for a request
///
/// Everybody who may be asked (verified, consenting, neither paused nor gone), the best first, each with a score from 0 to 1 that is
/// comparable between requests, what it is made of, and the conflicts of interest that were found. Filters are those of the search of experts; they leave people out and
/// change no score.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), CandidateQuery),
    security(("session" = ["consultations.read_candidates"])),
    responses((status = 200, description = "A page of candidates, with the reasons for each", body = CandidatePage)),
)]
#[get("/consultations/{id}/candidates")]
async fn rank_candidates(
    permit: Permit<ReadCandidates>,
    id: Id,
    query: Params<CandidateQuery>,
    req: HttpRequest,
) -> Answer {
    let (query, scope, state) = (query.0, permit.scope(), permit.state());
    let cursors = Cursors::of(&state.sealer, &req, &scope.audience());
    let after: Option<After> = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let terms = found_by(&mut conn, scope, query.q.as_deref()).await?;
    let (filters, _) = query.filters().resolve(&mut conn, &[]).await?;
    let case = consultation_store::find(&mut conn, Seen::by(scope, today()), id.0).await?;
    let filter = CandidateFilter { terms, filters, only: None };
    let ranked = ranked(&mut conn, state, scope, &case, &filter).await?;
    let (eligible, weighed) = (ranked.eligible, ranked.weighed);
    let begin = after.map_or(0, |after| ranked.all.partition_point(|candidate| !after.is_before(candidate)));
    let page: Vec<Candidate> = ranked.all.into_iter().skip(begin).take(query.limit.rows() + 1).collect();
    let ids: Vec<Uuid> = page.iter().map(|candidate| candidate.expert).collect();
    let (mut cards, vocabulary) = expert_store::cards(&conn, &state.vocabularies, scope, &ids).await?;
    let of = |candidate: &Candidate| {
        let (expert, documents) = (candidate.expert, candidate.explanation.documents.clone());
        documents.into_iter().map(move |near| (expert, near.source))
    };
    let documents: Vec<_> = page.iter().flat_map(of).collect();
    let titles = store::titles(&mut conn, &documents).await?;
    let settings = Settings::read(&mut conn, today()).await?;
    let standings = panel::standings_alone(&mut conn, &case, &ids).await?;
    let vocabulary = &*vocabulary;
    let teller = Teller {
        case: &case,
        vocabulary,
        titles: &titles,
        weighed: &weighed,
        standings: &standings,
        window: settings.window_months,
        today: today(),
        lang: lang(&req),
    };
    let view = |candidate: Candidate| {
        let whole = cards.remove(&candidate.expert)?;
        Some(teller.view(&candidate, ExpertCard::new(whole.row, whole.fields, vocabulary)))
    };
    let page = cursors.page(page, query.limit, After::of, view)?;
    // who went between two statements is left out; their place is not filled
    let items = page.items.into_iter().flatten().collect();
    let body = CandidatePage { items, next_cursor: page.next_cursor, eligible };
    fresh_list(&req, None, "private", body.next_cursor.clone().as_deref(), &body)
}

/// Where a list goes on.
#[derive(Debug, Serialize, Deserialize)]
struct After {
    /// The score, bit by bit.
    score: u64,
    id: Uuid,
}

impl After {
    const fn of(candidate: &Candidate) -> Self {
        Self { score: candidate.score.to_bits(), id: candidate.expert }
    }

    /// True for a candidate that comes later in the list.
    fn is_before(&self, candidate: &Candidate) -> bool {
        let score = f64::from_bits(self.score);
        candidate.score < score || (candidate.score.total_cmp(&score).is_eq() && candidate.expert > self.id)
    }
}
