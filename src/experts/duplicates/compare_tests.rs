use super::*;
use crate::experts::duplicates::person::names_of;

/// Name, birth date, workplace, field; empty is unknown.
fn person([name, born, workplace, field]: [&str; 4]) -> Person {
    Person {
        names: names_of(name, [].iter()),
        born: (!born.is_empty()).then(|| born.parse().unwrap()),
        workplace: (!workplace.is_empty()).then(|| workplace.to_owned()),
        fields: (!field.is_empty()).then(|| field.to_owned()).into_iter().collect(),
        ..Person::default()
    }
}

const TRAO: &str = "truong dai hoc tan trao";
const SO: &str = "so khoa hoc cong nghe tuien quang";

#[test]
fn one_person_under_several_spellings_is_likely() {
    let base = person(["Nguyễn Văn Ẩn", "1970-05-02", TRAO, "40401"]);
    for other in [
        ["NGUYEN VAN AN", "1970-05-02", TRAO, "404"],
        ["Ẩn Nguyễn Văn", "1970", TRAO, "40401"],
        ["N. V. Ẩn", "1970", TRAO, "40401"],
        ["Nguyễn Ẩn", "1970-05-02", TRAO, "40401"],
        ["Nguyễn Văn Ẩn", "1970-05-02", SO, "50201"],
        ["Nguyễn Văn Ẩn", "1970", SO, "40401"],
        ["Nguyễn Văn Ẩn", "", TRAO, "40401"],
        ["Nguyễn Văn Ẩn", "1970-02-05", TRAO, "40401"],
    ] {
        let likeness = compare(&base, &person(other)).unwrap_or_else(|| panic!("{other:?} is nobody"));
        assert!(likeness.score >= LIKELY, "{other:?}: {likeness:?}");
        let turned = compare(&person(other), &base).unwrap();
        assert_eq!(likeness, turned, "the order of the two does not matter");
    }
}

#[test]
fn namesakes_are_not_likely() {
    let base = person(["Nguyễn Văn Ẩn", "1970-05-02", TRAO, "40401"]);
    for other in [
        ["Nguyễn Văn Ẩn", "", "", ""],
        ["Nguyễn Văn Ẩn", "", "", "40401"],
        ["Nguyễn Văn Ẩn", "1981", TRAO, "40401"],
        ["Nguyễn Văn Ẩn", "1970-09-11", TRAO, "40401"],
        ["Nguyễn Văn Ẩn", "1970", SO, "50201"],
        ["Nguyễn Văn An", "1970", SO, "40401"],
        ["N. V. Ẩn", "1970", SO, "40401"],
        ["Trần Thị Bình", "1970-05-02", TRAO, "40401"],
    ] {
        let score = compare(&base, &person(other)).map_or(0.0, |likeness| likeness.score);
        assert!(score < LIKELY, "{other:?}: {score}");
    }
}

#[test]
fn what_contradicts_is_never_certain() {
    let with_email = |born, gender: &str| Person {
        emails: vec![vec![1]],
        gender: Some(gender.to_owned()),
        ..person(["Nguyễn Văn Ẩn", born, TRAO, "40401"])
    };
    let base = with_email("1970-05-02", "male");
    for (other, certain) in [
        (with_email("1970-05-02", "male"), true),
        (with_email("1970", "male"), true),
        (with_email("1970-05-02", "female"), false),
        (with_email("1981-05-03", "male"), false),
        (Person { emails: vec![vec![2]], ..with_email("1970-05-02", "male") }, true),
        (Person { emails: vec![vec![2]], ..with_email("1970", "male") }, false),
        (Person { names: names_of("Lê Hòa", [].iter()), ..with_email("1970-05-02", "male") }, false),
    ] {
        let likeness = compare(&base, &other);
        assert_eq!(likeness.as_ref().is_some_and(|likeness| likeness.certain), certain, "{likeness:?}");
    }
}

#[test]
fn co_authors_are_not_taken_for_one() {
    let works = |name| Person {
        dois: vec!["10.1000/a".to_owned(), "10.1000/b".to_owned()],
        titles: vec!["phuc hoi rung phong ho dau nguon".to_owned()],
        ..person([name, "", TRAO, "40401"])
    };
    assert_eq!(compare(&works("Nguyễn Văn Ẩn"), &works("Trần Thị Bình")), None);
    let one = compare(&works("Nguyễn Văn Ẩn"), &works("N. V. An")).unwrap();
    assert!(one.score >= LIKELY, "{one:?}");
}

#[test]
fn names_are_read_as_they_are_written_here() {
    use EvidenceKind as E;
    for (one, other, expected) in [
        ("Hòa Thị Lan", "Hoà Thị Lan", Some(E::SameName)),
        ("Lê Thị Hòa", "Le Thi Hoa", Some(E::SameNameWithoutAccents)),
        ("Lê Thị Hòa", "Lê Thị Hoa", Some(E::OtherAccents)),
        ("Lê Thị Hòa", "Hòa Lê Thị", Some(E::SwappedName)),
        ("Lê Thị Hòa", "Thị Hoà Lê", Some(E::SwappedName)),
        ("Lê Thị Hòa", "L.T. Hòa", Some(E::Initials)),
        ("Lê Thị Hòa", "Hòa L. T.", Some(E::Initials)),
        ("Lê Thị Hòa", "L. T. H.", None),
        ("Giàng A Thào", "Giàng Anh Thào", Some(E::Initials)),
        ("Lê Thị Thu Hòa", "Lê Hòa", Some(E::MiddleNameLeftOut)),
        ("Lê Thị Thu Hòa", "Lê Hoa", None),
        ("Lê Thị Hòa", "Lê Văn Hòa", None),
    ] {
        let found = name(&NameWords::of(one), &NameWords::of(other)).map(|item| item.kind);
        assert_eq!(found, expected, "{one} and {other}");
    }
}
