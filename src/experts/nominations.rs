//! Nominations: agencies and associations propose people, the Union accepts, links or declines.
//!
//! A nominator sees its own nominations and what became of them, and never more about a person than it may know anyway:
//! whether somebody was new or known to the bank is the same to it.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::duplicates;
use super::form::{self, ExpertForm};
use super::links;
use super::model::Draft;
use super::policy::{DecideNomination, NominateExpert, ReadExpert, ReadNominations};
use super::profile;
use super::states;
use super::store::{self, CandidateRow, Decision, NominationRow, Sameness};
use super::vocabulary::Vocabulary;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::{Body, MaybeBody, parse};
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::precondition::{IfMatch, fresh, fresh_page, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::kernel::text::fold;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(nominate_expert)
        .service(list_nominations)
        .service(read_nomination)
        .service(accept_nomination)
        .service(link_nomination)
        .service(decline_nomination);
}

/// Most people a nomination is compared with.
const MAX_CANDIDATES: usize = 20;

/// A nomination: the form of an expert, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "expert": {"full_name": "TS. Kpă Thị Mẫu", "workplace": "Chi cục Kiểm lâm vùng Mẫu", "fields": ["40401"],
               "email": "kpa.mau@chuyengia.example", "standing_evidence": "Bằng khen của UBND tỉnh năm 2024"},
    "reason": "Chủ trì ba đề tài cấp tỉnh về rừng trồng"
}))]
struct NominationForm {
    /// The person, with the evidence of standing. `nominated_by` follows from who sends it.
    expert: ExpertForm,
    /// Why this person.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// What is sealed of a nomination: the form as it was sent, and the texts. Nothing prints it.
#[derive(Serialize, Deserialize)]
struct Filed {
    expert: Value,
    reason: Option<String>,
}

impl Filed {
    fn open(sealer: &Sealer, row: &NominationRow) -> Answer<Self> {
        let plain = sealer.open(&context(row.id), &row.sealed).map_err(Problem::internal)?;
        serde_json::from_slice(&plain).map_err(Problem::internal)
    }

    fn form(&self) -> Answer<ExpertForm> {
        parse(&serde_json::to_vec(&self.expert).map_err(Problem::internal)?)
    }
}

fn context(id: Uuid) -> String {
    format!("expert_nominations/{id}")
}

fn decision_context(id: Uuid) -> String {
    format!("expert_nominations/{id}/decision")
}

/// Where a nomination stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NominationState {
    /// The Union has not decided.
    Open,
    /// The person is in the bank; for a nominator also when they were there before.
    Accepted,
    /// It was somebody the bank knew; shown to the Union.
    Linked,
    /// The Union declined.
    Declined,
}

impl NominationState {
    const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Linked, Self::Declined];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Linked => "linked",
            Self::Declined => "declined",
        }
    }

    fn parse(text: &str) -> Answer<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| Problem::internal("a nomination without a known state"))
    }

    /// As a caller sees it: a nominator is not told who was known to the bank.
    const fn seen_by(self, reach: Reach) -> Self {
        match (self, reach) {
            (Self::Linked, Reach::All) => Self::Linked,
            (Self::Linked, _) => Self::Accepted,
            (state, _) => state,
        }
    }
}

/// The stored states that a caller sees as this one.
fn stored(state: NominationState, reach: Reach) -> Vec<&'static str> {
    let all = NominationState::ALL.into_iter();
    all.filter(|stored| stored.seen_by(reach) == state).map(NominationState::as_str).collect()
}

/// Who was proposed, without contacts.
#[derive(Debug, Serialize, ToSchema)]
struct Nominee {
    /// Name without titles.
    #[schema(example = "Kpă Thị Mẫu")]
    full_name: String,
    /// Year of birth, where given.
    birth_year: Option<i16>,
    /// Academic rank (học hàm).
    academic_rank: Option<String>,
    /// Degree (học vị).
    #[schema(example = "TS")]
    degree: Option<String>,
    /// Position.
    position: Option<String>,
    /// Where the person works.
    workplace: Option<String>,
    /// Codes of fields.
    #[schema(example = json!(["40401"]))]
    fields: Vec<String>,
    /// Free words.
    specialties: Vec<String>,
    /// Which contacts were given; they are sealed, and readable in the record once it is accepted.
    #[schema(example = json!(["email"]))]
    contacts: Vec<&'static str>,
}

