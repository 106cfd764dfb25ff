//! What a record gains from another one of the same person, and how that is taken back: rules over values.
//!
//! What the winner says stands. The loser fills what the winner leaves open, and adds to its lists.

use super::super::form::MAX_ITEMS;
use super::super::model::{Draft, ExpertField, Membership, Restricted};
use crate::kernel::partial_date::{PartialDate, Precision};
use crate::kernel::text::fold;

/// A record that another one filled.
#[derive(Debug, PartialEq)]
pub struct Filled {
    /// The record.
    pub draft: Draft,
    /// Members of the other one that found no place, or not all of what they hold.
    pub left_out: Vec<&'static str>,
}

/// The record of the winner, filled from that of the loser; its birth date and contacts only where these may be `shared` with
/// whoever reads those of the winner.
pub fn fill(winner: &Draft, loser: &Draft, shared: bool) -> Filled {
    let (mut draft, mut left_out) = (winner.clone(), Vec::new());
    fill_standing(&mut draft, loser);
    fill_work(&mut draft, loser);
    fill_lists(&mut draft, loser, &mut left_out);
    fill_details(&mut draft, loser, &mut left_out);
    let restricted = fill_restricted(&winner.restricted, &loser.restricted);
    if shared {
        draft.restricted = restricted;
    } else {
        left_out.extend(differences(&winner.restricted, &restricted));
    }
    // the name is kept as one the person is written by
    let names = std::iter::once(&loser.name.full).chain(&loser.other_names).cloned().collect::<Vec<_>>();
    let known = |name: &String| *name == winner.name.full || winner.former_names.contains(name);
    let names = names.into_iter().filter(|name| !known(name));
    add(("other_names", &mut left_out), &mut draft.other_names, names, |one, two| one == two);
    Filled { draft, left_out }
}

fn open<T: Clone>(winner: &mut Option<T>, loser: &Option<T>) {
    if winner.is_none() {
        winner.clone_from(loser);
    }
}

fn fill_standing(draft: &mut Draft, loser: &Draft) {
    // a year belongs to its rank or degree
    if draft.academic_rank.is_none()
        || (draft.academic_rank == loser.academic_rank && draft.academic_rank_year.is_none())
    {
        draft.academic_rank.clone_from(&loser.academic_rank);
        draft.academic_rank_year = loser.academic_rank_year;
    }
    if draft.degree.is_none() || (draft.degree == loser.degree && draft.degree_year.is_none()) {
        draft.degree.clone_from(&loser.degree);
        draft.degree_year = loser.degree_year;
    }
    open(&mut draft.gender, &loser.gender);
    open(&mut draft.nationality, &loser.nationality);
    open(&mut draft.professional_title, &loser.professional_title);
    open(&mut draft.biography, &loser.biography);
    open(&mut draft.publications_count, &loser.publications_count);
    open(&mut draft.nominated_by, &loser.nominated_by);
    open(&mut draft.standing_evidence, &loser.standing_evidence);
    open(&mut draft.max_parallel, &loser.max_parallel);
    if draft.accepted_kinds.is_empty() {
        draft.accepted_kinds.clone_from(&loser.accepted_kinds);
    }
}

/// Post, unit, workplace and place belong together: half of one job and half of another would be a third.
fn fill_work(draft: &mut Draft, loser: &Draft) {
    if draft.workplace.is_some() || draft.workplace_id.is_some() {
        return;
    }
    if loser.workplace.is_none() && loser.workplace_id.is_none() {
        open(&mut draft.position, &loser.position);
        open(&mut draft.province_id, &loser.province_id);
        open(&mut draft.country, &loser.country);
        return;
    }
    let is_other = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && ours != theirs;
    if is_other(&draft.position, &loser.position) || is_other(&draft.unit, &loser.unit) {
        return;
    }
    draft.workplace.clone_from(&loser.workplace);
    draft.workplace_id = loser.workplace_id;
    draft.unit.clone_from(&loser.unit);
    draft.province_id = loser.province_id.or(draft.province_id);
    draft.country = loser.country.clone().or(draft.country.take());
    draft.position.clone_from(&loser.position);
}

