//! `GET /panels/fairness`.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, get};
use chrono::{Datelike, Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::fairness::{Fairness, fairness};
use super::policy::ReadFairness;
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::params::Params;
use crate::kernel::clock::today;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_fairness);
}

/// Months of a window nobody named.
const WINDOW: u32 = 12;
/// Longest window, in years.
const LONGEST: i32 = 20;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FairnessQuery {
    /// The first day of the window; twelve months before its last by default.
    #[param(example = "2026-01-01")]
    from: Option<NaiveDate>,
    /// The last day of the window; today by default.
    #[param(example = "2026-12-31")]
    to: Option<NaiveDate>,
}

/// How evenly seats are spread.
#[derive(Debug, Serialize, ToSchema)]
struct PanelFairness {
    /// Seats that were given.
    #[schema(example = 120)]
    seats: usize,
    /// People who had at least one.
    #[schema(example = 64)]
    people: usize,
    /// Most seats of one person.
    #[schema(example = 7)]
    most: usize,
    /// How many people are the busiest tenth.
    #[schema(example = 7)]
    busiest: usize,
    /// The share of all seats that the busiest tenth has, 0 to 1; none without seats.
    #[schema(example = 0.28)]
    busiest_share: Option<f64>,
    /// The Gini coefficient over those who had a seat, 0 (all the same) to 1; none without seats.
    #[schema(example = 0.31)]
    gini: Option<f64>,
}

impl From<Fairness> for PanelFairness {
    fn from(told: Fairness) -> Self {
        let Fairness { seats, people, most, busiest, busiest_share, gini } = told;
        Self { seats, people, most, busiest, busiest_share, gini }
    }
}

/// A month of the window.
#[derive(Debug, Serialize, ToSchema)]
struct MonthlyFairness {
    /// The month.
    #[schema(example = "2026-03")]
    month: String,
    /// How evenly its seats are spread.
    fairness: PanelFairness,
}

/// How evenly the seats of a window are spread.
#[derive(Debug, Serialize, ToSchema)]
struct FairnessReport {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// Over those who had a seat.
    fairness: PanelFairness,
    /// How many more could have been asked: active on the day of the answer, and without a seat.
    #[schema(example = 240)]
    idle: i64,
    /// The Gini coefficient with these, who had none.
    #[schema(example = 0.82)]
    gini_of_all: Option<f64>,
    /// Month by month, those without a seat left out.
    months: Vec<MonthlyFairness>,
}

/// See how evenly panels are spread
///
/// Seats given in a window, by the day their panel was approved; seats that were replaced before a panel was approved asked nobody
/// and are not counted, nor are those that somebody declined.
#[utoipa::path(
    tag = "panels",
    params(FairnessQuery),
    security(("session" = ["panels.read_fairness"])),
    responses((status = 200, description = "The shares", body = FairnessReport)),
)]
#[get("/panels/fairness")]
async fn read_fairness(permit: Permit<ReadFairness>, query: Params<FairnessQuery>, req: HttpRequest) -> Answer {
    let (from, to) = window(&query.0, today())?;
    let mut conn = permit.read().await?;
    let seats = seats(&mut conn, from, to).await?;
    let idle = idle(&mut conn, from, to).await?;
    let all: Vec<Uuid> = seats.iter().map(|seat| seat.expert_id).collect();
    let mut months: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for seat in seats {
        months.entry(seat.month).or_default().push(seat.expert_id);
    }
    let monthly = |(month, seats): (String, Vec<Uuid>)| MonthlyFairness { month, fairness: fairness(&seats, 0).into() };
    let report = FairnessReport {
        from,
        to,
        idle,
        gini_of_all: fairness(&all, usize::try_from(idle).unwrap_or_default()).gini,
        fairness: fairness(&all, 0).into(),
        months: months.into_iter().map(monthly).collect(),
    };
    fresh(&req, None, "private", &report)
}

fn window(query: &FairnessQuery, today: NaiveDate) -> Answer<(NaiveDate, NaiveDate)> {
    let to = query.to.unwrap_or(today);
    let from = query.from.or_else(|| to.checked_sub_months(Months::new(WINDOW))).unwrap_or(to);
    for (pointer, day) in [("/from", from), ("/to", to)] {
        if !(1900..=2999).contains(&day.year()) {
            let detail = say!("Năm từ 1900 đến 2999.", "A year from 1900 to 2999.");
            return Err(Problem::new(Code::InvalidQuery).and_field(pointer, "out_of_range", detail));
        }
    }
    if from > to || to.year() - from.year() > LONGEST {
        let detail = say!(
            "Ngày đầu không sau ngày cuối, và khoảng thời gian không quá {LONGEST} năm.",
            "The first day is not after the last, and the window no longer than {LONGEST} years."
        );
        return Err(Problem::new(Code::InvalidQuery).and_field("/from", "out_of_range", detail));
    }
    Ok((from, to))
}

#[derive(QueryableByName)]
struct SeatRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Text)]
    month: String,
}

/// Seats that count, with their months: by the day in Viet Nam.
async fn seats(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> Answer<Vec<SeatRow>> {
    let sql = "SELECT m.expert_id, to_char(m.asked_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM') AS month
                 FROM panel_members m
                WHERE m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
                  AND m.asked_at >= $1::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
                  AND m.asked_at < ($2 + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
                ORDER BY m.asked_at, m.id";
    Ok(diesel::sql_query(sql).bind::<Date, _>(from).bind::<Date, _>(to).load(conn).await?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many who can be asked had no seat in the window.
async fn idle(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> Answer<i64> {
    let sql = "SELECT count(*) AS n FROM experts e WHERE e.status = 'active' AND NOT EXISTS (
                   SELECT FROM panel_members m WHERE m.expert_id = e.id AND m.rank = 0
                      AND m.state IN ('chosen', 'invited', 'accepted')
                      AND m.asked_at >= $1::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
                      AND m.asked_at < ($2 + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')";
    let row: Count = diesel::sql_query(sql).bind::<Date, _>(from).bind::<Date, _>(to).get_result(conn).await?;
    Ok(row.n)
}
