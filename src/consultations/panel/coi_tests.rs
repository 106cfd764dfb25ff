use proptest::prelude::*;

use super::*;
use crate::kernel::problem::Say;

const TODAY: &str = "2026-11-26";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tie(side: ConflictSide, tie: ConflictTie) -> Tie {
    let root = match side {
        ConflictSide::Asker => id(1),
        ConflictSide::Authority => id(2),
        ConflictSide::Drafter => id(4),
    };
    Tie { side, tie, root, from: None, to: None }
}

/// 1 asks, 2 decides and stands above 1, 3 under 1, 4 drafted it, 9 has no part; 6 stood under 1 from 2015 to 2023, 7 since 2024.
fn ground() -> Ground {
    use ConflictSide::{Asker, Authority, Drafter as Drafted};
    use ConflictTie::{Above, Below, Same};
    let drafter = |entry, expert: Option<u128>, name: &str| Drafter {
        entry: id(entry),
        expert: expert.map(id),
        name: Spelling::of(name),
    };
    Ground {
        today: day(TODAY),
        work_years: 5,
        shared_years: 5,
        ties: HashMap::from([
            (id(1), vec![tie(Asker, Same), tie(Authority, Below)]),
            (id(2), vec![tie(Asker, Above), tie(Authority, Same)]),
            (id(3), vec![tie(Asker, Below)]),
            (id(4), vec![tie(Drafted, Same)]),
            (id(5), vec![tie(Drafted, Above)]),
            (id(6), vec![Tie { from: Some(day("2015-01-01")), to: Some(day("2023-12-31")), ..tie(Asker, Below) }]),
            (id(7), vec![Tie { from: Some(day("2024-01-01")), ..tie(Asker, Below) }]),
        ]),
        names: HashMap::from([(id(1), "Sở Mẫu".to_owned())]),
        drafters: vec![drafter(0x71, Some(100), "Lê Thị Mẫu"), drafter(0x72, None, "Trần Văn Thử")],
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
        (1, "2019", "", vec!["works_at:asker:01:01:same", "works_at:authority:02:01:below"]),
        (2, "2019", "", vec!["works_at:asker:01:02:above", "works_at:authority:02:02:same"]),
        (3, "", "", vec!["works_at:asker:01:03:below"]),
        (9, "", "", vec![]),
        (1, "2010", "2021-11-26", vec!["worked_at:asker:01:01:same", "worked_at:authority:02:01:below"]),
        (1, "2010", "2021-11-25", vec![]),
        // a year alone may have been all of it
        (1, "2010", "2021", vec!["worked_at:asker:01:01:same", "worked_at:authority:02:01:below"]),
        (1, "2010", "2020", vec![]),
        (1, "2027", "", vec![]),
        (1, "2020", "2030", vec!["works_at:asker:01:01:same", "works_at:authority:02:01:below"]),
        (4, "2020", "", vec!["works_for_drafter:drafter:04:04:same"]),
        (4, "2020", "2025", vec![]),
        (5, "2020", "", vec![]),
        // a body that went elsewhere counts for the time before, and one that came for the time since
        (6, "2016", "", vec!["worked_at:asker:01:06:below"]),
        (6, "2016", "2022", vec!["worked_at:asker:01:06:below"]),
        (6, "2024", "", vec![]),
        (6, "2016", "2019", vec![]),
        (7, "2016", "2023", vec![]),
        (7, "2016", "2024-06", vec!["worked_at:asker:01:07:below"]),
        (7, "2016", "", vec!["works_at:asker:01:07:below"]),
    ] {
        let person = Person { id: id(50), posts: vec![post(body, from, to)], ..Person::default() };
        assert_eq!(keys(&person), expected, "{body} {from} {to}");
    }
    let now = Person { id: id(50), workplace: Some(id(3)), ..Person::default() };
    assert_eq!(keys(&now), ["works_at:asker:01:03:below"]);
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

/// Something done together with the drafter 0x71, as both have it in their records.
fn shared(kind: ConflictKind, title: &str, year: Option<i32>) -> Shared {
    Shared { kind, drafter: id(0x71), is_certain: true, title: title.to_owned(), year, work: digest(title) }
}

/// Three publications, one of them too old, and a project of no known year.
fn co_author() -> Person {
    Person {
        id: id(50),
        shared: vec![
            shared(ConflictKind::SharedPublication, "Cũ", Some(2020)),
            shared(ConflictKind::SharedPublication, "Mới", Some(2025)),
            shared(ConflictKind::SharedPublication, "Vừa", Some(2021)),
            shared(ConflictKind::SharedProject, "Không rõ năm", None),
        ],
        ..Person::default()
    }
}

#[test]
fn drafters_and_who_worked_with_them_are_found() {
    assert_eq!(keys(&Person { id: id(100), ..Person::default() }), ["drafter"]);
    // who has the name of a drafter without a record may be them
    for (name, expected) in [
        ("Trần Văn Thử", vec!["drafter:72"]),
        ("TRẦN VĂN THỬ", vec!["drafter:72"]),
        ("Tran Van Thu", vec!["drafter:72"]),
        ("Trần Văn Thư", vec![]),
        // the record of this one is known, and is another
        ("Lê Thị Mẫu", vec![]),
    ] {
        let person = Person { id: id(50), name: Spelling::of(name), ..Person::default() };
        assert_eq!(keys(&person), expected, "{name}");
        let severities: Vec<_> = findings(&ground(), &person).into_iter().map(|one| one.severity).collect();
        assert!(severities.iter().all(|severity| *severity == ConflictSeverity::Low));
    }
    let person = co_author();
    let told = findings(&ground(), &person);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].evidence.title.as_deref(), Some("Mới"));
    assert_eq!(told[1].evidence.count, Some(2), "what is too old does not count");
    assert!(told[0].words().en.contains("year unknown"), "{:?}", told[0].words());
    assert_eq!(told[1].words().vi, "Đồng tác giả 2 công trình với người soạn thảo; gần nhất: “Mới” (năm 2025).");
    // by a name alone it is told so, and weighs less
    let by_name = Shared { is_certain: false, ..shared(ConflictKind::SharedPublication, "Mới", Some(2025)) };
    let by_name = findings(&ground(), &Person { id: id(50), shared: vec![by_name], ..Person::default() });
    assert_eq!(by_name[0].severity, ConflictSeverity::Low);
    assert!(by_name[0].key.ends_with(":by_name") && by_name[0].words().en.starts_with("May share 1 works"));
    // the person is not told who of the bank drafted it, nor the title; what is kept for good has neither
    for told in [told[1].for_the_person(), told[1].bare()] {
        assert_eq!((told.evidence.drafter_id, &told.evidence.title), (None, &None));
        assert_eq!(told.words().vi, "Đồng tác giả 2 công trình với người soạn thảo.");
    }
}

