//! `/experts/{key}/publications`: the list, one of it, adding, replacing, correcting, deleting.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::{Authors, MAX_PUBLICATIONS, PublicationForm, read_publication, read_publications};
use super::model::Publication;
use super::policy::{ReadExpert, UpdateExpert};
use super::profile::invalid;
use super::store;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::form::{Faults, Normalised, Repair};
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, fresh_list, versioned, written_as};
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_publications)
        .service(add_publication)
        .service(replace_publications)
        .service(read_one)
        .service(patch_publication)
        .service(delete_publication);
}

/// A publication of an expert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Publication)]
pub struct PublicationView {
    /// Its id.
    id: Uuid,
    /// Title.
    #[schema(example = "Phục hồi rừng tự nhiên trên núi đá vôi")]
    title: String,
    /// Abstract.
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Year of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 2021)]
    year: Option<i16>,
    /// Journal, conference or publisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    /// Digital object identifier, without what is written before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "10.99999/rd.2021.17")]
    doi: Option<String>,
    /// Authors in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<String>,
}

impl From<Publication> for PublicationView {
    fn from(publication: Publication) -> Self {
        let Publication { id, title, summary, year, venue, doi, authors } = publication;
        Self { id: id.unwrap_or_default(), title, summary, year, venue, doi, authors }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The version of an expert, for who may change it.
fn editable(permit: &Permit<ReadExpert>, id: Uuid, version: i64) -> Option<i64> {
    let own = permit.scope().actor.expert_id() == Some(id);
    permit.may::<UpdateExpert>(|reach| reach == Reach::All || own).then_some(version)
}

fn cache(scope: &Scope) -> &'static str {
    if scope.reach == Reach::Public { "public" } else { "private" }
}

/// List an expert's publications
///
/// In the order the person gives them. Who may edit gets the expert's version in the `ETag`, which changes of the list ask for.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), PageQuery),
    security((), ("session" = ["experts.read"])),
    responses((status = 200, description = "A page of publications", body = Page<PublicationView>)),
)]
#[get("/experts/{key}/publications")]
async fn list_publications(permit: Permit<ReadExpert>, key: Key, query: Params<PageQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let rows = store::publications_page(&mut conn, expert.id, after, query.limit.probe()).await?;
    drop(conn);
    let page = cursors.page(rows, query.limit, |(place, _)| *place, |(_, item)| PublicationView::from(item))?;
    fresh_list(
        &req,
        editable(&permit, expert.id, expert.version),
        cache(permit.scope()),
        page.next_cursor.as_deref(),
        &page,
    )
}

/// Read a publication
///
/// For whoever may read the expert.
#[utoipa::path(
    tag = "experts",
    operation_id = "read_publication",
    params(
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        ("id" = Uuid, Path, description = "Id of the publication"),
    ),
    security((), ("session" = ["experts.read"])),
    responses((status = 200, description = "The publication", body = PublicationView)),
)]
#[get("/experts/{key}/publications/{id}")]
async fn read_one(permit: Permit<ReadExpert>, key: Key, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let publication = store::find_publication(&mut conn, expert.id, id.0).await?;
    drop(conn);
    let version = editable(&permit, expert.id, expert.version);
    fresh(&req, version, cache(permit.scope()), &PublicationView::from(publication))
}

/// The list of an expert is another: their version counts up, and the search finds what it says now.
async fn changed(tx: &mut Conn, expert: Uuid) -> Answer<i64> {
    store::reindex(tx, &[expert]).await?;
    store::changed(tx, expert).await
}

/// A change of the list as the audit log keeps it: what went and what came.
fn event(expert: Uuid, went: &[Publication], came: &[Publication]) -> Event {
    Event::on("expert", expert).fields(["publications"]).values(json!({ "publications": pair(went, came) }))
}

fn pair(went: &[Publication], came: &[Publication]) -> Value {
    let content = |item: &Publication| {
        json!({
            "title": item.title, "abstract": item.summary, "year": item.year, "venue": item.venue, "doi": item.doi,
            "authors": item.authors,
        })
    };
    json!([went.iter().map(content).collect::<Vec<_>>(), came.iter().map(content).collect::<Vec<_>>()])
}

