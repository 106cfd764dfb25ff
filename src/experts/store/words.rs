//! The words of the search, counted for each audience.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

use crate::access::policy::Reach;
use crate::db::{Conn, Db};
use crate::experts::keys::Word;
use crate::kernel::problem::Answer;

/// Whose people are counted. Statistics, corrections and suggestions are those of an audience, so that hidden people change
/// nothing it sees. A person's own record counts for the audiences it is shown to, for its owner as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audience(&'static str);

impl Audience {
    /// The audience of a grant.
    pub const fn of(reach: Reach) -> Self {
        Self(match reach {
            Reach::All => "everybody",
            Reach::Agencies => "agencies",
            Reach::Public
            | Reach::PublicAndOwn
            | Reach::Own
            | Reach::Supplied
            | Reach::Seated
            | Reach::SuppliedAndSeated
            | Reach::No => "public",
        })
    }
}

/// A word somebody has, and how many people.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Known {
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub label: String,
    #[diesel(sql_type = BigInt)]
    pub people: i64,
}

#[derive(QueryableByName)]
struct Frequency {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// How many people there are, then for each folded word how many have one that begins with it (who has two of them counts
/// twice: it is an estimate of how much the word says).
pub async fn frequencies(conn: &mut Conn, audience: Audience, words: &[String]) -> Answer<(i64, Vec<i64>)> {
    let column = audience.0;
    let rows: Vec<Frequency> = diesel::sql_query(format!(
        "SELECT coalesce((SELECT sum({column}) FROM search_words s
                  WHERE s.kind = CASE WHEN w.word = '' THEN 'people' ELSE 'word' END
                    AND s.key >= w.word COLLATE \"C\" AND s.key < (w.word || chr(1114111)) COLLATE \"C\"), 0) AS people
           FROM unnest(ARRAY[''] || $1) WITH ORDINALITY w (word, place) ORDER BY w.place"
    ))
    .bind::<Array<Text>, _>(words)
    .load(conn)
    .await?;
    let mut counts = rows.into_iter().map(|row| row.people);
    Ok((counts.next().unwrap_or_default(), counts.collect()))
}

/// Those of the spellings that are words of somebody, the most frequent first.
pub async fn spelled(conn: &mut Conn, audience: Audience, spellings: &[String]) -> Answer<Vec<Known>> {
    let column = audience.0;
    let query = diesel::sql_query(format!(
        "SELECT s.key, '' AS label, sum(s.{column}) AS people FROM search_words s
          WHERE s.kind = 'word' AND s.key = ANY($1) GROUP BY s.key HAVING sum(s.{column}) > 0
          ORDER BY people DESC, s.key"
    ));
    Ok(query.bind::<Array<Text>, _>(spellings).load(conn).await?)
}

/// Specialties with words that begin with all of these, the most frequent first, each as most people write it.
pub async fn specialties(conn: &mut Conn, audience: Audience, words: &[String], limit: i64) -> Answer<Vec<Known>> {
    let column = audience.0;
    let beginnings: Vec<String> = words.iter().map(|word| format!("'{word}':*")).collect();
    let query = diesel::sql_query(format!(
        "SELECT key, (array_agg(label ORDER BY people DESC, label COLLATE \"C\"))[1] AS label, sum(people)::bigint AS people
           FROM (SELECT s.key, s.label, sum(s.{column}) AS people FROM search_words s
                  WHERE s.kind = 'specialty' AND array_to_tsvector(string_to_array(s.key, ' ')) @@ $1::tsquery
                  GROUP BY s.key, s.label HAVING sum(s.{column}) > 0) spelled
          GROUP BY key ORDER BY people DESC, key LIMIT $2"
    ));
    Ok(query.bind::<Text, _>(beginnings.join(" & ")).bind::<BigInt, _>(limit).load(conn).await?)
}

/// Words of people who are new, counted by who writes them instead of by the trigger: a transaction that writes a hundred thousand
/// people appends a row a word, not a row a word and batch.
#[derive(Debug, Default)]
pub struct WordCounts {
    people: Count,
    words: HashMap<Word, Count>,
    /// By key and label.
    specialties: HashMap<(String, String), Count>,
}

/// People of each audience.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    everybody: i32,
    agencies: i32,
    public: i32,
}

