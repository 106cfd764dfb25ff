//! `GET /associations/alerts`.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::alert_rules::{AlertKind, Found, Living, alerts};
use super::model::Registry;
use super::policy::ReadAssociationAlerts;
use super::settings::Rules;
use super::store::{self, Standing};
use super::words::AssociationStatus;
use super::write::{day_of, is_own};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;
use crate::organisations::model::Period;
use crate::organisations::view::OrganisationRef;
use crate::reference::places::Places;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_alerts);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AlertQuery {
    /// Only of this kind; may be repeated.
    #[param(inline)]
    kind: Vec<AlertKind>,
    /// As things stood on this date; today by default.
    #[param(example = "2026-11-26")]
    as_of: Option<NaiveDate>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Something the law asks to be looked at.
#[derive(Debug, Serialize, ToSchema)]
struct AssociationAlert {
    /// The association.
    association: OrganisationRef,
    /// What.
    kind: AlertKind,
    /// Of a term or a suspension: its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<NaiveDate>,
    /// How many official members there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<i64>,
    /// How many members, or years of reports, are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<i64>,
    /// The others with the same main field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<OrganisationRef>,
    /// The law the rule comes from, as it stands on the day.
    #[schema(example = "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2")]
    legal_reference: Option<String>,
}

/// List what the law asks to be looked at
///
/// By association: a term that is over or ends soon or is not on record, years without a report, too few members or none ever
/// counted, a main field that another has in the same scope or that is not on record, a suspension past its date. The rules are dated settings, each
/// with its legal reference. An association's own office sees its own.
#[utoipa::path(
    tag = "associations",
    params(AlertQuery),
    security(("session" = ["associations.read_alerts"])),
    responses((status = 200, description = "A page of alerts", body = Page<AssociationAlert>)),
)]
#[get("/associations/alerts")]
async fn list_alerts(permit: Permit<ReadAssociationAlerts>, query: Params<AlertQuery>, req: HttpRequest) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after: Option<(String, AlertKind)> = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.as_of).await?;
    let places = Places::read(&mut conn).await?;
    let rules = Rules::read(&mut conn).await?;
    let mut standing = store::standing(&mut conn, day, None).await?;
    let over = |row: &Standing| AssociationStatus::parse(&row.state).is_some_and(AssociationStatus::is_over);
    standing.retain(|row| !over(row));
    let registries = store::registries(&mut conn, standing.iter().map(|row| row.id).collect()).await?;
    drop(conn);
    let by_id: HashMap<Uuid, &Registry> = registries.iter().map(|registry| (registry.id(), registry)).collect();
    let living = |row: &Standing| {
        Some(Living {
            registry: by_id.get(&row.id)?,
            life: Period { from: row.valid_from, to: row.valid_to },
            province: row.province_id.map(|id| places.at(id, day)),
        })
    };
    let living: Vec<Living<'_>> = standing.iter().filter_map(living).collect();
    let names: HashMap<Uuid, &Standing> = standing.iter().map(|row| (row.id, row)).collect();
    let own = |found: &Found| scope.reach != Reach::Own || is_own(scope, found.association);
    let asked = |found: &Found| query.kind.is_empty() || query.kind.contains(&found.kind);
    let key = |found: &Found| (code_of(&names, found.association), found.kind);
    let mut found: Vec<Found> = alerts(&living, &rules, day).into_iter().filter(|f| own(f) && asked(f)).collect();
    found.sort_by_key(key);
    found.retain(|found| after.as_ref().is_none_or(|after| key(found) > *after));
    found.truncate(query.limit.rows() + 1);
    let page = cursors.page(found, query.limit, key, |found| view(found, &names))?;
    let page = Page { items: page.items.into_iter().flatten().collect::<Vec<_>>(), next_cursor: page.next_cursor };
    fresh_page(&req, "private", &page)
}

fn code_of(names: &HashMap<Uuid, &Standing>, id: Uuid) -> String {
    names.get(&id).map(|row| row.code.clone()).unwrap_or_default()
}

fn view(found: Found, names: &HashMap<Uuid, &Standing>) -> Option<AssociationAlert> {
    let named =
        |id: Uuid| names.get(&id).map(|row| OrganisationRef { id, code: row.code.clone(), name: row.name.clone() });
    let numbers = found.numbers.filter(|_| found.kind != AlertKind::NoReport);
    Some(AssociationAlert {
        association: named(found.association)?,
        kind: found.kind,
        due: found.due,
        found: numbers.map(|(there, _)| there),
        required: found.numbers.map(|(_, asked)| asked),
        others: found.others.into_iter().filter_map(named).collect(),
        legal_reference: found.law,
    })
}