/// Add a publication
///
/// Behind those there are. A DOI stands in a person's list once. The Union adds to any list, a person to their own.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), Once),
    request_body = PublicationForm,
    security(("session" = ["experts.update"])),
    responses((status = 201, description = "Added", body = Written<PublicationView>)),
)]
#[post("/experts/{key}/publications")]
async fn add_publication(
    permit: Permit<UpdateExpert>,
    key: Key,
    once: Once,
    body: Body<PublicationForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, expert) = (permit.scope().clone(), key.0.clone());
    let read = checked(&body.0);
    let repairs = read.as_ref().map(|(_, repairs)| repairs.clone()).unwrap_or_default();
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let expert = store::lock(tx, &scope, &expert).await?;
            let (publication, _) = read?;
            let known = store::publications(tx, expert.id).await?;
            refuse_known(&expert.code, &known, &publication)?;
            let id = store::add_publication(tx, expert.id, &publication).await?;
            changed(tx, expert.id).await?;
            Ok((id, event(expert.id, &[], std::slice::from_ref(&publication))))
        })
        .await?;
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let publication = store::find_publication(&mut conn, expert.id, id).await?;
    let location = format!("/api/v1/experts/{}/publications/{id}", expert.id);
    put_right(&req, Some(&location), expert.version, PublicationView::from(publication), &repairs)
}

/// What was written, and what of the form was put right.
#[derive(Debug, Serialize, ToSchema)]
struct Written<T> {
    /// As it is now.
    #[serde(flatten)]
    resource: T,
    /// What was put right in the form, where there was no doubt what was meant; left out when nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    normalised: Vec<Normalised>,
}

/// Answers a write; what was put right is no part of the resource, nor of its `ETag`.
fn put_right<T: Serialize>(
    req: &HttpRequest,
    created_at: Option<&str>,
    version: i64,
    resource: T,
    repairs: &[Repair],
) -> Answer {
    let normalised = repairs.iter().map(|repair| repair.document(lang(req))).collect();
    let answer = Written { resource, normalised };
    written_as(created_at, version, &answer.resource, &answer)
}

fn checked(form: &PublicationForm) -> Answer<(Publication, Vec<Repair>)> {
    let mut faults = Faults::default();
    if form.id.is_some() {
        let detail = say!("Mã do hệ thống cấp; bỏ `id`.", "The bank gives the id; leave `id` out.");
        faults.add("/id", "not_allowed", detail);
    }
    let publication = read_publication(form, "", &mut faults);
    faults.done(publication).map_err(invalid)
}

/// One more must fit, and its DOI must be new among those `known`.
fn refuse_known(code: &str, known: &[Publication], new: &Publication) -> Answer<()> {
    let others = || known.iter().filter(|item| item.id != new.id);
    let same = others().find(|item| new.doi.is_some() && item.doi == new.doi);
    if let Some(id) = same.and_then(|item| item.id) {
        let place = format!("/api/v1/experts/{code}/publications/{id}");
        return Err(Problem::new(Code::Conflict).existing(place.clone()).and_field(
            "/doi",
            "duplicate",
            say!("Công trình có DOI này đã có: {place}.", "There is a publication with this DOI: {place}."),
        ));
    }
    if others().count() >= MAX_PUBLICATIONS {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Một người có tối đa {MAX_PUBLICATIONS} công trình; bỏ bớt một mục trước.",
            "A person has at most {MAX_PUBLICATIONS} publications; delete one first.",
        )));
    }
    Ok(())
}

/// All publications of an expert.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicationList {
    /// In their order. What comes with its id stays the same publication; what is not in the list goes.
    #[schema(max_items = 2000)]
    publications: Vec<PublicationForm>,
}

