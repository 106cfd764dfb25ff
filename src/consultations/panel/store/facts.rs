//! What the rules about conflicts of interest are told: of bodies, drafters and people.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use uuid::Uuid;

use super::read;
use crate::consultations::model::Case;
use crate::consultations::panel::coi::{Ground, Person, Post, Shared};
use crate::consultations::panel::settings::{SHARED_YEARS, WORK_YEARS, number};
use crate::consultations::words::{ConflictKind, ConflictSide, ConflictTie};
use crate::db::Conn;
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::Answer;
use crate::kernel::text::fold;

#[derive(QueryableByName)]
struct TieRow {
    #[diesel(sql_type = Text)]
    side: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tie: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// The bodies that have a part, those whose place they took or who took theirs, and all above and under them on a day.
const TIES: &str = "
    WITH RECURSIVE root AS (
        SELECT side, id FROM unnest($1, $2) r (side, id)
        UNION SELECT r.side, n.id FROM root r CROSS JOIN LATERAL (
            SELECT heir_id AS id FROM organisation_heirs WHERE ancestor_id = r.id AND since <= $3
            UNION ALL SELECT ancestor_id FROM organisation_heirs WHERE heir_id = r.id AND since <= $3) n
    ), below AS (
        SELECT side, id FROM root
        UNION SELECT b.side, n.id FROM below b CROSS JOIN LATERAL (
            SELECT v.organisation_id AS id FROM organisation_versions v
             WHERE v.parent_id = b.id AND (v.valid_from IS NULL OR v.valid_from <= $3)
               AND (v.valid_to IS NULL OR v.valid_to >= $3)
            UNION ALL SELECT ancestor_id FROM organisation_heirs WHERE heir_id = b.id AND since <= $3) n
    ), up AS (
        SELECT side, id FROM root
        UNION SELECT u.side, v.parent_id FROM up u JOIN organisation_versions v ON v.organisation_id = u.id
         WHERE v.parent_id IS NOT NULL AND (v.valid_from IS NULL OR v.valid_from <= $3)
           AND (v.valid_to IS NULL OR v.valid_to >= $3)
    ), above AS (
        SELECT side, id FROM up
        UNION SELECT u.side, h.ancestor_id FROM up u JOIN organisation_heirs h ON h.heir_id = u.id AND h.since <= $3
    ), ties AS (
        SELECT side, id, 'same' AS tie FROM root
        UNION ALL SELECT side, id, 'below' FROM below b
         WHERE NOT EXISTS (SELECT FROM root r WHERE r.side = b.side AND r.id = b.id)
        UNION ALL SELECT side, id, 'above' FROM above a
         WHERE NOT EXISTS (SELECT FROM root r WHERE r.side = a.side AND r.id = a.id)
    )
    SELECT t.side, t.id, t.tie, (
           SELECT v.name FROM organisation_versions v WHERE v.organisation_id = t.id
            ORDER BY (v.valid_from IS NULL OR v.valid_from <= $3) DESC, v.valid_from DESC NULLS LAST LIMIT 1) AS name
      FROM ties t ORDER BY t.side, t.tie, t.id";

/// What a consultation is, as far as conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn ground(conn: &mut Conn, case: &Case, today: NaiveDate) -> Answer<Ground> {
    let mut roots = vec![(ConflictSide::Asker, case.row.asker_id)];
    roots.extend(case.row.authority_id.map(|id| (ConflictSide::Authority, id)));
    roots.extend(case.drafters.iter().filter_map(|row| row.organisation_id).map(|id| (ConflictSide::Drafter, id)));
    let (sides, ids): (Vec<&str>, Vec<Uuid>) = roots.iter().map(|(side, id)| (side.as_str(), *id)).unzip();
    let rows: Vec<TieRow> = diesel::sql_query(TIES)
        .bind::<Array<Text>, _>(sides)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Date, _>(today)
        .load(conn)
        .await?;
    let (mut ties, mut names) = (HashMap::<Uuid, Vec<_>>::new(), HashMap::new());
    for row in rows {
        let side = ConflictSide::ALL.iter().find(|side| side.as_str() == row.side);
        let tie = ConflictTie::ALL.iter().find(|tie| tie.as_str() == row.tie);
        if let Some((side, tie)) = side.zip(tie) {
            ties.entry(row.id).or_default().push((*side, *tie));
        }
        names.extend(row.name.map(|name| (row.id, name)));
    }
    Ok(Ground {
        today,
        work_years: number(conn, WORK_YEARS, today).await?,
        shared_years: number(conn, SHARED_YEARS, today).await?,
        ties,
        names,
        drafters: case.drafters.iter().filter_map(|row| row.expert_id).collect(),
    })
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    full_name: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    workplace_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    posts: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    offices: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    declared: Option<String>,
}

