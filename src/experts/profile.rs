//! `POST /experts`, `GET /experts/{key}`, `PATCH /experts/{key}`.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use actix_web::{HttpRequest, get, patch, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::duplicates::{self, Person};
use super::form::{self, ExpertForm, ExpertPatch, SourceRef};
use super::keys::Keys;
use super::model::{Draft, ExpertField, Purpose, WorkKind};
use super::policy::{CreateExpert, ReadExpert, UpdateExpert};
use super::publications::{self, PublicationView};
use super::states;
use super::store::{self, Entry, ProfileRow, SourceRow, Whole};
use super::three_way::Members;
use super::view::{BankRecord, Expert, ExpertCard, Life};
use super::vocabulary::{Vocabularies, Vocabulary};
use super::workplaces;
use super::written::{self, WrittenExpert};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::audit::event::Event;
use crate::db::{Conn, Reader};
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::form::Repair;
use crate::kernel::id::new_id;
use crate::kernel::precondition::{IfMatch, fresh};
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::kernel::sealed::Sealer;
use crate::kernel::text::display;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(create_expert).service(read_expert).service(patch_expert);
}

/// True when the caller sees the bank's own data about this expert.
fn sees_record(scope: &Scope, id: Uuid) -> bool {
    scope.reach == Reach::All || scope.actor.expert_id() == Some(id)
}

/// Builds the view for a caller.
pub(super) async fn view(conn: &mut Conn, kept: &Vocabularies, scope: &Scope, row: ProfileRow) -> Answer<Expert> {
    let record = if sees_record(scope, row.id) { Some(record(conn, scope, &row).await?) } else { None };
    let (whole, vocabulary) = store::whole(conn, kept, scope, &row.id.to_string()).await?;
    Ok(shown(whole, &vocabulary, record))
}

fn shown(whole: Whole, vocabulary: &Vocabulary, record: Option<BankRecord>) -> Expert {
    let Whole { mut row, fields, memberships, publications } = whole;
    let life = Life::take(&mut row, memberships);
    let publications = publications.into_iter().map(PublicationView::from).collect();
    Expert { card: ExpertCard::new(row, fields, vocabulary), life, publications, record }
}

