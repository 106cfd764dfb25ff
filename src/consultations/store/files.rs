//! Attachments: a row each, and their bytes in pieces.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::consultations::model::FileRow;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Code, Problem};

/// Keeps a piece of a file that is coming in.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_chunk(conn: &mut Conn, file: Uuid, number: i32, data: &[u8]) -> Answer<()> {
    diesel::sql_query("INSERT INTO consultation_chunks (file_id, number, data) VALUES ($1, $2, $3)")
        .bind::<SqlUuid, _>(file)
        .bind::<Integer, _>(number)
        .bind::<Binary, _>(data)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the pieces of a file that is not kept.
///
/// # Errors
/// 503 when the database is away.
pub async fn drop_chunks(conn: &mut Conn, file: Uuid) -> Answer<()> {
    let gone = diesel::sql_query(
        "DELETE FROM consultation_chunks WHERE file_id = $1 AND NOT EXISTS (SELECT FROM consultation_files WHERE id = $1)",
    );
    gone.bind::<SqlUuid, _>(file).execute(conn).await?;
    Ok(())
}

/// Forgets pieces that came in more than an hour ago and whose file never came to be; how many there were.
///
/// # Errors
/// 503 when the database is away.
pub async fn sweep_chunks(conn: &mut Conn) -> Answer<usize> {
    Ok(diesel::sql_query(
        "DELETE FROM consultation_chunks WHERE file_id IN (
            SELECT k.file_id FROM consultation_chunks k
             WHERE k.number = 0 AND k.created_at < now() - interval '1 hour'
               AND NOT EXISTS (SELECT FROM consultation_files f WHERE f.id = k.file_id) LIMIT 100)",
    )
    .execute(conn)
    .await?)
}

#[derive(QueryableByName)]
struct Piece {
    #[diesel(sql_type = Binary)]
    data: Vec<u8>,
}

/// A piece of a file.
///
/// # Errors
/// 404 when there is none of that number.
pub async fn bytes_of(conn: &mut Conn, file: Uuid, number: i32) -> Answer<Vec<u8>> {
    let sql = "SELECT data FROM consultation_chunks WHERE file_id = $1 AND number = $2";
    let row: Piece =
        diesel::sql_query(sql).bind::<SqlUuid, _>(file).bind::<Integer, _>(number).get_result(conn).await?;
    Ok(row.data)
}

/// Enters a file whose pieces are there.
///
/// # Errors
/// 408 when they were swept away meanwhile.
pub async fn add_file(tx: &mut Conn, row: &FileRow, sha256: &[u8], actor: Option<Uuid>) -> Answer<()> {
    let entered = diesel::sql_query(
        "INSERT INTO consultation_files (id, consultation_id, kind, name, media_type, bytes, sha256, by_union, internal,
                                         created_by, created_at, opinion_id)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
          WHERE (SELECT sum(length(data)) FROM consultation_chunks WHERE file_id = $1) = $6",
    )
    .bind::<SqlUuid, _>(row.id)
    .bind::<SqlUuid, _>(row.consultation_id)
    .bind::<Text, _>(row.kind.as_str())
    .bind::<Text, _>(&row.name)
    .bind::<Text, _>(&row.media_type)
    .bind::<BigInt, _>(row.bytes)
    .bind::<Binary, _>(sha256)
    .bind::<Bool, _>(row.by_union)
    .bind::<Bool, _>(row.internal)
    .bind::<Nullable<SqlUuid>, _>(actor)
    .bind::<Timestamptz, _>(row.created_at)
    .bind::<Nullable<SqlUuid>, _>(row.opinion_id)
    .execute(tx)
    .await?;
    if entered == 1 { Ok(()) } else { Err(Problem::new(Code::RequestTimeout)) }
}

/// Removes a file with its pieces.
///
/// # Errors
/// 503 when the database is away.
pub async fn remove_file(tx: &mut Conn, file: Uuid) -> Answer<()> {
    let gone = diesel::sql_query("DELETE FROM consultation_files WHERE id = $1");
    gone.bind::<SqlUuid, _>(file).execute(tx).await?;
    drop_chunks(tx, file).await
}

/// A file among those of a consultation.
///
/// # Errors
/// 404 when it is none of them.
pub fn find_file(files: &[FileRow], id: Uuid) -> Answer<&FileRow> {
    files.iter().find(|file| file.id == id).ok_or_else(|| Problem::new(Code::NotFound))
}