#[derive(Deserialize)]
struct DeclaredRow {
    id: Uuid,
    reason: String,
}

/// Posts at bodies that matter, offices that last, what was declared.
const PEOPLE: &str = "
    SELECT e.id, e.full_name, e.workplace_id,
           (SELECT json_agg(json_build_object('organisation_id', w.value -> 'organisation_id', 'position', w.value -> 'position',
                                              'from', w.value -> 'from', 'to', w.value -> 'to'))
              FROM jsonb_array_elements(e.details -> 'work_history') w
             WHERE (w.value ->> 'organisation_id')::uuid = ANY ($2))::text AS posts,
           (SELECT json_agg(json_build_object('organisation_id', o.organisation_id, 'position', o.position,
                                              'from', o.valid_from, 'to', o.valid_to) ORDER BY o.valid_from, o.id)
              FROM association_officers o
             WHERE o.expert_id = e.id AND o.organisation_id = ANY ($2) AND o.valid_from <= $3
               AND (o.valid_to IS NULL OR o.valid_to >= $3))::text AS offices,
           (SELECT json_agg(json_build_object('id', d.id, 'reason', d.reason) ORDER BY d.ordinal)
              FROM conflict_decisions d
             WHERE d.expert_id = e.id AND d.consultation_id = $4 AND d.outcome = 'declared')::text AS declared
      FROM experts e WHERE e.id = ANY ($1)";

fn list<T: serde::de::DeserializeOwned>(json: Option<&str>) -> Answer<Vec<T>> {
    json.map_or_else(|| Ok(Vec::new()), read)
}

/// What the record says of people, as far as a consultation's conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn people(conn: &mut Conn, case: &Case, ground: &Ground, ids: &[Uuid]) -> Answer<Vec<Person>> {
    let bodies: Vec<Uuid> = ground.ties.keys().copied().collect();
    let rows: Vec<PersonRow> = diesel::sql_query(PEOPLE)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<SqlUuid>, _>(bodies)
        .bind::<Date, _>(ground.today)
        .bind::<SqlUuid, _>(case.id())
        .load(conn)
        .await?;
    let names: HashMap<Uuid, String> = rows.iter().map(|row| (row.id, fold(&row.full_name))).collect();
    let mut shared = shared(conn, case, ground, ids, &names).await?;
    let person = |row: PersonRow| {
        let declared: Vec<DeclaredRow> = list(row.declared.as_deref())?;
        Ok(Person {
            id: row.id,
            workplace: row.workplace_id,
            posts: list::<Post>(row.posts.as_deref())?,
            offices: list(row.offices.as_deref())?,
            shared: shared.remove(&row.id).unwrap_or_default(),
            declared: declared.into_iter().map(|row| (row.id, row.reason)).collect(),
        })
    };
    rows.into_iter().map(person).collect()
}

#[derive(QueryableByName)]
struct WorkRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Bool)]
    is_project: bool,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Text>)]
    doi: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ended: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    authors: Vec<String>,
}

impl WorkRow {
    /// The last year of it: of a project that is not over, this one.
    fn year(&self, today: NaiveDate) -> Option<i32> {
        let ended: PartialDate = self.ended.as_deref()?.parse().ok()?;
        Some(i32::from(ended.year()).min(today.year()))
    }

    /// As something done together with a drafter.
    fn shared(&self, drafter: Option<Uuid>, year: Option<i32>) -> Shared {
        let kind = if self.is_project { ConflictKind::SharedProject } else { ConflictKind::SharedPublication };
        Shared { kind, drafter, title: self.title.clone(), year }
    }

    /// What two records of one work share.
    fn keys(&self) -> Vec<String> {
        let kind = if self.is_project { "project" } else { "publication" };
        let title = Some(fold(&self.title)).filter(|title| title.len() >= 8).map(|title| format!("{kind} {title}"));
        let doi = self.doi.as_ref().map(|doi| format!("doi {}", doi.trim().to_lowercase()));
        title.into_iter().chain(doi).collect()
    }
}