async fn record(conn: &Reader, scope: &Scope, row: &ProfileRow) -> Answer<BankRecord> {
    let latest = store::latest_consents(conn, row.id).await?;
    let stands = |purpose: &Purpose| latest.get(purpose.as_str()) == Some(&true);
    let (consents, listing) = (Purpose::ALL.into_iter().filter(stands).collect(), stands(&Purpose::Listing));
    Ok(BankRecord {
        status: row.status.clone(),
        gender: row.gender.clone(),
        birth_year: row.birth_year,
        birth_precision: row.birth_precision.clone(),
        nationality: row.nationality.clone(),
        consents,
        allowed_actions: states::allowed_actions(conn, scope, row, listing).await?,
        sources: store::source_ids(conn, row.id).await?,
        nominated_by: row.nominated_by,
        verified_by: row.verified_by,
        verified_at: row.verified_at,
        standing_evidence: row.standing_evidence.clone(),
        max_parallel: row.max_parallel,
        accepted_kinds: store::texts(row.accepted_kinds.clone())
            .iter()
            .filter_map(|kind| WorkKind::parse(kind))
            .collect(),
        last_confirmed: row.last_confirmed,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(super) fn invalid(faults: Vec<FieldError>) -> Problem {
    Problem::fields(faults).unwrap_or_else(|| Problem::internal("a form without faults was refused"))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EnterQuery {
    /// Ids or codes of experts of whom you say that this is another person; remembered.
    #[param(example = json!([]), value_type = Vec<ExpertKey>, inline, max_items = 50)]
    pub not_the_same: Vec<String>,
}

/// What the id or code of an expert may look like.
struct ExpertKey;

impl utoipa::PartialSchema for ExpertKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9A-Za-z-]{1,40}$")).into()
    }
}

impl utoipa::ToSchema for ExpertKey {}

/// Enter an expert
///
/// A new expert has the status `nominated` and no consents: only the Union sees it until consents are recorded. An
/// `external_id` that the `source` has given before is a 409 whose `existing` is the path of that record. So is a person who is
/// in the bank for certain already (`same_person`, with what is the same): correct or merge that record, or say with
/// `not_the_same` that it is somebody else.
#[utoipa::path(
    tag = "experts",
    params(EnterQuery, Once),
    request_body = ExpertForm,
    security(("session" = ["experts.create"])),
    responses((status = 201, description = "Entered", body = WrittenExpert)),
)]
#[post("/experts")]
async fn create_expert(
    permit: Permit<CreateExpert>,
    query: Params<EnterQuery>,
    once: Once,
    body: Body<ExpertForm>,
    req: HttpRequest,
) -> Answer {
    let (sealer, scope) = (permit.state().sealer.clone(), permit.scope().clone());
    let repairs: Arc<OnceLock<Vec<Repair>>> = Arc::default();
    let made = Arc::clone(&repairs);
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let others = duplicates::guard::named(tx, &scope, &query.0.not_the_same).await?;
            let (id, events, repairs) = Box::pin(enter(tx, &sealer, &scope, &body.0, &others)).await?;
            made.get_or_init(|| repairs);
            Ok((id, events))
        })
        .await?;
    let mut conn = permit.read().await?;
    let row = store::find(&mut conn, permit.scope(), &id.to_string()).await?;
    let version = row.version;
    let expert = view(&mut conn, &permit.state().vocabularies, permit.scope(), row).await?;
    let repairs = repairs.get().map_or(&[][..], Vec::as_slice);
    written::answer(&req, Some(&format!("/api/v1/experts/{id}")), version, expert, repairs)
}

/// Enters the expert of a form, who is none of `others`: the id, the events, and what was repaired.
///
/// # Errors
/// 422 with every fault of the form; 409 when the record of the source is known, or the person is in the bank for certain.
pub(super) async fn enter(
    tx: &mut Conn,
    sealer: &Sealer,
    scope: &Scope,
    form: &ExpertForm,
    others: &[Uuid],
) -> Answer<(Uuid, Vec<Event>, Vec<Repair>)> {
    let vocabulary = Vocabulary::read(tx).await?;
    let mut checked = form::check(form, &vocabulary).map_err(invalid)?;
    workplaces::link(tx, &mut [&mut checked.draft]).await?;
    let mut person = Person::of(&checked.draft, &checked.publications, sealer);
    person.distinct = others.to_vec();
    if !is_known(tx, checked.source.as_ref()).await? {
        duplicates::guard::refuse_known(tx, sealer, &person).await?;
    }
    let entry = Entry { id: new_id(), keys: Keys::of(&checked.draft, &vocabulary), draft: checked.draft };
    store::insert(tx, sealer, std::slice::from_ref(&entry)).await?;
    store::put_publications(tx, &[(entry.id, publications::without_ids(checked.publications))]).await?;
    store::reindex(tx, &[entry.id]).await?;
    if let Some(source) = checked.source {
        claim(tx, entry.id, source).await?;
    }
    let mut events = vec![created_event(&entry)];
    for other in others {
        store::distinguish(tx, (entry.id, *other), scope.actor.id(), None).await?;
        events.push(duplicates::list::distinguished((*other, entry.id), None));
    }
    Ok((entry.id, events, checked.repairs))
}

/// True for a record of a source that was entered before: the answer says so, and nothing about who it may be.
async fn is_known(tx: &mut Conn, source: Option<&SourceRef>) -> Answer<bool> {
    let Some(source) = source else { return Ok(false) };
    Ok(!store::sources(tx, &source.source, &[&source.external_id]).await?.is_empty())
}

