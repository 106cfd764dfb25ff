//! All SQL of matching, but for who may be asked, which is the experts'.

mod loads;

pub use self::loads::{caps, disowned, load_as_told, loads, open_seats};

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use uuid::Uuid;

use super::marks::{Marks, Work};
use super::memory::{Kept, Record, Stamp};
use super::relevance::{Documents, Source};
use crate::db::Conn;
use crate::experts::model::{ExpertField, Unavailability};
use crate::kernel::problem::{Answer, Problem};

/// What is compared of an expert, as it is in the database.
#[derive(Debug, Deserialize)]
pub struct Texts {
    /// The expert.
    pub id: Uuid,
    version: i64,
    written_by: i64,
    #[serde(flatten)]
    record: Record,
    fields: Vec<(String, String, bool)>,
    full_name: String,
    publications: Vec<PublicationText>,
    projects: Vec<ProjectText>,
    specialties: Vec<String>,
    biography: Option<String>,
    position: Option<String>,
    unit: Option<String>,
}

/// Id, title, abstract, DOI, authors.
type PublicationText = (Uuid, String, Option<String>, Option<String>, Vec<Option<String>>);

#[derive(Debug, Deserialize)]
struct ProjectText {
    title: String,
    programme: Option<String>,
}

/// How often the title of a publication counts beside its abstract.
const TITLE: u32 = 2;

impl Texts {
    /// As it is kept.
    pub fn kept(self) -> Kept {
        let mut documents = Documents::default();
        for (id, title, summary, ..) in &self.publications {
            let summary = summary.as_deref().map(|text| (text, 1));
            documents.add(Source::Publication(*id), std::iter::once((title.as_str(), TITLE)).chain(summary));
        }
        for (at, project) in self.projects.iter().enumerate() {
            let programme = project.programme.as_deref().map(|text| (text, 1));
            let texts = std::iter::once((project.title.as_str(), 1)).chain(programme);
            documents.add(Source::Project(u16::try_from(at).unwrap_or(u16::MAX)), texts);
        }
        documents.add(Source::Specialties, self.specialties.iter().map(|text| (text.as_str(), 1)));
        documents.add(Source::Biography, self.biography.as_deref().map(|text| (text, 1)));
        let post = [self.position.as_deref(), self.unit.as_deref()];
        documents.add(Source::Post, post.into_iter().flatten().map(|text| (text, 1)));
        documents.settle();
        let marks = self.marks();
        let field = |(scheme, code, main)| ExpertField { scheme, code, main };
        let fields = self.fields.into_iter().map(field).collect();
        Kept { stamp: (self.version, self.written_by), record: self.record, marks, fields, documents }
    }

    fn marks(&self) -> Marks {
        let authors: Vec<Vec<String>> =
            self.publications.iter().map(|(.., authors)| authors.iter().flatten().cloned().collect()).collect();
        let publications = self.publications.iter().zip(&authors);
        let publications =
            publications.map(|((_, title, _, doi, _), authors)| Work { title, doi: doi.as_deref(), authors });
        let projects = self.projects.iter().map(|project| Work { title: &project.title, doi: None, authors: &[] });
        Marks::of(&self.full_name, publications.chain(projects))
    }
}

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

/// The statement that reads texts of experts.
pub const TEXTS: &str = "SELECT json_build_object(
        'id', e.id, 'version', e.version, 'written_by', e.xmin::text::bigint, 'degree', e.degree, 'academic_rank', e.academic_rank,
        'workplace_id', e.workplace_id, 'workplace_key', e.workplace_key, 'province_id', e.province_id, 'country', e.country,
        'max_parallel', e.max_parallel, 'accepted_kinds', e.accepted_kinds, 'full_name', e.full_name,
        'posts', jsonb_path_query_array(e.details, '$.work_history[*].organisation_id ? (@ != null)'), 'specialties', e.specialties,
        'biography', e.biography, 'position', e.position, 'unit', e.unit,
        'projects', coalesce(e.details -> 'projects', '[]'),
        'fields', (SELECT coalesce(json_agg(json_build_array(f.scheme, f.code, f.main) ORDER BY f.ordinal), '[]')
                     FROM expert_fields f WHERE f.expert_id = e.id),
        'publications', (SELECT coalesce(json_agg(json_build_array(p.id, p.title, p.abstract, p.doi, p.authors) ORDER BY p.ordinal), '[]')
                           FROM expert_publications p WHERE p.expert_id = e.id))::text AS json
   FROM experts e WHERE e.id = ANY ($1)";

/// What is compared of experts, each with the version it is of.
///
/// # Errors
/// 503 when the database is away.
pub async fn texts(conn: &mut Conn, ids: &[Uuid]) -> Answer<Vec<Texts>> {
    let rows: Vec<Json> = diesel::sql_query(TEXTS).bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

#[derive(QueryableByName)]
struct StampRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    written_by: i64,
}

