//! Three-way merge of a record, as git does it: what a source last sent (the base), what it sends now (theirs) and what is
//! kept here (ours), member by member.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::form::keep_untouched;
use super::model::{Draft, Publication};
use super::profile::members;

/// A record member by member, named as in the form; what is empty is left out.
pub type Members = Map<String, Value>;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Both say the same.
    Same,
    /// The source's value comes in.
    Theirs,
    /// The value kept here stays.
    Ours,
    /// Both changed it, and not to the same: the value kept here stays until somebody decides.
    Conflict,
}

/// What the Union laid down about merging.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeRules {
    /// Members of which the source is always believed.
    pub source_wins: BTreeSet<String>,
    /// It is believed in what it says anew alone: the record came to somebody whom the source did not bring, and who stood for it
    /// then decided what of it counts.
    pub of_news_alone: bool,
}

impl MergeRules {
    /// True when a difference is settled by what the source says. Of what it never said it is not asked: that a source keeps no
    /// degrees says nothing of anybody's.
    fn source_wins(&self, name: &str, base: Option<Option<&Value>>, theirs: Option<&Value>) -> bool {
        let has_said = theirs.is_some() || base.flatten().is_some();
        let is_news = base.is_some_and(|base| base != theirs);
        self.source_wins.contains(name) && has_said && (is_news || !self.of_news_alone)
    }
}

/// Merges a record. Without a base nothing is known of who changed what, so every difference is a conflict.
pub fn merge(
    base: Option<&Members>,
    theirs: &Members,
    ours: &Members,
    rules: &MergeRules,
) -> BTreeMap<String, Outcome> {
    let names: BTreeSet<&String> =
        theirs.keys().chain(ours.keys()).chain(base.into_iter().flat_map(Map::keys)).collect();
    let outcome = |name: &String| {
        let (theirs, ours) = (theirs.get(name), ours.get(name));
        let base = base.map(|base| base.get(name));
        if theirs == ours {
            Outcome::Same
        } else if rules.source_wins(name, base, theirs) || base == Some(ours) {
            Outcome::Theirs
        } else if base == Some(theirs) {
            Outcome::Ours
        } else {
            Outcome::Conflict
        }
    };
    names.into_iter().map(|name| (name.clone(), outcome(name))).collect()
}

/// A record and its publications as members. Where a workplace stands in the register is found here, not said by a source,
/// unless it names the organisation itself: ask before that is looked for.
pub fn said(draft: &Draft, publications: &[Publication]) -> Members {
    let mut members = members(draft);
    let mut works = serde_json::to_value(publications).unwrap_or_default();
    works.as_array_mut().into_iter().flatten().filter_map(|work| work.get_mut("id")).for_each(|id| *id = Value::Null);
    members.insert("publications".to_owned(), works);
    members.retain(|_, value| !is_empty(value));
    members
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// A merged record: what came in, what is open, and what the source is remembered to have said.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Members that come from the source.
    pub taken: BTreeSet<String>,
    /// Members somebody must decide about.
    pub conflicts: BTreeSet<String>,
    /// The base from now on. What is open keeps its old one, so that it is told again.
    pub base: Members,
}

impl Merged {
    /// Merges; `decided` are members somebody decided, whatever comes of them by itself: `true` for the source's value.
    pub fn of(
        base: Option<&Members>,
        theirs: &Members,
        ours: &Members,
        rules: &MergeRules,
        decided: &BTreeMap<String, bool>,
    ) -> Self {
        let mut merged = Self { taken: BTreeSet::new(), conflicts: BTreeSet::new(), base: theirs.clone() };
        for (name, outcome) in merge(base, theirs, ours, rules) {
            match (outcome, decided.get(&name)) {
                (Outcome::Same, _) | (Outcome::Ours, None) | (_, Some(false)) => {}
                (Outcome::Theirs, None) | (_, Some(true)) => _ = merged.taken.insert(name),
                (Outcome::Conflict, None) => {
                    match base.and_then(|base| base.get(&name)) {
                        Some(before) => merged.base.insert(name.clone(), before.clone()),
                        None => merged.base.remove(&name),
                    };
                    merged.conflicts.insert(name);
                }
            }
        }
        merged
    }

