//! The titles written around a name, and how they are told from the name itself.
//!
//! Titles and their ranks come from `academic_titles.csv`; the spelling variants come from lists
//! seen in practice (domain notes, §3.4). Compare degrees with the rank, print them with the code.

use std::collections::{HashMap, HashSet};

use super::NameError;
use super::spellings::{FAMILIES, HONOURS, SHORT, WORDS};
use crate::kernel::text;

/// The two scales of the title table; they are never compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TitleKind {
    /// Học hàm: PGS, GS.
    AcademicRank,
    /// Học vị: from trung cấp to TSKH.
    Degree,
}

/// One row of the title table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TitleRow<'a> {
    /// The scale it belongs to.
    pub kind: TitleKind,
    /// The stable code, such as `THS`.
    pub code: &'a str,
    /// The Vietnamese name, such as "Thạc sĩ".
    pub name: &'a str,
    /// The printed abbreviation, such as "ThS".
    pub abbreviation: &'a str,
    /// The place on its scale; the highest one found becomes the person's rank or degree.
    pub rank: i32,
}

/// The titles known, by every spelling, ready to be found around a name.
#[derive(Debug, Clone, Default)]
pub struct TitleLexicon {
    ranks: HashMap<String, (TitleKind, i32)>,
    /// Abbreviations in lower case.
    short: HashMap<String, Vec<String>>,
    /// Abbreviations with small letters that need no dot, as written: "ThS", "PhD".
    mixed: HashSet<String>,
    /// Full words in lower case: "tiến sĩ".
    words: HashMap<String, Vec<String>>,
}

const MAX_ATOMS: usize = 6;

/// A cell taken apart: the name as typed and the title codes around it, in the order typed.
pub(super) struct Split<'a> {
    pub(super) name: &'a str,
    pub(super) codes: Vec<String>,
    pub(super) titles_found: bool,
    /// Dots or signs at the ends that belong to neither name nor title.
    pub(super) stray_signs: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Blank,
    Dot,
    DotBlank,
    Comma,
}

#[derive(Clone, Copy)]
struct Atom<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    /// What follows the atom; the end of the text is a blank.
    then: Separator,
}