/// Replace all publications
///
/// The list as it shall be. The Union replaces any, a person their own.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch),
    request_body = PublicationList,
    security(("session" = ["experts.update"])),
    responses((status = 200, description = "The first page of the list as it is now", body = Written<Page<PublicationView>>)),
)]
#[put("/experts/{key}/publications")]
async fn replace_publications(
    permit: Permit<UpdateExpert>,
    key: Key,
    if_match: IfMatch,
    body: Body<PublicationList>,
    req: HttpRequest,
) -> Answer {
    let scope = permit.scope().clone();
    let (expert, version, repairs) = permit
        .write(async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            if_match.check(expert.version)?;
            let mut faults = Faults::default();
            let list = read_publications(&body.0.publications, "/publications", &mut faults);
            let (list, repairs) = faults.done(list).map_err(invalid)?;
            let Some(pair) = replace(tx, expert.id, list).await? else {
                return Ok(((expert.id, expert.version, repairs), None));
            };
            let version = changed(tx, expert.id).await?;
            let event = Event::on("expert", expert.id).fields(["publications"]);
            Ok(((expert.id, version, repairs), Some(event.values(json!({ "publications": pair })))))
        })
        .await?;
    let limit = Limit::default();
    let rows = store::publications_page(&mut permit.read().await?, expert, None, limit.probe()).await?;
    let cursors = Cursors::of(&permit.state().sealer, &req, &reader_audience(&permit));
    let page = cursors.page(rows, limit, |(place, _)| *place, |(_, item)| PublicationView::from(item))?;
    put_right(&req, None, version, page, &repairs)
}

/// The audience of the same caller as a reader, who goes on with the cursor.
fn reader_audience(permit: &Permit<UpdateExpert>) -> String {
    permit.scope_under::<ReadExpert>().audience()
}

/// Replaces the publications of an expert by these; what went and what came, or nothing when they are as they were.
///
/// # Errors
/// 422 for an id that is none of this person's publications.
pub(super) async fn replace(tx: &mut Conn, expert: Uuid, new: Vec<Publication>) -> Answer<Option<Value>> {
    let old = store::publications(tx, expert).await?;
    let new = settle(&old, new).map_err(invalid)?;
    if old == new {
        return Ok(None);
    }
    let went: Vec<Publication> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
    let is_new = |item: &&Publication| !old.contains(item);
    let came: Vec<Publication> = new.iter().filter(is_new).cloned().collect();
    let pair = pair(&went, &came);
    store::put_publications(tx, &[(expert, new)]).await?;
    Ok(Some(pair))
}

/// Gives each publication the id it has already: the one it came with, or that of an equal one.
fn settle(old: &[Publication], mut new: Vec<Publication>) -> Result<Vec<Publication>, Vec<FieldError>> {
    let mut free: Vec<&Publication> = old.iter().collect();
    let mut faults = Faults::default();
    for (index, item) in new.iter().enumerate().filter(|(_, item)| item.id.is_some()) {
        match free.iter().position(|known| known.id == item.id) {
            Some(at) => _ = free.swap_remove(at),
            None => faults.add(
                format!("/publications/{index}/id"),
                "unknown_reference",
                say!(
                    "Không phải mã một công trình của người này, hoặc đã dùng ở mục trên; bỏ `id` để thêm mới.",
                    "No publication of this person has it, or an item above does; leave `id` out to add a new one.",
                ),
            ),
        }
    }
    for item in new.iter_mut().filter(|item| item.id.is_none()) {
        let equal = |known: &&Publication| Publication { id: None, ..(*known).clone() } == *item;
        if let Some(at) = free.iter().position(equal) {
            item.id = free.swap_remove(at).id;
        }
    }
    faults.or(new)
}

/// Publications without ids: those of another record, or of a file, are none of the bank's.
pub(super) fn without_ids(list: Vec<Publication>) -> Vec<Publication> {
    list.into_iter().map(|item| Publication { id: None, ..item }).collect()
}

/// Changes to a publication, as a merge patch: absent keeps, `null` clears, a list is replaced whole.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"year": 2022, "doi": null}))]
struct PublicationPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title: Change<String>,
    #[serde(default, rename = "abstract")]
    #[schema(value_type = Option<String>)]
    summary: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<i16>)]
    year: Change<i16>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    venue: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    doi: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<Authors>)]
    authors: Change<Authors>,
}

impl PublicationPatch {
    fn over(self, old: &Publication) -> PublicationForm {
        let old = old.clone();
        PublicationForm {
            id: None,
            title: self.title.apply(Some(old.title)),
            summary: self.summary.apply(old.summary),
            year: self.year.apply(old.year),
            venue: self.venue.apply(old.venue),
            doi: self.doi.apply(old.doi),
            authors: self.authors.apply_or_default(Authors::List(old.authors)),
        }
    }
}

