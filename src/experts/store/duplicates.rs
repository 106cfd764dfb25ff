//! Pairs of records that may be of one person, and what people decided about them.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::expert_distinctions as distinctions;
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;

/// Takes people whose pairs are to be derived anew out of the queue, at most so many.
///
/// # Errors
/// 503 when the database is away.
pub async fn take_due(tx: &mut Conn, limit: i64) -> Answer<(usize, Vec<Uuid>)> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = SqlUuid)]
        expert_id: Uuid,
    }
    let rows: Vec<Due> = diesel::sql_query(
        "DELETE FROM expert_duplicates_due
          WHERE id = ANY (ARRAY(SELECT id FROM expert_duplicates_due ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
         RETURNING expert_id",
    )
    .bind::<BigInt, _>(limit)
    .load(tx)
    .await?;
    let count = rows.len();
    let mut ids: Vec<Uuid> = rows.into_iter().map(|row| row.expert_id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok((count, ids))
}

/// How many wait, counted up to a limit.
///
/// # Errors
/// 503 when the database is away.
pub async fn count_due(conn: &mut Conn, limit: i64) -> Answer<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = diesel::sql_query("SELECT count(*) FROM (SELECT FROM expert_duplicates_due LIMIT $1) due")
        .bind::<BigInt, _>(limit)
        .get_result(conn)
        .await?;
    Ok(row.count)
}

/// Puts people into the queue.
///
/// # Errors
/// 503 when the database is away.
pub async fn come_due(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    diesel::sql_query("INSERT INTO expert_duplicates_due (expert_id) SELECT unnest($1)")
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(tx)
        .await?;
    Ok(())
}

/// A pair as it is derived.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "columns")]
pub struct NewPair {
    pub one: Uuid,
    pub other: Uuid,
    pub score: f64,
    pub certain: bool,
    pub evidence: Value,
}

/// Replaces all pairs of people.
///
/// # Errors
/// 503 when the database is away.
pub async fn replace_pairs(tx: &mut Conn, of: &[Uuid], pairs: &[NewPair]) -> Answer<()> {
    for sql in [
        "DELETE FROM expert_duplicates WHERE one_id = ANY($1)",
        "DELETE FROM expert_duplicates WHERE other_id = ANY($1)",
    ] {
        diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(of).execute(tx).await?;
    }
    let column = |id: fn(&NewPair) -> Uuid| pairs.iter().map(id).collect::<Vec<_>>();
    diesel::sql_query(
        "INSERT INTO expert_duplicates (one_id, other_id, score, certain, evidence)
         SELECT DISTINCT ON (one, other) * FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::bool[], $5::jsonb[])
                n (one, other, score, certain, evidence)
             ON CONFLICT (one_id, other_id) DO UPDATE
            SET score = excluded.score, certain = excluded.certain, evidence = excluded.evidence",
    )
    .bind::<Array<SqlUuid>, _>(column(|pair| pair.one))
    .bind::<Array<SqlUuid>, _>(column(|pair| pair.other))
    .bind::<Array<Double>, _>(pairs.iter().map(|pair| pair.score).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(pairs.iter().map(|pair| pair.certain).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(pairs.iter().map(|pair| pair.evidence.clone()).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// One of a pair, as the Union tells people apart.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "columns")]
pub struct PairHalf {
    pub id: Uuid,
    pub code: String,
    pub full_name: String,
    pub status: String,
    pub birth_year: Option<i16>,
    pub workplace: Option<String>,
}

/// A pair that nobody has decided about.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "columns")]
pub struct PairRow {
    pub one: PairHalf,
    pub other: PairHalf,
    pub score: f64,
    pub certain: bool,
    pub evidence: Value,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    one_id: Uuid,
    #[diesel(sql_type = Text)]
    one_code: String,
    #[diesel(sql_type = Text)]
    one_name: String,
    #[diesel(sql_type = Text)]
    one_status: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    one_year: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    one_workplace: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    other_id: Uuid,
    #[diesel(sql_type = Text)]
    other_code: String,
    #[diesel(sql_type = Text)]
    other_name: String,
    #[diesel(sql_type = Text)]
    other_status: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    other_year: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    other_workplace: Option<String>,
    #[diesel(sql_type = Double)]
    score: f64,
    #[diesel(sql_type = Bool)]
    certain: bool,
    #[diesel(sql_type = Jsonb)]
    evidence: Value,
}

impl From<Row> for PairRow {
    fn from(row: Row) -> Self {
        Self {
            one: PairHalf {
                id: row.one_id,
                code: row.one_code,
                full_name: row.one_name,
                status: row.one_status,
                birth_year: row.one_year,
                workplace: row.one_workplace,
            },
            other: PairHalf {
                id: row.other_id,
                code: row.other_code,
                full_name: row.other_name,
                status: row.other_status,
                birth_year: row.other_year,
                workplace: row.other_workplace,
            },
            score: row.score,
            certain: row.certain,
            evidence: row.evidence,
        }
    }
}

/// How a row continues the list: score and the two ids.
pub type AfterPair = (f64, Uuid, Uuid);

/// Undecided pairs, the most alike first; those of one expert only when one is named.
///
/// # Errors
/// 503 when the database is away.
pub async fn pairs(
    conn: &mut Conn,
    min_score: f64,
    of: Option<Uuid>,
    after: Option<AfterPair>,
    limit: i64,
) -> Answer<Vec<PairRow>> {
    let (score, one, other) = after.unwrap_or((2.0, Uuid::nil(), Uuid::nil()));
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT d.one_id, a.code AS one_code, a.full_name AS one_name, a.status AS one_status, a.birth_year AS one_year,
                a.workplace AS one_workplace, d.other_id, b.code AS other_code, b.full_name AS other_name,
                b.status AS other_status, b.birth_year AS other_year, b.workplace AS other_workplace,
                d.score, d.certain, d.evidence
           FROM expert_duplicates d JOIN experts a ON a.id = d.one_id JOIN experts b ON b.id = d.other_id
          WHERE d.score >= $1 AND d.score <= $2 AND (d.score < $2 OR (d.one_id, d.other_id) > ($3, $4))
            AND ($5 IS NULL OR $5 IN (d.one_id, d.other_id))
            AND NOT EXISTS (SELECT FROM expert_distinctions x WHERE x.one_id = d.one_id AND x.other_id = d.other_id)
          ORDER BY d.score DESC, d.one_id, d.other_id LIMIT $6",
    )
    .bind::<Double, _>(min_score)
    .bind::<Double, _>(score)
    .bind::<SqlUuid, _>(one)
    .bind::<SqlUuid, _>(other)
    .bind::<Nullable<SqlUuid>, _>(of)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(PairRow::from).collect())
}

/// Remembers that two people are two; where that was known, who decided it last and why.
///
/// # Errors
/// 503 when the database is away.
pub async fn distinguish(
    tx: &mut Conn,
    (one, other): (Uuid, Uuid),
    by: Option<Uuid>,
    reason: Option<&str>,
) -> Answer<()> {
    let decision = (
        distinctions::decided_at.eq(now()),
        distinctions::decided_by.eq(by),
        distinctions::reason.eq(reason.map(str::to_owned)),
    );
    let pair = (distinctions::one_id.eq(one.min(other)), distinctions::other_id.eq(one.max(other)));
    diesel::insert_into(distinctions::table)
        .values((pair, decision.clone()))
        .on_conflict((distinctions::one_id, distinctions::other_id))
        .do_update()
        .set(decision)
        .execute(tx)
        .await?;
    Ok(())
}

/// True when somebody decided that two people are two.
///
/// # Errors
/// 503 when the database is away.
pub async fn are_distinct(conn: &mut Conn, (one, other): (Uuid, Uuid)) -> Answer<bool> {
    let row = distinctions::table.find((one.min(other), one.max(other)));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn).await?)
}

/// Forgets it; false when nothing was remembered.
///
/// # Errors
/// 503 when the database is away.
pub async fn reopen(tx: &mut Conn, (one, other): (Uuid, Uuid)) -> Answer<bool> {
    let row = distinctions::table.find((one.min(other), one.max(other)));
    Ok(diesel::delete(row).execute(tx).await? > 0)
}
