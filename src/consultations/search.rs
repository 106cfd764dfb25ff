//! `GET /consultations`: filters, text, facets.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, get};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::ReadConsultations;
use super::rules::{Known, Reckoning, find_field};
use super::store::{self, Asked, Condition, Facet, ListSql, Listed, Seen, Sort};
use super::view::{self, ConsultationCard};
use super::words::{ConsultationKind, ConsultationOrigin, ConsultationState, Urgency};
use super::work;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::experts::policy::ReadExpert;
use crate::experts::store as expert_store;
use crate::fields::store as field_store;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit};
use crate::kernel::precondition::fresh_list;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::words::words;
use crate::organisations::store as organisation_store;
use crate::organisations::view::OrganisationRef;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_consultations);
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConsultationSort {
    /// The latest first.
    #[default]
    Newest,
    /// What is due first.
    Due,
}

/// So many working days ahead.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct Ahead(u16);

impl TryFrom<u16> for Ahead {
    type Error = &'static str;

    fn try_from(days: u16) -> Result<Self, Self::Error> {
        if days <= 365 { Ok(Self(days)) } else { Err("expected a number from 0 to 365") }
    }
}

/// A year of the register.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct RegisterYear(u16);

impl TryFrom<u16> for RegisterYear {
    type Error = &'static str;

