//! What is derived of an expert's record: sort keys, and the words a search compares with.

use std::collections::HashMap;
use std::sync::Arc;

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

/// A word; a load of 100,000 people has some thousand words millions of times, so each is kept once.
pub type Word = Arc<str>;

/// Words with their positions, as PostgreSQL's `tsvector` has them: by word, then by position, whose two highest bits are the
/// place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexemes(Vec<Lexeme>);

/// A word at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexeme {
    /// Its first bytes: most words differ in them, and need not be looked at.
    head: u64,
    word: Word,
    /// The position with its place.
    pub position: u16,
}

impl Lexeme {
    fn of(word: &Word, position: u16, place: Place) -> Self {
        let mut head = [0; 8];
        head.iter_mut().zip(word.as_bytes()).for_each(|(head, byte)| *head = *byte);
        Self { head: u64::from_be_bytes(head), word: Arc::clone(word), position: position | ((place as u16) << 14) }
    }

    const fn at(&self) -> u16 {
        self.position & LAST_POSITION
    }

    fn is_word_of(&self, other: &Self) -> bool {
        self.head == other.head && self.word == other.word
    }
}

impl Lexemes {
    /// Each word with its positions, in the order of their bytes. One position bears one place, the first that was given.
    pub fn each(&self) -> impl Iterator<Item = (&Word, &[Lexeme])> {
        let groups = self.0.chunk_by(Lexeme::is_word_of);
        groups.filter_map(|group| Some((&group.first()?.word, group.get(..MOST_POSITIONS).unwrap_or(group))))
    }

    fn sort(&mut self) {
        // stable: of two places at one position the one that came first is kept
        self.0.sort_by(|one, two| {
            one.head.cmp(&two.head).then_with(|| one.word.cmp(&two.word)).then_with(|| one.at().cmp(&two.at()))
        });
        self.0.dedup_by(|one, two| one.at() == two.at() && one.is_word_of(two));
    }
}

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
                    self.folded.0.push(Lexeme::of(word, self.position, place));
                }
                self.accented.0.push(Lexeme::of(accented, self.position, place));
            }
        }
    }

    /// Puts them in order; nothing is added afterwards.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.folded.sort();
        self.accented.sort();
        self
    }
}

/// The words of a piece of text without blanks: each with its accents, and what it folds to.
type Pieces = Vec<(Word, Vec<Word>)>;

/// Words of pieces of text, kept: a load of 100,000 people uses some thousand words, millions of times.
#[derive(Debug, Default)]
pub struct Folds {
    /// Where the words of a piece stand.
    known: HashMap<String, usize>,
    words: Vec<Pieces>,
    last: Pieces,
}

impl Folds {
    /// More than this many pieces are not remembered.
    const MOST: usize = 50_000;

    fn of(&mut self, piece: &str) -> &[(Word, Vec<Word>)] {
        if let Some(place) = self.known.get(piece) {
            return self.words.get(*place).map_or(&[], Vec::as_slice);
        }
        self.last = pieces(piece);
        if self.known.len() < Self::MOST {
            self.known.insert(piece.to_owned(), self.words.len());
            self.words.push(self.last.clone());
        }
        &self.last
    }
}

fn pieces(piece: &str) -> Pieces {
    let key = accent_key(piece);
    let words = key.split(' ').filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD);
    let folded = |word: &str| fold(word).split(' ').filter(|word| !word.is_empty()).map(Word::from).collect();
    words.map(|word| (Word::from(word), folded(word))).collect()
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
        let index = index.sorted();
        let seen = |lexemes: &Lexemes| -> Vec<String> {
            let shown = |(word, lexemes): (&Word, &[Lexeme])| {
                let positions = lexemes.iter().map(|lexeme| format!("{}@{}", lexeme.at(), lexeme.position >> 14));
                format!("{word} {}", positions.collect::<Vec<_>>().join(" "))
            };
            lexemes.each().map(shown).collect()
        };
        assert_eq!(seen(&index.folded), ["duong 3@3 5@2", "hoa 6@2", "kpa 2@3"], "a gap is left between texts");
        assert_eq!(seen(&index.accented), ["hoà 6@2", "kpă 2@3", "đường 3@3 5@2"]);
    }

    #[test]
    fn words_stand_in_the_order_of_their_bytes() {
        let words = ["an", "anh", "nghiencuu", "nghiencuua", "nghiencu", "a", "zz", "nghiencub", "đ", "d"];
        let mut index = WordIndex::default();
        index.add(Place::Text, &words.join(" "), &mut Folds::default());
        let index = index.sorted();
        let seen: Vec<String> = index.accented.each().map(|(word, _)| word.to_string()).collect();
        let mut expected = words.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_too_long_for_the_database_is_left_out() {
        let mut index = WordIndex::default();
        let folds = &mut Folds::default();
        index.add(Place::Text, &"b".repeat(3_000), folds);
        assert_eq!((index.folded.each().count(), index.accented.each().count()), (0, 0));
        index.add(Place::Text, &"an ".repeat(20_000), folds);
        let index = index.sorted();
        for lexemes in [&index.folded, &index.accented] {
            let (_, positions) = lexemes.each().next().unwrap();
            assert_eq!((positions.len(), index.position), (MOST_POSITIONS, LAST_POSITION));
        }
    }

    #[test]
    fn the_first_place_of_a_position_counts() {
        let mut lexemes = Lexemes::default();
        let word = Word::from("an");
        for (position, place) in [(7, Place::Topic), (7, Place::Text), (3, Place::Name), (7, Place::Name)] {
            lexemes.0.push(Lexeme::of(&word, position, place));
        }
        lexemes.sort();
        let (_, positions) = lexemes.each().next().unwrap();
        let seen: Vec<(u16, u16)> = positions.iter().map(|lexeme| (lexeme.at(), lexeme.position >> 14)).collect();
        assert_eq!(seen, [(3, 3), (7, 2)]);
    }
}