/// Publications and projects of people: those of the years that count, and those of no known year.
const WORKS: &str = "
    SELECT p.expert_id, false AS is_project, p.title, p.doi, p.year::text AS ended,
           array_remove(p.authors, NULL) AS authors
      FROM expert_publications p WHERE p.expert_id = ANY ($1) AND (p.year IS NULL OR p.year >= $2)
    UNION ALL
    SELECT e.id, true, w.value ->> 'title', NULL,
           coalesce(w.value ->> 'to', CASE WHEN w.value ? 'from' THEN '9999' END), '{}'
      FROM experts e CROSS JOIN jsonb_array_elements(e.details -> 'projects') w
     WHERE e.id = ANY ($1) AND w.value ->> 'title' IS NOT NULL";

/// The same of people who share a title, a DOI or an author with these.
const SHARED_WORKS: &str = "
    SELECT p.expert_id, false AS is_project, p.title, p.doi, p.year::text AS ended,
           array_remove(p.authors, NULL) AS authors
      FROM expert_publications p
     WHERE p.expert_id = ANY ($1) AND (p.year IS NULL OR p.year >= $2)
       AND (lower(p.title) IN (SELECT lower(t) FROM unnest($3) t) OR lower(p.doi) IN (SELECT lower(t) FROM unnest($4) t)
            OR EXISTS (SELECT FROM unnest(p.authors) a WHERE lower(a) IN (SELECT lower(t) FROM unnest($5) t)))
    UNION ALL
    SELECT e.id, true, w.value ->> 'title', NULL,
           coalesce(w.value ->> 'to', CASE WHEN w.value ? 'from' THEN '9999' END), '{}'
      FROM experts e CROSS JOIN jsonb_array_elements(e.details -> 'projects') w
     WHERE e.id = ANY ($1) AND lower(w.value ->> 'title') IN (SELECT lower(t) FROM unnest($3) t)";

/// What people did together with drafters. Two records are of one work when they share its DOI or its title, or when one names the
/// other's person among the authors.
async fn shared(
    conn: &mut Conn,
    case: &Case,
    ground: &Ground,
    ids: &[Uuid],
    names: &HashMap<Uuid, String>,
) -> Answer<HashMap<Uuid, Vec<Shared>>> {
    let typed: Vec<&str> = case.drafters.iter().filter_map(|row| row.name.as_deref()).collect();
    if ground.drafters.is_empty() && typed.is_empty() {
        return Ok(HashMap::new());
    }
    let first = ground.today.year() - i32::try_from(ground.shared_years).unwrap_or_default();
    let theirs: Vec<WorkRow> = diesel::sql_query(WORKS)
        .bind::<Array<SqlUuid>, _>(&ground.drafters)
        .bind::<Integer, _>(first)
        .load(conn)
        .await?;
    let drafters = names_of(conn, &ground.drafters).await?;
    let titles: Vec<&str> = theirs.iter().map(|work| work.title.as_str()).collect();
    let dois: Vec<&str> = theirs.iter().filter_map(|work| work.doi.as_deref()).collect();
    let authors: Vec<&str> = drafters.iter().map(|(_, name)| name.as_str()).chain(typed.iter().copied()).collect();
    let ours: Vec<WorkRow> = diesel::sql_query(SHARED_WORKS)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Integer, _>(first)
        .bind::<Array<Text>, _>(titles)
        .bind::<Array<Text>, _>(dois)
        .bind::<Array<Text>, _>(authors)
        .load(conn)
        .await?;
    let known = typed.iter().map(|name| (fold(name), None));
    let known = known.chain(drafters.iter().map(|(id, name)| (fold(name), Some(*id)))).collect();
    Ok(Works { theirs: &theirs, known, today: ground.today }.shared_with(&ours, names))
}

/// Works of drafters, and who the drafters are.
struct Works<'a> {
    theirs: &'a [WorkRow],
    /// Folded names, with the record where there is one.
    known: HashMap<String, Option<Uuid>>,
    today: NaiveDate,
}