impl Nominee {
    fn new(draft: Draft) -> Self {
        let contacts = [("email", draft.restricted.email.is_some()), ("phone", draft.restricted.phone.is_some())];
        Self {
            birth_year: draft.restricted.date_of_birth.map(PartialDate::year),
            contacts: contacts.into_iter().filter_map(|(name, given)| given.then_some(name)).collect(),
            full_name: draft.name.full,
            academic_rank: draft.academic_rank,
            degree: draft.degree,
            position: draft.position,
            workplace: draft.workplace,
            fields: draft.fields.into_iter().map(|field| field.code).collect(),
            specialties: draft.specialties,
        }
    }
}

/// The expert a nomination became, where the caller may know of them.
#[derive(Debug, Serialize, ToSchema)]
struct NominatedExpert {
    /// The expert.
    id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    full_name: String,
}

/// Somebody in the bank who may be the same person.
#[derive(Debug, Serialize, ToSchema)]
struct Candidate {
    /// The expert.
    id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    full_name: String,
    /// Where the person stands with the bank.
    #[schema(value_type = super::status::Status)]
    status: String,
    /// Year of birth, where known.
    birth_year: Option<i16>,
    /// Where the person works.
    workplace: Option<String>,
    /// What is the same: `name` (without accents), `email`, `phone`, `birth_year`.
    #[schema(example = json!(["name", "birth_year"]))]
    evidence: Vec<&'static str>,
}

impl From<CandidateRow> for Candidate {
    fn from(row: CandidateRow) -> Self {
        let same = [
            ("name", row.same_name),
            ("email", row.same_email),
            ("phone", row.same_phone),
            ("birth_year", row.same_birth_year),
        ];
        Self {
            id: row.id,
            code: row.code,
            full_name: row.full_name,
            status: row.status,
            birth_year: row.birth_year,
            workplace: row.workplace,
            evidence: same.into_iter().filter_map(|(name, same)| same.then_some(name)).collect(),
        }
    }
}

/// A nomination and what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct Nomination {
    /// Its id.
    id: Uuid,
    /// Where it stands.
    state: NominationState,
    /// True while somebody of the Union has to look whether the person is known: of every nomination that is open, whoever it
    /// may resemble.
    needs_review: bool,
    /// The organisation that nominated; none when the Union did.
    organisation_id: Option<Uuid>,
    /// When.
    filed_at: DateTime<Utc>,
    /// Who was proposed; none when the form can't be read any more.
    nominee: Option<Nominee>,
    /// Why.
    reason: Option<String>,
    /// What the standing rests on.
    standing_evidence: Option<String>,
    /// When the Union decided.
    decided_at: Option<DateTime<Utc>>,
    /// Why it declined.
    decision_reason: Option<String>,
    /// The expert, where you may know of them.
    expert: Option<NominatedExpert>,
    /// For the Union, while it is open: who in the bank may be the same person, the most alike first.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<Candidate>>,
}

/// The one rule of what a caller sees of a nomination.
async fn view(
    conn: &mut Conn,
    sealer: &Sealer,
    scope: &Scope,
    vocabulary: &Vocabulary,
    row: NominationRow,
) -> Answer<Nomination> {
    let filed = Filed::open(sealer, &row)?;
    let decision_reason = match &row.sealed_decision {
        Some(sealed) => {
            let plain = sealer.open(&decision_context(row.id), sealed).map_err(Problem::internal)?;
            Some(String::from_utf8(plain).map_err(Problem::internal)?)
        }
        None => None,
    };
    let expert = match row.expert_id {
        Some(id) => known(conn, scope, id).await?,
        None => None,
    };
    let draft = form::read(&filed.form()?, vocabulary).ok().map(|(draft, _)| draft);
    let standing_evidence = draft.as_ref().and_then(|draft| draft.standing_evidence.clone());
    Ok(Nomination {
        id: row.id,
        state: NominationState::parse(&row.state)?.seen_by(scope.reach),
        needs_review: row.state == NominationState::Open.as_str(),
        organisation_id: row.organisation_id,
        filed_at: row.filed_at,
        nominee: draft.map(Nominee::new),
        reason: filed.reason,
        standing_evidence,
        decided_at: row.decided_at,
        decision_reason,
        expert,
        candidates: None,
    })
}

