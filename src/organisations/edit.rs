//! `POST /organisations`, `PATCH /organisations/{key}`.

use actix_web::{patch, post};
use chrono::NaiveDate;
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::form::{NewOrganisation, OrganisationPatch, Reader};
use super::model::{Body as Organisation, Version};
use super::policy::ManageOrganisations;
use super::read::AsOf;
use super::view::Organisation as View;
use super::{register, store};
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::precondition::{IfMatch, written};
use crate::kernel::problem::{Answer, Problem};
use crate::reference::places::Places;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(create_organisation).service(patch_organisation);
}

/// Answers a write with the organisation as it is now.
pub(super) async fn answer(conn: &mut Conn, key: &str, created: bool) -> Answer {
    let body = store::find(conn, key).await?;
    let places = Places::read(conn).await?;
    let view = View::now(conn, &body, &places).await?;
    let location = format!("/api/v1/organisations/{}", body.id);
    written(created.then_some(location.as_str()), body.version, &view)
}

/// The event of a new organisation.
pub(super) fn created_event(body: &Organisation) -> Event {
    let names: Vec<&str> = body.versions.iter().map(|version| version.name.as_str()).collect();
    Event::on("organisation", body.id)
        .action("organisations.create")
        .fields(["kind", "name"])
        .values(json!({ "kind": body.kind, "name": names }))
}

/// Enter an organisation
///
/// No two living bodies of one name may be in one place: the same province, under the same parent. A body that takes the
/// place of another is entered by `succeed` on the old one.
#[utoipa::path(
    tag = "organisations",
    params(Once),
    request_body = NewOrganisation,
    security(("session" = ["organisations.manage"])),
    responses((status = 201, description = "Entered", body = View)),
)]
#[post("/organisations")]
async fn create_organisation(permit: Permit<ManageOrganisations>, once: Once, body: Body<NewOrganisation>) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            store::lock_register(tx).await?;
            let places = Places::read(tx).await?;
            let mut reader = Reader::new(&places, "");
            let new = reader.body(body.0);
            let new = reader.done(new)?;
            register::save(tx, std::slice::from_ref(&new), |_| String::new(), &places).await?;
            Ok((new.id, created_event(&new)))
        })
        .await?;
    answer(&mut permit.read().await?, &id.to_string(), true).await
}

/// Correct an organisation
///
/// What was entered wrongly: a merge patch on the version that holds today, or on the day `as_of`. What really changes,
/// changes from a day on: by `succeed` or `transfer`.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), AsOf, IfMatch),
    request_body = OrganisationPatch,
    security(("session" = ["organisations.manage"])),
    responses((status = 200, description = "The organisation as it is now", body = View)),
)]
#[patch("/organisations/{key}")]
async fn patch_organisation(
    permit: Permit<ManageOrganisations>,
    key: Key,
    query: Params<AsOf>,
    if_match: IfMatch,
    body: Body<OrganisationPatch>,
) -> Answer {
    let id = permit
        .write(async move |tx| {
            store::lock_register(tx).await?;
            let old = store::lock(tx, &key.0).await?;
            if_match.check(old.version)?;
            let id = old.id;
            let event = correct(tx, old, body.0, query.0.as_of).await?;
            store::settle(tx).await?;
            Ok((id, event))
        })
        .await?;
    answer(&mut permit.read().await?, &id.to_string(), false).await
}

/// Corrects the version of a locked body that holds on a day; the event, none when nothing changed. The register must be locked,
/// and [`store::settle`] be asked afterwards.
///
/// # Errors
/// 422 with the faults of the form, or the rule of the register that is broken.
pub async fn correct(
    tx: &mut Conn,
    old: Organisation,
    patch: OrganisationPatch,
    as_of: Option<NaiveDate>,
) -> Answer<Option<Event>> {
    let day = as_of.unwrap_or_else(today);
    if as_of.is_some() && old.at_or_last(day).is_none() {
        return Err(Problem::field(
            "/as_of",
            "before_start",
            say!("Ngày đó chưa có tổ chức này.", "It was not there yet on that day."),
        ));
    }
    let places = Places::read(tx).await?;
    let mut new = old.clone();
    let mut reader = Reader::new(&places, "");
    reader.correct(patch, &mut new, day);
    let new = reader.done(new)?;
    let fields = changed(&old, &new);
    if fields.is_empty() {
        return Ok(None);
    }
    register::write(tx, std::slice::from_ref(&new), |_| String::new(), &places).await?;
    let event = Event::on("organisation", new.id).action("organisations.update").fields(fields);
    Ok(Some(event.values(json!({ "before": summary(&old), "after": summary(&new) }))))
}

fn summary(body: &Organisation) -> serde_json::Value {
    let version = |version: &Version| {
        json!({
            "from": version.period.from, "to": version.period.to, "name": version.name, "name_en": version.name_en,
            "short_name": version.short_name, "parent_id": version.parent_id, "province": version.province_id,
            "document": version.document,
        })
    };
    let versions: Vec<serde_json::Value> = body.versions.iter().map(version).collect();
    let names: Vec<String> = body.other_names.iter().map(|name| format!("{name:?}")).collect();
    json!({ "kind": body.kind, "source": body.source, "note": body.note, "names": names, "versions": versions })
}

/// The names of the fields that differ.
fn changed(old: &Organisation, new: &Organisation) -> Vec<&'static str> {
    let differs = |of: fn(&Version) -> serde_json::Value| {
        let all = |body: &Organisation| body.versions.iter().map(of).collect::<Vec<_>>();
        all(old) != all(new)
    };
    let fields = [
        ("kind", old.kind != new.kind),
        ("source", old.source != new.source),
        ("note", old.note != new.note),
        ("names", old.other_names != new.other_names),
        ("valid_from", old.period().from != new.period().from),
        ("valid_to", old.period().to != new.period().to),
        ("name", differs(|version| json!(version.name))),
        ("name_en", differs(|version| json!(version.name_en))),
        ("short_name", differs(|version| json!(version.short_name))),
        ("parent_id", differs(|version| json!(version.parent_id))),
        ("province", differs(|version| json!(version.province_id))),
        ("document", differs(|version| json!(version.document))),
    ];
    fields.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()
}
