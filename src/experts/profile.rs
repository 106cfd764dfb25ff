//! `POST /experts`, `GET /experts/{key}`, `PATCH /experts/{key}`.

use actix_web::{HttpRequest, get, patch, post};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::{self, ExpertForm, FieldRef, PublicationForm};
use super::keys::Keys;
use super::model::{Draft, Purpose};
use super::policy::{CreateExpert, ReadExpert, UpdateExpert};
use super::publications::{self, PublicationView};
use super::store::{self, Entry, ProfileRow};
use super::view::{BankRecord, Expert, ExpertCard};
use super::vocabulary::Vocabulary;
use super::workplaces;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::id::new_id;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, FieldError, Problem};
use crate::kernel::redacted::Redacted;
use crate::kernel::text::display;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(create_expert).service(read_expert).service(patch_expert);
}

/// True when the caller sees the bank's own data about this expert.
fn sees_record(scope: &Scope, id: Uuid) -> bool {
    scope.reach == Reach::All || scope.actor.expert_id() == Some(id)
}

/// Builds the view for a caller.
async fn view(conn: &mut Conn, scope: &Scope, row: ProfileRow) -> Answer<Expert> {
    let id = row.id;
    let fields = store::fields(conn, &[id]).await?.remove(&id).unwrap_or_default();
    let vocabulary = Vocabulary::to_show(conn, &fields).await?;
    let publications = store::publications(conn, id).await?.into_iter().map(PublicationView::from).collect();
    let record = if sees_record(scope, id) { Some(record(conn, &row).await?) } else { None };
    Ok(Expert { card: ExpertCard::new(row, fields, &vocabulary), publications, record })
}

async fn record(conn: &mut Conn, row: &ProfileRow) -> Answer<BankRecord> {
    let latest = store::latest_consents(conn, row.id).await?;
    let consents = Purpose::ALL.into_iter().filter(|purpose| latest.get(purpose.as_str()) == Some(&true)).collect();
    Ok(BankRecord {
        status: row.status.clone(),
        gender: row.gender.clone(),
        birth_year: row.birth_year,
        consents,
        sources: store::source_ids(conn, row.id).await?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(super) fn invalid(faults: Vec<FieldError>) -> Problem {
    Problem::fields(faults).unwrap_or_else(|| Problem::internal("a form without faults was refused"))
}

/// Enter an expert
///
/// A new expert has the status `nominated` and no consents: only the Union sees it until consents are recorded.
#[utoipa::path(
    tag = "experts",
    params(Once),
    request_body = ExpertForm,
    security(("session" = ["experts.create"])),
    responses((status = 201, description = "Entered", body = Expert)),
)]
#[post("/experts")]
async fn create_expert(permit: Permit<CreateExpert>, once: Once, body: Body<ExpertForm>) -> Answer {
    let sealer = permit.state().sealer.clone();
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let vocabulary = Vocabulary::read(tx).await?;
            let (mut draft, publications) = form::read(&body.0, &vocabulary).map_err(invalid)?;
            workplaces::link(tx, &mut [&mut draft]).await?;
            let entry = Entry { id: new_id(), keys: Keys::of(&draft, &vocabulary), draft };
            store::insert(tx, &sealer, std::slice::from_ref(&entry)).await?;
            store::put_publications(tx, &[(entry.id, publications::without_ids(publications))]).await?;
            Ok((entry.id, created_event(&entry)))
        })
        .await?;
    let mut conn = permit.read().await?;
    let row = store::find(&mut conn, permit.scope(), &id.to_string()).await?;
    let version = row.version;
    let expert = view(&mut conn, permit.scope(), row).await?;
    written(Some(&format!("/api/v1/experts/{id}")), version, &expert)
}

/// The event of a new expert: which fields have a value.
pub(super) fn created_event(entry: &Entry) -> Event {
    let values = changes(&Draft::default(), &entry.draft);
    let fields: Vec<String> = values.keys().cloned().collect();
    Event::on("expert", entry.id).action("experts.create").fields(fields).values(Value::Object(values))
}

/// The event of a changed expert; none when nothing changed.
pub(super) fn updated_event(id: Uuid, old: &Draft, new: &Draft, publications: Option<Value>) -> Option<Event> {
    let listed = publications.is_some();
    let mut values = changes(old, new);
    values.extend(publications.map(|pair| ("publications".to_owned(), pair)));
    let fields: Vec<String> = values.keys().cloned().collect();
    let event = Event::on("expert", id).action("experts.update").fields(fields).values(Value::Object(values));
    (old != new || listed).then_some(event)
}

/// Field by field, old and new. The audit log keeps them sealed, restricted ones too.
fn changes(old: &Draft, new: &Draft) -> serde_json::Map<String, Value> {
    let fields = |draft: &Draft| {
        let fields: Vec<Value> =
            draft.fields.iter().map(|f| json!({"scheme": f.scheme, "code": f.code, "main": f.main})).collect();
        json!({
            "full_name": draft.name.full, "academic_rank": draft.academic_rank, "degree": draft.degree,
            "other_titles": draft.other_titles, "gender": draft.gender, "position": draft.position,
            "workplace": draft.workplace, "workplace_id": draft.workplace_id, "province": draft.province_id,
            "fields": fields, "specialties": draft.specialties, "languages": draft.languages,
            "publications_count": draft.publications_count, "date_of_birth": draft.restricted.date_of_birth,
            "email": draft.restricted.email, "phone": draft.restricted.phone,
        })
    };
    let (Value::Object(old), Value::Object(new)) = (fields(old), fields(new)) else { return serde_json::Map::new() };
    let pairs = new.into_iter().filter_map(|(name, new)| {
        let old = old.get(&name).cloned().unwrap_or_default();
        (old != new).then(|| (name, json!([old, new])))
    });
    pairs.collect()
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
    let mut conn = permit.read().await?;
    let row = store::find(&mut conn, permit.scope(), &key.0).await?;
    let (id, version) = (row.id, row.version);
    let expert = view(&mut conn, permit.scope(), row).await?;
    drop(conn);
    let editor =
        permit.may::<UpdateExpert>(|reach| reach == Reach::All || permit.scope().actor.expert_id() == Some(id));
    let cache = if permit.scope().reach == Reach::Public { "public" } else { "private" };
    fresh(&req, editor.then_some(version), cache, &expert)
}