impl TitleLexicon {
    /// Builds the lexicon from the rows of the title table and the built-in spellings. A spelling
    /// whose code the table does not have is left out, so the table stays the authority.
    pub fn new<'a>(rows: impl IntoIterator<Item = TitleRow<'a>>) -> Self {
        let mut lexicon = Self::default();
        for row in rows {
            lexicon.add_row(&row);
        }
        for code in HONOURS {
            lexicon.add_short(code, &[code]);
        }
        for (spellings, codes) in SHORT {
            spellings.split('|').for_each(|s| lexicon.add_short(s, codes));
        }
        for (phrases, codes) in WORDS {
            phrases.split('|').for_each(|p| lexicon.add_words(p, codes));
        }
        lexicon
    }

    fn add_row(&mut self, row: &TitleRow<'_>) {
        self.ranks.insert(row.code.to_owned(), (row.kind, row.rank));
        self.add_short(row.abbreviation, &[row.code]);
        self.add_short(row.code, &[row.code]);
        self.add_words(row.name, &[row.code]);
    }

    fn add_short(&mut self, spelling: &str, codes: &[&str]) {
        let spelling = text::display(spelling);
        if spelling.is_empty() || !self.knows(codes) {
            return;
        }
        self.short.insert(spelling.to_lowercase(), owned(codes));
        if spelling.contains(char::is_lowercase) {
            self.mixed.insert(spelling);
        }
    }

    /// Adds the y/i spellings too (QĐ 1989: sĩ/sỹ, kỹ/kĩ). A single word might be a name, so it
    /// is never taken as a title.
    fn add_words(&mut self, phrase: &str, codes: &[&str]) {
        let phrase = text::display(phrase).to_lowercase();
        if !phrase.contains(' ') || !self.knows(codes) {
            return;
        }
        let variants = [phrase.replace("sỹ", "sĩ"), phrase.replace("sĩ", "sỹ"), phrase.replace("kỹ", "kĩ")];
        for variant in variants {
            self.words.insert(variant, owned(codes));
        }
    }

    fn knows(&self, codes: &[&str]) -> bool {
        codes.iter().all(|c| HONOURS.contains(c) || self.ranks.contains_key(*c))
    }

    /// The one title of a scale that a text names, in any spelling known: "PhD", "Tiến sỹ", "BS CKII".
    #[must_use]
    pub fn code_of(&self, kind: TitleKind, text: &str) -> Option<&str> {
        let lower = text::display(text).trim_end_matches('.').to_lowercase();
        match self.words.get(&lower).or_else(|| self.short.get(&lower))?.as_slice() {
            [code] if self.ranks.get(code).is_some_and(|(scale, _)| *scale == kind) => Some(code),
            _ => None,
        }
    }

    /// Takes the titles off both ends of a cleaned cell.
    pub(super) fn split<'a>(&self, clean: &'a str) -> Result<Split<'a>, NameError> {
        let atoms = atoms(clean);
        let mut codes = Vec::new();
        let name_at = self.skip_head(&atoms, &mut codes);
        let Some(rest) = atoms.get(name_at..).filter(|rest| !rest.is_empty()) else {
            return Err(if name_at == 0 { NameError::NotAName } else { NameError::OnlyTitles });
        };
        let comma = rest.iter().position(|a| a.then == Separator::Comma);
        let (words, tail) = rest.split_at(comma.map_or(rest.len(), |at| at + 1));
        self.read_tail(tail, &mut codes)?;
        let (start, end) = span(words);
        Ok(Split {
            name: clean.get(start..end).unwrap_or_default(),
            codes,
            titles_found: name_at > 0 || !tail.is_empty(),
            stray_signs: has_stray_signs(clean, &atoms, tail.is_empty()),
        })
    }

    fn skip_head(&self, atoms: &[Atom<'_>], codes: &mut Vec<String>) -> usize {
        let mut at = 0;
        while let Some(rest) = atoms.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((found, count)) = self.title_at(rest, false) {
                codes.extend_from_slice(found);
                at += count;
            } else if self.is_salutation(rest) {
                at += 1;
            } else {
                break;
            }
        }
        at
    }

    /// After a comma there may be titles only.
    fn read_tail(&self, tail: &[Atom<'_>], codes: &mut Vec<String>) -> Result<(), NameError> {
        let mut rest = tail;
        while !rest.is_empty() {
            let (found, count) = self.title_at(rest, true).ok_or(NameError::NotAName)?;
            codes.extend_from_slice(found);
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// The longest title the atoms begin with: its codes and the number of atoms.
    fn title_at(&self, atoms: &[Atom<'_>], in_tail: bool) -> Option<(&[String], usize)> {
        let longest = atoms.len().min(MAX_ATOMS);
        let candidates = (1..=longest).rev().filter_map(|n| Some((atoms.get(..n)?, n)));
        let mut found = candidates.filter_map(|(phrase, n)| Some((self.title(phrase, in_tail)?, n)));
        found.next()
    }

    fn title(&self, phrase: &[Atom<'_>], in_tail: bool) -> Option<&[String]> {
        let raw = key(phrase)?;
        let lower = raw.to_lowercase();
        if let Some(codes) = self.words.get(&lower) {
            return (!looks_like_a_name(&raw)).then_some(codes.as_slice());
        }
        let codes = self.short.get(&lower)?;
        let dotted = phrase.iter().any(|a| is_dot(a.then));
        let in_form = self.mixed.contains(&raw) || is_capital_abbreviation(&raw);
        (dotted || in_tail || in_form).then_some(codes.as_slice())
    }

    /// "Ông" and "Bà" are family names as well ("Ông Cao Thắng", "Bà Thị Hoa").
    fn is_salutation(&self, atoms: &[Atom<'_>]) -> bool {
        let [first, rest @ ..] = atoms else {
            return false;
        };
        let spelled = matches!(first.text.to_lowercase().as_str(), "ông" | "bà");
        if !spelled || first.then == Separator::Comma || rest.is_empty() {
            return false;
        }
        let comma = rest.iter().position(|a| a.then == Separator::Comma);
        let words = comma.map_or(rest.len(), |at| at + 1);
        let family_next = rest.first().is_some_and(|a| is_family(a.text));
        is_dot(first.then) || self.title_at(rest, false).is_some() || (family_next && words >= 3)
    }

    /// Sorts codes into the highest rank, the highest degree and the rest.
    pub(super) fn classify(&self, codes: Vec<String>) -> (Option<String>, Option<String>, Vec<String>) {
        let mut unique: Vec<String> = Vec::with_capacity(codes.len());
        for code in codes {
            if !unique.contains(&code) {
                unique.push(code);
            }
        }
        let academic_rank = self.highest(&unique, TitleKind::AcademicRank);
        let degree = self.highest(&unique, TitleKind::Degree);
        unique.retain(|c| Some(c) != academic_rank.as_ref() && Some(c) != degree.as_ref());
        (academic_rank, degree, unique)
    }

    /// The first of the highest ones. Viện sĩ stands in the table of ranks but is an honour (§3.4).
    fn highest(&self, codes: &[String], kind: TitleKind) -> Option<String> {
        let mut best: Option<(&String, i32)> = None;
        for code in codes.iter().filter(|c| !HONOURS.contains(&c.as_str())) {
            let rank = self.ranks.get(code).filter(|(k, _)| *k == kind).map(|(_, rank)| *rank);
            let higher = rank.filter(|r| best.is_none_or(|(_, top)| *r > top));
            best = higher.map(|r| (code, r)).or(best);
        }
        best.map(|(code, _)| code.clone())
    }
}

fn owned(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|c| (*c).to_owned()).collect()
}

/// Cuts a text at blanks and separators; "TS.Nguyễn" is two atoms.
fn atoms(clean: &str) -> Vec<Atom<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = clean.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find(is_separator).unwrap_or(rest.len());
        let (text, after) = rest.split_at(length);
        let gap = after.len() - after.trim_start_matches(is_separator).len();
        let then = separator(after.get(..gap).unwrap_or_default());
        if !text.is_empty() {
            found.push(Atom { text, start: at, end: at + length, then });
        }
        at += length + gap;
    }
    found
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '.' | ',' | ';' | ':' | '-' | '/')
}

fn separator(gap: &str) -> Separator {
    if gap.contains([',', ';']) {
        return Separator::Comma;
    }
    match (gap.contains(['.', ':']), gap.contains(' ')) {
        (true, false) => Separator::Dot,
        (true, true) => Separator::DotBlank,
        _ => Separator::Blank,
    }
}

fn is_dot(separator: Separator) -> bool {
    matches!(separator, Separator::Dot | Separator::DotBlank)
}

/// The atoms as one spelling; none when a comma stands between them.
fn key(phrase: &[Atom<'_>]) -> Option<String> {
    let (last, before) = phrase.split_last()?;
    let mut key = String::new();
    for atom in before {
        key.push_str(atom.text);
        key.push(match atom.then {
            Separator::Comma => return None,
            Separator::Dot => '.',
            Separator::Blank | Separator::DotBlank => ' ',
        });
    }
    key.push_str(last.text);
    Some(key)
}

/// Capitals that no Vietnamese syllable spells, so that a surname in capitals ("MA") stays.
fn is_capital_abbreviation(raw: &str) -> bool {
    !raw.contains(char::is_lowercase) && !text::is_syllable(raw)
}

/// A title in words that begins with a family name counts only when its second word is small:
/// "Cao đẳng" is a title, "Cao Đẳng" may be a person.
fn looks_like_a_name(raw: &str) -> bool {
    let mut words = raw.split(' ');
    let family_first = words.next().is_some_and(is_family);
    family_first && words.any(|w| w.contains(char::is_uppercase))
}

fn is_family(word: &str) -> bool {
    FAMILIES.contains(&format!(" {} ", word.to_lowercase()))
}

fn span(words: &[Atom<'_>]) -> (usize, usize) {
    let start = words.first().map_or(0, |a| a.start);
    (start, words.last().map_or(start, |a| a.end))
}

/// Signs before the first atom or at the end, but for the dot of a title that ends the cell.
fn has_stray_signs(clean: &str, atoms: &[Atom<'_>], name_is_last: bool) -> bool {
    let (start, end) = span(atoms);
    let left_over = clean.get(end..).unwrap_or_default();
    let dot_of_title = !name_is_last && left_over == ".";
    start > 0 || !(left_over.is_empty() || dot_of_title)
}
