//! How close the fields of an expert are to those a request is about. Pure.

use crate::consultations::model::FieldCode;
use crate::experts::model::ExpertField;

/// What a field that is not a main one counts beside a main one: it is known, but not what the person stands for.
const BESIDE: f64 = 0.8;
/// Schemes number their fields alike down to this level (46 fields of three digits in each); below it the same digits may
/// mean another field.
const SHARED_LEVELS: usize = 2;

/// The field of an expert that is closest to one that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Which of the fields asked for, from 0.
    pub asked: usize,
    /// Which of the expert's, from 0.
    pub own: usize,
    /// 0 to 1, with what a field counts that is not a main one.
    pub closeness: f64,
}

/// Levels of a code by its digits: one digit, three, five, seven.
const fn depth(code: &str) -> usize {
    code.len().div_ceil(2)
}

/// Levels that two codes share, from the broadest down.
fn common(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    // one digit is a level, and each two more
    same.div_ceil(2)
}

/// How close a field is to one that was asked for, 0 to 1: the field itself or one under it is what was asked for; a broader
/// one may hold it; one beside it in the same group of three digits is near, in the same broad area hardly.
pub fn closeness(asked: (&str, &str), own: (&str, &str)) -> f64 {
    let one_scheme = asked.0 == own.0;
    let cut = |code: &str| if one_scheme { depth(code) } else { depth(code).min(SHARED_LEVELS) };
    let (wanted, has) = (cut(asked.1), cut(own.1));
    let shared = common(asked.1, own.1).min(wanted).min(has);
    if shared == depth(asked.1) {
        return 1.0;
    }
    match (shared, has == shared) {
        (0, _) => 0.0,
        (1, false) => 0.1,
        (1, true) => 0.15,
        (2, false) => 0.5,
        (2, true) => 0.6,
        (_, false) => 0.75,
        (_, true) => 0.8,
    }
}

/// For each field asked for the closest of an expert's: the first of equals.
pub fn matches(asked: &[FieldCode], own: &[ExpertField]) -> Vec<Match> {
    let best = |(at, field): (usize, &FieldCode)| {
        let value = |own: &ExpertField| {
            let close = closeness((&field.scheme, &field.code), (&own.scheme, &own.code));
            close * if own.main { 1.0 } else { BESIDE }
        };
        let mut best: Option<Match> = None;
        for (own, closeness) in own.iter().map(value).enumerate() {
            if closeness > best.as_ref().map_or(0.0, |best| best.closeness) {
                best = Some(Match { asked: at, own, closeness });
            }
        }
        best
    };
    asked.iter().enumerate().filter_map(best).collect()
}

/// The mean over the fields asked for, 0 to 1; none when none was asked for.
#[expect(clippy::cast_precision_loss, reason = "a handful of fields")]
pub fn mean(asked: &[FieldCode], matches: &[Match]) -> Option<f64> {
    let sum: f64 = matches.iter().map(|found| found.closeness).sum();
    (!asked.is_empty()).then(|| (sum / asked.len() as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &str = "BKHCN-2008";
    const NEW: &str = "BKHCN-2025";

    #[test]
    fn fields_are_close_by_what_they_share() {
        for (asked, own, expected) in [
            ((OLD, "40401"), (OLD, "40401"), 1.0),
            ((OLD, "404"), (OLD, "40401"), 1.0),
            ((OLD, "4"), (OLD, "40401"), 1.0),
            ((OLD, "40401"), (OLD, "404"), 0.6),
            ((OLD, "40401"), (OLD, "40402"), 0.5),
            ((OLD, "40401"), (OLD, "40101"), 0.1),
            ((OLD, "404"), (OLD, "401"), 0.1),
            ((OLD, "404"), (OLD, "4"), 0.15),
            ((OLD, "404"), (OLD, "304"), 0.0),
            ((OLD, "40401"), (OLD, "41401"), 0.1),
            ((NEW, "4040102"), (NEW, "4040103"), 0.75),
            ((NEW, "4040102"), (NEW, "40401"), 0.8),
            // of another scheme three digits mean the same, five need not
            ((NEW, "404"), (OLD, "40401"), 1.0),
            ((NEW, "40401"), (OLD, "40401"), 0.6),
            ((NEW, "40401"), (OLD, "40109"), 0.1),
        ] {
            assert!((closeness(asked, own) - expected).abs() < 1e-9, "{asked:?} {own:?}: {}", closeness(asked, own));
        }
    }

    fn field(code: &str, main: bool) -> ExpertField {
        ExpertField { scheme: OLD.to_owned(), code: code.to_owned(), main }
    }

    fn asked(codes: &[&str]) -> Vec<FieldCode> {
        codes.iter().map(|code| FieldCode { scheme: OLD.to_owned(), code: (*code).to_owned() }).collect()
    }

    #[test]
    fn the_mean_is_over_what_was_asked() {
        let wanted = asked(&["40401", "502"]);
        for (own, expected) in [
            (vec![field("40401", true), field("502", true)], 1.0),
            (vec![field("40401", true)], 0.5),
            (vec![field("40401", false)], 0.4),
            (vec![], 0.0),
        ] {
            let seen = mean(&wanted, &matches(&wanted, &own)).unwrap();
            assert!((seen - expected).abs() < 1e-9, "{own:?}: {seen}");
        }
        assert_eq!(mean(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn another_field_never_makes_it_worse(
            wanted in prop::collection::vec("[1-6](0[1-9](0[1-5])?)?", 1..4),
            own in prop::collection::vec(("[1-6](0[1-9](0[1-5])?)?", any::<bool>()), 0..4),
            more in ("[1-6](0[1-9](0[1-5])?)?", any::<bool>()),
        ) {
            let wanted = asked(&wanted.iter().map(String::as_str).collect::<Vec<_>>());
            let mut own: Vec<ExpertField> = own.iter().map(|(code, main)| field(code, *main)).collect();
            let before = mean(&wanted, &matches(&wanted, &own)).unwrap();
            own.push(field(&more.0, more.1));
            let after = mean(&wanted, &matches(&wanted, &own)).unwrap();
            prop_assert!(after >= before && (0.0..=1.0).contains(&after));
        }
    }
}
