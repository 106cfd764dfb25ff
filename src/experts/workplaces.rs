//! Workplaces written as text become organisations of the register: what is certain by itself, the rest by an officer's
//! decision, which is remembered, so that the next import asks nobody.

use std::collections::HashMap;

use actix_web::{HttpRequest, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::Draft;
use super::policy::{DecideWorkplaces, ReadWorkplaces};
use super::store::{self, OpenWorkplace};
use crate::access::permit::Permit;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page, written_once};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::text::{display, fold};
use crate::organisations::matching::{self, Asked, CandidateView, Judged, match_key};
use crate::organisations::model::Kind;
use crate::organisations::view::{OrganisationRef, ProvinceName};
use crate::organisations::{self, NewOrganisation};
use crate::reference::places::Places;
use crate::say;
use crate::state::State;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_workplaces).service(decide_workplaces).service(read_decision);
}

/// Finds the organisations of drafts that name a workplace as text alone, where that is certain; a draft that names the
/// organisation alone gets its name as text.
///
/// # Errors
/// 503 when the database is away.
pub async fn link(conn: &mut Conn, drafts: &mut [&mut Draft]) -> Answer<()> {
    let places = Places::read(conn).await?;
    let day = today();
    let open = |draft: &Draft| draft.workplace_id.is_none() && draft.workplace.is_some();
    let asked: Vec<Asked> = drafts
        .iter()
        .filter(|draft| open(draft))
        .map(|draft| {
            let province = draft.province_id.map(|id| places.at(id, day));
            Asked::new(draft.workplace.as_deref().unwrap_or_default(), province)
        })
        .collect();
    let mut found = matching::resolve(conn, &asked, &places).await?.into_iter();
    for draft in drafts.iter_mut().filter(|draft| open(draft)) {
        draft.workplace_id = found.next().flatten();
    }
    let nameless: Vec<Uuid> =
        drafts.iter().filter(|draft| draft.workplace.is_none()).filter_map(|draft| draft.workplace_id).collect();
    let bodies = organisations::store::bodies(conn, &nameless).await?;
    for draft in drafts.iter_mut().filter(|draft| draft.workplace.is_none()) {
        let body = draft.workplace_id.and_then(|id| bodies.get(&id));
        draft.workplace = body.and_then(|body| body.at_or_last(day)).map(|version| version.name.clone());
    }
    Ok(())
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WorkplaceQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is proposed for a workplace.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Proposal {
    /// It is the first candidate.
    Link,
    /// It may be one of the candidates.
    Choose,
    /// The register has nothing like it: enter it.
    Create,
}

/// A workplace that is no organisation of the register yet.
#[derive(Debug, Serialize, ToSchema)]
struct Workplace {
    /// As most people write it.
    #[schema(example = "Sở KH&CN tỉnh Tuyên Quang")]
    text: String,
    /// The province it was given with.
    province: Option<ProvinceName>,
    /// How many experts gave it.
    people: i64,
    /// What is proposed.
    proposal: Proposal,
    /// The organisations it may be, the likeliest first.
    candidates: Vec<CandidateView>,
    /// The decision that follows the proposal, ready to be sent to `POST /workplaces/decisions`; `null` where somebody has
    /// to choose.
    decision: Option<WorkplaceDecision>,
}

/// What a workplace is: an organisation of the register, or a new one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Bảo tàng Sông Lô", "province": "Tuyên Quang", "create": {"kind": "institution"}}))]
struct WorkplaceDecision {
    /// The workplace as it was written; every spelling of it is meant.
    #[schema(min_length = 1, max_length = 300)]
    text: String,
    /// Name or code of the province it was given with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    province: Option<String>,
    /// The organisation it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organisation_id: Option<Uuid>,
    /// Or the one to enter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    create: Option<Creation>,
}

/// An organisation to enter for a workplace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Creation {
    /// What it is.
    kind: Kind,
    /// Its name; the text by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Abbreviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    short_name: Option<String>,
    /// The body it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<Uuid>,
}

