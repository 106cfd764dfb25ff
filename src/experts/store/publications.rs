//! The publications of experts.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::bulk::Insert;
use crate::db::schema::expert_publications as table;
use crate::experts::model::Publication;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;
use crate::row;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Uuid,
    ordinal: i32,
    title: String,
    abstract_: Option<String>,
    year: Option<i16>,
    venue: Option<String>,
    doi: Option<String>,
    authors: Vec<Option<String>>,
}

impl From<Row> for Publication {
    fn from(row: Row) -> Self {
        Self {
            id: Some(row.id),
            title: row.title,
            summary: row.abstract_,
            year: row.year,
            venue: row.venue,
            doi: row.doi,
            authors: row.authors.into_iter().flatten().collect(),
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct WriteRow<'a> {
    title: &'a str,
    abstract_: Option<&'a str>,
    year: Option<i16>,
    venue: Option<&'a str>,
    doi: Option<&'a str>,
    authors: &'a [String],
}

impl<'a> From<&'a Publication> for WriteRow<'a> {
    fn from(publication: &'a Publication) -> Self {
        Self {
            title: &publication.title,
            abstract_: publication.summary.as_deref(),
            year: publication.year,
            venue: publication.venue.as_deref(),
            doi: publication.doi.as_deref(),
            authors: &publication.authors,
        }
    }
}

/// The publications of an expert, in their order.
pub async fn publications(conn: &mut Conn, expert: Uuid) -> Answer<Vec<Publication>> {
    let rows = table::table.filter(table::expert_id.eq(expert)).order(table::ordinal);
    let rows: Vec<Row> = rows.select(Row::as_select()).load(conn).await?;
    Ok(rows.into_iter().map(Publication::from).collect())
}

/// The publications of experts, in their order.
pub async fn publications_of(conn: &mut Conn, experts: &[Uuid]) -> Answer<HashMap<Uuid, Vec<Publication>>> {
    let rows = table::table.filter(table::expert_id.eq_any(experts)).order((table::expert_id, table::ordinal));
    let rows: Vec<(Uuid, Row)> = rows.select((table::expert_id, Row::as_select())).load(conn).await?;
    let mut lists: HashMap<Uuid, Vec<Publication>> = HashMap::new();
    for (expert, row) in rows {
        lists.entry(expert).or_default().push(Publication::from(row));
    }
    Ok(lists)
}

/// A page of them, each with its place.
pub async fn publications_page(
    conn: &mut Conn,
    expert: Uuid,
    after: Option<i32>,
    limit: i64,
) -> Answer<Vec<(i32, Publication)>> {
    let rows: Vec<Row> = table::table
        .filter(table::expert_id.eq(expert).and(table::ordinal.gt(after.unwrap_or(-1))))
        .order(table::ordinal)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.ordinal, Publication::from(row))).collect())
}

/// One publication of an expert.
pub async fn find_publication(conn: &mut Conn, expert: Uuid, id: Uuid) -> Answer<Publication> {
    let row = table::table.filter(table::expert_id.eq(expert).and(table::id.eq(id)));
    Ok(Publication::from(row.select(Row::as_select()).first(conn).await?))
}

/// Adds a publication behind those there are.
pub async fn add_publication(tx: &mut Conn, expert: Uuid, publication: &Publication) -> Answer<Uuid> {
    let last = table::table.filter(table::expert_id.eq(expert)).select(diesel::dsl::max(table::ordinal));
    let last: Option<i32> = last.first(tx).await?;
    let id = new_id();
    let place = (table::id.eq(id), table::expert_id.eq(expert), table::ordinal.eq(last.map_or(0, |last| last + 1)));
    diesel::insert_into(table::table).values((place, WriteRow::from(publication))).execute(tx).await?;
    Ok(id)
}

/// Replaces one, by its id.
pub async fn update_publication(tx: &mut Conn, publication: &Publication) -> Answer<()> {
    let row = table::table.find(publication.id.unwrap_or_default());
    diesel::update(row).set(WriteRow::from(publication)).execute(tx).await?;
    Ok(())
}

/// Takes one away.
pub async fn delete_publication(tx: &mut Conn, id: Uuid) -> Answer<()> {
    diesel::delete(table::table.find(id)).execute(tx).await?;
    Ok(())
}

/// Replaces the publications of experts. Those with an id keep it.
pub async fn put_publications(tx: &mut Conn, lists: &[(Uuid, Vec<Publication>)]) -> Answer<()> {
    let experts: Vec<Uuid> = lists.iter().map(|(expert, _)| *expert).collect();
    diesel::delete(table::table.filter(table::expert_id.eq_any(experts))).execute(tx).await?;
    super::run(tx, &publication_rows(lists)).await?;
    Ok(())
}

/// The inserts of publications of experts that have none yet. Those with an id keep it.
pub fn publication_rows(lists: &[(Uuid, Vec<Publication>)]) -> Vec<Insert> {
    struct Placed<'a> {
        id: Uuid,
        expert_id: Uuid,
        ordinal: i32,
        title: &'a str,
        abstract_: Option<&'a str>,
        year: Option<i16>,
        venue: Option<&'a str>,
        doi: Option<&'a str>,
        authors: &'a [String],
    }
    row!(Placed<'_>: id, expert_id, ordinal, title, abstract_, year, venue, doi, authors);
    let rows: Vec<Placed<'_>> = lists
        .iter()
        .flat_map(|(expert, list)| list.iter().zip(0_i32..).map(move |(item, at)| (*expert, item, at)))
        .map(|(expert_id, item, ordinal)| {
            let WriteRow { title, abstract_, year, venue, doi, authors } = WriteRow::from(item);
            let id = item.id.unwrap_or_else(new_id);
            Placed { id, expert_id, ordinal, title, abstract_, year, venue, doi, authors }
        })
        .collect();
    Insert::of_rows("expert_publications", &rows, "")
}
