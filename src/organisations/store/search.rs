//! Lists of organisations, and the search by names they bear, bore, or took over.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::model::Kind;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// What organisations are listed by.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// As things stood on this day.
    pub day: NaiveDate,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only these bodies.
    pub among: Option<Vec<Uuid>>,
    /// Those that are no more, too, as they were at last.
    pub with_ended: bool,
    /// Only in one of these provinces: one province, as it was called at different times.
    pub provinces: Option<Vec<i32>>,
    /// Only what stands directly under this body.
    pub parent_id: Option<Uuid>,
    /// Rows.
    pub limit: i64,
}

/// An organisation as it was on a day.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Found {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub name_en: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub short_name: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub parent_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub province_id: Option<i32>,
    #[diesel(sql_type = Nullable<Date>)]
    pub valid_from: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    pub valid_to: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    pub name_key: String,
}

/// An organisation found by a name.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Hit {
    #[diesel(embed)]
    pub found: Found,
    /// How well it fits; comparable within one query.
    #[diesel(sql_type = Integer)]
    pub score: i32,
    /// The name that fits, and of what kind it is.
    #[diesel(sql_type = Text)]
    pub matched: String,
    #[diesel(sql_type = Text)]
    pub matched_kind: String,
    /// True while that name is borne.
    #[diesel(sql_type = Bool)]
    pub current: bool,
    /// The body that bore it, when it is another, and the day its place was taken.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub predecessor_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Date>)]
    pub since: Option<NaiveDate>,
    /// True when the words are only similar.
    #[diesel(sql_type = Bool)]
    pub approximate: bool,
}

/// A parent that is no more is who holds its place, when that is one body.
const COLUMNS: &str = "o.id, o.code, o.kind, v.name, v.name_en, v.short_name, v.province_id, o.valid_from, o.valid_to, \
     v.name_key, coalesce((SELECT (array_agg(h.heir_id))[1] FROM organisation_heirs h JOIN organisations p ON p.id = h.heir_id \
      WHERE h.ancestor_id = v.parent_id AND h.since <= $1 AND (p.valid_to IS NULL OR p.valid_to >= $1) \
     HAVING count(*) = 1), v.parent_id) AS parent_id";
const LIVING: &str = "(v.valid_from IS NULL OR v.valid_from <= $1) AND (v.valid_to IS NULL OR v.valid_to >= $1)";
/// Those that are no more, too: their last version ends when they do.
const LIVING_OR_LAST: &str = "(v.valid_from IS NULL OR v.valid_from <= $1) AND (v.valid_to IS NULL OR v.valid_to >= $1 OR v.valid_to = o.valid_to)";

const fn shown(wanted: &Wanted) -> &'static str {
    if wanted.with_ended { LIVING_OR_LAST } else { LIVING }
}

/// A statement under construction: its text and its values, numbered as they come.
struct Statement<'a> {
    sql: String,
    binds: Vec<Bind<'a>>,
}

