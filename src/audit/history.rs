//! What happened to one thing, with the values: for the slice that owns the thing and decides what of it a caller may see.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::event::open_detail;
use super::store;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::Sealer;

/// An event with what was sealed beside it.
#[derive(Debug)]
#[expect(missing_docs, reason = "named as in the audit log")]
pub struct Recorded {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub action: String,
    pub fields: Vec<String>,
    /// As [`Event::values`](super::event::Event::values) took them; none once they were erased.
    pub values: Option<Value>,
}

/// The events of a thing, or of several that became one, the latest first, before the one with the id `before`. Values may be restricted: show only those
/// that are named.
///
/// # Errors
/// 503 when the database is away; 500 when details can't be opened.
pub async fn history(
    conn: &mut Conn,
    sealer: &Sealer,
    (kind, ids): (&str, &[Uuid]),
    before: Option<Uuid>,
    limit: i64,
) -> Answer<Vec<Recorded>> {
    let rows = store::of_subjects(conn, kind, ids, before, limit).await?;
    rows.into_iter().map(|(event, sealed)| recorded(sealer, event, sealed)).collect()
}

fn recorded(sealer: &Sealer, event: store::ChainedEvent, sealed: Option<Vec<u8>>) -> Answer<Recorded> {
    let values = match sealed {
        None => None,
        Some(sealed) => {
            let plain = open_detail(sealer, event.id, &sealed)?;
            let mut detail: Value = serde_json::from_slice(&plain).map_err(Problem::internal)?;
            detail.get_mut("values").map(Value::take)
        }
    };
    Ok(Recorded {
        id: event.id,
        at: event.at,
        actor_kind: event.actor_kind,
        actor_id: event.actor_id,
        actor_role: event.actor_role,
        action: event.action,
        fields: event.fields.into_iter().flatten().collect(),
        values,
    })
}
