//! What is derived of an expert's record: sort keys, and the words a search compares with.

use std::collections::{BTreeMap, HashMap};

use super::model::Draft;
use super::vocabulary::Vocabulary;
use crate::kernel::name::sort_key;
use crate::kernel::text::{accent_key, fold};
use crate::organisations::matching::match_key;

/// Derived columns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the columns")]
pub struct Keys {
    pub name_sort: Vec<u8>,
    pub workplace_key: Option<String>,
    pub standing: i16,
}

impl Keys {
    /// Derives them.
    pub fn of(draft: &Draft, vocabulary: &Vocabulary) -> Self {
        Self {
            name_sort: sort_key(&draft.name),
            workplace_key: draft.workplace.as_deref().map(match_key),
            standing: vocabulary.standing(draft.academic_rank.as_deref(), draft.degree.as_deref()),
        }
    }
}

/// Where a word stands, the most telling last; PostgreSQL calls them D, C, B and A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Biography, titles of publications.
    Text = 0,
    /// Workplace, unit, position.
    Work = 1,
    /// Specialties, fields and those above them.
    Topic = 2,
    /// Names.
    Name = 3,
}

/// Before a word that is kept with its accents; no folded word holds it.
pub const ACCENTED: char = '=';

/// What PostgreSQL keeps of a word at most, in places and in their number.
const LAST_POSITION: u16 = 16_383;
const MOST_POSITIONS: usize = 255;
/// Longer words are no words, and PostgreSQL's index takes 2,046 bytes.
const LONGEST_WORD: usize = 200;

/// The words of an expert with their places, as PostgreSQL's `tsvector` has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordIndex {
    lexemes: BTreeMap<String, Vec<u16>>,
    position: u16,
}

impl WordIndex {
    /// Adds a text; a gap before it, so that no phrase reaches from one text into the next.
    pub fn add(&mut self, place: Place, text: &str, folds: &mut Folds) {
        self.position = self.position.saturating_add(1);
        for accented in accent_key(text).split(' ').filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD) {
            let folded = folds.of(accented);
            for word in folded.split(' ').filter(|word| !word.is_empty()) {
                self.position = self.position.saturating_add(1).min(LAST_POSITION);
                self.put(word.to_owned(), place);
            }
            self.put(format!("{ACCENTED}{accented}"), place);
        }
    }

    fn put(&mut self, lexeme: String, place: Place) {
        let positions = self.lexemes.entry(lexeme).or_default();
        let entry = self.position | ((place as u16) << 14);
        // one position bears one place
        let is_new = positions.last().is_none_or(|last| (last & LAST_POSITION) != self.position);
        if is_new && positions.len() < MOST_POSITIONS {
            positions.push(entry);
        }
    }

    /// Each word with its positions; the two highest bits are the place.
    pub fn lexemes(&self) -> impl ExactSizeIterator<Item = (&str, &[u16])> {
        self.lexemes.iter().map(|(lexeme, positions)| (lexeme.as_str(), positions.as_slice()))
    }
}

/// Folded words, kept: a load of 100,000 people uses some thousand words, millions of times.
#[derive(Debug, Default)]
pub struct Folds(HashMap<String, String>);

impl Folds {
    /// More than this many words are not remembered.
    const MOST: usize = 50_000;

    fn of(&mut self, word: &str) -> String {
        if let Some(folded) = self.0.get(word) {
            return folded.clone();
        }
        let folded = fold(word);
        if self.0.len() < Self::MOST {
            self.0.insert(word.to_owned(), folded.clone());
        }
        folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_folded_and_with_their_accents_at_one_position() {
        let mut index = WordIndex::default();
        let folds = &mut Folds::default();
        index.add(Place::Name, "Kpă Đường", folds);
        index.add(Place::Topic, "đường, Hoà", folds);
        let seen: Vec<String> = index
            .lexemes()
            .map(|(word, positions)| {
                let positions = positions.iter().map(|p| format!("{}@{}", p & LAST_POSITION, p >> 14));
                format!("{word} {}", positions.collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(
            seen,
            ["=hoà 6@2", "=kpă 2@3", "=đường 3@3 5@2", "duong 3@3 5@2", "hoa 6@2", "kpa 2@3"],
            "a gap is left between texts"
        );
    }

    #[test]
    fn what_is_too_long_for_the_database_is_left_out() {
        let mut index = WordIndex::default();
        let folds = &mut Folds::default();
        index.add(Place::Text, &"b".repeat(3_000), folds);
        assert_eq!(index.lexemes().len(), 0);
        index.add(Place::Text, &"an ".repeat(20_000), folds);
        let (_, positions) = index.lexemes().next().unwrap();
        assert_eq!((positions.len(), index.position), (MOST_POSITIONS, LAST_POSITION));
    }
}