impl Works<'_> {
    /// What these works of others have in common with them; `names` are the folded names of the others.
    fn shared_with(&self, ours: &[WorkRow], names: &HashMap<Uuid, String>) -> HashMap<Uuid, Vec<Shared>> {
        let mut by_key: HashMap<String, Vec<&WorkRow>> = HashMap::new();
        for work in self.theirs {
            for key in work.keys() {
                by_key.entry(key).or_default().push(work);
            }
        }
        let mut all: HashMap<Uuid, Vec<Shared>> = HashMap::new();
        for work in ours {
            let named = work.authors.iter().filter_map(|name| self.known.get(&fold(name)).copied());
            let mut with: BTreeSet<Option<Uuid>> = named.collect();
            let mut year = work.year(self.today);
            for other in work.keys().iter().filter_map(|key| by_key.get(key)).flatten() {
                with.insert(Some(other.expert_id));
                year = year.or_else(|| other.year(self.today));
            }
            with.into_iter().for_each(|drafter| keep(&mut all, work.expert_id, work.shared(drafter, year)));
        }
        // drafters' own lists of authors name people of the bank
        let mut by_name: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for (id, name) in names {
            by_name.entry(name.as_str()).or_default().push(*id);
        }
        for work in self.theirs {
            for author in work.authors.iter().map(|name| fold(name)) {
                for expert in by_name.get(author.as_str()).into_iter().flatten() {
                    keep(&mut all, *expert, work.shared(Some(work.expert_id), work.year(self.today)));
                }
            }
        }
        all
    }
}

fn keep(all: &mut HashMap<Uuid, Vec<Shared>>, expert: Uuid, work: Shared) {
    if work.drafter != Some(expert) {
        all.entry(expert).or_default().push(work);
    }
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    full_name: String,
}

async fn names_of(conn: &mut Conn, ids: &[Uuid]) -> Answer<Vec<(Uuid, String)>> {
    let rows = diesel::sql_query("SELECT id, full_name FROM experts WHERE id = ANY ($1) ORDER BY id");
    let rows: Vec<NameRow> = rows.bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.full_name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(
        expert: u128,
        is_project: bool,
        title: &str,
        doi: Option<&str>,
        ended: Option<&str>,
        authors: &[&str],
    ) -> WorkRow {
        WorkRow {
            expert_id: Uuid::from_u128(expert),
            is_project,
            title: title.to_owned(),
            doi: doi.map(str::to_owned),
            ended: ended.map(str::to_owned),
            authors: authors.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn one_work_is_known_by_doi_title_or_author() {
        let theirs = [
            work(1, false, "Rừng đầu nguồn sông Gâm", Some("10.1/A"), Some("2024"), &["Lê Thị Mẫu", "Trần Văn Thử"]),
            work(1, true, "Phục hồi rừng phòng hộ", None, Some("9999"), &[]),
        ];
        let known = HashMap::from([(fold("Lê Thị Mẫu"), Some(Uuid::from_u128(1))), (fold("Vũ Văn Tên"), None)]);
        let today = "2026-11-26".parse().unwrap();
        let works = Works { theirs: &theirs, known, today };
        let names = HashMap::from([(Uuid::from_u128(9), fold("Trần Văn Thử"))]);
        let with = |ours: WorkRow| {
            let mut all = works.shared_with(&[ours], &HashMap::new());
            let mut told: Vec<_> = all.remove(&Uuid::from_u128(7)).unwrap_or_default();
            told.sort_by_key(|work| work.drafter);
            told.into_iter().map(|work| (work.drafter.map(|id| id.as_u128()), work.year)).collect::<Vec<_>>()
        };
        for (ours, expected) in [
            (work(7, false, "Bản dịch", Some("10.1/a"), None, &[]), vec![(Some(1), Some(2024))]),
            (work(7, false, "RỪNG ĐẦU NGUỒN SÔNG GÂM", None, Some("2023"), &[]), vec![(Some(1), Some(2023))]),
            (work(7, false, "Khác", None, None, &["Le Thi Mau"]), vec![(Some(1), None)]),
            (work(7, false, "Khác", None, None, &["Vũ Văn Tên"]), vec![(None, None)]),
            (work(7, true, "Phục hồi rừng phòng hộ", None, Some("2025-03"), &[]), vec![(Some(1), Some(2025))]),
            // a publication is no project, and a word is no title
            (work(7, false, "Phục hồi rừng phòng hộ", None, None, &[]), vec![]),
            (work(7, false, "Rừng", None, None, &["Ai Đó"]), vec![]),
            (work(1, false, "Rừng đầu nguồn sông Gâm", None, None, &[]), vec![]),
        ] {
            assert_eq!(with(ours), expected);
        }
        let by_their_list = works.shared_with(&[], &names);
        assert_eq!(by_their_list.get(&Uuid::from_u128(9)).map(Vec::len), Some(1));
    }
}
