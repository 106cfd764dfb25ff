use proptest::prelude::*;

use super::*;

const TODAY: &str = "2026-11-26";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// 1 asks, 2 decides and stands above 1, 3 under 1, 4 drafted it, 9 has no part.
fn ground() -> Ground {
    use ConflictSide::{Asker, Authority, Drafter};
    use ConflictTie::{Above, Below, Same};
    Ground {
        today: TODAY.parse().unwrap(),
        work_years: 5,
        shared_years: 5,
        ties: HashMap::from([
            (id(1), vec![(Asker, Same), (Authority, Below)]),
            (id(2), vec![(Asker, Above), (Authority, Same)]),
            (id(3), vec![(Asker, Below)]),
            (id(4), vec![(Drafter, Same)]),
            (id(5), vec![(Drafter, Above)]),
        ]),
        names: HashMap::from([(id(1), "Sở Mẫu".to_owned())]),
        drafters: vec![id(100)],
    }
}

fn post(body: u128, from: &str, to: &str) -> Post {
    let date = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    Post { organisation_id: id(body), position: None, from: date(from), to: date(to) }
}

fn keys(person: &Person) -> Vec<String> {
    let short = |key: String| key.replace("00000000-0000-0000-0000-0000000000", "");
    findings(&ground(), person).into_iter().map(|finding| short(finding.key)).collect()
}

#[test]
fn work_counts_where_it_matters_and_as_long_as_it_matters() {
    for (body, from, to, expected) in [
        (1, "2019", "", vec!["works_at:asker:01", "works_at:authority:01"]),
        (2, "2019", "", vec!["works_at:asker:02", "works_at:authority:02"]),
        (3, "", "", vec!["works_at:asker:03"]),
        (9, "", "", vec![]),
        (1, "2010", "2021-11-26", vec!["worked_at:asker:01", "worked_at:authority:01"]),
        (1, "2010", "2021-11-25", vec![]),
        // a year alone may have been all of it
        (1, "2010", "2021", vec!["worked_at:asker:01", "worked_at:authority:01"]),
        (1, "2010", "2020", vec![]),
        (1, "2027", "", vec![]),
        (1, "2020", "2030", vec!["works_at:asker:01", "works_at:authority:01"]),
        (4, "2020", "", vec!["works_for_drafter:drafter:04"]),
        (4, "2020", "2025", vec![]),
        (5, "2020", "", vec![]),
    ] {
        let person = Person { id: id(50), posts: vec![post(body, from, to)], ..Person::default() };
        assert_eq!(keys(&person), expected, "{body} {from} {to}");
    }
    let now = Person { id: id(50), workplace: Some(id(3)), ..Person::default() };
    assert_eq!(keys(&now), ["works_at:asker:03"]);
    // the history says since when
    let both = Person { posts: vec![post(3, "2015", "")], ..now };
    let told = findings(&ground(), &both);
    assert_eq!((told.len(), told[0].evidence.from.as_deref()), (1, Some("2015")));
}

#[test]
fn closeness_weighs() {
    let severity = |body: u128, to: &str| {
        let person = Person { id: id(50), posts: vec![post(body, "2015", to)], ..Person::default() };
        findings(&ground(), &person)[0].severity
    };
    assert_eq!(severity(1, ""), ConflictSeverity::High);
    assert_eq!(severity(3, ""), ConflictSeverity::Medium);
    assert_eq!(severity(1, "2025"), ConflictSeverity::Medium);
    assert_eq!(severity(4, ""), ConflictSeverity::High);
}

#[test]
fn drafters_and_who_worked_with_them_are_found() {
    assert_eq!(keys(&Person { id: id(100), ..Person::default() }), ["drafter"]);
    let shared = |kind, title: &str, year| Shared { kind, drafter: Some(id(99)), title: title.to_owned(), year };
    let person = Person {
        id: id(50),
        shared: vec![
            shared(ConflictKind::SharedPublication, "Cũ", Some(2020)),
            shared(ConflictKind::SharedPublication, "Mới", Some(2025)),
            shared(ConflictKind::SharedPublication, "Vừa", Some(2021)),
            shared(ConflictKind::SharedProject, "Không rõ năm", None),
        ],
        ..Person::default()
    };
    let told = findings(&ground(), &person);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].evidence.title.as_deref(), Some("Mới"));
    assert_eq!(told[1].evidence.count, Some(2), "what is too old does not count");
    assert!(told[0].words().en.contains("year unknown"), "{:?}", told[0].words());
    assert_eq!(told[1].words().vi, "Đồng tác giả 2 công trình với người soạn thảo; gần nhất: “Mới” (năm 2025).");
}