/// List workplaces that are text alone
///
/// Workplaces of experts that are no organisation of the register yet, those of most people first, each with candidates and
/// a decision ready to be sent.
#[utoipa::path(
    tag = "workplaces",
    params(WorkplaceQuery),
    security(("session" = ["workplaces.read"])),
    responses((status = 200, description = "A page of workplaces", body = Page<Workplace>)),
)]
#[get("/workplaces")]
async fn list_workplaces(permit: Permit<ReadWorkplaces>, query: Params<WorkplaceQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let mut conn = permit.read().await?;
    let rows = store::open_workplaces(&mut conn, cursors.open(query.cursor.as_deref())?, query.limit.probe()).await?;
    let (places, day) = (Places::read(&mut conn).await?, today());
    let asked: Vec<Asked> = rows.iter().map(|row| asked(row, &places, day)).collect();
    let mut judged = matching::judge_all(&mut conn, &asked, &places, day).await?.into_iter();
    let key = |row: &OpenWorkplace| (row.people, row.key.clone(), row.province_id);
    let view = |row| workplace(row, judged.next().unwrap_or_default(), &places, day);
    fresh_page(&req, "private", &cursors.page(rows, query.limit, key, view)?)
}

fn asked(row: &OpenWorkplace, places: &Places, day: NaiveDate) -> Asked {
    let province = row.province_id.map(|id| places.at(id, day));
    Asked { text: row.text.clone(), key: row.key.clone(), province }
}

fn workplace(row: OpenWorkplace, judged: Vec<Judged>, places: &Places, day: NaiveDate) -> Workplace {
    let province = ProvinceName::at(places, row.province_id, day);
    let sure = |judged: &&Judged| judged.score >= matching::SURE;
    let rivals = judged.iter().filter(sure).count();
    let (proposal, choice) = match judged.first() {
        Some(first) if rivals == 1 => (Proposal::Link, Some((Some(first.candidate.id), None))),
        Some(_) => (Proposal::Choose, None),
        None => {
            let kind = matching::kind_of(&row.text);
            (Proposal::Create, Some((None, Some(Creation { kind, name: None, short_name: None, parent_id: None }))))
        }
    };
    let decision = choice.map(|(organisation_id, create)| WorkplaceDecision {
        text: row.text.clone(),
        province: province.as_ref().map(|province| province.code.clone()),
        organisation_id,
        create,
    });
    let candidates = judged.into_iter().map(|judged| CandidateView::new(judged, places, day)).collect();
    Workplace { text: row.text, province, people: row.people, proposal, candidates, decision }
}

/// Decisions on workplaces.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkplaceDecisions {
    /// Each either with `organisation_id` or with `create`.
    #[schema(min_items = 1, max_items = 100)]
    decisions: Vec<WorkplaceDecision>,
}

/// Most decisions at once.
const MAX_DECISIONS: usize = 100;

/// What became of a decision.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    /// The workplace as it was written.
    text: String,
    /// The province it was given with.
    province: Option<ProvinceName>,
    /// The organisation it is from now on.
    organisation: OrganisationRef,
    /// How many experts work there by this spelling.
    people: i64,
}

/// Say which organisations workplaces are
///
/// All or none. The experts who gave a workplace get the organisation, and the spelling is remembered for that province: the
/// next import finds it by itself.
#[utoipa::path(
    tag = "workplaces",
    params(Once),
    request_body = WorkplaceDecisions,
    security(("session" = ["workplaces.decide"])),
    responses((status = 201, description = "Decided", body = Page<Decided>)),
)]
#[post("/workplaces/decisions")]
async fn decide_workplaces(permit: Permit<DecideWorkplaces>, once: Once, body: Body<WorkplaceDecisions>) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let decisions = body.0.decisions;
            if decisions.is_empty() || decisions.len() > MAX_DECISIONS {
                return Err(Problem::field(
                    "/decisions",
                    "count",
                    say!("Cần 1 đến {MAX_DECISIONS} quyết định.", "1 to {MAX_DECISIONS} decisions are needed."),
                ));
            }
            let id = new_id();
            Ok((id, decide(tx, id, decisions).await?))
        })
        .await?;
    let mut conn = permit.read().await?;
    written_once(&format!("/api/v1/workplaces/decisions/{id}"), &decided(&mut conn, id).await?)
}