#[test]
fn a_waiver_of_works_covers_these_works() {
    let person = co_author();
    // another work is another conflict, of whatever year, and one with another drafter, too
    let mut later = person.clone();
    later.shared.push(shared(ConflictKind::SharedPublication, "Cũng năm ấy", Some(2025)));
    later.shared.push(Shared { drafter: id(0x72), ..shared(ConflictKind::SharedPublication, "Khác", Some(2025)) });
    assert!(keys(&person)[1].starts_with("shared_publication:71:"));
    assert_ne!(keys(&later)[1], keys(&person)[1]);
    assert!(keys(&later)[2].starts_with("shared_publication:72:"));
    let waived = |person: &Person, later: &Person, then: &Ground| {
        let covers: Vec<String> = findings(&ground(), person).iter().flat_map(Finding::covers).collect();
        let waiver = Decision { id: id(1), outcome: ConflictOutcome::Waived, covers };
        outcome(&findings(then, later), &[waiver]).0
    };
    assert_eq!(waived(&person, &later, &ground()), ConflictOutcome::Open, "a work nobody read of is not waived");
    // years later fewer of them count: what was waived stays so
    let years_on = Ground { today: day("2028-01-01"), ..ground() };
    assert_ne!(findings(&years_on, &person), findings(&ground(), &person));
    assert_eq!(waived(&person, &person, &years_on), ConflictOutcome::Waived);
    assert_eq!(waived(&later, &person, &ground()), ConflictOutcome::Waived);
}

fn declared(n: u128, by_person: bool) -> Declared {
    Declared { id: id(n), statement: "Anh trai là giám đốc".to_owned(), by_person }
}

