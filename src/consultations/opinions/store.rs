//! SQL of opinions: rows, versions that were handed in, files.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Content, OpinionRow, RevisionRow};
use crate::consultations::model::FileRow;
use crate::consultations::words::{PanelMemberState, PanelSeat};
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

fn read<T: serde::de::DeserializeOwned>(rows: &[Json]) -> Answer<Vec<T>> {
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// The opinion of a seat, where one was written.
///
/// # Errors
/// 503 when the database is away.
pub async fn find(conn: &mut Conn, member: Uuid) -> Answer<Option<OpinionRow>> {
    let sql = "SELECT row_to_json(o)::text AS json FROM opinions o WHERE o.member_id = $1";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(member).load(conn).await?;
    Ok(read(&rows)?.into_iter().next())
}

/// All opinions of a consultation.
///
/// # Errors
/// 503 when the database is away.
pub async fn all(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<OpinionRow>> {
    let sql = "SELECT row_to_json(o)::text AS json FROM opinions o WHERE o.consultation_id = $1 ORDER BY o.id";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).load(conn).await?;
    read(&rows)
}

/// Enters an opinion, or writes it anew and counts its version up.
///
/// # Errors
/// 503 when the database is away.
pub async fn put(tx: &mut Conn, row: &OpinionRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET version = opinions.version + 1, updated_at = now(), \
        state = excluded.state, declaration = excluded.declaration, assessment = excluded.assessment, \
        answers = excluded.answers, body = excluded.body, paper = excluded.paper, \
        reopened_reason = excluded.reopened_reason, revision = excluded.revision, submitted_at = excluded.submitted_at";
    Ok(bulk::insert(tx, "opinions", std::slice::from_ref(row), SET).await?)
}

/// Counts the version of an opinion up: its files changed.
///
/// # Errors
/// 503 when the database is away.
pub async fn touch(tx: &mut Conn, opinion: Uuid) -> Answer<()> {
    let sql = "UPDATE opinions SET version = version + 1, updated_at = now() WHERE id = $1";
    diesel::sql_query(sql).bind::<SqlUuid, _>(opinion).execute(tx).await?;
    Ok(())
}

/// Keeps a version that is handed in.
///
/// # Errors
/// 503 when the database is away.
pub async fn add_revision(tx: &mut Conn, row: &RevisionRow) -> Answer<()> {
    Ok(bulk::insert(tx, "opinion_revisions", std::slice::from_ref(row), "").await?)
}

/// The versions of an opinion that were handed in, the first first.
///
/// # Errors
/// 503 when the database is away.
pub async fn revisions(conn: &mut Conn, opinion: Uuid) -> Answer<Vec<RevisionRow>> {
    let sql = "SELECT row_to_json(r)::text AS json FROM opinion_revisions r WHERE r.opinion_id = $1 ORDER BY r.number";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(opinion).load(conn).await?;
    read(&rows)
}

/// The files of opinions, in the order they came in.
///
/// # Errors
/// 503 when the database is away.
pub async fn files(conn: &mut Conn, opinions: &[Uuid]) -> Answer<Vec<FileRow>> {
    if opinions.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT json_build_object(
                      'id', a.id, 'consultation_id', a.consultation_id, 'kind', a.kind, 'name', a.name,
                      'media_type', a.media_type, 'bytes', a.bytes, 'sha256', encode(a.sha256, 'hex'),
                      'by_union', a.by_union, 'internal', a.internal, 'opinion_id', a.opinion_id,
                      'created_at', a.created_at)::text AS json
                 FROM consultation_files a WHERE a.opinion_id = ANY ($1) ORDER BY a.id";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(opinions).load(conn).await?;
    read(&rows)
}

/// What somebody who sits handed in last, and who it is.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct HandedIn {
    pub member_id: Uuid,
    pub expert_id: Uuid,
    pub seat: PanelSeat,
    pub state: PanelMemberState,
    pub full_name: String,
    pub academic_rank: Option<String>,
    pub degree: Option<String>,
    pub workplace: Option<String>,
    pub number: i32,
    pub at: DateTime<Utc>,
    pub content: Content,
}

/// The last version that each of those who sit handed in, in the order of the panel.
///
/// # Errors
/// 503 when the database is away.
pub async fn handed_in(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<HandedIn>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT json_build_object('member_id', m.id, 'expert_id', m.expert_id, 'seat', m.seat, 'state', m.state,
                    'full_name', e.full_name, 'academic_rank', e.academic_rank, 'degree', e.degree,
                    'workplace', e.workplace, 'number', r.number, 'at', r.at, 'content', r.content)::text AS json
           FROM panel_members m
           JOIN experts e ON e.id = m.expert_id
           JOIN opinions o ON o.member_id = m.id
           JOIN opinion_revisions r ON r.opinion_id = o.id AND r.number = o.revision
          WHERE m.consultation_id = $1 AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
          ORDER BY array_position(ARRAY['chair', 'secretary', 'reviewer', 'member'], m.seat), m.created_at, m.id",
    )
    .bind::<SqlUuid, _>(consultation)
    .load(conn)
    .await?;
    read(&rows)
}