/// The expert, as far as the caller may know of them at all.
async fn known(conn: &mut Conn, scope: &Scope, id: Uuid) -> Answer<Option<NominatedExpert>> {
    let reads = Scope { reach: ReadExpert::RULE.reach_of(&scope.actor), actor: scope.actor.clone() };
    let found = store::by_ids(conn, &reads, &[id]).await?.remove(&id);
    Ok(found.map(|row| NominatedExpert { id, code: row.code, full_name: row.full_name }))
}

/// The whole of one nomination, with its version.
async fn whole<P: Policy>(permit: &Permit<P>, id: Uuid) -> Answer<(i64, Nomination)> {
    let (mut conn, sealer) = (permit.read().await?, &permit.state().sealer);
    let row = store::find_nomination(&mut conn, permit.scope(), id).await?;
    let vocabulary = Vocabulary::read(&mut conn).await?;
    let (version, form) = (row.version, Filed::open(sealer, &row)?.form()?);
    let mut nomination = view(&mut conn, sealer, permit.scope(), &vocabulary, row).await?;
    if permit.may::<DecideNomination>(|_| true) && nomination.state == NominationState::Open {
        nomination.candidates = Some(candidates(&mut conn, sealer, &form, &vocabulary).await?);
    }
    Ok((version, nomination))
}

async fn candidates(
    conn: &mut Conn,
    sealer: &Sealer,
    form: &ExpertForm,
    vocabulary: &Vocabulary,
) -> Answer<Vec<Candidate>> {
    let Ok((draft, _)) = form::read(form, vocabulary) else { return Ok(Vec::new()) };
    let hashes = |purpose, value: &Option<String>| {
        value.iter().flat_map(|value| sealer.keyed_hashes(purpose, value)).collect::<Vec<_>>()
    };
    let of = Sameness {
        name: fold(&draft.name.full),
        emails: hashes("email", &draft.restricted.email),
        phones: hashes("phone", &draft.restricted.phone),
        birth_year: draft.restricted.date_of_birth.map(PartialDate::year),
    };
    let rows = store::candidates(conn, &of, MAX_CANDIDATES).await?;
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// Nominate an expert
///
/// The Union reviews it. What you send is kept sealed; nobody else is told whom you proposed.
#[utoipa::path(
    tag = "nominations",
    params(Once),
    request_body = NominationForm,
    security(("session" = ["nominations.file"])),
    responses((status = 202, description = "Taken; what becomes of it stands at `Location`", body = Nomination)),
)]
#[post("/experts/nominations")]
async fn nominate_expert(permit: Permit<NominateExpert>, once: Once, body: Body<Map<String, Value>>) -> Answer {
    let once = once.of(&body);
    let form: NominationForm = links::read_body(&body.0)?;
    if form.expert.nominated_by.is_some() {
        return Err(Problem::field(
            "/expert/nominated_by",
            "not_allowed",
            say!("Bên đề cử là tài khoản đang gửi; bỏ mục này.", "Who nominates is who sends this; leave it out."),
        ));
    }
    let reason = states::reason("/reason", Some(&form.reason))?;
    if reason.is_none() {
        return Err(Problem::field("/reason", "required", say!("Nêu lý do đề cử.", "Say why this person.")));
    }
    // kept as it was sent: a form is read again when it is decided
    let filed = Filed { expert: body.0.get("expert").cloned().unwrap_or_default(), reason };
    let (sealer, actor) = (permit.state().sealer.clone(), permit.actor().clone());
    let id = permit
        .write_once(once, async move |tx| {
            let vocabulary = Vocabulary::read(tx).await?;
            form::read(&form.expert, &vocabulary).map_err(|faults| profile::invalid(faults).under("/expert"))?;
            let id = new_id();
            let plain = serde_json::to_vec(&filed).map_err(Problem::internal)?;
            let row = NominationRow {
                id,
                version: 1,
                state: NominationState::Open.as_str().to_owned(),
                organisation_id: actor.organisation_id(),
                filed_by: actor.id(),
                filed_at: now(),
                sealed: sealer.seal(&context(id), &plain).map_err(Problem::internal)?,
                expert_id: None,
                decided_by: None,
                decided_at: None,
                sealed_decision: None,
            };
            store::insert_nomination(tx, &row).await?;
            Ok((id, Event::on("nomination", id)))
        })
        .await?;
    let (mut conn, sealer) = (permit.read().await?, &permit.state().sealer);
    let row = store::find_nomination(&mut conn, permit.scope(), id).await?;
    let vocabulary = Vocabulary::read(&mut conn).await?;
    let nomination = view(&mut conn, sealer, permit.scope(), &vocabulary, row).await?;
    let location = format!("/api/v1/experts/nominations/{id}");
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(nomination))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NominationQuery {
    /// Only those that stand so.
    #[param(inline)]
    state: Option<NominationState>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List nominations
///
/// The latest first. The Union sees all, a nominator those of its organisation.
#[utoipa::path(
    tag = "nominations",
    params(NominationQuery),
    security(("session" = ["nominations.read"])),
    responses((status = 200, description = "A page of nominations", body = Page<Nomination>)),
)]
#[get("/experts/nominations")]
async fn list_nominations(permit: Permit<ReadNominations>, query: Params<NominationQuery>, req: HttpRequest) -> Answer {
    let (query, scope, sealer) = (query.0, permit.scope(), &permit.state().sealer);
    let cursors = Cursors::of(sealer, &req, &scope.audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let states = query.state.map(|state| stored(state, scope.reach));
    let rows = store::nominations(&mut conn, scope, states.as_deref(), before, query.limit.probe()).await?;
    let page = cursors.page(rows, query.limit, |row| row.id, |row| row)?;
    let vocabulary = Vocabulary::read(&mut conn).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(view(&mut conn, sealer, scope, &vocabulary, row).await?);
    }
    fresh_page(&req, "private", &Page { items, next_cursor: page.next_cursor })
}

