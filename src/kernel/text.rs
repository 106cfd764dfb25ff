//! Vietnamese text as stored, as searched and as compared.
//!
//! Three forms of the same text are kept apart because each serves another question:
//! [`display`] is what a person typed, only cleaned; [`fold`] is the search key that finds
//! "Dương" from "duong"; [`accent_key`] ranks an exact-accent hit above a folded one.
//! All of it is done in Rust, not in a database collation, so that the result can be tested
//! and an index can be built on it (the pipeline of the domain notes, §9.1 and §9.2).

mod entities;
mod legacy;
mod mended;
mod mojibake;
mod plain;
#[cfg(test)]
mod tests;
mod unreadable;

pub use entities::decode_entities;
pub use legacy::{LegacyEncoding, decode_legacy, legacy_encoding};
pub(crate) use legacy::{is_folded_syllable, is_syllable};
pub use mended::{Normalisation, mended, mended_multiline};
pub(crate) use mended::{has_untidy_blanks, solid};
pub use unreadable::{Unreadable, unreadable};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, decompose_canonical, is_combining_mark};

/// Text as stored, on one line: NFC, `Ð`/`ð` (U+00D0, U+00F0) read as `Đ`/`đ`, odd spaces made
/// ordinary, invisible and control characters removed, runs of blanks collapsed, trimmed.
///
/// The person's own tone placement ("Hòa" or "Hoà") is kept (§9.1: display text). Line breaks
/// become spaces so that words of a broken cell do not run together.
#[must_use]
pub fn display(input: &str) -> String {
    if plain::is_settled(input) {
        return input.to_owned();
    }
    let clean: String = visible(input).map(tidy_char).nfc().collect();
    collapse_spaces(&clean)
}

/// Like [`display`] for longer texts: keeps line feeds and tabs, turns every other line
/// separator into a line feed, and trims each line.
#[must_use]
pub fn display_multiline(input: &str) -> String {
    if plain::is_settled_lines(input) {
        return input.to_owned();
    }
    let unix = input.replace("\r\n", "\n");
    let clean: String = visible(&unix).map(tidy_multiline_char).nfc().collect();
    let lines: Vec<String> = clean.split('\n').map(tidy_line).collect();
    lines.join("\n").trim().to_owned()
}

/// The search key: lower case, no tone or vowel marks, `đ` as `d`, punctuation as one space.
///
/// Marks of every Latin letter are dropped; other scripts keep theirs and are only lower-cased.
/// NFC and NFD input, and both tone placements, give the same key by construction (§9.1, §9.2).
#[must_use]
pub fn fold(input: &str) -> String {
    plain::fold(input).unwrap_or_else(|| fold_any(input))
}

fn fold_any(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    let mut base = Base::None;
    for c in visible(input).map(tidy_char).nfkd() {
        base = push_folded(&mut out, c, base);
    }
    out.trim_end().nfc().collect()
}

/// The accent-sensitive comparison key: NFC, lower case, punctuation as one space, and the tone
/// of an open `oa`, `oe`, `uy` moved to its second vowel ("hòa" = "hoà"), never after `q`.
///
/// Used to rank a hit with the same accents above a folded hit (§9.2). The i/y spellings are
/// left alone, because in names they are different names (Vỹ, Thy).
#[must_use]
pub fn accent_key(input: &str) -> String {
    if plain::is_composed(input) {
        let lower: String = input.chars().flat_map(char::to_lowercase).collect();
        return accented_words(&lower);
    }
    let composed = visible(input).map(tidy_char).nfc();
    let lower: String = composed.flat_map(char::to_lowercase).nfc().collect();
    accented_words(&lower)
}

fn accented_words(lower: &str) -> String {
    let words = lower.split(|c| !is_word_char(c) && !is_combining_mark(c));
    let bare = words.map(|word| word.trim_start_matches(is_combining_mark));
    let unified: Vec<String> = bare.filter(|w| !w.is_empty()).map(unify_tone).collect();
    unified.join(" ")
}

