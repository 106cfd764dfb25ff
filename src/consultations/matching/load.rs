//! `GET /experts/{key}/load`, and how much experts have to do.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::settings::Settings;
use super::store;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::consultations::policy::ReadLoad;
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_load);
}

/// How much an expert has to do, and what became of asking them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Seats on panels that have work to do.
    pub now: u32,
    /// Most assignments at a time, as they said.
    pub cap: Option<u32>,
    /// How often they were asked in the window.
    pub asked: u32,
    /// How often they declined in the window, but for a conflict of interest.
    pub declined: u32,
    /// The day they were last asked, whenever that was.
    pub last_asked: Option<NaiveDate>,
}

impl Load {
    /// Days since they were last asked; none for who never was.
    pub fn days_since_asked(&self, today: NaiveDate) -> Option<i64> {
        self.last_asked.map(|day| (today - day).num_days().max(0))
    }
}

/// How much each of these experts has to do on a day: an entry for every one who exists.
///
/// # Errors
/// 503 when the database is away.
pub async fn load_of(conn: &mut Conn, experts: &[Uuid], today: NaiveDate) -> Answer<HashMap<Uuid, Load>> {
    let settings = Settings::read(conn, today).await?;
    let mut loads = store::loads(conn, Some(experts), None, settings.since).await?;
    let caps = store::caps(conn, experts).await?;
    let load = |(id, cap): (Uuid, Option<i16>)| {
        let cap = cap.and_then(|cap| u32::try_from(cap).ok());
        (id, Load { cap, ..loads.remove(&id).unwrap_or_default() })
    };
    Ok(caps.into_iter().map(load).collect())
}

/// A seat on a panel that has work to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenSeat {
    /// The consultation.
    pub consultation_id: Uuid,
    /// Its number in the register.
    #[schema(example = "PB-2026-0007")]
    pub register_number: Option<String>,
    /// `chair`, `secretary`, `reviewer` or `member`.
    #[schema(example = "reviewer")]
    pub seat: String,
    /// `chosen`, `invited` or `accepted`.
    #[schema(example = "accepted")]
    pub state: String,
    /// The day the report is due.
    pub due_on: Option<NaiveDate>,
}

/// How much an expert has to do.
#[derive(Debug, Serialize, ToSchema)]
struct ExpertLoad {
    /// The expert.
    expert_id: Uuid,
    /// Seats on panels that have work to do.
    #[schema(example = 2)]
    now: u32,
    /// Most assignments at a time, as the person said.
    #[schema(example = 3)]
    cap: Option<u32>,
    /// True when they have as much as they take.
    full: bool,
    /// Days since they were last asked; empty for who never was.
    #[schema(example = 41)]
    days_since_asked: Option<i64>,
    /// How often they were asked in the window.
    #[schema(example = 3)]
    asked: u32,
    /// How often they declined in the window, but for a conflict of interest.
    #[schema(example = 1)]
    declined: u32,
    /// Months of the window.
    #[schema(example = 12)]
    window_months: u32,
    /// The seats, what is due first.
    open_seats: Vec<OpenSeat>,
}

/// Read how much an expert has to do
///
/// Seats on panels that are formed, review or conclude, and how often the person was asked and declined in the window
/// (`matching_window_months`). People read their own; a seat they were chosen for and not told of yet is not among theirs.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001")),
    security(("session" = ["experts.read_load"])),
    responses((status = 200, description = "The load", body = ExpertLoad)),
)]
#[get("/experts/{key}/load")]
async fn read_load(permit: Permit<ReadLoad>, key: Key, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let expert = expert_store::find(&mut conn, permit.scope(), &key.0).await?;
    let today = today();
    let settings = Settings::read(&mut conn, today).await?;
    let told = permit.scope().reach == Reach::Own;
    let load = store::load_as_told(&mut conn, expert.id, settings.since, told).await?;
    let open_seats = store::open_seats(&mut conn, expert.id, told).await?;
    let cap = expert.max_parallel.and_then(|cap| u32::try_from(cap).ok());
    let load = Load { cap, now: u32::try_from(open_seats.len()).unwrap_or(u32::MAX), ..load };
    let body = ExpertLoad {
        expert_id: expert.id,
        now: load.now,
        cap,
        full: load.is_full(),
        days_since_asked: load.days_since_asked(today),
        asked: load.asked,
        declined: load.declined,
        window_months: settings.window_months,
        open_seats,
    };
    fresh(&req, None, "private", &body)
}