/// The versions of all who may be asked.
///
/// # Errors
/// 503 when the database is away.
pub async fn stamps(conn: &mut Conn) -> Answer<Vec<(Uuid, Stamp)>> {
    let sql = "SELECT id, version, xmin::text::bigint AS written_by FROM experts WHERE status = 'active'";
    let rows: Vec<StampRow> = diesel::sql_query(sql).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.version, row.written_by))).collect())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The place of the last change of experts that has one.
///
/// # Errors
/// 503 when the database is away.
pub async fn last_change(conn: &mut Conn) -> Answer<i64> {
    let row: Number =
        diesel::sql_query("SELECT coalesce(max(seq), 0) AS n FROM expert_changes").get_result(conn).await?;
    Ok(row.n)
}

#[derive(QueryableByName)]
struct AwayRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Date)]
    valid_from: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    valid_to: Option<NaiveDate>,
}

/// A time in which somebody takes less, or nothing: how, its first day, and its last one where that is known.
pub type Away = (Unavailability, NaiveDate, Option<NaiveDate>);

/// Who is away, or takes nothing new, on some of these days.
///
/// # Errors
/// 503 when the database is away.
pub async fn away(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> Answer<HashMap<Uuid, Vec<Away>>> {
    let rows: Vec<AwayRow> = diesel::sql_query(
        "SELECT expert_id, kind, valid_from, valid_to FROM expert_availability
          WHERE valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $1) ORDER BY expert_id, valid_from",
    )
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .load(conn)
    .await?;
    let mut away: HashMap<Uuid, Vec<Away>> = HashMap::new();
    for row in rows {
        let kind =
            Unavailability::parse(&row.kind).ok_or_else(|| Problem::internal("an unknown kind of availability"))?;
        away.entry(row.expert_id).or_default().push((kind, row.valid_from, row.valid_to));
    }
    Ok(away)
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = Nullable<Date>)]
    day: Option<NaiveDate>,
}

/// The day the report on a consultation is due, once it was accepted.
///
/// # Errors
/// 503 when the database is away.
pub async fn report_due(conn: &mut Conn, consultation: Uuid) -> Answer<Option<NaiveDate>> {
    let rows: Vec<Day> =
        diesel::sql_query("SELECT report_due_on AS day FROM consultation_index WHERE consultation_id = $1")
            .bind::<SqlUuid, _>(consultation)
            .load(conn)
            .await?;
    Ok(rows.into_iter().next().and_then(|row| row.day))
}

/// The titles of documents by where they come from.
#[derive(Debug, Default)]
pub struct Titles {
    publications: HashMap<Uuid, (String, Option<i16>)>,
    projects: HashMap<(Uuid, u16), String>,
}

impl Titles {
    /// The title of a document that has one, and its year.
    pub fn of(&self, expert: Uuid, source: Source) -> (Option<String>, Option<i16>) {
        match source {
            Source::Publication(id) => {
                self.publications.get(&id).map_or((None, None), |(title, year)| (Some(title.clone()), *year))
            }
            Source::Project(at) => (self.projects.get(&(expert, at)).cloned(), None),
            Source::Specialties | Source::Biography | Source::Post => (None, None),
        }
    }
}

#[derive(QueryableByName)]
struct PublicationRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    year: Option<i16>,
}

#[derive(QueryableByName)]
struct ProjectRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Integer)]
    at: i32,
    #[diesel(sql_type = Nullable<Text>)]
    title: Option<String>,
}

/// The titles of these documents.
///
/// # Errors
/// 503 when the database is away.
pub async fn titles(conn: &mut Conn, of: &[(Uuid, Source)]) -> Answer<Titles> {
    let mut titles = Titles::default();
    let publications: Vec<Uuid> = of
        .iter()
        .filter_map(|(_, source)| if let Source::Publication(id) = source { Some(*id) } else { None })
        .collect();
    let projects: Vec<(Uuid, i32)> = of
        .iter()
        .filter_map(
            |(expert, source)| if let Source::Project(at) = source { Some((*expert, i32::from(*at))) } else { None },
        )
        .collect();
    if !publications.is_empty() {
        let sql = "SELECT id, title, year FROM expert_publications WHERE id = ANY ($1)";
        let rows: Vec<PublicationRow> =
            diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(publications).load(conn).await?;
        titles.publications = rows.into_iter().map(|row| (row.id, (row.title, row.year))).collect();
    }
    if !projects.is_empty() {
        let (experts, places): (Vec<Uuid>, Vec<i32>) = projects.into_iter().unzip();
        let rows: Vec<ProjectRow> = diesel::sql_query(
            "SELECT w.expert_id, w.at, e.details #>> ARRAY['projects', w.at::text, 'title'] AS title
               FROM unnest($1, $2) w (expert_id, at) JOIN experts e ON e.id = w.expert_id",
        )
        .bind::<Array<SqlUuid>, _>(experts)
        .bind::<Array<Integer>, _>(places)
        .load(conn)
        .await?;
        let title = |row: ProjectRow| Some(((row.expert_id, u16::try_from(row.at).ok()?), row.title?));
        titles.projects = rows.into_iter().filter_map(title).collect();
    }
    Ok(titles)
}