/// True when the text holds a NUL character, which PostgreSQL cannot store in a text column.
#[must_use]
pub fn has_nul(input: &str) -> bool {
    input.contains('\0')
}

/// True for every character that is shown as a gap, whatever Unicode calls it: the blank Braille
/// cell and the Hangul fillers are typed as fake spaces too.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

fn visible(input: &str) -> impl Iterator<Item = char> + '_ {
    input.chars().filter(|c| !is_invisible(*c))
}

/// Zero-width and direction characters, the byte-order mark, the soft hyphen and controls.
fn is_invisible(c: char) -> bool {
    let zero_width = matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
    );
    zero_width || (c.is_control() && !c.is_whitespace())
}

fn tidy_char(c: char) -> char {
    match c {
        '\u{D0}' => 'Đ',
        '\u{F0}' => 'đ',
        '\u{2010}' | '\u{2011}' => '-',
        _ if is_blank(c) => ' ',
        _ => c,
    }
}

fn tidy_multiline_char(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        _ => tidy_char(c),
    }
}

fn tidy_line(line: &str) -> String {
    let cells: Vec<String> = line.split('\t').map(collapse_spaces).collect();
    cells.join("\t").trim_end().to_owned()
}

fn collapse_spaces(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// What the last kept character was, to know whether a following mark belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    None,
    Latin,
    Other,
}

fn push_folded(out: &mut String, c: char, base: Base) -> Base {
    if is_combining_mark(c) {
        if base == Base::Other {
            out.push(c);
        }
        return base;
    }
    if !is_word_char(c) {
        push_gap(out);
        return Base::None;
    }
    c.to_lowercase().for_each(|low| push_latin(out, low));
    if is_latin(c) { Base::Latin } else { Base::Other }
}

fn push_gap(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Latin letters that Unicode does not decompose; `ƀ` is a letter of Ê Đê and Ba Na names.
fn push_latin(out: &mut String, c: char) {
    match c {
        'đ' | 'ð' => out.push('d'),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'ħ' => out.push('h'),
        'ŧ' => out.push('t'),
        'ƀ' => out.push('b'),
        'ı' => out.push('i'),
        'ß' => out.push_str("ss"),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'þ' => out.push_str("th"),
        _ => out.push(c),
    }
}

/// Letters and digits; the modifier apostrophes (U+02BC and its kin) count as punctuation.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{2B9}'..='\u{2FF}')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '\u{AA}'..='\u{2AF}'
                | '\u{1E00}'..='\u{1EFF}'
                | '\u{2C60}'..='\u{2C7F}'
                | '\u{A720}'..='\u{A7FF}'
                | '\u{AB30}'..='\u{AB6F}'
        )
}

/// True for the five combining tone marks: huyền, sắc, ngã, hỏi, nặng.
pub(crate) fn is_tone_mark(c: char) -> bool {
    matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}')
}

/// Moves the tone of a word-final `oa`, `oe`, `uy` from the first to the second vowel.
fn unify_tone(word: &str) -> String {
    moved_tone(word).unwrap_or_else(|| word.to_owned())
}

fn moved_tone(word: &str) -> Option<String> {
    let mut back = word.chars().rev();
    let second = back.next()?;
    let first = back.next()?;
    if first.is_ascii() || !matches!(second, 'a' | 'e' | 'y') {
        return None;
    }
    if back.next() == Some('q') {
        return None;
    }
    let (vowel, tone) = split_tone(first)?;
    if !matches!((vowel, second), ('o', 'a' | 'e') | ('u', 'y')) {
        return None;
    }
    let marked = compose(second, tone)?;
    let head = word.strip_suffix(second)?.strip_suffix(first)?;
    Some(format!("{head}{vowel}{marked}"))
}

/// Splits a vowel that carries a tone and nothing else: `ò` gives `o` and the huyền mark.
fn split_tone(c: char) -> Option<(char, char)> {
    let mut parts = Vec::with_capacity(3);
    decompose_canonical(c, |part| parts.push(part));
    match parts.as_slice() {
        [vowel, tone] if is_tone_mark(*tone) => Some((*vowel, *tone)),
        _ => None,
    }
}