/// Adds what is not there yet, up to what a form may hold; where that is not all, it is noted by name.
fn add<T>(
    (name, left_out): (&'static str, &mut Vec<&'static str>),
    list: &mut Vec<T>,
    more: impl Iterator<Item = T>,
    same: impl Fn(&T, &T) -> bool,
) {
    for item in more {
        if list.iter().any(|known| same(known, &item)) {
            continue;
        }
        if list.len() < MAX_ITEMS {
            list.push(item);
        } else if !left_out.contains(&name) {
            left_out.push(name);
        }
    }
}

fn fill_lists(draft: &mut Draft, loser: &Draft, left_out: &mut Vec<&'static str>) {
    let folded = |one: &String, two: &String| fold(one) == fold(two);
    add(("other_titles", &mut *left_out), &mut draft.other_titles, loser.other_titles.iter().cloned(), |one, two| {
        one == two
    });
    add(("specialties", &mut *left_out), &mut draft.specialties, loser.specialties.iter().cloned(), folded);
    add(("honours", &mut *left_out), &mut draft.honours, loser.honours.iter().cloned(), folded);
    add(("field_groups", &mut *left_out), &mut draft.field_groups, loser.field_groups.iter().cloned(), |one, two| {
        one == two
    });
    add(("languages", &mut *left_out), &mut draft.languages, loser.languages.iter().cloned(), |one, two| {
        one.code == two.code
    });
    let known: Vec<String> = std::iter::once(&draft.name.full).chain(&draft.other_names).cloned().collect();
    let former = loser.former_names.iter().filter(|name| !known.contains(name)).cloned();
    add(("former_names", &mut *left_out), &mut draft.former_names, former, |one, two| one == two);
    // which fields are the main ones the winner has said, unless it has none
    let has_main = draft.fields.iter().any(|field| field.main);
    let fields = loser.fields.iter().map(|field| ExpertField { main: field.main && !has_main, ..field.clone() });
    add(("fields", &mut *left_out), &mut draft.fields, fields, |one, two| {
        one.scheme == two.scheme && one.code == two.code
    });
    // of one association there is one story
    let of_others = loser
        .memberships
        .iter()
        .filter(|item| !draft.memberships.iter().any(|known| known.organisation_id == item.organisation_id));
    let of_others: Vec<Membership> = of_others.cloned().collect();
    if loser.memberships.iter().any(|item| !of_others.contains(item) && !draft.memberships.contains(item)) {
        left_out.push("memberships");
    }
    add(("memberships", &mut *left_out), &mut draft.memberships, of_others.into_iter(), |one, two| one == two);
}

fn fill_details(draft: &mut Draft, loser: &Draft, left_out: &mut Vec<&'static str>) {
    let (into, from) = (&mut draft.details, &loser.details);
    add(("education", &mut *left_out), &mut into.education, from.education.iter().cloned(), |one, two| one == two);
    add(("work_history", &mut *left_out), &mut into.work_history, from.work_history.iter().cloned(), |one, two| {
        one == two
    });
    add(("projects", &mut *left_out), &mut into.projects, from.projects.iter().cloned(), |one, two| {
        fold(&one.title) == fold(&two.title)
    });
    add(("awards", &mut *left_out), &mut into.awards, from.awards.iter().cloned(), |one, two| one == two);
    add(("patents", &mut *left_out), &mut into.patents, from.patents.iter().cloned(), |one, two| one == two);
    add(
        ("council_experience", &mut *left_out),
        &mut into.council_experience,
        from.council_experience.iter().cloned(),
        |one, two| one == two,
    );
}

fn fill_restricted(winner: &Restricted, loser: &Restricted) -> Restricted {
    let mut filled = winner.clone();
    filled.date_of_birth = fuller(winner.date_of_birth, loser.date_of_birth);
    open(&mut filled.email, &loser.email);
    open(&mut filled.phone, &loser.phone);
    open(&mut filled.address, &loser.address);
    filled
}

/// Which restricted members differ.
fn differences(one: &Restricted, two: &Restricted) -> Vec<&'static str> {
    let differ = [
        ("date_of_birth", one.date_of_birth != two.date_of_birth),
        ("email", one.email != two.email),
        ("phone", one.phone != two.phone),
        ("address", one.address != two.address),
    ];
    differ.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