/// Read a nomination
///
/// The Union also sees who in the bank may be the same person. Its ETag is what the verbs want as `If-Match`.
#[utoipa::path(
    tag = "nominations",
    params(("id" = Uuid, Path, description = "The nomination")),
    security(("session" = ["nominations.read"])),
    responses((status = 200, description = "The nomination", body = Nomination)),
)]
#[get("/experts/nominations/{id}")]
async fn read_nomination(permit: Permit<ReadNominations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let (version, nomination) = whole(&permit, id.0).await?;
    let version = permit.may::<DecideNomination>(|_| true).then_some(version);
    fresh(&req, version, "private", &nomination)
}

/// A nomination that is open, locked.
async fn undecided(tx: &mut Conn, scope: &Scope, id: Uuid, if_match: &IfMatch) -> Answer<NominationRow> {
    let row = store::lock_nomination(tx, scope, id).await?;
    if_match.check(row.version)?;
    if row.state == NominationState::Open.as_str() {
        return Ok(row);
    }
    let state = &row.state;
    Err(Problem::new(Code::Conflict).detail(say!(
        "Đề cử này đã được quyết định (`{state}`); bây giờ không thể làm gì thêm.",
        "This nomination was decided already (`{state}`); nothing more is possible.",
    )))
}

/// Accept a nomination
///
/// Enters the person into the bank as `nominated`, by the organisation that proposed them. Look at the candidates first: who
/// is in the bank already is linked. Who is there for certain is a 409 whose `existing` is that record, unless you say with
/// `not_the_same` that it is somebody else.
#[utoipa::path(
    tag = "nominations",
    params(("id" = Uuid, Path, description = "The nomination"), profile::EnterQuery, IfMatch, Once),
    security(("session" = ["nominations.decide"])),
    responses(
        (status = 200, description = "The nomination as it is now, with the expert", body = Nomination),
        (status = 422, description = "The form can't be read any more: a code in it is gone", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/experts/nominations/{id}/accept")]
async fn accept_nomination(
    permit: Permit<DecideNomination>,
    id: Id,
    query: Params<profile::EnterQuery>,
    if_match: IfMatch,
    once: Once,
) -> Answer {
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let id = permit
        .write_once(once, async move |tx| {
            let row = undecided(tx, &scope, id.0, &if_match).await?;
            let form = ExpertForm { nominated_by: row.organisation_id, ..Filed::open(&sealer, &row)?.form()? };
            let others = duplicates::guard::named(tx, &scope, &query.0.not_the_same).await?;
            let entered = Box::pin(profile::enter(tx, &sealer, &scope, &form, &others)).await;
            let (expert, mut events, _) = entered.map_err(|problem| problem.under("/expert"))?;
            let decision = Decision { state: "accepted", expert: Some(expert), by: scope.actor.id(), sealed: None };
            store::decide_nomination(tx, row.id, decision).await?;
            let accepted = Event::on("nomination", row.id).action("nominations.accept").fields(["state", "expert_id"]);
            events.push(accepted.values(json!({ "expert_id": expert })));
            Ok((row.id, events))
        })
        .await?;
    decided(&permit, id).await
}

async fn decided(permit: &Permit<DecideNomination>, id: Uuid) -> Answer {
    let (version, nomination) = whole(permit, id).await?;
    written(None, version, &nomination)
}

/// Who it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expert": "CG-000001"}))]
struct KnownPerson {
    /// Id or code of the expert.
    expert: String,
}

/// Link a nomination to somebody the bank knows
///
/// It is one of the people in the bank already; nobody is entered.
#[utoipa::path(
    tag = "nominations",
    params(("id" = Uuid, Path, description = "The nomination"), IfMatch, Once),
    request_body = KnownPerson,
    security(("session" = ["nominations.decide"])),
    responses((status = 200, description = "The nomination as it is now", body = Nomination)),
)]
#[post("/experts/nominations/{id}/link")]
async fn link_nomination(
    permit: Permit<DecideNomination>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<KnownPerson>,
) -> Answer {
    let (once, scope, key) = (once.of(&body), permit.scope().clone(), body.0.expert);
    let id = permit
        .write_once(once, async move |tx| {
            let row = undecided(tx, &scope, id.0, &if_match).await?;
            let found = store::find(tx, &scope, key.trim()).await;
            let expert = found.map_err(unknown_expert)?.id;
            let decision = Decision { state: "linked", expert: Some(expert), by: scope.actor.id(), sealed: None };
            store::decide_nomination(tx, row.id, decision).await?;
            let event = Event::on("nomination", row.id).action("nominations.link").fields(["state", "expert_id"]);
            Ok((row.id, event.values(json!({ "expert_id": expert }))))
        })
        .await?;
    decided(&permit, id).await
}

