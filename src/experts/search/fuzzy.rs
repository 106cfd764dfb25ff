//! How much a word says, and what a misspelled one may be. Both look at the words of the caller's audience alone.

use super::super::store::{self, Audience, Weighed};
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::kernel::words::Term;

/// Fewer hits than this are too little, and a word of fewer people may be a misspelled one.
pub const TOO_FEW: usize = 3;
/// Words that may stand in for one.
const MOST: usize = 6;

/// Terms with what they weigh, and how many people have each.
pub async fn weigh(conn: &mut Conn, audience: Audience, terms: Vec<Term>) -> Answer<(Vec<Weighed>, Vec<i64>)> {
    let words: Vec<String> = terms.iter().flat_map(|term| &term.words).map(|word| word.folded.clone()).collect();
    let (people, counts) = store::frequencies(conn, audience, &words).await?;
    let mut counts = counts.into_iter();
    let (mut weighed, mut known) = (Vec::new(), Vec::new());
    for term in terms {
        // a phrase is as rare as the rarest of its words, at least
        let count = counts.by_ref().take(term.words.len()).min().unwrap_or_default().min(people);
        known.push(count);
        weighed.push(Weighed { weight: weight(people, count), term, similar: Vec::new() });
    }
    Ok((weighed, known))
}

/// From 7, for a word that everybody has, to some 100 for one of a single person in 100,000.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a weight needs no more digits")]
fn weight(people: i64, with_word: i64) -> i32 {
    let share = (people.max(1) as f64) / (with_word.max(1) as f64);
    (10.0 * (1.0 + share).ln()).round().min(150.0) as i32
}

/// Terms with what they may be instead; none when that would find nothing either. Rare words are taken for misspelled and,
/// where there are none and nothing is found, all of them.
pub async fn soften(
    conn: &mut Conn,
    audience: Audience,
    weighed: &[Weighed],
    known: &[i64],
    nothing_found: bool,
) -> Answer<Option<Vec<Weighed>>> {
    let few = i64::try_from(TOO_FEW).unwrap_or(i64::MAX);
    let any_rare = known.iter().any(|count| *count < few);
    let is_doubtful = |count: i64| count < few || (nothing_found && !any_rare);
    let spellings: Vec<Vec<String>> = weighed
        .iter()
        .zip(known)
        .map(|(weighed, count)| match weighed.term.words.as_slice() {
            [word] if !weighed.term.quoted && is_doubtful(*count) => edits(&word.folded),
            _ => Vec::new(),
        })
        .collect();
    let all: Vec<String> = spellings.iter().flatten().cloned().collect();
    if all.is_empty() {
        return Ok(None);
    }
    let spelled = store::spelled(conn, audience, &all).await?;
    let mut softened = weighed.to_vec();
    for (weighed, spellings) in softened.iter_mut().zip(&spellings) {
        let fits = spelled.iter().filter(|known| spellings.contains(&known.key));
        weighed.similar = fits.take(MOST).map(|known| known.key.clone()).collect();
    }
    let is_hopeless = softened.iter().zip(known).any(|(weighed, count)| *count == 0 && weighed.similar.is_empty());
    let is_same = softened.iter().all(|weighed| weighed.similar.is_empty());
    Ok((!is_hopeless && !is_same).then_some(softened))
}

/// The words that one slip of the finger away: a letter too many, too few, another one, or two swapped. Short words are
/// too close to one another: of three letters one may be missing or two swapped, and two are never taken for others.
fn edits(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 || letters.iter().any(char::is_ascii_digit) {
        return Vec::new();
    }
    let mut edits = Vec::new();
    for at in 0..=letters.len() {
        let (before, after) = letters.split_at(at);
        let mut add = |middle: &[char], rest: &[char]| {
            edits.push(before.iter().chain(middle).chain(rest).collect::<String>());
        };
        ('a'..='z').for_each(|letter| add(&[letter], after));
        if let [one, two, rest @ ..] = after {
            add(&[*two, *one], rest);
        }
        if let [_, rest @ ..] = after
            && letters.len() > 3
        {
            add(&[], rest);
            ('a'..='z').for_each(|letter| add(&[letter], rest));
        }
    }
    edits.sort_unstable();
    edits.dedup();
    edits.retain(|edit| edit != word);
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_finger_is_forgiven() {
        for (typed, meant, forgiven) in [
            ("ngiep", "nghiep", true),
            ("nguyeen", "nguyen", true),
            ("nguyenn", "nguyen", true),
            ("nguyn", "nguyen", true),
            ("nguyne", "nguyen", true),
            ("mguyen", "nguyen", true),
            ("trn", "tran", true),
            ("lna", "lan", true),
            ("tom", "tam", false),
            ("kpa", "pa", false),
            ("an", "and", false),
            ("nguyen", "nguyen", false),
            ("nguey", "nguyen", false),
            ("k65", "k66", false),
        ] {
            assert_eq!(edits(typed).contains(&meant.to_owned()), forgiven, "{typed} for {meant}");
        }
    }

    #[test]
    fn rare_words_weigh_more() {
        let weights = [100_000, 10_000, 1_000, 10, 1, 0].map(|count| weight(100_000, count));
        assert_eq!(weights, [7, 24, 46, 92, 115, 115]);
        assert_eq!(weight(0, 0), 7);
    }
}
