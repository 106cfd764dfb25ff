//! Is the server alive, and can it work.

use actix_web::{HttpResponse, get};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::permit::Permit;
use crate::db::migrations;
use crate::kernel::problem::{Answer, Problem};
use crate::policies;

policies! {
    /// Ask whether the server is alive and ready.
    ReadHealth = "health.read" [IGNORES_TOKEN] {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
}

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    config.service(live).service(ready);
}

/// The state of the server.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive
///
/// For a supervisor that restarts what hangs; asks nothing of the database.
#[utoipa::path(
    tag = "health",
    security((), ("session" = ["health.read"])),
    responses((status = 200, description = "Alive", body = Health)),
)]
#[get("/health/live")]
async fn live(_permit: Permit<ReadHealth>) -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

#[derive(diesel::QueryableByName)]
struct Schema {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    version: Option<String>,
}

/// Do the database and its schema fit
///
/// For a proxy that sends requests only to instances that can answer them.
#[utoipa::path(
    tag = "health",
    security((), ("session" = ["health.read"])),
    responses((status = 200, description = "Ready", body = Health)),
)]
#[get("/health/ready")]
async fn ready(permit: Permit<ReadHealth>) -> Answer {
    let query = diesel::sql_query("SELECT max(version) AS version FROM __diesel_schema_migrations");
    let schema: Schema = query.get_result(&mut permit.read().await?).await?;
    if schema.version < migrations::newest() {
        return Err(Problem::unavailable("the schema is older than the program"));
    }
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}