/// Changes to a profile, as a merge patch: absent keeps, `null` clears, a list is replaced whole.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": "Viện trưởng", "specialties": ["Lâm sinh"]}))]
pub struct ExpertPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub full_name: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub gender: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub date_of_birth: Change<Redacted<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub academic_rank: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub degree: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub position: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub workplace: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub workplace_id: Change<Uuid>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub province: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<FieldRef>>)]
    pub fields: Change<Vec<FieldRef>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub specialties: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub languages: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Change<Redacted<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub phone: Change<Redacted<String>>,
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    pub publications_count: Change<i32>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<PublicationForm>>)]
    pub publications: Change<Vec<PublicationForm>>,
}

impl ExpertPatch {
    /// The form after the patch: the stored draft written as a form, with the patch over it.
    fn over(self, old: &Draft, vocabulary: &Vocabulary) -> ExpertForm {
        let redacted = |value: Option<String>| value.map(Redacted::new);
        let fields = old.fields.iter().map(|field| FieldRef {
            scheme: Some(field.scheme.clone()),
            code: field.code.clone(),
            main: Some(field.main),
        });
        // titles typed with a new name count, unless the patch names others
        let typed = match &self.full_name {
            Change::Set(name) => vocabulary.lexicon().parse(name).ok(),
            _ => None,
        };
        let (typed_rank, typed_degree) = typed.map(|name| (name.academic_rank, name.degree)).unwrap_or_default();
        let same_workplace = match &self.workplace {
            Change::Keep => true,
            Change::Clear => false,
            Change::Set(text) => old.workplace.as_deref() == Some(display(text).as_str()),
        };
        let birth = old.restricted.date_of_birth.map(|date| date.to_string());
        ExpertForm {
            full_name: self.full_name.apply(Some(old.name.full.clone())),
            gender: self.gender.apply(old.gender.clone()),
            date_of_birth: self.date_of_birth.apply(redacted(birth)),
            academic_rank: self.academic_rank.apply(typed_rank.or_else(|| old.academic_rank.clone())),
            degree: self.degree.apply(typed_degree.or_else(|| old.degree.clone())),
            position: self.position.apply(old.position.clone()),
            workplace: self.workplace.apply(old.workplace.clone()),
            // another workplace is another organisation, until that is found or said
            workplace_id: self.workplace_id.apply(old.workplace_id.filter(|_| same_workplace)),
            // a province that is kept need not be one of today; see `patch_expert`
            province: self.province.apply(None),
            fields: self.fields.apply_or_default(fields.collect()),
            specialties: self.specialties.apply_or_default(old.specialties.clone()),
            languages: self.languages.apply_or_default(old.languages.clone()),
            email: self.email.apply(redacted(old.restricted.email.clone())),
            phone: self.phone.apply(redacted(old.restricted.phone.clone())),
            publications_count: self.publications_count.apply(old.publications_count),
            publications: self.publications.apply_or_default(Vec::new()),
        }
    }
}

/// Correct a profile
///
/// The Union corrects any, a person their own.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch),
    request_body = ExpertPatch,
    security(("session" = ["experts.update"])),
    responses((status = 200, description = "The profile as it is now", body = Expert)),
)]
#[patch("/experts/{key}")]
async fn patch_expert(permit: Permit<UpdateExpert>, key: Key, if_match: IfMatch, body: Body<ExpertPatch>) -> Answer {
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let (version, expert) = permit
        .write(async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            let id = row.id;
            let vocabulary = Vocabulary::read(tx).await?;
            let fields = store::fields(tx, &[id]).await?.remove(&id).unwrap_or_default();
            let restricted = store::restricted(tx, &sealer, id).await?;
            let old = row.clone().into_draft(fields, restricted);
            let (lists_publications, keeps_province) = (!body.0.publications.is_keep(), body.0.province.is_keep());
            let moves = !(body.0.workplace.is_keep() && body.0.province.is_keep());
            // what somebody said about the organisation stands until the workplace is another
            let links = (moves && body.0.workplace_id.is_keep()) || matches!(body.0.workplace_id, Change::Set(_));
            let form = body.0.over(&old, &vocabulary);
            let (mut draft, publications) = form::read(&form, &vocabulary).map_err(invalid)?;
            if draft.other_titles.is_empty() {
                // titles beside rank and degree came with the name as it was once written, and stay until others do
                draft.other_titles.clone_from(&old.other_titles);
            }
            if keeps_province {
                draft.province_id = old.province_id;
            }
            if links {
                workplaces::link(tx, &mut [&mut draft]).await?;
            }
            let listed = if lists_publications { publications::replace(tx, id, publications).await? } else { None };
            let Some(event) = updated_event(id, &old, &draft, listed) else {
                return Ok(((row.version, view(tx, &scope, row).await?), None));
            };
            let entry = Entry { id, keys: Keys::of(&draft, &vocabulary), draft };
            let row = store::update(tx, &sealer, &entry).await?;
            Ok(((row.version, view(tx, &scope, row).await?), Some(event)))
        })
        .await?;
    written(None, version, &expert)
}