#[test]
fn offices_and_declarations_are_found_and_told_in_both_languages() {
    let person = Person {
        id: id(50),
        offices: vec![post(1, "2024-01-01", "")],
        declared: vec![(id(7), "Anh trai là giám đốc".to_owned())],
        ..Person::default()
    };
    let told = findings(&ground(), &person);
    let words: Vec<Say> = told.iter().map(Finding::words).collect();
    assert_eq!(words[0].vi, "Giữ chức vụ trong Sở Mẫu (cơ quan đề nghị), từ 2024-01-01.");
    assert_eq!(words[1].en, "Is an officer of Sở Mẫu (under who decides), since 2024-01-01.");
    assert_eq!(words[2].vi, "Tự khai: Anh trai là giám đốc");
}

fn decision(outcome: ConflictOutcome, covers: &[&str]) -> Decision {
    Decision { id: id(1), outcome, covers: covers.iter().map(|key| (*key).to_owned()).collect() }
}

#[test]
fn a_waiver_covers_what_was_known_and_nothing_else() {
    use ConflictOutcome::{Declared, None as Nothing, Open, Recused, Waived};
    let found = |keys: &[&str]| -> Vec<Finding> {
        let kind = |key: &str| if key.starts_with("declared") { ConflictKind::Declared } else { ConflictKind::WorksAt };
        keys.iter()
            .map(|key| finding((*key).to_owned(), kind(key), ConflictSeverity::High, Evidence::default()))
            .collect()
    };
    let (waive, recuse) = (|keys: &[&str]| decision(Waived, keys), || decision(Recused, &[]));
    for (keys, decisions, expected, open) in [
        (vec![], vec![], Nothing, vec![]),
        (vec!["a"], vec![], Open, vec!["a"]),
        (vec!["a", "declared:1"], vec![decision(Declared, &[])], Declared, vec!["a", "declared:1"]),
        (vec!["a"], vec![waive(&["a"])], Waived, vec![]),
        (vec!["a", "b"], vec![waive(&["a"])], Open, vec!["b"]),
        (vec!["a", "b"], vec![waive(&["a"]), waive(&["b"])], Waived, vec![]),
        (vec!["a", "declared:1"], vec![waive(&["a"]), decision(Declared, &[])], Declared, vec!["declared:1"]),
        (vec![], vec![recuse()], Recused, vec![]),
        (vec!["a"], vec![recuse(), waive(&["a"])], Waived, vec![]),
        (vec!["a"], vec![waive(&["a"]), recuse()], Recused, vec![]),
        (vec![], vec![recuse(), waive(&[])], Nothing, vec![]),
    ] {
        let (seen, left) = outcome(&found(&keys), &decisions);
        assert_eq!((seen, left), (expected, open.into_iter().map(str::to_owned).collect()), "{keys:?} {decisions:?}");
    }
}

#[test]
fn more_than_a_third_from_one_employer_is_seen() {
    let (a, b) = (Some(id(1)), Some(id(2)));
    for (employers, expected) in [
        (vec![a, a, b, None, None], vec![(id(1), 2)]),
        (vec![a, b, None], vec![]),
        (vec![a, a, b, b, None, None], vec![]),
        (vec![a, a, b, b, None], vec![(id(1), 2), (id(2), 2)]),
        (vec![a], vec![]),
        (vec![None, None, None], vec![]),
        (vec![], vec![]),
    ] {
        assert_eq!(unbalanced(&employers), expected, "{employers:?}");
    }
}

proptest! {
    /// More work, more offices, more years: never fewer findings, and the same record has the same ones in any order.
    #[test]
    fn more_of_a_record_finds_no_less(
        bodies in proptest::collection::vec((1_u128..7, 2000_i16..2027, 0_i16..20), 0..8),
        years in 0_u32..30,
    ) {
        let posts: Vec<Post> = bodies.iter().map(|(body, from, lasted)| {
            post(*body, &from.to_string(), &(from + lasted).to_string())
        }).collect();
        let ground = Ground { work_years: years, ..ground() };
        let all = |posts: Vec<Post>, ground: &Ground| {
            findings(ground, &Person { id: id(50), posts, ..Person::default() })
        };
        let told: Vec<String> = all(posts.clone(), &ground).into_iter().map(|one| one.key).collect();
        let mut back = posts.clone();
        back.reverse();
        let again: Vec<String> = all(back, &ground).into_iter().map(|one| one.key).collect();
        prop_assert_eq!(&told, &again);
        if let Some((_, fewer)) = posts.split_last() {
            for one in all(fewer.to_vec(), &ground) {
                prop_assert!(told.contains(&one.key));
            }
        }
        let longer = Ground { work_years: years + 1, ..ground };
        let more: Vec<String> = all(posts, &longer).into_iter().map(|one| one.key).collect();
        prop_assert!(told.iter().all(|key| more.contains(key)));
    }
}
