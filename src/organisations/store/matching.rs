//! Names near a text, and the spellings of workplaces that were accepted.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::NameRow;
use crate::db::Conn;
use crate::db::schema::organisation_names;
use crate::kernel::problem::Answer;

/// A living body, and the name of it or of a predecessor that is near a text.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Candidate {
    #[diesel(sql_type = BigInt)]
    pub asked: i64,
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub province_id: Option<i32>,
    #[diesel(sql_type = Text)]
    pub matched: String,
    #[diesel(sql_type = Text)]
    pub matched_kind: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub match_key: String,
    /// The province an accepted spelling was given with.
    #[diesel(sql_type = Nullable<Integer>)]
    pub alias_province: Option<i32>,
    /// True while the name is borne.
    #[diesel(sql_type = Bool)]
    pub current: bool,
    /// True when it is a predecessor's.
    #[diesel(sql_type = Bool)]
    pub inherited: bool,
}

/// From names to living bodies: the one that bears it, or who holds its place. `near` gives the names as `n`.
fn bodies_of(near: &str) -> String {
    format!(
        "WITH near AS ({near}), bodies AS (
            SELECT near.*, organisation_id AS body, false AS inherited FROM near
            UNION ALL
            SELECT near.*, e.heir_id, kind <> 'workplace'
              FROM near JOIN organisation_heirs e ON e.ancestor_id = near.organisation_id AND e.since <= $1
        )
        SELECT b.asked, o.id, o.code, v.name, v.province_id, b.name AS matched, b.kind AS matched_kind, trim(b.key) AS key,
               b.match_key, b.province_id AS alias_province, b.valid_to IS NULL OR b.valid_to >= $1 AS current, b.inherited
          FROM bodies b JOIN organisations o ON o.id = b.body
          JOIN organisation_versions v ON v.organisation_id = o.id
               AND (v.valid_from IS NULL OR v.valid_from <= $1) AND (v.valid_to IS NULL OR v.valid_to >= $1)
         ORDER BY b.asked, o.id, current DESC"
    )
}

/// The living bodies with names near each text, given as match keys; with the place of the text in the list.
pub async fn candidates(conn: &mut Conn, keys: &[&str], day: NaiveDate) -> Answer<Vec<(usize, Candidate)>> {
    // names of living bodies and of those whose place a living one holds: what nobody holds any more must not crowd them out
    let sql = bodies_of(
        "SELECT t.asked, n.* FROM unnest($2) WITH ORDINALITY t (key, asked)
          CROSS JOIN LATERAL (
            SELECT * FROM organisation_names m
             WHERE m.match_key % t.key AND m.kind <> 'replaced' AND (m.valid_from IS NULL OR m.valid_from <= $1)
               AND EXISTS (SELECT 1 FROM organisations o WHERE (o.valid_to IS NULL OR o.valid_to >= $1)
                              AND (o.id = m.organisation_id OR o.id IN (
                                   SELECT heir_id FROM organisation_heirs WHERE ancestor_id = m.organisation_id)))
             ORDER BY similarity(m.match_key, t.key) DESC, m.id LIMIT 80) n",
    );
    let rows: Vec<Candidate> = load(conn, sql, keys, day).await?;
    let place = |row: Candidate| Some((usize::try_from(row.asked - 1).ok()?, row));
    Ok(rows.into_iter().filter_map(place).collect())
}

/// The living bodies with exactly these match keys; abbreviations say too little.
pub async fn exact(conn: &mut Conn, keys: &[&str], day: NaiveDate) -> Answer<Vec<Candidate>> {
    let sql = bodies_of(
        "SELECT 0::bigint AS asked, n.* FROM organisation_names n
          WHERE n.match_key = ANY($2) AND n.kind NOT IN ('short', 'replaced') AND (n.valid_from IS NULL OR n.valid_from <= $1)",
    );
    load(conn, sql, keys, day).await
}

async fn load(conn: &mut Conn, sql: String, keys: &[&str], day: NaiveDate) -> Answer<Vec<Candidate>> {
    let query = diesel::sql_query(sql).bind::<Date, _>(day).bind::<Array<Text>, _>(keys);
    Ok(query.load(conn).await?)
}

/// Remembers accepted spellings. One that meant another body in one of its provinces (one province of today may have been
/// several) means this one now; returns which bodies these were, by the place of the row.
pub async fn accept_workplaces(tx: &mut Conn, rows: &[(NameRow, Vec<i32>)]) -> Answer<Vec<Vec<Uuid>>> {
    #[derive(QueryableByName)]
    struct Replaced {
        #[diesel(sql_type = SqlUuid)]
        organisation_id: Uuid,
    }
    let mut before = Vec::with_capacity(rows.len());
    for (row, provinces) in rows {
        let replaced: Vec<Replaced> = diesel::sql_query(
            "UPDATE organisation_names SET kind = 'replaced'
              WHERE kind = 'workplace' AND match_key = $1
                AND CASE WHEN cardinality($2) = 0 THEN province_id IS NULL ELSE province_id = ANY($2) END
             RETURNING organisation_id",
        )
        .bind::<Text, _>(&row.match_key)
        .bind::<Array<Integer>, _>(provinces)
        .load(tx)
        .await?;
        before.push(replaced.into_iter().map(|row| row.organisation_id).collect());
    }
    let rows: Vec<&NameRow> = rows.iter().map(|(row, _)| row).collect();
    diesel::insert_into(organisation_names::table).values(rows).execute(tx).await?;
    Ok(before)
}

/// The spellings accepted by one decision, in their order.
pub async fn accepted(conn: &mut Conn, decision: Uuid) -> Answer<Vec<NameRow>> {
    let query = organisation_names::table.filter(organisation_names::decision_id.eq(decision));
    Ok(query.order(organisation_names::id).select(NameRow::as_select()).load(conn).await?)
}