    /// The record after the merge. Another workplace is another organisation, until that is found.
    pub fn draft(&self, theirs: &Draft, ours: &Draft) -> Draft {
        let mut draft = theirs.clone();
        keep_untouched(&mut draft, ours, &self.taken);
        if !self.taken.contains("other_titles") {
            draft.other_titles.clone_from(&ours.other_titles);
        }
        let moves = self.taken.contains("workplace") || self.taken.contains("province");
        if moves && !self.taken.contains("workplace_id") {
            draft.workplace_id = None;
        }
        draft
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::kernel::name::PersonName;

    fn one(value: &str) -> Members {
        let mut members = Members::new();
        if !value.is_empty() {
            members.insert("degree".to_owned(), json!(value));
        }
        members
    }

    #[test]
    fn a_member_follows_who_changed_it() {
        let wins = MergeRules { source_wins: ["degree".to_owned()].into(), of_news_alone: false };
        for (base, theirs, ours, plain, source_wins) in [
            (Some("a"), "a", "a", Outcome::Same, Outcome::Same),
            (Some("a"), "b", "a", Outcome::Theirs, Outcome::Theirs),
            (Some("a"), "a", "b", Outcome::Ours, Outcome::Theirs),
            (Some("a"), "b", "b", Outcome::Same, Outcome::Same),
            (Some("a"), "b", "c", Outcome::Conflict, Outcome::Theirs),
            (Some("a"), "", "a", Outcome::Theirs, Outcome::Theirs),
            (Some("a"), "", "b", Outcome::Conflict, Outcome::Theirs),
            (Some("a"), "a", "", Outcome::Ours, Outcome::Theirs),
            (Some(""), "a", "", Outcome::Theirs, Outcome::Theirs),
            (Some(""), "a", "b", Outcome::Conflict, Outcome::Theirs),
            (Some(""), "", "b", Outcome::Ours, Outcome::Ours),
            (None, "a", "b", Outcome::Conflict, Outcome::Theirs),
            (None, "a", "a", Outcome::Same, Outcome::Same),
        ] {
            let base = base.map(one);
            for (rules, expected) in [(&MergeRules::default(), plain), (&wins, source_wins)] {
                let merged = merge(base.as_ref(), &one(theirs), &one(ours), rules);
                assert_eq!(merged["degree"], expected, "{base:?} {theirs} {ours}");
            }
            let of_news = MergeRules { of_news_alone: true, ..wins.clone() };
            let is_news = base.as_ref().is_some_and(|base| *base != one(theirs));
            let expected = if is_news { source_wins } else { plain };
            let merged = merge(base.as_ref(), &one(theirs), &one(ours), &of_news);
            assert_eq!(merged["degree"], expected, "{base:?} {theirs} {ours}, of news alone");
        }
        assert!(merge(Some(&one("")), &one(""), &one(""), &wins).is_empty());
    }

    fn members() -> impl Strategy<Value = Members> {
        let value = prop_oneof![Just("x"), Just("y"), Just("z")];
        prop::collection::btree_map(prop_oneof![Just("a"), Just("b"), Just("c"), Just("d")], value, 0..4)
            .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    }

    /// Members after a merge, as [`Merged::draft`] does it for a record.
    fn result(merged: &Merged, theirs: &Members, ours: &Members) -> Members {
        let mut result = ours.clone();
        for name in &merged.taken {
            match theirs.get(name) {
                Some(value) => result.insert(name.clone(), value.clone()),
                None => result.remove(name),
            };
        }
        result
    }

    proptest! {
        #[test]
        fn a_second_merge_changes_nothing_and_tells_the_same_conflicts(
            base in prop::option::of(members()), theirs in members(), ours in members()
        ) {
            let rules = MergeRules { source_wins: ["d".to_owned()].into(), of_news_alone: false };
            let first = Merged::of(base.as_ref(), &theirs, &ours, &rules, &BTreeMap::new());
            let after = result(&first, &theirs, &ours);
            let known = base.is_some();
            let again = Merged::of(Some(&first.base), &theirs, &after, &rules, &BTreeMap::new());
            prop_assert!(again.taken.is_empty() || !known, "{first:?} {again:?}");
            if known {
                prop_assert_eq!(&again.conflicts, &first.conflicts);
            }
        }

        #[test]
        fn what_nobody_changed_here_becomes_what_the_source_says(base in members(), theirs in members()) {
            let merged = Merged::of(Some(&base), &theirs, &base, &MergeRules::default(), &BTreeMap::new());
            prop_assert!(merged.conflicts.is_empty());
            prop_assert_eq!(result(&merged, &theirs, &base), theirs);
        }

        #[test]
        fn what_the_source_did_not_change_stays_as_it_is_here(base in members(), ours in members()) {
            let merged = Merged::of(Some(&base), &base, &ours, &MergeRules::default(), &BTreeMap::new());
            prop_assert!(merged.taken.is_empty() && merged.conflicts.is_empty());
            prop_assert_eq!(merged.base, base);
        }

        #[test]
        fn a_decision_settles_a_conflict_until_the_source_says_something_else(
            base in members(), theirs in members(), ours in members(), take in any::<bool>()
        ) {
            let rules = MergeRules::default();
            let open = Merged::of(Some(&base), &theirs, &ours, &rules, &BTreeMap::new());
            let decided: BTreeMap<String, bool> = open.conflicts.iter().map(|name| (name.clone(), take)).collect();
            let settled = Merged::of(Some(&base), &theirs, &ours, &rules, &decided);
            prop_assert!(settled.conflicts.is_empty());
            prop_assert_eq!(&settled.base, &theirs);
            let after = result(&settled, &theirs, &ours);
            for name in &open.conflicts {
                prop_assert_eq!(after.get(name), if take { theirs.get(name) } else { ours.get(name) });
            }
            let again = Merged::of(Some(&settled.base), &theirs, &after, &rules, &BTreeMap::new());
            prop_assert!(again.taken.is_empty() && again.conflicts.is_empty());
        }
    }

    #[test]
    fn what_was_decided_is_done_whatever_would_come_of_it_by_itself() {
        let wins = MergeRules { source_wins: ["degree".to_owned()].into(), of_news_alone: false };
        for rules in [MergeRules::default(), wins] {
            for base in [None, Some("a"), Some("b"), Some("c")] {
                for (take, result) in [(true, "b"), (false, "a")] {
                    let (theirs, ours, base) = (one("b"), one("a"), base.map(one));
                    let decided = [("degree".to_owned(), take)].into();
                    let merged = Merged::of(base.as_ref(), &theirs, &ours, &rules, &decided);
                    assert_eq!(self::result(&merged, &theirs, &ours), one(result), "{base:?} {take}");
                    assert!(merged.conflicts.is_empty() && merged.base == theirs, "{base:?} {take}");
                }
            }
        }
    }

    #[test]
    fn a_publication_says_the_same_before_and_after_it_is_stored() {
        let new = Publication { title: "Một bài".into(), ..Publication::default() };
        let stored = Publication { id: Some(crate::kernel::id::new_id()), ..new.clone() };
        let told = said(&Draft::default(), &[stored]);
        assert_eq!(told, said(&Draft::default(), &[new]));
        assert_eq!(told["publications"][0]["id"], Value::Null, "as it is in what was kept of a source");
    }

    #[test]
    fn every_member_of_a_record_can_be_taken_and_kept() {
        let ours = Draft::default();
        let theirs = Draft {
            name: PersonName { full: "An".into(), given: "An".into(), ..PersonName::default() },
            degree: Some("TS".into()),
            other_titles: vec!["VS".into()],
            workplace: Some("Viện Mẫu".into()),
            specialties: vec!["Lâm sinh".into()],
            biography: Some("…".into()),
            max_parallel: Some(2),
            ..Draft::default()
        };
        let publications = [Publication { title: "Một bài".into(), ..Publication::default() }];
        let members = said(&theirs, &publications);
        assert_eq!(members.len(), 8, "{members:?}");
        let nothing = said(&ours, &[]);
        assert!(nothing.is_empty(), "{nothing:?}");
        let merged = Merged::of(Some(&nothing), &members, &nothing, &MergeRules::default(), &BTreeMap::new());
        assert_eq!(merged.draft(&theirs, &ours), theirs);
        let kept = Merged::of(Some(&members), &members, &nothing, &MergeRules::default(), &BTreeMap::new());
        assert_eq!(kept.draft(&theirs, &ours), ours);
    }
}