/// Read decisions on workplaces
///
/// What was decided together, as it is now.
#[utoipa::path(
    tag = "workplaces",
    params(("id" = Uuid, Path, description = "The decisions sent together")),
    security(("session" = ["workplaces.read"])),
    responses((status = 200, description = "The decisions", body = Page<Decided>)),
)]
#[get("/workplaces/decisions/{id}")]
async fn read_decision(permit: Permit<ReadWorkplaces>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    fresh(&req, None, "private", &decided(&mut conn, id.0).await?)
}

/// A decision that was checked.
struct Checked {
    text: String,
    province: Option<i32>,
    organisation: Uuid,
}

async fn decide(tx: &mut Conn, id: Uuid, decisions: Vec<WorkplaceDecision>) -> Answer<Vec<Event>> {
    organisations::store::lock_register(tx).await?;
    store::keep_merges_out(tx).await?;
    let (places, day) = (Places::read(tx).await?, today());
    let named: Vec<Uuid> = decisions.iter().filter_map(|decision| decision.organisation_id).collect();
    let known = organisations::store::bodies(tx, &named).await?;
    let lives = |id: Uuid| known.get(&id).is_some_and(|body| body.at(day).is_some());
    let (mut checked, mut forms) = (Vec::new(), Vec::new());
    for (place, decision) in decisions.into_iter().enumerate() {
        let at = format!("/decisions/{place}");
        let text = check_text(&at, &decision.text)?;
        let pointer = format!("{at}/province");
        let province = places.named(decision.province.as_deref(), day, &pointer, Code::Invalid)?;
        if checked.iter().any(|c: &Checked| match_key(&c.text) == match_key(&text) && c.province == province) {
            return Err(Problem::field(at, "duplicate", say!("Đã nêu ở trên.", "It is named already.")));
        }
        match (decision.organisation_id, decision.create) {
            (Some(organisation), None) if lives(organisation) => {
                checked.push(Checked { text, province, organisation });
            }
            (Some(_), None) => return Err(no_living_body(&at)),
            (None, Some(create)) => {
                let form = form(create, &text, province.and_then(|id| places.row(id)).map(|row| row.code.clone()));
                forms.push((checked.len(), at, form));
                checked.push(Checked { text, province, organisation: Uuid::nil() });
            }
            _ => return Err(either_or(&at)),
        }
    }
    let (places_of, forms): (Vec<usize>, Vec<(String, NewOrganisation)>) =
        forms.into_iter().map(|(place, at, form)| (place, (format!("{at}/create"), form))).unzip();
    let (ids, mut events) = organisations::enter(tx, forms, &places).await?;
    for (place, id) in places_of.into_iter().zip(ids) {
        checked[place].organisation = id;
    }
    let spelling = |c: &Checked| organisations::Spelling {
        text: c.text.clone(),
        province_id: c.province,
        organisation_id: c.organisation,
    };
    let provinces = |c: &Checked| c.province.map(|id| places.all_that_are(id, day)).unwrap_or_default();
    let spellings: Vec<_> = checked.iter().map(|c| (spelling(c), provinces(c))).collect();
    let before = organisations::accept(tx, id, &spellings).await?;
    for ((decision, (_, provinces)), before) in checked.iter().zip(&spellings).zip(&before) {
        events.extend(assign(tx, decision, provinces, before).await?);
    }
    Ok(events)
}

/// Gives the people of a spelling their organisation; `before` is what the spelling meant until now.
async fn assign(tx: &mut Conn, decision: &Checked, provinces: &[i32], before: &[Uuid]) -> Answer<Vec<Event>> {
    let key = match_key(&decision.text);
    let people = store::assign_workplace(tx, &key, provinces, before, decision.organisation).await?;
    let values = json!({ "workplace_id": decision.organisation });
    let on_people = people
        .iter()
        .map(|id| Event::on("expert", *id).action("experts.update").fields(["workplace_id"]).values(values.clone()));
    let values = json!({ "text": decision.text, "province": decision.province, "organisation": decision.organisation });
    let on_bodies = before.iter().copied().filter(|id| *id != decision.organisation).chain([decision.organisation]);
    let on_bodies = on_bodies.map(|id| {
        Event::on("organisation", id).action("workplaces.decide").fields(["workplaces"]).values(values.clone())
    });
    Ok(on_people.chain(on_bodies).collect())
}

