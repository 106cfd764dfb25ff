//! The sync of a source's records: a file becomes a plan, which can be looked at, is applied as planned, and can be undone.

mod apply;
mod chunks;
mod detail;
pub mod keep;
mod lines;
mod planner;
mod plans;
pub mod policy;
mod revert;
pub mod settings;
pub mod store;
mod upload;
mod verbs;
mod view;
pub mod words;
pub mod worker;

pub use worker::Wake;

use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::view::Reader;
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::{Conn, Db};
use crate::experts::form::is_source;
use crate::experts::settings as expert_settings;
use crate::experts::store::erased_hash;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    upload::configure(config);
    plans::configure(config);
    verbs::configure(config);
}

/// Who reads plans.
fn reader(scope: &Scope) -> Reader {
    match (scope.reach, scope.actor.role()) {
        (Reach::All, Some(Role::UnionOfficer | Role::UnionLeader)) => Reader::Union,
        (Reach::All, _) => Reader::Auditor,
        _ => Reader::Source,
    }
}

/// The sources a caller has to do with; none for all. `wanted` must be one of them.
async fn own_sources(conn: &mut Conn, scope: &Scope, wanted: Option<&str>) -> Answer<Option<Vec<String>>> {
    if scope.reach == Reach::All {
        return Ok(None);
    }
    let own = expert_settings::department_sources(conn).await?;
    match wanted.filter(|wanted| !own.iter().any(|own| own == wanted)) {
        None => Ok(Some(own)),
        Some(_) => Err(Problem::new(Code::Forbidden).detail(say!(
            "Nguồn này không phải của cơ quan bạn (thiết đặt `science_dept_sources`).",
            "This source is not your office's (the setting `science_dept_sources`).",
        ))),
    }
}

fn check_source(source: &str) -> Answer<()> {
    if is_source(source) {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidQuery).and_field(
        "/source",
        "malformed",
        say!(
            "Tên nguồn: chữ thường, số, `-`, `_`, bắt đầu bằng chữ, tối đa 32 ký tự.",
            "A source is named with small letters, digits, `-`, `_`, a letter first, 32 at most.",
        ),
    ))
}

/// True while a plan is made, applied or undone, here or on another instance.
///
/// # Errors
/// 503 when the database is away.
pub async fn is_at_work(db: &Db) -> Answer<bool> {
    store::work::is_at_work(&mut db.conn().await?).await
}

/// Forgets the records of an expert who is erased; what the sources send of them later brings nobody back.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget(tx: &mut Conn, sealer: &Sealer, expert: Uuid) -> Answer<usize> {
    store::forget(tx, expert, |source, external_id| erased_hash(sealer, source, external_id)).await
}
