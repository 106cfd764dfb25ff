use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> Period {
    let date = |text: &str| (!text.is_empty()).then(|| day(text));
    Period { from: date(from), to: date(to) }
}

fn body(from: &str, to: &str) -> Body {
    let version = Version {
        period: period(from, to),
        name: "Sở Một".to_owned(),
        name_en: None,
        short_name: None,
        parent_id: None,
        province_id: None,
        document: None,
    };
    Body {
        id: Uuid::from_u128(1),
        code: Some("S1".to_owned()),
        version: 1,
        kind: Kind::Agency,
        source: "test".to_owned(),
        note: None,
        other_names: Vec::new(),
        versions: vec![version],
    }
}

fn fault<T: std::fmt::Debug>(answer: Answer<T>) -> (u16, String) {
    let problem = answer.unwrap_err();
    let place = problem.errors().first();
    (problem.code().status(), place.map(|e| format!("{} {}", e.pointer, e.code)).unwrap_or_default())
}

#[test]
fn periods_include_both_their_days() {
    for (a, b, overlap) in [
        (period("2012-01-01", "2012-12-31"), period("2012-12-31", ""), true),
        (period("2012-01-01", "2012-12-31"), period("2013-01-01", ""), false),
        (period("", ""), period("2013-01-01", "2013-01-01"), true),
        (period("", "2012-12-31"), period("", "2000-01-01"), true),
        (period("", "2012-12-31"), period("2013-01-01", ""), false),
    ] {
        assert_eq!((a.overlaps(b), b.overlaps(a)), (overlap, overlap), "{a:?} {b:?}");
    }
    assert!(!period("2013-01-02", "2013-01-01").is_sound() && period("2013-01-01", "2013-01-01").is_sound());
}

#[test]
fn a_change_leaves_what_was_before_as_it_was() {
    let mut body = body("2000-01-01", "");
    body.change(day("2010-05-01"), None, |version| version.name = "Sở Hai".to_owned()).unwrap();
    let name = |on: &str| body.at(day(on)).map(|version| version.name.as_str());
    assert_eq!(
        ["1999-12-31", "2000-01-01", "2010-04-30", "2010-05-01", "2026-11-23"].map(name),
        [None, Some("Sở Một"), Some("Sở Một"), Some("Sở Hai"), Some("Sở Hai")]
    );
    for (on, expected) in [
        ("2010-05-01", (409, String::new())),
        ("2005-01-01", (409, String::new())),
        ("1999-01-01", (422, "/effective_on before_start".to_owned())),
    ] {
        assert_eq!(fault(body.clone().change(day(on), None, |_| {})), expected, "{on}");
    }
    body.end(day("2025-07-01")).unwrap();
    assert_eq!(body.period(), period("2000-01-01", "2025-06-30"));
    assert_eq!(body.at(day("2025-07-01")), None);
    assert_eq!(body.at_or_last(day("2026-01-01")).unwrap().name, "Sở Hai");
    assert_eq!(fault(body.end(day("2025-07-02"))).0, 409);
}

#[test]
fn a_body_ends_on_or_after_its_first_day() {
    assert!(body("2012-01-01", "2012-01-01").check().is_ok());
    assert_eq!(fault(body("2012-01-02", "2012-01-01").check()), (422, "/valid_to end_before_start".to_owned()));
    assert_eq!(fault(body("2012-01-01", "").end(day("2012-01-01"))), (422, "/effective_on before_start".to_owned()));
}