/// The winner's date, or the loser's where that says the same more closely.
fn fuller(winner: Option<PartialDate>, loser: Option<PartialDate>) -> Option<PartialDate> {
    let (Some(one), Some(two)) = (winner, loser) else { return winner.or(loser) };
    let within = one.first_day() <= two.first_day() && two.last_day() <= one.last_day();
    let closer = one.precision() != Precision::Day && one.precision() != two.precision();
    Some(if within && closer { two } else { one })
}

/// Names of members with a place in the record.
macro_rules! each_member {
    ($visit:ident) => {
        $visit!(
            academic_rank, academic_rank_year, degree, degree_year, other_titles, gender, nationality, professional_title,
            honours, position, unit, workplace, workplace_id, province_id, country, fields, field_groups, specialties,
            languages, publications_count, former_names, other_names, biography, memberships, nominated_by,
            standing_evidence, max_parallel, accepted_kinds;
            restricted: date_of_birth, email, phone, address;
            details: education, work_history, projects, awards, patents, council_experience
        )
    };
}

/// Which members of a record another one filled.
pub fn filled(before: &Draft, after: &Draft) -> Vec<&'static str> {
    let mut names = Vec::new();
    macro_rules! compare {
        ($($own:ident),*; $($part:ident: $($member:ident),*);*) => {
            $(if before.$own != after.$own { names.push(stringify!($own)); })*
            $($(if before.$part.$member != after.$part.$member { names.push(stringify!($member)); })*)*
        };
    }
    each_member!(compare);
    names
}

