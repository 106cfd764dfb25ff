//! Where an expert stands: states, verification, confirmation, and who supplied the record.

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Bool, Date, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::{expert_consents, experts};
use crate::experts::model::Purpose;
use crate::experts::settings::DEPARTMENT_SOURCES;
use crate::experts::status::Status;
use crate::kernel::clock::{now, today};
use crate::kernel::problem::Answer;

/// Records of a source that is the Department's, as the setting names them today. A record that came by a merge or
/// by an officer's word does not make the whole person the Department's: a merge shows nobody more than they saw.
pub fn supplied() -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    let (name, default) = DEPARTMENT_SOURCES;
    let sources = sql::<Bool>(
        "EXISTS (SELECT 1 FROM expert_sources s WHERE s.expert_id = experts.id AND s.supplied AND s.source IN (
            SELECT jsonb_array_elements_text(coalesce(
                (SELECT value FROM settings WHERE jsonb_typeof(value) = 'array' AND name = ",
    )
    .bind::<Text, _>(name)
    .sql(" AND valid_from <= ")
    .bind::<Date, _>(today())
    .sql(" ORDER BY valid_from DESC LIMIT 1), ")
    .bind::<Text, _>(default)
    .sql("::jsonb))))");
    Box::new(sources)
}

/// True when an expert is the Department's as `supplied` says.
pub async fn is_supplied(conn: &mut Conn, id: Uuid) -> Answer<bool> {
    let theirs = experts::table.filter(experts::id.eq(id)).filter(supplied());
    Ok(diesel::select(diesel::dsl::exists(theirs)).get_result(conn).await?)
}

/// Moves an expert to a state; a trigger moves the audience flags with it.
pub async fn move_to(tx: &mut Conn, id: Uuid, status: Status) -> Answer<()> {
    diesel::update(experts::table.find(id))
        .set((
            experts::status.eq(status.as_str()),
            experts::version.eq(experts::version + 1),
            experts::updated_at.eq(now()),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps who verified an expert, and on what evidence where it is named.
pub async fn verify(tx: &mut Conn, id: Uuid, by: Option<Uuid>, evidence: Option<&str>) -> Answer<()> {
    diesel::update(experts::table.find(id))
        .set((experts::verified_by.eq(by), experts::verified_at.eq(now())))
        .execute(tx)
        .await?;
    if let Some(evidence) = evidence {
        diesel::update(experts::table.find(id)).set(experts::standing_evidence.eq(evidence)).execute(tx).await?;
    }
    Ok(())
}

/// The person said on a day that the data is right; a word from before the latest one changes nothing.
pub async fn confirm(tx: &mut Conn, id: Uuid, on: NaiveDate) -> Answer<()> {
    let later = experts::last_confirmed.is_null().or(experts::last_confirmed.lt(on));
    diesel::update(experts::table.find(id).filter(later))
        .set((experts::last_confirmed.eq(on), experts::version.eq(experts::version + 1)))
        .execute(tx)
        .await?;
    Ok(())
}

/// True when the consent to be kept in the bank stands.
pub async fn is_listed(conn: &mut Conn, id: Uuid) -> Answer<bool> {
    let latest: Option<bool> = expert_consents::table
        .filter(expert_consents::expert_id.eq(id).and(expert_consents::purpose.eq(Purpose::Listing.as_str())))
        .order(expert_consents::seq.desc())
        .select(expert_consents::given)
        .first(conn)
        .await
        .optional()?;
    Ok(latest == Some(true))
}

/// A record nobody confirmed for long.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct StaleRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<Date>)]
    pub last_confirmed: Option<NaiveDate>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>)]
    pub link_until: Option<chrono::DateTime<chrono::Utc>>,
}

/// The day that stands for never, in the index as here.
pub const NEVER: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

impl StaleRow {
    /// The key the list is sorted by.
    pub fn key(&self) -> (NaiveDate, Uuid) {
        (self.last_confirmed.unwrap_or(NEVER), self.id)
    }
}

/// Who has not confirmed since `before`, the longest first.
pub async fn stale(
    conn: &mut Conn,
    before: NaiveDate,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Answer<Vec<StaleRow>> {
    Ok(stale_sql(before, after, limit).load(conn).await?)
}

/// The statement of [`stale`].
pub fn stale_sql(
    before: NaiveDate,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
    let (day, id) = after.unwrap_or((NEVER, Uuid::nil()));
    diesel::sql_query(
        "SELECT e.id, e.code, e.full_name, e.status, e.last_confirmed,
                (SELECT l.expires_at FROM expert_links l WHERE l.expert_id = e.id AND l.kind = 'confirmation'
                    AND l.spent_at IS NULL AND l.expires_at > now()) AS link_until
           FROM experts e
          WHERE e.status IN ('consented', 'active', 'paused')
            AND coalesce(e.last_confirmed, DATE '1900-01-01') < $1
            AND (coalesce(e.last_confirmed, DATE '1900-01-01'), e.id) > ($2, $3)
          ORDER BY coalesce(e.last_confirmed, DATE '1900-01-01'), e.id LIMIT $4",
    )
    .into_boxed()
    .bind::<Date, _>(before)
    .bind::<Date, _>(day)
    .bind::<diesel::sql_types::Uuid, _>(id)
    .bind::<diesel::sql_types::BigInt, _>(limit)
}
