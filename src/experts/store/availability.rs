//! When experts take no work.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::expert_availability as table;
use crate::experts::model::{Period, Unavailability};
use crate::kernel::problem::{Answer, Problem};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: Uuid,
    kind: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    note: Option<String>,
}

impl From<&Period> for Row {
    fn from(period: &Period) -> Self {
        Self {
            id: period.id,
            kind: period.kind.as_str().to_owned(),
            valid_from: period.from,
            valid_to: period.to,
            note: period.note.clone(),
        }
    }
}

fn period(row: Row) -> Answer<Period> {
    let kind = Unavailability::parse(&row.kind).ok_or_else(|| Problem::internal("an unknown kind of availability"))?;
    Ok(Period { id: row.id, kind, from: row.valid_from, to: row.valid_to, note: row.note })
}

/// The periods of an expert, the latest first; no two begin on one day.
pub async fn periods(conn: &mut Conn, expert: Uuid, before: Option<NaiveDate>, limit: i64) -> Answer<Vec<Period>> {
    let mut query = table::table
        .filter(table::expert_id.eq(expert))
        .order(table::valid_from.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(day) = before {
        query = query.filter(table::valid_from.lt(day));
    }
    query.load(conn).await?.into_iter().map(period).collect()
}

/// One period of an expert.
pub async fn find_period(conn: &mut Conn, expert: Uuid, id: Uuid) -> Answer<Period> {
    let row = table::table.filter(table::expert_id.eq(expert).and(table::id.eq(id)));
    period(row.select(Row::as_select()).first(conn).await?)
}

/// The first other period of an expert that shares a day with this one. Whoever asks holds the expert locked.
pub async fn overlapping(tx: &mut Conn, expert: Uuid, new: &Period) -> Answer<Option<Period>> {
    let mut query = table::table
        .filter(table::expert_id.eq(expert).and(table::id.ne(new.id)))
        .filter(table::valid_to.is_null().or(table::valid_to.ge(new.from)))
        .order(table::valid_from)
        .select(Row::as_select())
        .into_boxed();
    if let Some(to) = new.to {
        query = query.filter(table::valid_from.le(to));
    }
    query.first(tx).await.optional()?.map(period).transpose()
}

/// Adds a period.
pub async fn add_period(tx: &mut Conn, expert: Uuid, new: &Period) -> Answer<()> {
    diesel::insert_into(table::table).values((table::expert_id.eq(expert), Row::from(new))).execute(tx).await?;
    Ok(())
}

/// Replaces a period, by its id.
pub async fn update_period(tx: &mut Conn, new: &Period) -> Answer<()> {
    diesel::update(table::table.find(new.id)).set(Row::from(new)).execute(tx).await?;
    Ok(())
}

/// Takes a period away.
pub async fn delete_period(tx: &mut Conn, id: Uuid) -> Answer<()> {
    diesel::delete(table::table.find(id)).execute(tx).await?;
    Ok(())
}