    fn try_from(year: u16) -> Result<Self, Self::Error> {
        if (1900..=2999).contains(&year) { Ok(Self(year)) } else { Err("expected a year from 1900 to 2999") }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsultationQuery {
    /// Beginnings of words, with or without accents, of title, summary, questions, register number, letter, asker, authority.
    #[param(example = "lam nghiep")]
    q: Option<String>,
    /// Only in this state; may be repeated.
    #[param(inline)]
    state: Vec<ConsultationState>,
    /// Only of this kind; may be repeated.
    #[param(inline)]
    kind: Vec<ConsultationKind>,
    /// Only of this origin; may be repeated.
    #[param(inline)]
    origin: Vec<ConsultationOrigin>,
    /// Only this urgent.
    #[param(inline)]
    urgency: Option<Urgency>,
    /// Only asked by this organisation, those under it or those whose place it took: id or code; may be repeated.
    #[param(example = json!(["SNNMT-DEMO"]))]
    agency: Vec<String>,
    /// Only in this field or one under it, with its scheme where that is not the default; may be repeated.
    #[param(example = json!(["404"]))]
    field: Vec<String>,
    /// Only due on this day or later.
    due_from: Option<NaiveDate>,
    /// Only due by this day.
    due_to: Option<NaiveDate>,
    /// Only due within so many working days from today, late ones left out.
    #[param(value_type = Option<u16>, minimum = 0, maximum = 365)]
    due_within: Option<Ahead>,
    /// Only late, or only not late.
    overdue: Option<bool>,
    /// Only where this expert drafted what is judged or sits on the panel (for an agency, once it is approved): id or code.
    #[param(example = "CG-000001")]
    expert: Option<String>,
    /// Only those this account is in charge of.
    lead: Option<Uuid>,
    /// Only those of the register of this year.
    #[param(value_type = Option<u16>, minimum = 1900, maximum = 2999)]
    year: Option<RegisterYear>,
    /// In which order.
    #[param(inline)]
    sort: ConsultationSort,
    /// What to count by: `state`, `kind`, `agency`, `field`, `urgency`, `overdue`, separated by commas.
    #[param(example = "state,overdue")]
    facets: Option<String>,
    /// Say how many there are.
    count: bool,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A value of a facet.
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationFacetCount {
    /// The value: a word, the id of an agency, a field with its scheme, or `true` and `false`.
    #[schema(example = "accepted")]
    value: String,
    /// The agency, of an agency's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<OrganisationRef>,
    /// Consultations that have it and all that is asked for beside it.
    count: i64,
}

/// A page of consultations.
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationPage {
    /// The rows.
    items: Vec<ConsultationCard>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are, asked for with `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    /// How many there are of each, asked for with `facets`: each facet without its own condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<&'static str, Vec<ConsultationFacetCount>>>,
}

fn invalid(pointer: &str, code: &'static str, text: &str) -> Problem {
    let text: String = text.chars().take(40).collect();
    let detail = say!("`{text}` không hợp lệ ở đây.", "`{text}` is not known here.");
    Problem::new(Code::InvalidQuery).and_field(pointer, code, detail)
}

fn facets_of(text: Option<&str>) -> Answer<Vec<Facet>> {
    let names = text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let facet = |name: &str| Facet::ALL.into_iter().find(|facet| facet.as_str() == name);
    let mut facets = Vec::new();
    for name in names {
        let named = facet(name).ok_or_else(|| invalid("/facets", "unknown_facet", name))?;
        if !facets.contains(&named) {
            facets.push(named);
        }
    }
    Ok(facets)
}

/// All these folded words, each at least a beginning, as a query of the index. Folded words hold nothing that means anything there.
fn text_query(words: &[String]) -> String {
    let beginnings: Vec<String> = words.iter().map(|word| format!("'{}':*", word.replace(['\'', '\\'], " "))).collect();
    beginnings.join(" & ")
}

/// What a query asks for, as far as that needs no look-up.
fn plain_conditions(query: &ConsultationQuery, words: &[String], on: &Reckoning) -> Vec<(Option<Facet>, Condition)> {
    macro_rules! any_of {
        ($list:expr, $facet:expr, $column:literal) => {
            (!$list.is_empty()).then(|| {
                let words = $list.iter().map(|word| word.as_str().to_owned()).collect();
                ($facet, Condition::Words($column, words))
            })
        };
    }
    let urgency: Vec<Urgency> = query.urgency.into_iter().collect();
    let within = query.due_within.map(|Ahead(days)| on.calendar.after(on.today, u32::from(days)));
    [
        any_of!(query.state, Some(Facet::State), "state"),
        any_of!(query.kind, Some(Facet::Kind), "kind"),
        any_of!(query.origin, None, "origin"),
        any_of!(urgency, Some(Facet::Urgency), "urgency"),
        query.due_from.map(|day| (None, Condition::DueFrom(day))),
        query.due_to.map(|day| (None, Condition::DueTo(day))),
        within.map(|_| (None, Condition::DueFrom(on.today))),
        within.map(|day| (None, Condition::DueTo(day))),
        query.overdue.map(|late| (Some(Facet::Overdue), Condition::Overdue(on.today, late))),
        query.lead.map(|id| (None, Condition::Lead(id))),
        query.year.map(|RegisterYear(year)| (None, Condition::Year(format!("%-{year}-%")))),
        (!words.is_empty()).then(|| (None, Condition::Text(text_query(words)))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Days the database knows.
fn check_days(query: &ConsultationQuery) -> Answer<()> {
    for (pointer, day) in [("/due_from", query.due_from), ("/due_to", query.due_to)] {
        if day.is_some_and(|day| !(1..=9999).contains(&day.year())) {
            let detail = say!("Cần một ngày thuộc năm 1 đến 9999.", "A day of the years 1 to 9999 is needed.");
            return Err(Problem::new(Code::InvalidQuery).and_field(pointer, "invalid_value", detail));
        }
    }
    Ok(())
}

/// Bodies that are named, those under them and those whose place they took.
async fn agencies(conn: &mut Conn, keys: &[String], today: NaiveDate) -> Answer<Option<Condition>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let named = expert_store::organisation_ids(conn, keys).await?;
    let is_known =
        |key: &&String| named.iter().any(|(id, code)| *code == **key || id.to_string() == key.to_lowercase());
    if let Some(unknown) = keys.iter().find(|key| !is_known(key)) {
        return Err(invalid("/agency", "unknown_reference", unknown));
    }
    let ids: Vec<Uuid> = named.into_iter().map(|(id, _)| id).collect();
    Ok(Some(Condition::Askers(expert_store::with_subordinates(conn, &ids, today).await?)))
}

async fn fields(conn: &mut Conn, texts: &[String]) -> Answer<Option<Condition>> {
    if texts.is_empty() {
        return Ok(None);
    }
    let all = field_store::all(conn).await?.into_iter().map(|row| (row.scheme, row.code));
    let known = Known { fields: all.collect(), ..Known::default() };
    let found =
        texts.iter().map(|text| find_field(text, &known).ok_or_else(|| invalid("/field", "unknown_code", text)));
    Ok(Some(Condition::Fields(found.collect::<Answer<_>>()?)))
}

/// An expert the caller may know of; of any other nothing is found, whether there is one or not.
async fn expert(conn: &mut Conn, permit: &Permit<ReadConsultations>, key: Option<&str>) -> Answer<Option<Condition>> {
    let Some(key) = key else { return Ok(None) };
    let found = match expert_store::find(conn, &permit.scope_under::<ReadExpert>(), key).await {
        Ok(expert) => Some(expert.id),
        Err(problem) if problem.code() == Code::NotFound => None,
        Err(problem) => return Err(problem),
    };
    Ok(Some(Condition::Expert(found, permit.scope().reach == Reach::All)))
}

/// List consultations
///
/// The latest first, or what is due first. An agency sees its own, an expert those they are on the panel of; drafts are for the asker
/// and the Union. `facets` counts each without its own condition; late and days left follow from the day and the calendar.
#[utoipa::path(
    tag = "consultations",
    params(ConsultationQuery),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "A page of consultations", body = ConsultationPage)),
)]
#[get("/consultations")]
async fn list_consultations(
    permit: Permit<ReadConsultations>,
    query: Params<ConsultationQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    check_days(&query)?;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let (words, facets) = (words(query.q.as_deref())?, facets_of(query.facets.as_deref())?);
    let sort = match query.sort {
        ConsultationSort::Newest => Sort::Newest(cursors.open(query.cursor.as_deref())?),
        ConsultationSort::Due => Sort::Due(cursors.open(query.cursor.as_deref())?),
    };
    let mut conn = permit.read().await?;
    let (on, _) = work::reckoning(&mut conn).await?;
    let mut conditions = plain_conditions(&query, &words, &on);
    let agencies = agencies(&mut conn, &query.agency, on.today).await?;
    conditions.extend(agencies.map(|condition| (Some(Facet::Agency), condition)));
    let fields = fields(&mut conn, &query.field).await?;
    conditions.extend(fields.map(|condition| (Some(Facet::Field), condition)));
    let expert = expert(&mut conn, &permit, query.expert.as_deref()).await?;
    conditions.extend(expert.map(|condition| (None, condition)));
    let seen = Seen::by(permit.scope(), on.today);
    let own = match seen.own {
        Some(own) => Some(store::askers(&mut conn, Some(own), on.today).await?),
        None => None,
    };
    let asked = Asked { seen, own, conditions };
    let rows = store::list(&mut conn, ListSql::new(&asked, sort, query.limit.probe())).await?;
    let count = if query.count { Some(store::count(&mut conn, &asked).await?) } else { None };
    let facets = if facets.is_empty() { None } else { Some(counted(&mut conn, &asked, &facets).await?) };
    let mut cards = view::cards(&mut conn, &rows, &on.calendar, on.today).await?;
    let (items, next_cursor) = match query.sort {
        ConsultationSort::Newest => {
            let page = cursors.page(
                rows,
                query.limit,
                |listed: &Listed| listed.row.id,
                |listed| cards.remove(&listed.row.id),
            )?;
            (page.items, page.next_cursor)
        }
        ConsultationSort::Due => {
            let key = |listed: &Listed| (listed.due_key, listed.row.id);
            let page = cursors.page(rows, query.limit, key, |listed| cards.remove(&listed.row.id))?;
            (page.items, page.next_cursor)
        }
    };
    let body = ConsultationPage { items: items.into_iter().flatten().collect(), next_cursor, count, facets };
    fresh_list(&req, None, "private", body.next_cursor.clone().as_deref(), &body)
}

async fn counted(
    conn: &mut Conn,
    asked: &Asked,
    facets: &[Facet],
) -> Answer<BTreeMap<&'static str, Vec<ConsultationFacetCount>>> {
    let mut all = BTreeMap::new();
    for facet in facets {
        let rows = store::facet(conn, asked, *facet).await?;
        let ids: Vec<Uuid> = rows.iter().filter_map(|(value, _)| value.parse().ok()).collect();
        let bodies = match facet {
            Facet::Agency => organisation_store::bodies(conn, &ids).await?,
            _ => Default::default(),
        };
        let named =
            |value: &str| bodies.get(&value.parse().ok()?).and_then(|body| OrganisationRef::at(body, asked.seen.today));
        let counts =
            rows.into_iter().map(|(value, count)| ConsultationFacetCount { agency: named(&value), value, count });
        all.insert(facet.as_str(), counts.collect());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_beginnings_that_mean_nothing_else() {
        let query = |text: &str| text_query(&words(Some(text)).unwrap());
        assert_eq!(query("Lâm nghiệp"), "'lam':* & 'nghiep':*");
        assert_eq!(query("TV-2026-0001"), "'tv':* & '2026':* & '0001':*");
        assert_eq!(text_query(&["a'b\\".to_owned()]), "'a b ':*");
        assert_eq!(text_query(&[]), "");
    }
}
