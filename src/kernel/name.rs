//! Names of persons: titles split off, parts, and the order of lists.
//!
//! A Vietnamese name is family, middle, given, and lists are sorted by the given name first.
//! Names of the minorities of the highlands break the pattern (one or two words, "A" as a real
//! middle part), so no part but the given one is ever required (domain notes, §9.3).

mod order;
mod spellings;
#[cfg(test)]
mod tests;
mod titles;

pub use order::sort_key;
pub use titles::{TitleKind, TitleLexicon, TitleRow};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::char::is_combining_mark;

use super::text::{self, Normalisation, Unreadable, decode_entities, has_untidy_blanks, solid, unreadable};

/// The longest name accepted, in characters of the cleaned text.
const MAX_CHARS: usize = 200;

/// A person's name without titles, as the person writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonName {
    /// The whole name in display form.
    pub full: String,
    /// The first word, when there are at least two.
    pub family: Option<String>,
    /// The words between the first and the last.
    pub middle: Option<String>,
    /// The last word; the only part every name has.
    pub given: String,
}

/// A name cell read: the name, the titles found around it, and what had to be repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParsedName {
    /// The name without titles.
    pub name: PersonName,
    /// Code of the highest academic rank (học hàm), by the rank of the title table.
    pub academic_rank: Option<String>,
    /// Code of the highest degree (học vị), by the rank of the title table.
    pub degree: Option<String>,
    /// Codes of all other titles in the order typed, honours and `VS` among them.
    pub other_titles: Vec<String>,
    /// What was repaired, each at most once, in the order of [`Normalisation`].
    pub changes: Vec<Normalisation>,
}

/// Why a text cannot be taken as a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("the name is empty")]
    Empty,
    /// Titles without a name.
    #[error("there are titles but no name")]
    OnlyTitles,
    /// More than 200 characters.
    #[error("the name is longer than {MAX_CHARS} characters")]
    TooLong,
    /// Digits, signs that no name has, text after a comma that is no title, or no letter at all.
    #[error("the text is not a person's name")]
    NotAName,
    /// Text typed in a pre-Unicode font, or broken on its way.
    #[error("the name cannot be read: {0:?}")]
    Unreadable(Unreadable),
}

impl TitleLexicon {
    /// Reads one name cell: cleans it, splits titles off both ends, and checks what is left.
    ///
    /// A real name is never eaten: a title without a dot counts only in title form ("TS", "ThS",
    /// "Tiến sĩ"), and "Ông"/"Bà", which are also family names, are dropped only before a title,
    /// with a dot or colon, or before a common family name followed by two more words.
    ///
    /// # Errors
    /// A [`NameError`] saying why the cell holds no usable name.
    pub fn parse(&self, input: &str) -> Result<ParsedName, NameError> {
        let decoded = decode_entities(input);
        let clean = checked_text(&decoded)?;
        let split = self.split(&clean)?;
        let full = title_case_if_shouted(split.name);
        check_name(&full)?;
        let mut changes = changes(&decoded, &clean, &split, &full);
        if decoded != input {
            changes.insert(0, Normalisation::HtmlEntities);
        }
        let (academic_rank, degree, other_titles) = self.classify(split.codes);
        Ok(ParsedName { name: split_parts(full), academic_rank, degree, other_titles, changes })
    }
}

fn checked_text(input: &str) -> Result<String, NameError> {
    let clean = text::display(input);
    if clean.is_empty() {
        return Err(NameError::Empty);
    }
    if clean.chars().count() > MAX_CHARS {
        return Err(NameError::TooLong);
    }
    // The input, not the cleaned text: a soft hyphen is the letter ư in TCVN3.
    unreadable(input).map_or(Ok(clean), |fault| Err(NameError::Unreadable(fault)))
}

/// Letters, blanks, and the hyphens, dots and apostrophes of "Anna-Maria", "N. V. Ân", "H'Hen".
fn check_name(name: &str) -> Result<(), NameError> {
    let all_known = name.chars().all(is_name_char);
    let words_have_letters = name.split(' ').all(|w| w.contains(char::is_alphabetic));
    if all_known && words_have_letters { Ok(()) } else { Err(NameError::NotAName) }
}

fn is_name_char(c: char) -> bool {
    match c {
        ' ' | '-' | '.' | '\'' | '’' | '‘' | 'ʼ' => true,
        'ª' | 'º' | 'µ' => false,
        _ => c.is_alphabetic() || is_combining_mark(c),
    }
}

fn changes(input: &str, clean: &str, split: &titles::Split<'_>, full: &str) -> Vec<Normalisation> {
    let odd = !solid(input).eq(solid(clean)) || split.stray_signs;
    let found = [
        (Normalisation::Whitespace, has_untidy_blanks(input)),
        (Normalisation::Unicode, odd),
        (Normalisation::TitleSplitOff, split.titles_found),
        (Normalisation::CapsLowered, full != split.name),
    ];
    let happened = found.into_iter().filter(|(_, yes)| *yes);
    happened.map(|(change, _)| change).collect()
}

/// "NGUYỄN VĂN ÂN" becomes "Nguyễn Văn Ân"; a name with any small letter stays as typed.
fn title_case_if_shouted(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let shouted = name.contains(char::is_uppercase) && !name.contains(char::is_lowercase);
    if !shouted || letters < 2 {
        return name.to_owned();
    }
    let mut inside_word = false;
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if inside_word {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        inside_word = c.is_alphabetic() || is_combining_mark(c);
    }
    text::display(&out)
}

fn split_parts(full: String) -> PersonName {
    let words: Vec<&str> = full.split(' ').collect();
    let (family, middle, given) = match words.as_slice() {
        [family, given] => (Some(*family), None, *given),
        [family, middle @ .., given] => (Some(*family), Some(middle.join(" ")), *given),
        _ => (None, None, full.as_str()),
    };
    let family = family.map(str::to_owned);
    let given = given.to_owned();
    PersonName { full, family, middle, given }
}
