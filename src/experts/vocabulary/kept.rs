//! The vocabulary, kept between requests.
//!
//! Freshness: whoever reads experts reads the version of the words in the same snapshot, and takes the kept ones only when
//! they are of that version. So no instance needs to be told of a change, and none shows words that are no more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Date, Text};
use diesel_async::RunQueryDsl;

use super::{HOME_PROVINCE, Vocabulary, Words};
use crate::db::Reader;
use crate::kernel::clock::today;

/// The latest vocabulary that was asked for; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Vocabularies(Arc<Mutex<Option<Kept>>>);

#[derive(Debug, Clone)]
struct Kept {
    version: i64,
    /// Which provinces there are, and which is the Union's, depends on the day.
    day: NaiveDate,
    vocabulary: Arc<Vocabulary>,
}

/// The version of the words, to be selected beside what they are for.
pub const VERSION: &str = "(SELECT version FROM reference_version)";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    words: String,
}

impl Vocabularies {
    /// The vocabulary of a version that was read just now, or a newer one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get(&self, conn: &Reader, version: i64) -> QueryResult<Arc<Vocabulary>> {
        let day = today();
        let kept = self.held().clone().filter(|kept| (kept.version, kept.day) == (version, day));
        if let Some(kept) = kept {
            return Ok(kept.vocabulary);
        }
        let read = read(conn, day).await?;
        let mut held = self.held();
        if held.as_ref().is_none_or(|kept| (kept.version, kept.day) < (read.version, read.day)) {
            *held = Some(read.clone());
        }
        Ok(read.vocabulary)
    }

    /// Nothing here leaves a half-made value behind.
    fn held(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One statement, so that words and version are of one time.
async fn read(mut conn: &Reader, day: NaiveDate) -> QueryResult<Kept> {
    let row: Row = diesel::sql_query(format!(
        "SELECT {VERSION} AS version, json_build_object(
            'titles', (SELECT json_agg(t) FROM academic_titles t),
            'provinces', (SELECT json_agg(json_build_array(p.id, p)) FROM provinces p),
            'home', (SELECT value #>> '{{}}' FROM settings WHERE name = $1 AND valid_from <= $2
                      ORDER BY valid_from DESC LIMIT 1),
            'fields', (SELECT json_agg(s) FROM (
                SELECT scheme, code, parent_code, level, name_vi, name_en, '' AS search_key FROM science_fields) s),
            'groups', (SELECT json_agg(g ORDER BY g.code) FROM (
                SELECT g.code, g.scheme, g.name_vi, g.name_en, coalesce(
                    (SELECT json_agg(json_build_array(m.scheme, m.field_code) ORDER BY m.scheme, m.field_code)
                       FROM field_group_fields m WHERE m.group_code = g.code), '[]') AS fields
                  FROM field_groups g) g))::text AS words"
    ))
    .bind::<Text, _>(HOME_PROVINCE)
    .bind::<Date, _>(day)
    .get_result(&mut conn)
    .await?;
    let words: Words =
        serde_json::from_str(&row.words).map_err(|error| Error::DeserializationError(Box::new(error)))?;
    Ok(Kept { version: row.version, day, vocabulary: Arc::new(Vocabulary::of_words(words)) })
}