enum Bind<'a> {
    Day(NaiveDate),
    Text(String),
    Kind(Kind),
    Provinces(&'a [i32]),
    Ids(&'a [Uuid]),
    Id(Uuid),
    Number(i64),
}

impl<'a> Statement<'a> {
    fn new(day: NaiveDate) -> Self {
        Self { sql: String::new(), binds: vec![Bind::Day(day)] }
    }

    /// Takes a value and gives its place in the text.
    fn bind(&mut self, value: Bind<'a>) -> String {
        self.binds.push(value);
        format!("${}", self.binds.len())
    }

    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// The conditions of a list on the body `o` and its version `v`.
    fn filters(&mut self, wanted: &'a Wanted) {
        if let Some(kind) = wanted.kind {
            let at = self.bind(Bind::Kind(kind));
            self.push(&format!(" AND o.kind = {at}"));
        }
        if let Some(provinces) = &wanted.provinces {
            let at = self.bind(Bind::Provinces(provinces));
            self.push(&format!(" AND v.province_id = ANY({at})"));
        }
        if let Some(among) = &wanted.among {
            let at = self.bind(Bind::Ids(among));
            self.push(&format!(" AND o.id = ANY({at})"));
        }
        if let Some(parent) = wanted.parent_id {
            let at = self.bind(Bind::Id(parent));
            self.push(&format!(
                " AND (v.parent_id = {at} OR v.parent_id IN (
                    SELECT h.ancestor_id FROM organisation_heirs h JOIN organisations p ON p.id = h.heir_id
                     WHERE h.since <= $1 AND (p.valid_to IS NULL OR p.valid_to >= $1)
                     GROUP BY h.ancestor_id HAVING count(*) = 1 AND bool_and(h.heir_id = {at})))"
            ));
        }
    }

    fn query(self) -> BoxedSqlQuery<'a, Pg, SqlQuery> {
        let mut query = diesel::sql_query(self.sql).into_boxed::<Pg>();
        for bind in self.binds {
            query = match bind {
                Bind::Day(day) => query.bind::<Date, _>(day),
                Bind::Text(text) => query.bind::<Text, _>(text),
                Bind::Kind(kind) => query.bind::<Text, _>(kind.as_str()),
                Bind::Provinces(ids) => query.bind::<Array<Integer>, _>(ids),
                Bind::Ids(ids) => query.bind::<Array<SqlUuid>, _>(ids),
                Bind::Id(id) => query.bind::<SqlUuid, _>(id),
                Bind::Number(number) => query.bind::<BigInt, _>(number),
            };
        }
        query
    }
}

/// The organisations of a day, in the order of their folded names.
pub async fn list(conn: &mut Conn, wanted: &Wanted, after: Option<(String, Uuid)>) -> Answer<Vec<Found>> {
    let mut statement = Statement::new(wanted.day);
    statement.push(&format!(
        "SELECT {COLUMNS} FROM organisation_versions v JOIN organisations o ON o.id = v.organisation_id WHERE {}",
        shown(wanted)
    ));
    statement.filters(wanted);
    if let Some((key, id)) = after {
        let (key, id) = (statement.bind(Bind::Text(key)), statement.bind(Bind::Id(id)));
        statement.push(&format!(" AND (v.name_key, v.organisation_id) > ({key}, {id})"));
    }
    let limit = statement.bind(Bind::Number(wanted.limit));
    statement.push(&format!(" ORDER BY v.name_key, v.organisation_id LIMIT {limit}"));
    Ok(statement.query().load(conn).await?)
}

/// How a row continues a list that is ordered by score: score, folded name, id.
pub type AfterHit = (i32, String, Uuid);

