//! What people did together with drafters: their publications and projects compared.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::consultations::matching::{Work, sought};
use crate::consultations::panel::coi::{Drafter, Ground, Shared, Spelling, digest};
use crate::consultations::words::ConflictKind;
use crate::db::Conn;
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::text::fold;

#[derive(Debug, Clone, QueryableByName)]
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

/// Letters of a title from which on two of one title are one work whatever their years: below, it may be "Báo cáo tổng kết".
const TELLING: usize = 30;
/// Letters of a title below which it says nothing.
const SHORTEST: usize = 8;

impl WorkRow {
    fn as_work(&self) -> Work<'_> {
        Work { title: &self.title, doi: self.doi.as_deref(), authors: &self.authors }
    }

    /// The last year of it: of a project that is not over, this one.
    fn year(&self, today: NaiveDate) -> Option<i32> {
        let ended: PartialDate = self.ended.as_deref()?.parse().ok()?;
        Some(i32::from(ended.year()).min(today.year()))
    }

    /// As something done together with a drafter.
    fn shared(&self, drafter: Uuid, year: Option<i32>, is_certain: bool) -> Shared {
        let kind = if self.is_project { ConflictKind::SharedProject } else { ConflictKind::SharedPublication };
        Shared { kind, drafter, title: self.title.clone(), year, is_certain, work: self.name() }
    }

    /// Which work it is: by its DOI, else by its title, of a publication with the year. A project gets its last year when it ends.
    fn name(&self) -> String {
        let year = self.ended.as_deref().filter(|_| !self.is_project).unwrap_or_default();
        digest(&self.doi().unwrap_or_else(|| format!("{} {year}", fold(&self.title))))
    }

    fn doi(&self) -> Option<String> {
        self.doi.as_ref().map(|doi| doi.trim().to_lowercase()).filter(|doi| !doi.is_empty())
    }

    /// Whether two records are of one work: by the DOI, or by the title, a general one with its year.
    fn is_same(&self, title: &Spelling, other: &Self, of_other: &Spelling, today: NaiveDate) -> bool {
        if self.is_project != other.is_project {
            return false;
        }
        if let (Some(one), Some(another)) = (self.doi(), other.doi()) {
            return one == another;
        }
        let letters = title.plain.chars().filter(|letter| *letter != ' ').count();
        let years = self.year(today).zip(other.year(today));
        let is_telling = if letters >= TELLING { true } else { years.is_some_and(|(one, another)| one == another) };
        letters >= SHORTEST && is_telling && title.is_like(of_other)
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

async fn works(conn: &mut Conn, ids: &[Uuid], first: i32) -> Answer<Vec<WorkRow>> {
    let rows = diesel::sql_query(WORKS).bind::<Array<SqlUuid>, _>(ids).bind::<Integer, _>(first);
    Ok(rows.load(conn).await?)
}

/// What people did together with drafters. Compared here, as names and titles are compared elsewhere: SQL knows no letters but those of
/// English.
pub(super) async fn shared(
    conn: &mut Conn,
    ground: &Ground,
    ids: &[Uuid],
    names: &Arc<HashMap<Uuid, Spelling>>,
) -> Answer<HashMap<Uuid, Vec<Shared>>> {
    if ground.drafters.is_empty() {
        return Ok(HashMap::new());
    }
    let first = first_year(ground);
    let records: Vec<Uuid> = ground.drafters.iter().filter_map(|drafter| drafter.expert).collect();
    let theirs = works(conn, &records, first).await?;
    let ours = works(conn, ids, first).await?;
    let compared = Works { theirs, drafters: ground.drafters.clone(), today: ground.today };
    let names = Arc::clone(names);
    // of a whole bank this takes a while
    let compare = move || compared.shared_with(&ours, &names);
    tokio::task::spawn_blocking(compare).await.map_err(Problem::task)
}

/// The marks of who may have done something together with a drafter, or bear a drafter's name.
///
/// # Errors
/// 503 when the database is away.
pub async fn marks_of_drafters(conn: &mut Conn, ground: &Ground) -> Answer<HashSet<u32>> {
    if ground.drafters.is_empty() {
        return Ok(HashSet::new());
    }
    let records: Vec<Uuid> = ground.drafters.iter().filter_map(|drafter| drafter.expert).collect();
    let theirs = works(conn, &records, first_year(ground)).await?;
    Ok(sought_by(&ground.drafters, &theirs))
}

fn sought_by(drafters: &[Drafter], theirs: &[WorkRow]) -> HashSet<u32> {
    let works = |drafter: &Drafter| {
        let own = drafter.expert;
        theirs.iter().filter(move |work| Some(work.expert_id) == own).map(WorkRow::as_work)
    };
    drafters.iter().flat_map(|drafter| sought(&drafter.name.plain, works(drafter))).collect()
}

/// The first year whose works count.
fn first_year(ground: &Ground) -> i32 {
    ground.today.year() - i32::try_from(ground.shared_years).unwrap_or_default()
}

/// Works of drafters, and who the drafters are.
struct Works {
    theirs: Vec<WorkRow>,
    drafters: Vec<Drafter>,
    today: NaiveDate,
}

impl Works {
    /// What these works of others have in common with them. Two records are of one work by its DOI or its title; where one names the
    /// other's person among the authors, they may be.
    fn shared_with(&self, ours: &[WorkRow], names: &HashMap<Uuid, Spelling>) -> HashMap<Uuid, Vec<Shared>> {
        let entry = |expert: Uuid| self.drafters.iter().find(|one| one.expert == Some(expert)).map(|one| one.entry);
        let theirs: Vec<(&WorkRow, Spelling)> =
            self.theirs.iter().map(|work| (work, Spelling::of(&work.title))).collect();
        let mut by_title: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_doi: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (work, title)) in theirs.iter().enumerate() {
            by_title.entry(&title.plain).or_default().push(at);
            work.doi().into_iter().for_each(|doi| by_doi.entry(doi).or_default().push(at));
        }
        let by_name = named(self.drafters.iter().map(|one| (one.entry, &one.name)));
        let mut all: HashMap<Uuid, Vec<Shared>> = HashMap::new();
        for work in ours {
            let title = Spelling::of(&work.title);
            let mut with: BTreeMap<Uuid, bool> =
                work.authors.iter().flat_map(|author| of_name(&by_name, author)).map(|entry| (entry, false)).collect();
            let mut year = work.year(self.today);
            let doi = work.doi().and_then(|doi| by_doi.get(&doi));
            let near: BTreeSet<usize> =
                by_title.get(title.plain.as_str()).into_iter().chain(doi).flatten().copied().collect();
            for (other, of_other) in near.into_iter().filter_map(|at| theirs.get(at)) {
                let is_same = other.expert_id != work.expert_id && work.is_same(&title, other, of_other, self.today);
                if let Some(entry) = entry(other.expert_id).filter(|_| is_same) {
                    with.insert(entry, true);
                    year = year.or_else(|| other.year(self.today));
                }
            }
            with.retain(|drafter, _| entry(work.expert_id) != Some(*drafter));
            let shared = with.into_iter().map(|(drafter, is_certain)| work.shared(drafter, year, is_certain));
            all.entry(work.expert_id).or_default().extend(shared);
        }
        // drafters' own lists of authors name people of the bank
        let people = named(names.iter().map(|(id, name)| (*id, name)));
        for work in &self.theirs {
            let Some(drafter) = entry(work.expert_id) else { continue };
            let authors: HashSet<Uuid> = work.authors.iter().flat_map(|author| of_name(&people, author)).collect();
            for expert in authors.into_iter().filter(|expert| *expert != work.expert_id) {
                all.entry(expert).or_default().push(work.shared(drafter, work.year(self.today), false));
            }
        }
        all
    }
}