/// Keeps where an expert comes from. What the source says later counts until the record is edited here.
async fn claim(tx: &mut Conn, expert_id: Uuid, SourceRef { source, external_id }: SourceRef) -> Answer<()> {
    let (digest, loaded_version, supplied) = (Vec::new(), 1, true);
    let row = SourceRow { source, external_id, expert_id, digest, loaded_version, supplied, base: None };
    let Some(known) = store::claim_source(tx, &row).await? else { return Ok(()) };
    let SourceRow { source, external_id, .. } = row;
    // whoever may enter experts sees every one of them
    Err(Problem::new(Code::Conflict).existing(format!("/api/v1/experts/{known}")).detail(say!(
        "Bản ghi `{external_id}` của nguồn `{source}` đã có; sửa bằng PATCH.",
        "The record `{external_id}` of `{source}` is known already; correct it with PATCH.",
    )))
}

/// The event of a new expert: which fields have a value.
pub(super) fn created_event(entry: &Entry) -> Event {
    came(entry.id, members(&entry.draft))
}

/// As [`created_event`], of an expert whose members were told by themselves ([`said`](super::three_way::said)) before the
/// organisation was found.
pub(super) fn created_event_of(entry: &Entry, mut said: Members) -> Event {
    let draft = &entry.draft;
    said.remove("publications");
    said.extend(draft.workplace_id.map(|id| ("workplace_id".to_owned(), json!(id))));
    said.extend(draft.workplace.as_ref().map(|text| ("workplace".to_owned(), json!(text))));
    came(entry.id, said)
}

fn came(id: Uuid, members: Members) -> Event {
    let values = differing(&NOBODY, members);
    let fields: Vec<String> = values.keys().cloned().collect();
    Event::on("expert", id).action("experts.create").fields(fields).values(Value::Object(values))
}

/// The members of a record of which nothing is known.
static NOBODY: LazyLock<Members> = LazyLock::new(|| members(&Draft::default()));

/// The event of a changed expert; none when nothing changed.
pub(crate) fn updated_event(id: Uuid, old: &Draft, new: &Draft, publications: Option<Value>) -> Option<Event> {
    let listed = publications.is_some();
    let mut values = changes(old, new);
    values.extend(publications.map(|pair| ("publications".to_owned(), pair)));
    let fields: Vec<String> = values.keys().cloned().collect();
    let event = Event::on("expert", id).action("experts.update").fields(fields).values(Value::Object(values));
    (old != new || listed).then_some(event)
}

/// Field by field, old and new. The audit log keeps them sealed, restricted ones too.
pub(super) fn changes(old: &Draft, new: &Draft) -> Members {
    differing(&members(old), members(new))
}

fn differing(old: &Members, new: Members) -> Members {
    let pairs = new.into_iter().filter_map(|(name, new)| {
        let old = old.get(&name).unwrap_or(&Value::Null);
        (*old != new).then(|| (name, Value::Array(vec![old.clone(), new])))
    });
    pairs.collect()
}

/// A record member by member, named as in the form.
pub(super) fn members(draft: &Draft) -> Members {
    let field = |f: &ExpertField| json!({"scheme": f.scheme, "code": f.code, "main": f.main});
    let fields: Vec<Value> = draft.fields.iter().map(field).collect();
    let (restricted, details) = (&draft.restricted, &draft.details);
    let members = json!({
        "full_name": draft.name.full, "former_names": draft.former_names, "other_names": draft.other_names,
        "gender": draft.gender, "nationality": draft.nationality, "date_of_birth": restricted.date_of_birth,
        "academic_rank": draft.academic_rank, "academic_rank_year": draft.academic_rank_year, "degree": draft.degree,
        "degree_year": draft.degree_year, "other_titles": draft.other_titles, "honours": draft.honours,
        "professional_title": draft.professional_title, "position": draft.position, "unit": draft.unit,
        "workplace": draft.workplace, "workplace_id": draft.workplace_id, "province": draft.province_id,
        "country": draft.country, "fields": fields, "field_groups": draft.field_groups,
        "specialties": draft.specialties, "languages": draft.languages, "biography": draft.biography,
        "education": details.education, "work_history": details.work_history, "projects": details.projects,
        "awards": details.awards, "patents": details.patents, "council_experience": details.council_experience,
        "memberships": draft.memberships, "publications_count": draft.publications_count, "email": restricted.email,
        "phone": restricted.phone, "address": restricted.address, "nominated_by": draft.nominated_by,
        "standing_evidence": draft.standing_evidence, "max_parallel": draft.max_parallel,
        "accepted_kinds": draft.accepted_kinds,
    });
    if let Value::Object(members) = members { members } else { Map::new() }
}