#[test]
fn a_successor_fits_the_kind_and_the_day() {
    let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let back = Succession {
        predecessor: new,
        successor: old,
        kind: SuccessionKind::MergedInto,
        effective_on: day("2030-01-01"),
    };
    let planned = Succession { predecessor: Uuid::from_u128(3), ..back };
    for (kind, successor, lives, known, code) in [
        (SuccessionKind::MergedInto, new, period("2000-01-01", ""), None, ""),
        (SuccessionKind::MergedInto, new, period("", ""), None, ""),
        (SuccessionKind::Consolidated, new, period("2025-07-01", ""), None, ""),
        (SuccessionKind::Split, new, period("2025-07-01", ""), None, ""),
        (SuccessionKind::Divided, new, period("2025-07-01", "2025-07-01"), None, ""),
        (SuccessionKind::MergedInto, old, period("2000-01-01", ""), None, "cycle"),
        (SuccessionKind::MergedInto, new, period("2000-01-01", "2030-01-01"), Some(back), "cycle"),
        (SuccessionKind::MergedInto, new, period("2000-01-01", ""), Some(planned), "contradicts_succession"),
        (SuccessionKind::Split, new, period("2025-07-01", ""), Some(planned), ""),
        (SuccessionKind::MergedInto, new, period("2000-01-01", "2025-06-30"), None, "successor_ended"),
        (SuccessionKind::Consolidated, new, period("2025-07-02", ""), None, "successor_not_begun"),
        (SuccessionKind::Consolidated, new, period("2025-06-30", ""), None, "successor_not_new"),
        (SuccessionKind::Divided, new, period("", ""), None, "successor_not_new"),
        (SuccessionKind::MergedInto, new, period("2025-07-01", ""), None, "successor_is_new"),
    ] {
        let succession = Succession { predecessor: old, successor, kind, effective_on: day("2025-07-01") };
        let known: Vec<Succession> = known.into_iter().collect();
        let seen = check_successor("/x", succession, lives, &known).err();
        let seen = seen.map(|problem| problem.errors()[0].code).unwrap_or_default();
        assert_eq!(seen, code, "{kind:?} {lives:?}");
    }
}

#[test]
fn the_number_of_successors_belongs_to_the_kind() {
    for (kind, wanted) in [
        (SuccessionKind::Renamed, [false, true, false]),
        (SuccessionKind::MergedInto, [false, true, false]),
        (SuccessionKind::Consolidated, [false, true, false]),
        (SuccessionKind::Split, [false, true, true]),
        (SuccessionKind::Divided, [false, false, true]),
    ] {
        assert_eq!([0, 1, 2].map(|count| kind.check_count(count).is_ok()), wanted, "{kind:?}");
        assert_eq!(SuccessionKind::parse(kind.as_str()), Some(kind));
        assert!(kind.check_count(21).is_err());
    }
    assert_eq!(Kind::ALL.map(|kind| Kind::parse(kind.as_str())), Kind::ALL.map(Some));
}