/// The living bodies found by folded words, each with its accents where some were typed; the best first.
///
/// A name counts from the day it was first borne. One that is no more borne finds the body that bears another today, and
/// one of a body that is no more finds who holds its place. With `approximate`, similar words do, too.
pub async fn find_names(
    conn: &mut Conn,
    wanted: &Wanted,
    words: &[(String, Option<String>)],
    approximate: bool,
    after: Option<AfterHit>,
) -> Answer<Vec<Hit>> {
    let mut statement = Statement::new(wanted.day);
    statement.push("WITH hits AS (SELECT n.organisation_id, n.kind, n.name, ");
    statement.push(
        "(n.valid_to IS NULL OR n.valid_to >= $1) AND n.kind IN ('full', 'short', 'english', 'other') AS current, ",
    );
    fit(&mut statement, words, approximate);
    statement.push(" AS fit FROM organisation_names n WHERE n.kind NOT IN ('workplace', 'replaced') AND (n.valid_from IS NULL OR n.valid_from <= $1)");
    conditions(&mut statement, words, approximate);
    // A name the body bears counts most, then one it bore, then one of a body whose place it took. What it is called
    // itself says more to the reader than what a predecessor was called, however well that fits.
    statement.push(
        "), bodies AS (
            SELECT h.organisation_id AS body, h.*, NULL::uuid AS predecessor_id, NULL::date AS since,
                   CASE WHEN h.current THEN 30 ELSE 15 END AS worth FROM hits h
            UNION ALL
            SELECT e.heir_id, h.*, h.organisation_id, e.since, 0
              FROM hits h JOIN organisation_heirs e ON e.ancestor_id = h.organisation_id AND e.since <= $1
        ), best AS (
            SELECT DISTINCT ON (b.body) ",
    );
    statement.push(COLUMNS);
    statement.push(
        ", b.fit + b.worth AS score, b.name AS matched, b.kind AS matched_kind, b.current, b.predecessor_id, b.since
              FROM bodies b JOIN organisations o ON o.id = b.body
              JOIN organisation_versions v ON v.organisation_id = o.id
             WHERE ",
    );
    statement.push(shown(wanted));
    statement.filters(wanted);
    statement.push(" ORDER BY b.body, b.predecessor_id IS NOT NULL, b.fit + b.worth DESC, b.name) SELECT *, ");
    statement.push(if approximate { "true" } else { "false" });
    statement.push(" AS approximate FROM best");
    if let Some((score, key, id)) = after {
        let score = statement.bind(Bind::Number(i64::from(score)));
        let (key, id) = (statement.bind(Bind::Text(key)), statement.bind(Bind::Id(id)));
        statement.push(&format!(" WHERE (-score, name_key, id) > (-{score}, {key}, {id})"));
    }
    let limit = statement.bind(Bind::Number(wanted.limit));
    statement.push(&format!(" ORDER BY score DESC, name_key, id LIMIT {limit}"));
    Ok(statement.query().load(conn).await?)
}

/// Which names are hit: each word begins a word of the name or of its province, or all together are similar to it.
fn conditions(statement: &mut Statement<'_>, words: &[(String, Option<String>)], approximate: bool) {
    if approximate {
        let phrase = statement.bind(Bind::Text(phrase(words)));
        statement.push(&format!(" AND {phrase} <% n.search_key"));
        return;
    }
    for (word, _) in words {
        let pattern = statement.bind(Bind::Text(format!("% {word}%")));
        statement.push(&format!(" AND n.search_key LIKE {pattern}"));
    }
}

/// How well a name fits: the whole name best, then its beginning, then the words in their order, then single words; what
/// is spelled with the same accents before what is only folded the same.
fn fit(statement: &mut Statement<'_>, words: &[(String, Option<String>)], approximate: bool) {
    let all = phrase(words);
    if approximate {
        let phrase = statement.bind(Bind::Text(all));
        statement.push(&format!("(100 * word_similarity({phrase}, n.search_key))::int"));
        return;
    }
    let [whole, first, begins, inside, within] =
        [format!(" {all} "), format!(" {all} %"), format!(" {all}%"), format!("% {all} %"), format!("% {all}%")]
            .map(|pattern| statement.bind(Bind::Text(pattern)));
    statement.push(&format!(
        "CASE WHEN n.key = {whole} THEN 100 WHEN n.key LIKE {first} THEN 60 WHEN n.key LIKE {begins} THEN 50 \
         WHEN n.key LIKE {inside} THEN 30 WHEN n.key LIKE {within} THEN 20 ELSE 0 END"
    ));
    for (word, accented) in words {
        let pattern = statement.bind(Bind::Text(format!("% {word} %")));
        statement.push(&format!(" + CASE WHEN n.key LIKE {pattern} THEN 4 ELSE 0 END"));
        if let Some(accented) = accented {
            let pattern = statement.bind(Bind::Text(format!("% {accented}%")));
            statement.push(&format!(" + CASE WHEN n.accent_key LIKE {pattern} THEN 6 ELSE 0 END"));
        }
    }
}

fn phrase(words: &[(String, Option<String>)]) -> String {
    let words: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    words.join(" ")
}