#[test]
fn offices_and_declarations_are_found_and_told_in_both_languages() {
    let person = Person {
        id: id(50),
        offices: vec![post(1, "2024-01-01", "")],
        declared: vec![declared(7, true), declared(8, false)],
        ..Person::default()
    };
    let told = findings(&ground(), &person);
    let words: Vec<Say> = told.iter().map(Finding::words).collect();
    assert_eq!(words[0].vi, "Giữ chức vụ trong Sở Mẫu (cơ quan đề nghị), từ 2024-01-01.");
    assert_eq!(words[1].en, "Is an officer of Sở Mẫu (under who decides), since 2024-01-01.");
    assert_eq!(words[2].vi, "Tự khai: Anh trai là giám đốc");
    assert_eq!(words[3].vi, "Văn phòng Liên hiệp hội ghi nhận: Anh trai là giám đốc");
    assert_eq!(told[3].bare().words().vi, "Đã được khai.");
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
    let lifted = recuse().recusal();
    for (keys, decisions, expected, open) in [
        (vec![], vec![], Nothing, vec![]),
        (vec!["a"], vec![], Open, vec!["a"]),
        (vec!["a", "declared:1"], vec![decision(Declared, &[])], Declared, vec!["a", "declared:1"]),
        (vec!["a"], vec![waive(&["a"])], Waived, vec![]),
        (vec!["a", "b"], vec![waive(&["a"])], Open, vec!["b"]),
        (vec!["a", "b"], vec![waive(&["a"]), waive(&["b"])], Waived, vec![]),
        (vec!["a", "declared:1"], vec![waive(&["a"]), decision(Declared, &[])], Declared, vec!["declared:1"]),
        (vec![], vec![recuse()], Recused, vec![]),
        (vec!["a"], vec![recuse(), waive(&["a", &lifted])], Waived, vec![]),
        (vec!["a"], vec![waive(&["a"]), recuse()], Recused, vec![]),
        (vec![], vec![recuse(), waive(&[&lifted])], Nothing, vec![]),
        // who left a body has a weaker tie than the one that was waived, and not the other way round
        (vec!["worked_at:x"], vec![waive(&["works_at:x"])], Waived, vec![]),
        (vec!["works_at:x"], vec![waive(&["worked_at:x"])], Open, vec!["works_at:x"]),
        // two who became one: the waiver of the one does not lift the recusal of the other, in whatever order they came
        (vec!["a"], vec![recuse(), waive(&["a"])], Recused, vec![]),
    ] {
        let (seen, left) = outcome(&found(&keys), &decisions);
        assert_eq!((seen, left), (expected, open.into_iter().map(str::to_owned).collect()), "{keys:?} {decisions:?}");
    }
}

#[test]
fn more_than_a_third_from_one_employer_is_seen() {
    let (a, b) = (Some("a".to_owned()), Some("b".to_owned()));
    let (of_a, of_b) = (("a".to_owned(), 2), ("b".to_owned(), 2));
    for (employers, expected) in [
        (vec![a.clone(), a.clone(), b.clone(), None, None], vec![of_a.clone()]),
        (vec![a.clone(), b.clone(), None], vec![]),
        (vec![a.clone(), a.clone(), b.clone(), b.clone(), None, None], vec![]),
        (vec![a.clone(), a.clone(), b.clone(), b, None], vec![of_a, of_b]),
        (vec![a], vec![]),
        (vec![None, None, None], vec![]),
        (vec![], vec![]),
    ] {
        assert_eq!(unbalanced(&employers), expected, "{employers:?}");
    }
    let balance = Balance { employer: "dai hoc mau".to_owned(), name: Some("Đại học Mẫu".to_owned()), count: 3 };
    let person = Person { id: id(50), balance: Some(balance), ..Person::default() };
    assert_eq!(keys(&person), [format!("balance:{}", digest("dai hoc mau"))], "no words about people in keys");
    let words = findings(&ground(), &person)[0].words();
    assert_eq!(words.en, "3 members have one employer, Đại học Mẫu: more than a third of the panel.");
}

#[test]
fn one_employer_has_one_key_however_it_is_written() {
    let key = |text: &str| Some(text.to_owned());
    let one = id(1).to_string();
    let people = [
        (Some(id(1)), key("dai hoc mau")),
        (None, key("dai hoc mau")),
        (Some(id(1)), key("dh mau")),
        (None, key("so mau")),
        (None, None),
    ];
    let seen = employers(&people, &HashMap::from([("dai hoc mau".to_owned(), id(1))]));
    assert_eq!(seen, [Some(one.clone()), Some(one.clone()), Some(one), key("so mau"), None]);
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