fn check_text(at: &str, text: &str) -> Answer<String> {
    let text = display(text);
    let most = matching::MAX_CHARS;
    if fold(&text).is_empty() || text.chars().count() > most {
        return Err(Problem::field(
            format!("{at}/text"),
            "length",
            say!("Cần 1 đến {most} ký tự, có chữ.", "1 to {most} characters are needed, with letters."),
        ));
    }
    Ok(text)
}

fn no_living_body(at: &str) -> Problem {
    Problem::field(
        format!("{at}/organisation_id"),
        "unknown_reference",
        say!(
            "Hiện không có tổ chức này; nếu đã sáp nhập, dùng tổ chức kế thừa.",
            "No such organisation lives today; if it was merged, use the one that holds its place.",
        ),
    )
}

fn either_or(at: &str) -> Problem {
    Problem::field(
        at,
        "either_or",
        say!("Cần `organisation_id` hoặc `create`, một trong hai.", "Either `organisation_id` or `create` is needed."),
    )
}

fn form(create: Creation, text: &str, province: Option<String>) -> NewOrganisation {
    NewOrganisation {
        code: None,
        kind: create.kind,
        name: create.name.unwrap_or_else(|| text.to_owned()),
        name_en: None,
        short_name: create.short_name,
        former_names: Vec::new(),
        other_names: Vec::new(),
        parent_id: create.parent_id,
        province,
        valid_from: None,
        valid_to: None,
        document: None,
        source: Some("workplaces".to_owned()),
        note: None,
    }
}

async fn decided(conn: &mut Conn, id: Uuid) -> Answer<Page<Decided>> {
    let rows = organisations::store::accepted(conn, id).await?;
    let (places, day) = (Places::read(conn).await?, today());
    let ids: Vec<Uuid> = rows.iter().map(|row| row.organisation_id).collect();
    let bodies: HashMap<Uuid, _> = organisations::store::bodies(conn, &ids).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let organisation = bodies.get(&row.organisation_id).and_then(|body| OrganisationRef::at(body, day));
        let provinces = row.province_id.map(|id| places.all_that_are(places.at(id, day), day)).unwrap_or_default();
        items.push(Decided {
            people: store::people_at(conn, &row.match_key, &provinces, row.organisation_id).await?,
            province: ProvinceName::at(&places, row.province_id, day),
            organisation: organisation.ok_or_else(|| Problem::internal("a name without its body"))?,
            text: row.name,
        });
    }
    if items.is_empty() {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(Page { items, next_cursor: None })
}

/// Profiles of one transaction.
const BATCH: i64 = 1_000;

/// Gives profiles that an older version stored what this one derives: the keys of workplaces, the words of the search.
///
/// # Errors
/// 503 when the database is away; what was done stays.
pub async fn derive_missing_keys(state: &State) -> Answer<usize> {
    let mut done = derive_missing_words(state).await?;
    loop {
        let recorder = Recorder::system(state.sealer.clone(), "experts.rekey");
        let count = state
            .db
            .transaction(async |tx| {
                store::keep_merges_out(tx).await?;
                let rows = store::without_workplace_key(tx, BATCH).await?;
                let key = |(id, text): (Uuid, Option<String>)| (id, match_key(&text.unwrap_or_default()));
                let keys: Vec<(Uuid, String)> = rows.into_iter().map(key).collect();
                if !keys.is_empty() {
                    store::set_workplace_keys(tx, &keys).await?;
                    recorder.record(tx, vec![Event::on_all("experts").fields(["workplace_key"])]).await?;
                }
                Ok(keys.len())
            })
            .await?;
        done += count;
        if count == 0 {
            return Ok(done);
        }
    }
}

async fn derive_missing_words(state: &State) -> Answer<usize> {
    let mut done = 0;
    loop {
        let recorder = Recorder::system(state.sealer.clone(), "experts.rekey");
        let count = state.db.transaction(async |tx| {
            let count = store::reindex_missing(tx, BATCH).await?;
            if count > 0 {
                recorder.record(tx, vec![Event::on_all("experts").fields(["words"])]).await?;
            }
            Ok(count)
        });
        match count.await? {
            0 if done > 0 => return store::compact(&state.db).await.map(|_| done),
            0 => return Ok(0),
            count => done += count,
        }
    }
}