fn unknown_expert(problem: Problem) -> Problem {
    if problem.code() != Code::NotFound {
        return problem;
    }
    Problem::field(
        "/expert",
        "unknown_reference",
        say!("Không có chuyên gia với mã này.", "There is no expert with this id or code."),
    )
}

/// Why not.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "Ngoài các lĩnh vực của ngân hàng chuyên gia"}))]
struct Declined {
    /// Why; the nominator reads it.
    #[schema(required, value_type = String, min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

/// Decline a nomination
///
/// With a reason, which the nominator reads.
#[utoipa::path(
    tag = "nominations",
    params(("id" = Uuid, Path, description = "The nomination"), IfMatch, Once),
    request_body = Declined,
    security(("session" = ["nominations.decide"])),
    responses((status = 200, description = "The nomination as it is now", body = Nomination)),
)]
#[post("/experts/nominations/{id}/decline")]
async fn decline_nomination(
    permit: Permit<DecideNomination>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Declined>,
) -> Answer {
    let once = once.of(&body);
    let Some(reason) = states::reason("/reason", body.0.reason.as_deref())? else {
        return Err(Problem::field("/reason", "required", say!("Nêu lý do từ chối.", "Say why it is declined.")));
    };
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let id = permit
        .write_once(once, async move |tx| {
            let row = undecided(tx, &scope, id.0, &if_match).await?;
            let sealed = sealer.seal(&decision_context(row.id), reason.as_bytes()).map_err(Problem::internal)?;
            let decision = Decision { state: "declined", expert: None, by: scope.actor.id(), sealed: Some(sealed) };
            store::decide_nomination(tx, row.id, decision).await?;
            let event = Event::on("nomination", row.id).action("nominations.decline").fields(["state"]);
            Ok((row.id, event.values(json!({ "reason": reason }))))
        })
        .await?;
    decided(&permit, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nominator_is_not_told_who_was_known_to_the_bank() {
        use NominationState::{Accepted, Declined, Linked, Open};
        for (stored_as, union, nominator) in [
            (Open, Open, Open),
            (Accepted, Accepted, Accepted),
            (Linked, Linked, Accepted),
            (Declined, Declined, Declined),
        ] {
            assert_eq!(stored_as.seen_by(Reach::All), union);
            assert_eq!(stored_as.seen_by(Reach::Own), nominator);
        }
        assert_eq!(stored(Accepted, Reach::Own), ["accepted", "linked"]);
        assert!(stored(Linked, Reach::Own).is_empty());
        assert_eq!(stored(Accepted, Reach::All), ["accepted"]);
    }
}
