//! `GET /experts/changes`: what came into a caller's view, changed in it or left it, for everybody who keeps a copy.
//!
//! Every change says who might know of the expert before and after, and is shown by the same rule as the expert: nobody is told
//! of somebody they never might know of, and a cursor moves with what its caller sees and with nothing else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::FollowChanges;
use super::store::{self, ChangeRow};
use super::view::ExpertCard;
use crate::access::permit::Permit;
use crate::db;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit};
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(follow_changes);
}

/// How often it is looked whether something came, while a caller waits.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What happened to an expert, in the eyes of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FeedKind {
    /// Came into view, or changed in it.
    Upsert,
    /// Left the view: withdrawn, merged into another record, taken out of the bank.
    Tombstone,
}

/// A change of an expert.
#[derive(Debug, Serialize, ToSchema)]
struct ExpertChange {
    /// What happened.
    kind: FeedKind,
    /// The expert.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// With an upsert: the expert as you see them now. Left out when a later change of this list or the next says that they
    /// left your view.
    #[serde(skip_serializing_if = "Option::is_none")]
    expert: Option<ExpertCard>,
    /// With a tombstone: the record that stands for this one, where you may see that.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<Uuid>,
}

/// Changes in their order, and where they end.
#[derive(Debug, Serialize, ToSchema)]
struct ExpertChanges {
    /// The changes, the earliest first.
    items: Vec<ExpertChange>,
    /// Pass it as `since` for what comes next; also when there was nothing.
    cursor: String,
    /// True when more is there already.
    more: bool,
    /// The version of the names that cards show: those of provinces, fields, groups of fields and titles. A new name is no change
    /// of an expert, so no `upsert` tells of it: when this is another one than last time, join the codes in your copy with
    /// `/provinces`, `/fields` and `/academic-titles` anew.
    reference_version: i64,
}

/// Seconds to wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
struct Wait(u16);

impl TryFrom<u16> for Wait {
    type Error = &'static str;

    fn try_from(seconds: u16) -> Result<Self, Self::Error> {
        if seconds <= 30 { Ok(Self(seconds)) } else { Err("expected a number from 0 to 30") }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// `cursor` of the last answer; without it, from the beginning. It is bound to what you may see: who gets another role, or
    /// another own record, begins anew.
    since: Option<String>,
    /// Most changes an answer.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// While there is nothing, wait so many seconds for something.
    #[param(value_type = u16, minimum = 0, maximum = 30, default = 0)]
    wait: Wait,
}

/// Follow the changes of experts
///
/// In order and without gaps, however many write at once: whoever passes on each `cursor` misses nothing that is in their view.
/// What enters or changes in your view is an `upsert`, what leaves it a `tombstone`; what changes out of your view is
/// neither. The same expert may come several times. Names of provinces, fields and titles change by themselves: keep the codes,
/// and see `reference_version`. `wait=30` answers as soon as something happens, after 30 seconds at the latest.
#[utoipa::path(
    tag = "experts",
    params(ChangesQuery),
    security((), ("session" = ["experts.follow"])),
    responses((status = 200, description = "Changes", body = ExpertChanges)),
)]
#[get("/experts/changes")]
async fn follow_changes(permit: Permit<FollowChanges>, query: Params<ChangesQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    // bound to the audience and to no other parameter: waiting or asking for more is no other feed
    let cursors = Cursors::new(&permit.state().sealer, req.path(), "", &permit.scope().audience());
    let since: i64 = cursors.open(query.since.as_deref())?.unwrap_or_default();
    let until = Instant::now() + Duration::from_secs(query.wait.0.into());
    let rows = loop {
        // each round has the patience of a request: many short waits are no long one
        let rows = db::request(read(&permit, since, query.limit.probe())).await?;
        let left = until.saturating_duration_since(Instant::now());
        if !rows.is_empty() || left.is_zero() {
            break rows;
        }
        // no connection is held meanwhile
        tokio::time::sleep(LOOK_AGAIN.min(left)).await;
    };
    let more = rows.len() > query.limit.rows();
    let rows: Vec<ChangeRow> = rows.into_iter().take(query.limit.rows()).collect();
    let last = rows.last().map_or(since, |row| row.seq);
    let (items, reference_version) = db::request(shown(&permit, rows)).await?;
    let body = ExpertChanges { items, cursor: cursors.at(&last)?, more, reference_version };
    let private = (header::CACHE_CONTROL, "private, no-store");
    Ok(HttpResponse::Ok()
        .insert_header(private)
        .insert_header((header::VARY, "Authorization, Accept-Language"))
        .json(body))
}

/// Changes after a place. Some of those that wait for theirs get it first: nobody is to wait for the clock of housekeeping.
async fn read(permit: &Permit<FollowChanges>, since: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    let state = permit.state();
    if permit.quick(store::changes_wait).await? {
        store::place_some_changes(&state.db).await?;
    }
    store::changes(&mut permit.read().await?, permit.scope(), since, limit).await
}

/// The changes as they are shown, and the version of the names in them: read first, so that no name is older than it says.
async fn shown(permit: &Permit<FollowChanges>, rows: Vec<ChangeRow>) -> Answer<(Vec<ExpertChange>, i64)> {
    let reference_version = permit.quick(store::reference_version).await?;
    let (seen, left): (Vec<&ChangeRow>, Vec<&ChangeRow>) = rows.iter().partition(|row| row.is_seen);
    let seen: Vec<Uuid> = seen.iter().map(|row| row.expert_id).collect();
    let left: Vec<Uuid> = left.iter().map(|row| row.expert_id).collect();
    let mut conn = permit.read().await?;
    let (cards, vocabulary) = store::cards(&conn, &permit.state().vocabularies, permit.scope(), &seen).await?;
    let leads: HashMap<Uuid, Uuid> = store::lead_to(&mut conn, permit.scope(), &left).await?.into_iter().collect();
    let card = |id: &Uuid| {
        let whole = cards.get(id)?;
        Some(ExpertCard::new(whole.row.clone(), whole.fields.clone(), &vocabulary))
    };
    let change = |row: ChangeRow| ExpertChange {
        kind: if row.is_seen { FeedKind::Upsert } else { FeedKind::Tombstone },
        id: row.expert_id,
        at: row.at,
        expert: if row.is_seen { card(&row.expert_id) } else { None },
        merged_into: if row.is_seen { None } else { leads.get(&row.expert_id).copied() },
    };
    Ok((rows.into_iter().map(change).collect(), reference_version))
}
