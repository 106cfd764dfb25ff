//! The texts of consent.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::Conn;
use crate::db::schema::consent_texts;
use crate::kernel::problem::Answer;

/// What a person reads before deciding about a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consent_texts)]
#[expect(missing_docs, reason = "columns")]
pub struct TextRow {
    pub purpose: String,
    pub version: String,
    pub valid_from: NaiveDate,
    pub title_vi: String,
    pub title_en: String,
    pub text_vi: String,
    pub text_en: String,
}

/// All texts, by purpose, the latest first.
pub async fn consent_texts(conn: &mut Conn) -> Answer<Vec<TextRow>> {
    let order = (consent_texts::purpose, consent_texts::valid_from.desc());
    Ok(consent_texts::table.order(order).select(TextRow::as_select()).load(conn).await?)
}

/// Adds texts; none is ever changed.
pub async fn add_texts(tx: &mut Conn, rows: &[TextRow]) -> Answer<()> {
    // two instances may start at once
    diesel::insert_into(consent_texts::table).values(rows).on_conflict_do_nothing().execute(tx).await?;
    Ok(())
}
