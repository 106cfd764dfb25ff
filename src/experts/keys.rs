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

/// What PostgreSQL keeps of a word at most, in places and in their number.
const LAST_POSITION: u16 = 16_383;
const MOST_POSITIONS: usize = 255;
/// Longer words are no words, and PostgreSQL's index takes 2,046 bytes.
const LONGEST_WORD: usize = 200;

/// Words with their positions, as PostgreSQL's `tsvector` has them; the two highest bits of a position are the place.
pub type Lexemes = BTreeMap<String, Vec<u16>>;

/// The words of an expert with their places: folded, by which people are found, and with their accents at the same positions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordIndex {
    /// Folded.
    pub folded: Lexemes,
    /// As they are written, in small letters.
    pub accented: Lexemes,
    position: u16,
}

impl WordIndex {
    /// Adds a text; a gap before it, so that no phrase reaches from one text into the next.
    pub fn add(&mut self, place: Place, text: &str, folds: &mut Folds) {
        self.position = self.position.saturating_add(1);
        for piece in text.split_whitespace() {
            for (accented, folded) in folds.of(piece) {
                for word in folded {
                    self.position = self.position.saturating_add(1).min(LAST_POSITION);
                    put(&mut self.folded, word, self.position, place);
                }
                put(&mut self.accented, accented, self.position, place);
            }
        }
    }
}

fn put(lexemes: &mut Lexemes, lexeme: &str, position: u16, place: Place) {
    let entry = position | ((place as u16) << 14);
    let Some(positions) = lexemes.get_mut(lexeme) else {
        lexemes.insert(lexeme.to_owned(), vec![entry]);
        return;
    };
    // one position bears one place
    let is_new = positions.last().is_none_or(|last| (last & LAST_POSITION) != position);
    if is_new && positions.len() < MOST_POSITIONS {
        positions.push(entry);
    }
}

/// The words of a piece of text without blanks: each with its accents, and what it folds to.
type Pieces = Vec<(String, Vec<String>)>;

/// Words of pieces of text, kept: a load of 100,000 people uses some thousand words, millions of times.
#[derive(Debug, Default)]
pub struct Folds {
    known: HashMap<String, Pieces>,
    last: Pieces,
}

impl Folds {
    /// More than this many pieces are not remembered.
    const MOST: usize = 50_000;

    fn of(&mut self, piece: &str) -> &[(String, Vec<String>)] {
        if self.known.contains_key(piece) {
            return self.known.get(piece).map_or(&[], Vec::as_slice);
        }
        let words = pieces(piece);
        if self.known.len() < Self::MOST {
            return self.known.entry(piece.to_owned()).or_insert(words);
        }
        self.last = words;
        &self.last
    }
}

fn pieces(piece: &str) -> Pieces {
    let key = accent_key(piece);
    let words = key.split(' ').filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD);
    let folded = |word: &str| fold(word).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.map(|word| (word.to_owned(), folded(word))).collect()
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
        let seen = |lexemes: &Lexemes| -> Vec<String> {
            let shown = |(word, positions): (&String, &Vec<u16>)| {
                let positions = positions.iter().map(|p| format!("{}@{}", p & LAST_POSITION, p >> 14));
                format!("{word} {}", positions.collect::<Vec<_>>().join(" "))
            };
            lexemes.iter().map(shown).collect()
        };
        assert_eq!(seen(&index.folded), ["duong 3@3 5@2", "hoa 6@2", "kpa 2@3"], "a gap is left between texts");
        assert_eq!(seen(&index.accented), ["hoà 6@2", "kpă 2@3", "đường 3@3 5@2"]);
    }

    #[test]
    fn what_is_too_long_for_the_database_is_left_out() {
        let mut index = WordIndex::default();
        let folds = &mut Folds::default();
        index.add(Place::Text, &"b".repeat(3_000), folds);
        assert_eq!((index.folded.len(), index.accented.len()), (0, 0));
        index.add(Place::Text, &"an ".repeat(20_000), folds);
        for lexemes in [&index.folded, &index.accented] {
            let (_, positions) = lexemes.first_key_value().unwrap();
            assert_eq!((positions.len(), index.position), (MOST_POSITIONS, LAST_POSITION));
        }
    }
}
