//! All SQL of the audit log but the insert of events.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::{audit_chain, audit_details, audit_events, audit_pending};
use crate::kernel::problem::Answer;

/// An event as the chain hashes it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub struct ChainedEvent {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: Option<Uuid>,
    pub fields: Vec<Option<String>>,
    pub digest: Vec<u8>,
    pub request_id: Option<Uuid>,
}

/// Number and hash of the last link.
pub async fn head(conn: &mut Conn) -> Answer<Option<(i64, Vec<u8>)>> {
    let row = audit_chain::table.select((audit_chain::seq, audit_chain::hash)).order(audit_chain::seq.desc());
    Ok(row.first(conn).await.optional()?)
}

/// Events of finished transactions that wait for the sealer, in the order of their transactions.
pub async fn pending(conn: &mut Conn, limit: i64) -> Answer<Vec<ChainedEvent>> {
    Ok(audit_pending::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_pending::event_id)))
        .filter(
            audit_pending::xid
                .lt(sql::<BigInt>("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
                // in a database restored elsewhere transaction numbers begin anew: a visible event cannot lie ahead of them
                .or(audit_pending::xid.ge(sql::<BigInt>("pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))),
        )
        .order((audit_pending::xid, audit_pending::event_id))
        .limit(limit)
        .select(ChainedEvent::as_select())
        .load(conn)
        .await?)
}

/// A link as it is written: its number, its event, its hash.
pub type NewLink = (i64, Uuid, Vec<u8>);

/// Takes the events of links out of the queue.
pub async fn take_out(conn: &mut Conn, links: &[NewLink]) -> Answer<()> {
    let ids: Vec<Uuid> = links.iter().map(|(_, id, _)| *id).collect();
    diesel::delete(audit_pending::table.filter(audit_pending::event_id.eq_any(ids))).execute(conn).await?;
    Ok(())
}

/// Appends links.
pub async fn append(conn: &mut Conn, links: &[NewLink]) -> Answer<()> {
    let rows: Vec<_> = links
        .iter()
        .map(|(seq, id, hash)| (audit_chain::seq.eq(seq), audit_chain::event_id.eq(id), audit_chain::hash.eq(hash)))
        .collect();
    diesel::insert_into(audit_chain::table).values(rows).execute(conn).await?;
    Ok(())
}

/// One link with its event and, unless erased, salt and sealed text of its details.
pub type Link = (i64, Vec<u8>, ChainedEvent, Option<(Vec<u8>, Vec<u8>)>);

/// Links after number `after`.
pub async fn chained(conn: &mut Conn, after: i64, limit: i64) -> Answer<Vec<Link>> {
    Ok(audit_chain::table
        .inner_join(audit_events::table.left_join(audit_details::table))
        .filter(audit_chain::seq.gt(after))
        .order(audit_chain::seq)
        .limit(limit)
        .select((
            audit_chain::seq,
            audit_chain::hash,
            ChainedEvent::as_select(),
            (audit_details::salt, audit_details::sealed).nullable(),
        ))
        .load(conn)
        .await?)
}

/// How many events wait.
pub async fn count_pending(conn: &mut Conn) -> Answer<i64> {
    Ok(audit_pending::table.count().get_result(conn).await?)
}

/// How many events there are.
pub async fn count_events(conn: &mut Conn) -> Answer<i64> {
    Ok(audit_events::table.count().get_result(conn).await?)
}

/// What the log is filtered by.
#[derive(Debug, Default)]
pub struct Filter {
    pub actor_id: Option<Uuid>,
    pub action: Option<String>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub before: Option<Uuid>,
}

/// An event and its number in the chain, once sealed.
pub type Row = (ChainedEvent, Option<i64>);

/// Newest first.
pub async fn list(conn: &mut Conn, filter: Filter, limit: i64) -> Answer<Vec<Row>> {
    let mut query = audit_events::table
        .left_join(audit_chain::table)
        .select((ChainedEvent::as_select(), audit_chain::seq.nullable()))
        .order(audit_events::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(id) = filter.actor_id {
        query = query.filter(audit_events::actor_id.eq(id));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_events::action.eq(action));
    }
    if let Some(kind) = filter.subject_kind {
        query = query.filter(audit_events::subject_kind.eq(kind));
    }
    if let Some(id) = filter.subject_id {
        query = query.filter(audit_events::subject_id.eq(id));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_events::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::at.lt(to));
    }
    if let Some(id) = filter.before {
        query = query.filter(audit_events::id.lt(id));
    }
    Ok(query.load(conn).await?)
}

/// The events of things of a kind, the latest first, each with the sealed text of its details unless erased.
pub async fn of_subjects(
    conn: &mut Conn,
    kind: &str,
    ids: &[Uuid],
    before: Option<Uuid>,
    limit: i64,
) -> Answer<Vec<(ChainedEvent, Option<Vec<u8>>)>> {
    let mut query = audit_events::table
        .left_join(audit_details::table)
        .filter(audit_events::subject_kind.eq(kind).and(audit_events::subject_id.eq_any(ids)))
        .order(audit_events::id.desc())
        .limit(limit)
        .select((ChainedEvent::as_select(), audit_details::sealed.nullable()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(audit_events::id.lt(before));
    }
    Ok(query.load(conn).await?)
}
