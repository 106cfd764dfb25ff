//! The brake: how much of a source a plan may change before somebody of the Union looks at it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::problem::Answer;
use crate::reference::store::setting;

/// Percent of a source's live records that may be absent or taken out.
pub const GONE_PERCENT: (&str, f64) = ("sync_brake_gone_percent", 5.0);
/// Percent of a source's live records that may change.
pub const CHANGED_PERCENT: (&str, f64) = ("sync_brake_changed_percent", 20.0);

/// Days for which what a plan says of people is kept, and for which a plan waits to be applied.
pub const KEEP_DAYS: (&str, i64) = ("sync_keep_days", 180);

/// How many days that is today.
///
/// # Errors
/// 503 when the database is away.
pub async fn keep_days(conn: &mut Conn) -> Answer<i64> {
    let (name, default) = KEEP_DAYS;
    let value = setting(conn, name, today()).await?;
    Ok(value.as_ref().and_then(Value::as_i64).filter(|days| (1..=3_650).contains(days)).unwrap_or(default))
}

/// The limits of today.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Percent that may be absent or taken out.
    pub gone: f64,
    /// Percent that may change.
    pub changed: f64,
}

impl Limits {
    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        Ok(Self { gone: percent(conn, GONE_PERCENT).await?, changed: percent(conn, CHANGED_PERCENT).await? })
    }
}

async fn percent(conn: &mut Conn, (name, default): (&str, f64)) -> Answer<f64> {
    let value = setting(conn, name, today()).await?;
    let number = value.as_ref().and_then(Value::as_f64);
    Ok(number.filter(|number| (0.0..=100.0).contains(number)).unwrap_or(default))
}

/// Why a plan is blocked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"live": 1000, "gone": 80, "gone_percent": 5.0, "changed": 10, "changed_percent": 20.0}))]
pub struct Brake {
    /// Live records of the source before.
    pub live: i64,
    /// Of these, absent or taken out.
    pub gone: i64,
    /// Percent that may be.
    pub gone_percent: f64,
    /// Of these, changed.
    pub changed: i64,
    /// Percent that may be.
    pub changed_percent: f64,
}

/// The brake, where it holds. A source without live records has nothing to lose.
pub fn brake(live: i64, gone: i64, changed: i64, limits: Limits) -> Option<Brake> {
    #[expect(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
    let over = |count: i64, percent: f64| count as f64 * 100.0 > live as f64 * percent;
    let holds = live > 0 && (over(gone, limits.gone) || over(changed, limits.changed));
    let Limits { gone: gone_percent, changed: changed_percent } = limits;
    holds.then_some(Brake { live, gone, gone_percent, changed, changed_percent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brake_holds_above_its_limits() {
        let limits = Limits { gone: 5.0, changed: 20.0 };
        for (live, gone, changed, holds) in [
            (0, 0, 0, false),
            (0, 10, 10, false),
            (100, 5, 20, false),
            (100, 6, 0, true),
            (100, 0, 21, true),
            (10, 1, 0, true),
            (10, 0, 2, false),
            (1, 0, 1, true),
            (1_000_000, 50_000, 200_000, false),
            (1_000_000, 50_001, 0, true),
        ] {
            assert_eq!(brake(live, gone, changed, limits).is_some(), holds, "{live} {gone} {changed}");
        }
        assert!(brake(10, 0, 10, Limits { gone: 0.0, changed: 100.0 }).is_none());
        assert!(brake(10, 1, 0, Limits { gone: 0.0, changed: 100.0 }).is_some());
    }
}
