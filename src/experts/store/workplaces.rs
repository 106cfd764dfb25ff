//! Workplaces as people wrote them, that are no organisation of the register yet.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::experts;
use crate::kernel::problem::Answer;

/// A workplace that is text alone, with the people who gave it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct OpenWorkplace {
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub province_id: Option<i32>,
    /// The spelling most of them use.
    #[diesel(sql_type = Text)]
    pub text: String,
    #[diesel(sql_type = BigInt)]
    pub people: i64,
}

/// Where a list of open workplaces goes on: people, key, province.
pub type AfterWorkplace = (i64, String, Option<i32>);

/// Open workplaces, those of most people first.
pub async fn open_workplaces(conn: &mut Conn, after: Option<AfterWorkplace>, limit: i64) -> Answer<Vec<OpenWorkplace>> {
    let (people, key, province) = after.unwrap_or((i64::MAX, String::new(), None));
    let query = diesel::sql_query(
        "SELECT * FROM (
            SELECT workplace_key AS key, province_id, mode() WITHIN GROUP (ORDER BY workplace) AS text, count(*) AS people
              FROM experts WHERE workplace_id IS NULL AND workplace_key IS NOT NULL GROUP BY workplace_key, province_id) w
          WHERE (-people, key, coalesce(province_id, 0)) > (-$1, $2, coalesce($3, 0))
          ORDER BY people DESC, key, coalesce(province_id, 0) LIMIT $4",
    );
    let query = query.bind::<BigInt, _>(people).bind::<Text, _>(key);
    Ok(query.bind::<Nullable<Integer>, _>(province).bind::<BigInt, _>(limit).load(conn).await?)
}

/// Gives the people who wrote this workplace in one of these provinces (or in none, when the list is empty) its
/// organisation, who have none or one of `before`; returns who they are. A record that came from a file stays as loaded: nobody edited it.
pub async fn assign_workplace(
    tx: &mut Conn,
    key: &str,
    provinces: &[i32],
    before: &[Uuid],
    organisation: Uuid,
) -> Answer<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Assigned {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let query = diesel::sql_query(
        // locked in the order in which everybody locks experts
        "WITH there AS (
            SELECT id FROM experts
             WHERE workplace_key = $1 AND (workplace_id IS NULL OR workplace_id = ANY($4)) AND workplace_id IS DISTINCT FROM $3
               AND CASE WHEN cardinality($2) = 0 THEN province_id IS NULL ELSE province_id = ANY($2) END
             ORDER BY id FOR UPDATE
         ), assigned AS (
            UPDATE experts e SET workplace_id = $3, version = version + 1, updated_at = now()
              FROM there WHERE e.id = there.id
            RETURNING e.id, version
         ), sources AS (
            UPDATE expert_sources s SET loaded_version = a.version FROM assigned a
             WHERE s.expert_id = a.id AND s.loaded_version = a.version - 1
         )
         SELECT id FROM assigned ORDER BY id",
    );
    let query = query.bind::<Text, _>(key).bind::<Array<Integer>, _>(provinces).bind::<SqlUuid, _>(organisation);
    let query = query.bind::<Array<SqlUuid>, _>(before);
    let rows: Vec<Assigned> = query.load(tx).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// How many people in these provinces (or in none, when the list is empty) have this workplace as this organisation.
pub async fn people_at(conn: &mut Conn, key: &str, provinces: &[i32], organisation: Uuid) -> Answer<i64> {
    let people = experts::table.filter(experts::workplace_id.eq(organisation)).filter(experts::workplace_key.eq(key));
    let people = people.count();
    Ok(if provinces.is_empty() {
        people.filter(experts::province_id.is_null()).get_result(conn).await?
    } else {
        people.filter(experts::province_id.eq_any(provinces)).get_result(conn).await?
    })
}

/// Profiles without a key for their workplace, from before there were keys.
pub async fn without_workplace_key(tx: &mut Conn, limit: i64) -> Answer<Vec<(Uuid, Option<String>)>> {
    let missing = experts::table.filter(experts::workplace.is_not_null()).filter(experts::workplace_key.is_null());
    Ok(missing.select((experts::id, experts::workplace)).limit(limit).load(tx).await?)
}

/// Sets the keys of workplaces.
pub async fn set_workplace_keys(tx: &mut Conn, keys: &[(Uuid, String)]) -> Answer<()> {
    let (ids, keys): (Vec<Uuid>, Vec<&str>) = keys.iter().map(|(id, key)| (*id, key.as_str())).unzip();
    super::lock_all(tx, &ids).await?;
    diesel::sql_query("UPDATE experts e SET workplace_key = k.key FROM unnest($1, $2) k (id, key) WHERE e.id = k.id")
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(keys)
        .execute(tx)
        .await?;
    Ok(())
}