/// By what is left of names without tones and marks.
fn named<'a>(names: impl Iterator<Item = (Uuid, &'a Spelling)>) -> HashMap<&'a str, Vec<(Uuid, &'a Spelling)>> {
    let mut by_name: HashMap<&str, Vec<(Uuid, &Spelling)>> = HashMap::new();
    names.for_each(|(id, name)| by_name.entry(&name.plain).or_default().push((id, name)));
    by_name
}

fn of_name(by_name: &HashMap<&str, Vec<(Uuid, &Spelling)>>, author: &str) -> Vec<Uuid> {
    let author = Spelling::of(author);
    let found = by_name.get(author.plain.as_str()).into_iter().flatten();
    found.filter(|(_, name)| name.is_like(&author)).map(|(id, _)| *id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consultations::matching::Marks;
    use proptest::prelude::*;

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
        let theirs = vec![
            work(
                1,
                false,
                "Rừng đầu nguồn sông Gâm và nước ngầm trong vùng",
                Some("10.1/A"),
                Some("2024"),
                &["Lê Thị Mẫu", "Trần Văn Thử"],
            ),
            work(1, true, "Phục hồi rừng phòng hộ", None, Some("9999"), &[]),
            work(1, false, "Báo cáo tổng kết", None, Some("2024"), &[]),
        ];
        let drafter = |entry: u128, expert: Option<u128>, name: &str| Drafter {
            entry: Uuid::from_u128(entry),
            expert: expert.map(Uuid::from_u128),
            name: Spelling::of(name),
        };
        let drafters = vec![drafter(101, Some(1), "Lê Thị Mẫu"), drafter(102, None, "Vũ Văn Hùng")];
        let works = Works { theirs, drafters, today: "2026-11-26".parse().unwrap() };
        let with = |ours: WorkRow| {
            let mut told = works.shared_with(&[ours], &HashMap::new()).remove(&Uuid::from_u128(7)).unwrap_or_default();
            told.sort_by_key(|work| work.drafter);
            told.into_iter().map(|work| (work.drafter.as_u128(), work.year, work.is_certain)).collect::<Vec<_>>()
        };
        for (ours, expected) in [
            (work(7, false, "Bản dịch", Some("10.1/a"), None, &[]), vec![(101, Some(2024), true)]),
            (
                work(7, false, "RỪNG ĐẦU NGUỒN SÔNG GÂM VÀ NƯỚC NGẦM TRONG VÙNG", None, Some("2023"), &[]),
                vec![(101, Some(2023), true)],
            ),
            // another DOI is another work
            (
                work(7, false, "Rừng đầu nguồn sông Gâm và nước ngầm trong vùng", Some("10.1/B"), Some("2024"), &[]),
                vec![],
            ),
            (work(7, false, "Khác", None, None, &["Le Thi Mau"]), vec![(101, None, false)]),
            (work(7, false, "Khác", None, None, &["VŨ VĂN HÙNG"]), vec![(102, None, false)]),
            (work(7, false, "Khác", None, None, &["Vu Van Hung"]), vec![(102, None, false)]),
            // a namesake by letters alone is somebody else
            (work(7, false, "Khác", None, None, &["Vũ Văn Hưng"]), vec![]),
            (work(7, true, "Phục hồi rừng phòng hộ", None, Some("2026-03"), &[]), vec![(101, Some(2026), true)]),
            // a title that many works have needs the year as well
            (work(7, false, "Báo cáo tổng kết", None, Some("2024"), &[]), vec![(101, Some(2024), true)]),
            (work(7, false, "Báo cáo tổng kết", None, Some("2023"), &[]), vec![]),
            (work(7, false, "Báo cáo tổng kết", None, None, &[]), vec![]),
            // a publication is no project, and a word is no title
            (work(7, false, "Phục hồi rừng phòng hộ", None, Some("2026"), &[]), vec![]),
            (work(7, false, "Rừng", None, None, &["Ai Đó"]), vec![]),
        ] {
            assert_eq!(with(ours), expected);
        }
        let own = work(1, false, "Rừng đầu nguồn sông Gâm và nước ngầm trong vùng", None, None, &["Lê Thị Mẫu"]);
        assert!(
            works.shared_with(&[own], &HashMap::new()).values().all(Vec::is_empty),
            "nobody is their own co-author"
        );
        let names = HashMap::from([(Uuid::from_u128(9), Spelling::of("Trần Văn Thử"))]);
        let by_their_list = works.shared_with(&[], &names);
        assert_eq!(by_their_list.get(&Uuid::from_u128(9)).map(Vec::len), Some(1));
    }

    /// Works of a few people out of a few titles, DOIs and names.
    fn some_works() -> impl Strategy<Value = Vec<WorkRow>> {
        let titles = prop::sample::select(vec![
            "Rừng đầu nguồn sông Gâm và nước ngầm trong vùng",
            "RUNG DAU NGUON",
            "Báo cáo",
            "Quế",
        ]);
        let names =
            prop::sample::select(vec!["Lê Thị Mẫu", "le thi mau", "Vũ Văn Hùng", "VŨ VĂN HƯNG", "Trần Văn Thử"]);
        let dois = prop::option::of(prop::sample::select(vec!["10.1/a", " 10.1/A ", "10.1/b"]));
        let ended = prop::option::of(prop::sample::select(vec!["2023", "2024"]));
        let one = (1..6_u128, any::<bool>(), titles, dois, ended, prop::collection::vec(names, 0..3));
        let row = |(expert, is_project, title, doi, ended, authors): (
            u128,
            bool,
            &str,
            Option<&str>,
            Option<&str>,
            Vec<&str>,
        )| {
            work(expert, is_project, title, doi.filter(|_| !is_project), ended, if is_project { &[] } else { &authors })
        };
        prop::collection::vec(one.prop_map(row), 0..8)
    }

    proptest! {
        #[test]
        fn marks_miss_nobody_who_is_found_by_comparing(all in some_works(), drafter in prop::option::of(1..3_u128)) {
            let names: HashMap<Uuid, Spelling> = ["Lê Thị Mẫu", "Vu Van Hung", "Trần Văn Thử", "Lê Thị Mẫu", "Ma Văn Khác"]
                .iter()
                .zip(1_u128..)
                .map(|(name, id)| (Uuid::from_u128(id), Spelling::of(name)))
                .collect();
            let expert = drafter.map(Uuid::from_u128);
            let name = expert.and_then(|id| names.get(&id).cloned()).unwrap_or_else(|| Spelling::of("Trần Văn Thử"));
            let drafters = vec![Drafter { entry: Uuid::from_u128(101), expert, name }];
            let theirs: Vec<WorkRow> = all.iter().filter(|work| Some(work.expert_id) == expert).cloned().collect();
            let sought = sought_by(&drafters, &theirs);
            let today = "2026-11-26".parse().unwrap();
            let found = Works { theirs, drafters: drafters.clone(), today }.shared_with(&all, &names);
            for (id, name) in &names {
                let own = all.iter().filter(|work| work.expert_id == *id).map(WorkRow::as_work);
                let meets = Marks::of(&name.plain, own).meet(&sought);
                let is_found = found.get(id).is_some_and(|shared| !shared.is_empty());
                let is_alike = expert.is_none() && drafters[0].name.is_like(name);
                prop_assert!(meets || !(is_found || is_alike), "{name:?}");
            }
        }
    }
}