#[test]
fn dates_and_successions_must_agree() {
    let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let effective_on = day("2025-07-01");
    let gives = |kind| Succession { predecessor: me, successor: other, kind, effective_on };
    let takes = Succession { predecessor: other, successor: me, kind: SuccessionKind::Consolidated, effective_on };
    let receives = Succession { kind: SuccessionKind::MergedInto, ..takes };
    for (body, succession, expected) in [
        (body("", "2025-06-30"), gives(SuccessionKind::MergedInto), ""),
        (body("", "2025-06-29"), gives(SuccessionKind::MergedInto), "/valid_to"),
        (body("2025-07-01", "2025-06-30"), gives(SuccessionKind::MergedInto), "/valid_from"),
        (body("", ""), gives(SuccessionKind::Divided), "/valid_to"),
        (body("", ""), gives(SuccessionKind::Split), ""),
        (body("", "2025-06-30"), gives(SuccessionKind::Split), "/valid_to"),
        (body("2025-07-01", ""), gives(SuccessionKind::Split), "/valid_from"),
        (body("2025-07-01", ""), takes, ""),
        (body("2025-07-02", ""), takes, "/valid_from"),
        (body("2025-06-30", ""), takes, "/valid_from"),
        (body("", ""), takes, "/valid_from"),
        (body("", ""), receives, ""),
        (body("2025-07-01", ""), receives, "/valid_from"),
        (body("", "2025-06-30"), receives, "/valid_to"),
    ] {
        let seen = check_dates(&body, &[succession]).err().map(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(seen.unwrap_or_default(), expected, "{succession:?} {:?}", body.period());
    }
}

#[test]
fn nothing_stands_under_itself_on_any_day() {
    let link = |child: u128, parent: u128, period| Subordination {
        child: Uuid::from_u128(child),
        parent: Uuid::from_u128(parent),
        period,
    };
    let always = period("", "");
    let heir = (Uuid::from_u128(2), day("2020-01-01"), Uuid::from_u128(7));
    for (known, heirs, new, expected) in [
        (vec![], vec![], link(1, 1, always), true),
        (vec![link(2, 1, always)], vec![], link(1, 2, always), true),
        (vec![link(2, 3, always), link(3, 1, always)], vec![], link(1, 2, always), true),
        (vec![link(2, 3, always), link(3, 4, always)], vec![], link(1, 2, always), false),
        // it stood under the other until the day before
        (vec![link(2, 1, period("", "2012-12-31"))], vec![], link(1, 2, period("2013-01-01", "")), false),
        (vec![link(2, 1, period("", "2012-12-31"))], vec![], link(1, 2, period("2012-12-31", "")), true),
        // the circle closes only years after
        (vec![link(2, 1, period("2020-01-01", ""))], vec![], link(1, 2, period("2013-01-01", "")), true),
        // a circle elsewhere hangs nothing up
        (vec![link(8, 9, always), link(9, 8, always)], vec![], link(1, 8, always), false),
        // the parent's place is held by what stands under it
        (vec![link(7, 1, always)], vec![heir], link(1, 2, always), true),
        (vec![link(7, 1, period("", "2019-12-31"))], vec![heir], link(1, 2, always), false),
    ] {
        let hierarchy = Hierarchy::new(known.iter().copied().chain([new]), heirs);
        assert_eq!(hierarchy.has_cycle(new), expected, "{known:?} {new:?}");
    }
}

#[test]
fn namesakes_live_at_one_time_in_one_place() {
    let place = |period, province_id, parent: Option<u128>| Place {
        period,
        province_id,
        parent_id: parent.map(Uuid::from_u128),
    };
    let always = period("", "");
    // province 1 became part of 2 on 2025-07-01
    let merged = |id: i32, on: NaiveDate| if id == 1 && on >= day("2025-07-01") { 2 } else { id };
    for (a, b, expected) in [
        (place(always, None, None), place(always, None, None), true),
        (place(always, Some(1), None), place(always, Some(1), Some(7)), true),
        (place(always, Some(1), Some(8)), place(always, Some(1), Some(7)), false),
        (place(always, Some(1), None), place(always, None, None), false),
        (place(always, Some(1), None), place(always, Some(2), None), true),
        (place(period("", "2025-06-30"), Some(1), None), place(always, Some(2), None), false),
        (place(period("", "2012-12-31"), Some(1), None), place(period("2013-01-01", ""), Some(1), None), false),
    ] {
        assert_eq!(are_namesakes(a, b, merged), expected, "{a:?} {b:?}");
        assert_eq!(are_namesakes(b, a, merged), expected, "{b:?} {a:?}");
    }
}

proptest! {
    /// Whatever is changed, when and in whatever order it is tried: on each day of its life a body has one version, on
    /// others none, and a change that was refused left nothing behind.
    #[test]
    fn versions_have_no_gaps_and_no_overlaps(days in prop::collection::vec(0_i64..4_000, 1..12), end in 0_i64..5_000) {
        let start = day("2010-01-01");
        let mut body = body("2010-01-01", "");
        for offset in days {
            let before = body.clone();
            if body.change(start + chrono::TimeDelta::days(offset), None, |version| version.name.push('x')).is_err() {
                prop_assert_eq!(&body, &before);
            }
        }
        let _ = body.end(start + chrono::TimeDelta::days(end));
        prop_assert!(body.check().is_ok());
        for offset in -5..5_005 {
            let on = start + chrono::TimeDelta::days(offset);
            let count = body.versions.iter().filter(|version| version.period.contains(on)).count();
            prop_assert_eq!(count, usize::from(body.period().contains(on)));
        }
    }
}