/// Takes back what was filled: a record as it is now, without what it gained between `before` and `after`. What was edited
/// since in other members stays.
///
/// # Errors
/// The members that were filled and edited since.
pub fn unfill(now: &Draft, before: &Draft, after: &Draft) -> Result<Draft, Vec<&'static str>> {
    let (mut draft, mut edited) = (now.clone(), Vec::new());
    macro_rules! take_back {
        ($($own:ident),*; $($part:ident: $($member:ident),*);*) => {
            $(take_back!(@one stringify!($own), $own);)*
            $($(take_back!(@one stringify!($member), $part.$member);)*)*
        };
        (@one $name:expr, $($path:ident).+) => {
            if before.$($path).+ != after.$($path).+ {
                if now.$($path).+ == after.$($path).+ {
                    draft.$($path).+.clone_from(&before.$($path).+);
                } else {
                    edited.push($name);
                }
            }
        };
    }
    each_member!(take_back);
    if edited.is_empty() { Ok(draft) } else { Err(edited) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::name::PersonName;

    fn draft(name: &str) -> Draft {
        let name = PersonName { full: name.to_owned(), given: name.to_owned(), ..PersonName::default() };
        Draft { name, ..Draft::default() }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_the_winner_says_stands_and_the_loser_fills_the_rest() {
        let born = |text: &str| Some(text.parse().unwrap());
        let winner = Draft {
            degree: some("THS"),
            workplace: some("Trường Đại học Tân Trào"),
            specialties: vec!["Lâm sinh".to_owned()],
            restricted: Restricted { date_of_birth: born("1970"), ..Restricted::default() },
            ..draft("Nguyễn Văn Ẩn")
        };
        let restricted =
            Restricted { date_of_birth: born("1970-05-02"), email: some("a@b.example"), ..Restricted::default() };
        let loser = Draft {
            degree: some("TS"),
            degree_year: Some(2010),
            position: some("Trưởng phòng"),
            workplace: some("Sở Nông nghiệp"),
            gender: some("male"),
            specialties: vec!["LÂM SINH".to_owned(), "Quế".to_owned()],
            restricted: restricted.clone(),
            ..draft("Nguyen Van An")
        };
        let Filled { draft: merged, left_out } = fill(&winner, &loser, true);
        assert_eq!(left_out, Vec::<&str>::new());
        assert_eq!((merged.degree.as_deref(), merged.degree_year), (Some("THS"), None), "a year of another degree");
        assert_eq!((merged.workplace, merged.position), (winner.workplace.clone(), None), "a post elsewhere");
        assert_eq!((merged.gender, merged.specialties), (loser.gender.clone(), vec!["Lâm sinh".into(), "Quế".into()]));
        assert_eq!((merged.restricted, merged.other_names), (restricted, vec!["Nguyen Van An".to_owned()]));
        assert_eq!(
            filled(&winner, &fill(&winner, &loser, true).draft),
            ["gender", "specialties", "other_names", "date_of_birth", "email"]
        );
    }

    #[test]
    fn what_finds_no_place_is_named() {
        let many = |prefix: &str, count: usize| (0..count).map(|at| format!("{prefix} {at}")).collect::<Vec<_>>();
        let membership = |position: &str| Membership {
            organisation_id: uuid::Uuid::nil(),
            position: some(position),
            from: None,
            to: None,
        };
        let winner = Draft {
            specialties: many("Quế", MAX_ITEMS - 1),
            memberships: vec![membership("Ủy viên")],
            ..draft("Nguyễn Văn Ẩn")
        };
        let loser = Draft {
            specialties: many("Hồi", 2),
            honours: many("Bằng khen", 2),
            memberships: vec![membership("Hội viên")],
            restricted: Restricted { email: some("a@b.example"), ..Restricted::default() },
            ..winner.clone()
        };
        let filled = fill(&winner, &loser, true);
        assert_eq!(filled.left_out, ["specialties", "memberships"]);
        assert_eq!((filled.draft.specialties.len(), filled.draft.honours.len()), (MAX_ITEMS, 2));
        let kept_apart = fill(&winner, &loser, false);
        assert_eq!(kept_apart.left_out, ["specialties", "memberships", "email"]);
        assert_eq!(kept_apart.draft.restricted, winner.restricted, "contacts stay with whom they were given to");
    }

    #[test]
    fn a_birth_date_is_never_replaced_by_another_one() {
        for (winner, loser, expected) in [
            ("1970", "1971-05-02", "1970"),
            ("1970-05", "1970-05-02", "1970-05-02"),
            ("1970-05-02", "1970", "1970-05-02"),
            ("1970-05-02", "1970-05-03", "1970-05-02"),
        ] {
            let read = |text: &str| Some(text.parse::<PartialDate>().unwrap());
            assert_eq!(fuller(read(winner), read(loser)), read(expected), "{winner} and {loser}");
        }
    }

    #[test]
    fn what_was_edited_since_stands_in_the_way_and_nothing_else_does() {
        let before = draft("Nguyễn Văn Ẩn");
        let after = Draft { gender: some("male"), biography: some("Sinh ở Na Hang"), ..before.clone() };
        let edited = Draft { position: some("Trưởng khoa"), ..after.clone() };
        let back = unfill(&edited, &before, &after).unwrap();
        assert_eq!(back, Draft { position: some("Trưởng khoa"), ..before.clone() });
        let in_the_way = Draft { biography: some("Sinh ở Chiêm Hóa"), gender: None, ..edited };
        assert_eq!(unfill(&in_the_way, &before, &after), Err(vec!["gender", "biography"]));
    }

    /// A record of a few members, each open or one of a few values.
    fn records() -> impl Strategy<Value = Draft> {
        let word = || proptest::option::of("[ab]");
        let words = || proptest::collection::vec("[abc]", 0..3);
        ("[ab]", word(), word(), word(), words(), words(), word(), words()).prop_map(
            |(name, degree, workplace, position, specialties, honours, email, former_names)| Draft {
                degree,
                workplace,
                position,
                specialties,
                honours,
                former_names,
                restricted: Restricted { email, ..Restricted::default() },
                ..draft(&name)
            },
        )
    }

    proptest! {
        #[test]
        fn to_fill_loses_nothing_of_the_winner_and_is_taken_back_whole(winner in records(), loser in records()) {
            let Filled { draft: merged, left_out } = fill(&winner, &loser, true);
            prop_assert!(left_out.is_empty(), "everything fits");
            prop_assert!(winner.position.is_none() || merged.position == winner.position);
            prop_assert_eq!(&unfill(&merged, &winner, &merged).unwrap(), &winner);
            prop_assert!(winner.specialties.iter().all(|item| merged.specialties.contains(item)));
            prop_assert!(winner.degree.is_none() || merged.degree == winner.degree);
            prop_assert!(winner.workplace.is_none() || merged.position == winner.position);
            prop_assert_eq!(fill(&merged, &loser, true).draft, merged, "twice is once");
        }
    }
}
