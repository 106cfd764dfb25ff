//! The consent ledger.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::schema::expert_consents;
use crate::db::{Conn, Reader};
use crate::kernel::problem::Answer;

/// One entry of the ledger.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = expert_consents)]
#[expect(missing_docs, reason = "columns")]
pub struct ConsentRow {
    pub id: Uuid,
    pub expert_id: Uuid,
    pub purpose: String,
    pub given: bool,
    pub decided_on: NaiveDate,
    pub channel: String,
    pub document: Option<String>,
    pub text_version: String,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: Option<Uuid>,
}

/// Appends to the ledger; a trigger moves the audience flags in the same transaction.
pub async fn insert_consents(tx: &mut Conn, rows: &[ConsentRow]) -> Answer<()> {
    for chunk in rows.chunks(super::BATCH) {
        diesel::insert_into(expert_consents::table).values(chunk).execute(tx).await?;
    }
    Ok(())
}

/// One entry.
pub async fn find_consent(conn: &mut Conn, id: Uuid) -> Answer<ConsentRow> {
    Ok(expert_consents::table.find(id).select(ConsentRow::as_select()).first(conn).await?)
}

/// The whole ledger of an expert, the latest first.
pub async fn list_consents(mut conn: &Reader, expert: Uuid) -> Answer<Vec<ConsentRow>> {
    Ok(expert_consents::table
        .filter(expert_consents::expert_id.eq(expert))
        .order(expert_consents::seq.desc())
        .select(ConsentRow::as_select())
        .load(&mut conn)
        .await?)
}

/// When the person withdrew the consent for a purpose, if that is what stands: their latest word, said on this record or on one
/// that was merged into it; of two of the same day the withdrawal.
pub async fn standing_withdrawal(conn: &mut Conn, expert: Uuid, purpose: &str) -> Answer<Option<NaiveDate>> {
    let records = [super::losers_of(conn, expert).await?, vec![expert]].concat();
    let rows: Vec<(NaiveDate, bool)> = expert_consents::table
        .filter(expert_consents::expert_id.eq_any(records).and(expert_consents::purpose.eq(purpose)))
        .distinct_on(expert_consents::expert_id)
        .order((expert_consents::expert_id, expert_consents::seq.desc()))
        .select((expert_consents::decided_on, expert_consents::given))
        .load(conn)
        .await?;
    let latest = rows.into_iter().max_by_key(|(day, given)| (*day, !given));
    Ok(latest.and_then(|(day, given)| (!given).then_some(day)))
}

/// What stands now: the latest entry of each purpose.
pub async fn latest_consents(conn: &Reader, expert: Uuid) -> Answer<HashMap<String, bool>> {
    let mut rows = list_consents(conn, expert).await?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| (row.purpose, row.given)).collect())
}
