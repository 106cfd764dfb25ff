//! All SQL of reference data.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde_json::Value;

use crate::db::Conn;
use crate::db::schema::{academic_titles, calendar_years, holidays, provinces, settings};
use crate::kernel::problem::Answer;

/// An academic rank (học hàm) or degree (học vị).
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Deserialize)]
#[diesel(table_name = academic_titles)]
#[expect(missing_docs, reason = "columns")]
pub struct TitleRow {
    pub code: String,
    pub kind: String,
    pub name_vi: String,
    pub name_en: String,
    pub abbreviation: String,
    pub rank: i16,
    pub note: Option<String>,
}

/// All titles, the highest first within a kind.
pub async fn titles(conn: &mut Conn) -> Answer<Vec<TitleRow>> {
    let order = (academic_titles::kind, academic_titles::rank.desc(), academic_titles::code);
    Ok(academic_titles::table.select(TitleRow::as_select()).order(order).load(conn).await?)
}

/// Inserts or replaces titles.
pub async fn put_titles(tx: &mut Conn, rows: &[TitleRow]) -> Answer<()> {
    diesel::insert_into(academic_titles::table)
        .values(rows)
        .on_conflict(academic_titles::code)
        .do_update()
        .set((
            academic_titles::kind.eq(excluded(academic_titles::kind)),
            academic_titles::name_vi.eq(excluded(academic_titles::name_vi)),
            academic_titles::name_en.eq(excluded(academic_titles::name_en)),
            academic_titles::abbreviation.eq(excluded(academic_titles::abbreviation)),
            academic_titles::rank.eq(excluded(academic_titles::rank)),
            academic_titles::note.eq(excluded(academic_titles::note)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// A province as it was from one date on; its key is (code, date), because codes are reused.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Deserialize)]
#[diesel(table_name = provinces)]
#[expect(missing_docs, reason = "columns")]
pub struct ProvinceRow {
    pub code: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub name: String,
    pub kind: String,
    pub name_key: String,
    pub succeeded_by: Option<i32>,
}

impl ProvinceRow {
    /// True when the province exists on this day.
    pub fn lives_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day <= end)
    }
}

/// All provinces with their row ids, of all times.
pub async fn provinces(conn: &mut Conn) -> Answer<Vec<(i32, ProvinceRow)>> {
    let order = (provinces::code, provinces::valid_from);
    Ok(provinces::table.select((provinces::id, ProvinceRow::as_select())).order(order).load(conn).await?)
}

/// Inserts or replaces provinces.
pub async fn put_provinces(tx: &mut Conn, rows: &[ProvinceRow]) -> Answer<()> {
    diesel::insert_into(provinces::table)
        .values(rows)
        .on_conflict((provinces::code, provinces::valid_from))
        .do_update()
        .set((
            provinces::valid_to.eq(excluded(provinces::valid_to)),
            provinces::name.eq(excluded(provinces::name)),
            provinces::kind.eq(excluded(provinces::kind)),
            provinces::name_key.eq(excluded(provinces::name_key)),
            provinces::succeeded_by.eq(excluded(provinces::succeeded_by)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// The first day the register of provinces knows.
pub async fn first_province_day(conn: &mut Conn) -> Answer<Option<NaiveDate>> {
    Ok(provinces::table.select(diesel::dsl::min(provinces::valid_from)).first(conn).await?)
}

/// One load at a time: two would each enter a province the other does not see yet.
pub async fn lock_provinces(tx: &mut Conn) -> Answer<()> {
    diesel::sql_query("LOCK TABLE provinces IN SHARE ROW EXCLUSIVE MODE").execute(tx).await?;
    Ok(())
}

/// A province that is known from another day; what refers to it stays.
pub async fn move_province(tx: &mut Conn, id: i32, valid_from: NaiveDate) -> Answer<()> {
    diesel::update(provinces::table.find(id)).set(provinces::valid_from.eq(valid_from)).execute(tx).await?;
    Ok(())
}

/// Names the successors of provinces: pairs of a province and the one that took its place.
pub async fn link_provinces(tx: &mut Conn, pairs: impl Iterator<Item = (i32, i32)>) -> Answer<()> {
    let (ids, heirs): (Vec<i32>, Vec<i32>) = pairs.unzip();
    diesel::sql_query(
        "UPDATE provinces SET succeeded_by = pairs.heir
           FROM unnest($1, $2) AS pairs (id, heir) WHERE provinces.id = pairs.id",
    )
    .bind::<Array<Integer>, _>(ids)
    .bind::<Array<Integer>, _>(heirs)
    .execute(tx)
    .await?;
    Ok(())
}

/// A day off, or a Saturday or Sunday worked in exchange.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = holidays)]
#[expect(missing_docs, reason = "columns")]
pub struct HolidayRow {
    pub day: NaiveDate,
    pub kind: String,
    pub name: String,
    pub note: Option<String>,
}

/// All holidays.
pub async fn holidays(conn: &mut Conn) -> Answer<Vec<HolidayRow>> {
    Ok(holidays::table.select(HolidayRow::as_select()).order(holidays::day).load(conn).await?)
}

/// The years whose days were entered here: no load changes them.
pub async fn kept_years(conn: &mut Conn) -> Answer<Vec<i32>> {
    Ok(calendar_years::table.filter(calendar_years::kept_here).select(calendar_years::year).load(conn).await?)
}

/// Takes holidays back.
pub async fn drop_holidays(tx: &mut Conn, days: &[NaiveDate]) -> Answer<()> {
    diesel::delete(holidays::table.filter(holidays::day.eq_any(days))).execute(tx).await?;
    Ok(())
}

/// Inserts or replaces holidays.
pub async fn put_holidays(tx: &mut Conn, rows: &[HolidayRow]) -> Answer<()> {
    diesel::insert_into(holidays::table)
        .values(rows)
        .on_conflict(holidays::day)
        .do_update()
        .set((
            holidays::kind.eq(excluded(holidays::kind)),
            holidays::name.eq(excluded(holidays::name)),
            holidays::note.eq(excluded(holidays::note)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// A setting from a day on.
#[derive(Debug, Clone, PartialEq, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct SettingRow {
    pub name: String,
    pub valid_from: NaiveDate,
    pub value: Value,
    pub legal_reference: Option<String>,
}

/// All settings of all days.
pub async fn settings(conn: &mut Conn) -> Answer<Vec<SettingRow>> {
    Ok(settings::table
        .select((settings::name, settings::valid_from, settings::value, settings::legal_reference))
        .load(conn)
        .await?)
}

/// The value of a setting on a date.
pub async fn setting(conn: &mut Conn, name: &str, on: NaiveDate) -> Answer<Option<Value>> {
    Ok(settings::table
        .filter(settings::name.eq(name).and(settings::valid_from.le(on)))
        .order(settings::valid_from.desc())
        .select(settings::value)
        .first(conn)
        .await
        .optional()?)
}

/// Sets a setting from a date on.
pub async fn put_setting(tx: &mut Conn, name: &str, from: NaiveDate, value: &Value, law: Option<&str>) -> Answer<()> {
    let (value_set, law_set) = (settings::value.eq(value), settings::legal_reference.eq(law));
    diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::valid_from.eq(from), value_set, law_set))
        .on_conflict((settings::name, settings::valid_from))
        .do_update()
        .set((value_set, law_set))
        .execute(tx)
        .await?;
    Ok(())
}
