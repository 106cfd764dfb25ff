//! How many experts there are, for other slices: of those the caller of a scope may know of, and of nobody else.

use std::collections::HashMap;

use super::model::ExpertField;
use super::store::{self, DegreeCounts, FieldCounts, GroupCounts};
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Digits of the codes of a scheme, level by level.
const LEVELS: [usize; 4] = [1, 3, 5, 7];

/// Experts by code of a scheme, or of what lies under one code: each code counts whoever stands in it or below it, and each
/// person once. `scope` is that of [`SearchExperts`](super::policy::SearchExperts), so that `GET /experts?field=` finds as many.
///
/// # Errors
/// 503 when the database is away.
pub async fn by_field(
    conn: &mut Conn,
    scope: &Scope,
    scheme: &str,
    under: Option<&str>,
) -> Answer<HashMap<String, i64>> {
    let mut people = add_up(store::count_fields(conn, FieldCounts::new(scope, scheme, under)).await?);
    // of what lies above only a part was counted
    people.retain(|code, _| code.starts_with(under.unwrap_or_default()));
    Ok(people)
}

/// Experts by code of a scheme and by degree (empty without one), as [`by_field`] counts them: who left the bank or died is not
/// counted.
///
/// # Errors
/// 503 when the database is away.
pub async fn by_field_and_degree(
    conn: &mut Conn,
    scope: &Scope,
    scheme: &str,
) -> Answer<HashMap<String, HashMap<String, i64>>> {
    let mut rows: HashMap<String, Vec<(String, i16, i64)>> = HashMap::new();
    for (code, new_from, degree, count) in store::count_degrees(conn, DegreeCounts::new(scope, scheme)).await? {
        rows.entry(degree).or_default().push((code, new_from, count));
    }
    let mut people: HashMap<String, HashMap<String, i64>> = HashMap::new();
    for (degree, rows) in rows {
        for (code, count) in add_up(rows) {
            people.entry(code).or_default().insert(degree.clone(), count);
        }
    }
    Ok(people)
}

/// Adds the rows of each code to it and to those above it, from the level on at which their people are counted first.
fn add_up(rows: Vec<(String, i16, i64)>) -> HashMap<String, i64> {
    let mut people: HashMap<String, i64> = HashMap::new();
    for (code, new_from, count) in rows {
        let new_from = usize::try_from(new_from).unwrap_or_default();
        for above in LEVELS.iter().filter(|length| **length >= new_from).filter_map(|length| code.get(..*length)) {
            *people.entry(above.to_owned()).or_default() += count;
        }
    }
    people
}

/// For each of a person's fields, the number of digits from which on none before it begins alike: where the person is counted
/// first by it.
pub(super) fn new_from(fields: &[ExpertField]) -> Vec<i16> {
    let shared = |one: &ExpertField, other: &ExpertField| {
        let alike = |length: &&usize| match (one.code.get(..**length), other.code.get(..**length)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        };
        if one.scheme == other.scheme { LEVELS.iter().rev().find(alike).copied().unwrap_or_default() } else { 0 }
    };
    let first = |(at, field): (usize, &ExpertField)| {
        let most = fields.iter().take(at).map(|earlier| shared(earlier, field)).max().unwrap_or_default();
        // levels have an odd number of digits, each two more than the one above
        i16::try_from(if most == 0 { 1 } else { most + 2 }).unwrap_or(i16::MAX)
    };
    fields.iter().enumerate().map(first).collect()
}

/// Experts by group of fields: whoever stands in a field the group takes along, or chose the group; each person once.
///
/// # Errors
/// 503 when the database is away.
pub async fn by_group(conn: &mut Conn, scope: &Scope, groups: &[&str]) -> Answer<HashMap<String, i64>> {
    Ok(store::count_groups(conn, GroupCounts::new(scope, groups)).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_new_from_where_no_earlier_one_begins_alike() {
        let field = |text: &str| {
            let (scheme, code) = text.split_once(':').unwrap_or(("A", text));
            ExpertField { scheme: scheme.to_owned(), code: code.to_owned(), main: false }
        };
        for (codes, expected) in [
            (vec!["40401"], vec![1]),
            (vec!["40401", "40402", "401", "101"], vec![1, 5, 3, 1]),
            (vec!["4", "404", "40401"], vec![1, 3, 5]),
            (vec!["40401", "404", "4"], vec![1, 5, 3]),
            (vec!["40401", "B:40401", "A:40499"], vec![1, 1, 5]),
            (vec!["4040101", "4040102", "40401"], vec![1, 7, 7]),
        ] {
            let fields: Vec<ExpertField> = codes.iter().map(|code| field(code)).collect();
            assert_eq!(new_from(&fields), expected, "{codes:?}");
        }
    }

    #[test]
    fn a_person_counts_once_in_every_field_above() {
        // one person in 40401 and 40402 and 4, another in 40402 alone, a third in 101
        let rows = [("40401", 1, 1), ("40402", 5, 1), ("4", 3, 1), ("40402", 1, 1), ("101", 1, 1)]
            .map(|(c, n, k)| (c.to_owned(), n, k));
        let mut people: Vec<(String, i64)> = add_up(rows.to_vec()).into_iter().collect();
        people.sort();
        let expected = [("1", 1), ("101", 1), ("4", 2), ("404", 2), ("40401", 1), ("40402", 2)];
        assert_eq!(people, expected.map(|(code, count)| (code.to_owned(), count)));
        assert!(add_up(Vec::new()).is_empty());
    }
}