/// Read an expert
///
/// By id or by code. Who has not agreed to be shown to your audience is not found.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001")),
    security((), ("session" = ["experts.read"])),
    responses((status = 200, description = "The profile", body = Expert)),
)]
#[get("/experts/{key}")]
async fn read_expert(permit: Permit<ReadExpert>, key: Key, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let scope = permit.scope();
    let kept = &permit.state().vocabularies;
    let read = async |conn: &Reader| -> Answer<_> {
        let (whole, vocabulary) = store::whole(conn, kept, scope, &key.0).await?;
        let record = if sees_record(scope, whole.row.id) { Some(record(conn, scope, &whole.row).await?) } else { None };
        Ok((whole, vocabulary, record))
    };
    let (whole, vocabulary, record) = permit.quick(read).await?;
    let (id, version) = (whole.row.id, whole.row.version);
    let expert = shown(whole, &vocabulary, record);
    let editor = permit.may::<UpdateExpert>(|reach| reach == Reach::All || scope.actor.expert_id() == Some(id));
    let cache = if scope.reach == Reach::Public { "public" } else { "private" };
    fresh(&req, editor.then_some(version), cache, &expert)
}

/// Correct a profile
///
/// The Union corrects any, a person their own.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch),
    request_body = ExpertPatch,
    security(("session" = ["experts.update"])),
    responses((status = 200, description = "The profile as it is now", body = WrittenExpert)),
)]
#[patch("/experts/{key}")]
async fn patch_expert(
    permit: Permit<UpdateExpert>,
    key: Key,
    if_match: IfMatch,
    body: Body<ExpertPatch>,
    req: HttpRequest,
) -> Answer {
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let kept = permit.state().vocabularies.clone();
    let (version, expert, repairs) = permit
        .write(async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            let named = body.members();
            check_own(&scope, &named)?;
            let (row, event, repairs) = Box::pin(correct(tx, &sealer, row, body.0, &named)).await?;
            Ok(((row.version, view(tx, &kept, &scope, row).await?, repairs), event))
        })
        .await?;
    written::answer(&req, None, version, expert, &repairs)
}

/// What the bank says of a person, the person does not say.
const BANK_ONLY: [&str; 2] = ["nominated_by", "standing_evidence"];

pub(super) fn check_own(scope: &Scope, named: &BTreeSet<String>) -> Answer<()> {
    let refused = BANK_ONLY.iter().find(|name| scope.reach == Reach::Own && named.contains(**name));
    refused.map_or(Ok(()), |name| {
        Err(Problem::field(
            format!("/{name}"),
            "not_allowed",
            say!("Chỉ Liên hiệp hội ghi mục này.", "Only the Union writes this."),
        ))
    })
}