impl Count {
    fn add(&mut self, is_for_agencies: bool, is_public: bool) {
        self.everybody += 1;
        self.agencies += i32::from(is_for_agencies);
        self.public += i32::from(is_public);
    }
}

impl WordCounts {
    /// Adds a person: their folded words, each once, and their specialties as `key\tlabel`.
    pub fn add<'a>(
        &mut self,
        words: &[Word],
        specialties: impl Iterator<Item = &'a str>,
        is_for_agencies: bool,
        is_public: bool,
    ) {
        self.people.add(is_for_agencies, is_public);
        for word in words {
            // most words are known by then
            if let Some(count) = self.words.get_mut(word) {
                count.add(is_for_agencies, is_public);
            } else {
                self.words.entry(Word::clone(word)).or_default().add(is_for_agencies, is_public);
            }
        }
        for specialty in specialties {
            let (key, label) = specialty.split_once('\t').unwrap_or((specialty, ""));
            let count = self.specialties.entry((key.to_owned(), label.to_owned())).or_default();
            count.add(is_for_agencies, is_public);
        }
    }

    /// Enters them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn write(self, tx: &mut Conn) -> Answer<()> {
        if self.people.everybody == 0 {
            return Ok(());
        }
        let people = [("people", String::new(), String::new(), self.people)];
        let words = self.words.into_iter().map(|(word, count)| ("word", word.to_string(), String::new(), count));
        let specialties = self.specialties.into_iter().map(|((key, label), count)| ("specialty", key, label, count));
        let rows: Vec<_> = people.into_iter().chain(words).chain(specialties).collect();
        for rows in rows.chunks(MOST_ROWS) {
            let numbers = |of: fn(&Count) -> i32| rows.iter().map(|row| of(&row.3)).collect::<Vec<i32>>();
            diesel::sql_query(
                "INSERT INTO search_words (kind, key, label, everybody, agencies, public)
                 SELECT * FROM unnest($1, $2, $3, $4, $5, $6)",
            )
            .bind::<Array<Text>, _>(rows.iter().map(|row| row.0).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rows.iter().map(|row| &row.1).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rows.iter().map(|row| &row.2).collect::<Vec<_>>())
            .bind::<Array<Integer>, _>(numbers(|count| count.everybody))
            .bind::<Array<Integer>, _>(numbers(|count| count.agencies))
            .bind::<Array<Integer>, _>(numbers(|count| count.public))
            .execute(tx)
            .await?;
        }
        Ok(())
    }
}

/// Rows of words a statement.
const MOST_ROWS: usize = 10_000;

/// Adds up what was appended; how many rows there are for what was in several.
///
/// # Errors
/// 503 when the database is away.
pub async fn compact(db: &Db) -> Answer<usize> {
    db.transaction(async |tx| {
        // a row that another instance has added up meanwhile is not returned, so nothing counts twice
        let added_up = diesel::sql_query(
            "WITH went AS (
                 DELETE FROM search_words WHERE (kind, key, label) IN (
                        SELECT kind, key, label FROM search_words GROUP BY kind, key, label
                        HAVING count(*) > 1 OR sum(everybody) = 0)
                 RETURNING kind, key, label, everybody, agencies, public)
             INSERT INTO search_words (kind, key, label, everybody, agencies, public)
             SELECT kind, key, label, sum(everybody), sum(agencies), sum(public) FROM went
              GROUP BY kind, key, label HAVING sum(everybody) <> 0",
        );
        Ok(added_up.execute(tx).await?)
    })
    .await
}