/// Correct a publication
///
/// The Union corrects any, a person their own.
#[utoipa::path(
    tag = "experts",
    params(
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        ("id" = Uuid, Path, description = "Id of the publication"),
        IfMatch,
    ),
    request_body = PublicationPatch,
    security(("session" = ["experts.update"])),
    responses((status = 200, description = "The publication as it is now", body = Written<PublicationView>)),
)]
#[patch("/experts/{key}/publications/{id}")]
async fn patch_publication(
    permit: Permit<UpdateExpert>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    body: Body<PublicationPatch>,
    req: HttpRequest,
) -> Answer {
    let scope = permit.scope().clone();
    let (version, publication, repairs) = permit
        .write(async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            let old = store::find_publication(tx, expert.id, id.0).await?;
            if_match.check(expert.version)?;
            let (new, repairs) = checked(&body.0.over(&old))?;
            let new = Publication { id: old.id, ..new };
            if new == old {
                return Ok(((expert.version, old, repairs), None));
            }
            refuse_known(&expert.code, &store::publications(tx, expert.id).await?, &new)?;
            store::update_publication(tx, &new).await?;
            let version = changed(tx, expert.id).await?;
            let event = event(expert.id, std::slice::from_ref(&old), std::slice::from_ref(&new));
            Ok(((version, new, repairs), Some(event)))
        })
        .await?;
    put_right(&req, None, version, PublicationView::from(publication), &repairs)
}

/// Delete a publication
///
/// The Union deletes any, a person their own. The answer's `ETag` is the expert's version as it is now.
#[utoipa::path(
    tag = "experts",
    params(
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        ("id" = Uuid, Path, description = "Id of the publication"),
        IfMatch,
    ),
    security(("session" = ["experts.update"])),
    responses((status = 204, description = "Deleted")),
)]
#[delete("/experts/{key}/publications/{id}")]
async fn delete_publication(
    permit: Permit<UpdateExpert>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    _: Params<Nothing>,
) -> Answer {
    let scope = permit.scope().clone();
    let version = permit
        .write(async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            let old = store::find_publication(tx, expert.id, id.0).await?;
            if_match.check(expert.version)?;
            store::delete_publication(tx, id.0).await?;
            let version = changed(tx, expert.id).await?;
            Ok((version, event(expert.id, std::slice::from_ref(&old), &[])))
        })
        .await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, versioned(version))).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u128, title: &str) -> Publication {
        let id = (id > 0).then(|| Uuid::from_u128(id));
        Publication { id, title: title.to_owned(), ..Publication::default() }
    }

    #[test]
    fn a_list_that_is_sent_back_keeps_its_ids() {
        let old = [item(1, "A"), item(2, "B"), item(3, "A")];
        for (new, expected) in [
            (vec![item(0, "B"), item(0, "A"), item(0, "A")], vec![2, 1, 3]),
            (vec![item(0, "A"), item(1, "A")], vec![3, 1]),
            (vec![item(2, "C"), item(0, "B"), item(0, "D")], vec![2, 0, 0]),
            (vec![], vec![]),
        ] {
            let settled = settle(&old, new.clone()).unwrap();
            let ids: Vec<u128> = settled.iter().map(|item| item.id.unwrap_or_default().as_u128()).collect();
            let mut sorted = (ids.clone(), expected.clone());
            sorted.0.sort_unstable();
            sorted.1.sort_unstable();
            assert_eq!(sorted.0, sorted.1, "{new:?}");
            let titles = |list: &[Publication]| list.iter().map(|item| item.title.clone()).collect::<Vec<_>>();
            assert_eq!(titles(&settled), titles(&new), "in the order sent");
        }
        for new in [vec![item(4, "A")], vec![item(1, "A"), item(1, "B")]] {
            let faults = settle(&old, new.clone()).unwrap_err();
            let last = new.len() - 1;
            assert_eq!(faults[0].pointer, format!("/publications/{last}/id"));
        }
    }
}