/// Changes a locked record as a merge patch says whose members are `named`; the row as it is then, the event when
/// something changed, and what was repaired in the patch.
///
/// # Errors
/// 422 with every fault of the form.
pub(super) async fn correct(
    tx: &mut Conn,
    sealer: &Sealer,
    row: ProfileRow,
    patch: ExpertPatch,
    named: &BTreeSet<String>,
) -> Answer<(ProfileRow, Option<Event>, Vec<Repair>)> {
    let id = row.id;
    let vocabulary = Vocabulary::read(tx).await?;
    let old = row.clone().into_draft(store::parts(tx, sealer, id).await?);
    let mut form = patch.over(ExpertForm::of(&old), named);
    let mut touched = named.clone();
    settle_workplace(&mut form, &old, &mut touched);
    take_typed_titles(&mut form, &vocabulary, &mut touched);
    let checked = form::check_patch(&form, &old, &touched, &vocabulary).map_err(invalid)?;
    let (mut draft, publications, repairs) = (checked.draft, checked.publications, checked.repairs);
    if draft.other_titles.is_empty() {
        // titles beside rank and degree came with the name as it was once written, and stay until others do
        draft.other_titles.clone_from(&old.other_titles);
    }
    // what somebody said about the organisation stands until the workplace is another
    let moves = named.contains("workplace") || named.contains("province");
    if if named.contains("workplace_id") { form.workplace_id.is_some() } else { moves } {
        workplaces::link(tx, &mut [&mut draft]).await?;
    }
    let lists = named.contains("publications");
    let listed = if lists { publications::replace(tx, id, publications).await? } else { None };
    let Some(event) = updated_event(id, &old, &draft, listed) else { return Ok((row, None, repairs)) };
    let entry = Entry { id, keys: Keys::of(&draft, &vocabulary), draft };
    let row = store::update(tx, sealer, &entry).await?;
    store::reindex(tx, &[id]).await?;
    Ok((row, Some(event), repairs))
}

/// Another workplace is another organisation, until that is found or said.
fn settle_workplace(form: &mut ExpertForm, old: &Draft, touched: &mut BTreeSet<String>) {
    let same = form.workplace.as_deref().map(display) == old.workplace;
    if !touched.contains("workplace_id") && !same {
        form.workplace_id = None;
        touched.insert("workplace_id".to_owned());
    }
}

/// Titles typed with a new name count, unless the patch names others.
fn take_typed_titles(form: &mut ExpertForm, vocabulary: &Vocabulary, touched: &mut BTreeSet<String>) {
    let typed = form.full_name.as_deref().filter(|_| touched.contains("full_name"));
    let Some(typed) = typed.and_then(|name| vocabulary.lexicon().parse(name).ok()) else { return };
    if !touched.contains("academic_rank") && typed.academic_rank.is_some() {
        form.academic_rank = typed.academic_rank;
        touched.insert("academic_rank".to_owned());
    }
    if !touched.contains("degree") && typed.degree.is_some() {
        form.degree = typed.degree;
        touched.insert("degree".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experts::keys::Keys;
    use crate::experts::model::Publication;
    use crate::experts::three_way::said;
    use crate::kernel::name::PersonName;

    #[test]
    fn somebody_new_is_told_alike_however_their_members_are_known() {
        let before = Draft {
            name: PersonName { full: "An Mẫu".into(), given: "An".into(), ..PersonName::default() },
            degree: Some("TS".into()),
            workplace: None,
            specialties: vec!["Lâm sinh".into()],
            publications_count: Some(0),
            ..Draft::default()
        };
        let works = [Publication { title: "Một bài".into(), ..Publication::default() }];
        for (workplace_id, workplace) in [(None, None), (None, Some("Viện Mẫu")), (Some(new_id()), Some("Viện Mẫu"))]
        {
            let draft = Draft { workplace_id, workplace: workplace.map(str::to_owned), ..before.clone() };
            let said = said(&before, &works);
            let entry = Entry { id: new_id(), keys: Keys::of(&draft, &Vocabulary::default()), draft };
            let (one, other) = (created_event(&entry), created_event_of(&entry, said));
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
            assert!(format!("{one:?}").contains("publications_count"), "{one:?}");
        }
    }
}
