//! The order of names in lists, as bytes, so that a database sorts them without a collation.

use unicode_normalization::UnicodeNormalization;

use super::PersonName;
use crate::kernel::text;

/// The Vietnamese alphabet, with f, j, w, z where Latin order puts them.
const ALPHABET: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

const END_OF_PART: u8 = 0x00;
const END_OF_RUN: u8 = 0x01;
const FIRST_LETTER: u8 = 0x10;
const OTHER_LETTER: u8 = 0xFE;

/// The key whose byte order is the order of Vietnamese name lists: given name, then family, then
/// middle, each by letters first and by tones second (domain notes, §9.1 and §9.3).
///
/// Layout: `part(given) part(family) part(middle) full`, where
/// - a part is its words followed by `00` (an absent part is `00` alone and sorts first);
/// - a word is its letters, `01`, its tones, `01`; so the letters of a word are compared as a
///   whole before its tones, and "An" comes before "Anh";
/// - a letter is `10` + its place in `ALPHABET`; marks that are not Vietnamese are ignored;
///   a letter of another script is `FE` + its UTF-8 bytes;
/// - a tone is `02` huyền, `03` hỏi, `04` ngã, `05` sắc, `06` nặng, and nothing for ngang; its
///   place in the word is not written, so "Hòa" and "Hoà" differ only in the last field;
/// - `full` is the whole name in NFC as UTF-8, the last tie-break.
#[must_use]
pub fn sort_key(name: &PersonName) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.full.len() * 3);
    push_part(&mut key, &name.given);
    push_part(&mut key, name.family.as_deref().unwrap_or_default());
    push_part(&mut key, name.middle.as_deref().unwrap_or_default());
    key.extend(text::display(&name.full).bytes());
    key
}

fn push_part(key: &mut Vec<u8>, part: &str) {
    for word in text::accent_key(part).split(' ').filter(|w| !w.is_empty()) {
        push_word(key, word);
    }
    key.push(END_OF_PART);
}

fn push_word(key: &mut Vec<u8>, word: &str) {
    let (tones, letters): (Vec<char>, Vec<char>) = word.nfd().partition(|c| text::is_tone_mark(*c));
    for letter in letters.into_iter().nfc() {
        push_letter(key, letter);
    }
    key.push(END_OF_RUN);
    key.extend(tones.into_iter().filter_map(tone_weight));
    key.push(END_OF_RUN);
}

fn push_letter(key: &mut Vec<u8>, letter: char) {
    if let Some(weight) = letter_weight(letter) {
        return key.push(weight);
    }
    let folded = text::fold(letter.encode_utf8(&mut [0; 4]));
    for c in folded.chars() {
        match letter_weight(c) {
            Some(weight) => key.push(weight),
            None => push_other(key, c),
        }
    }
}

fn push_other(key: &mut Vec<u8>, c: char) {
    key.push(OTHER_LETTER);
    key.extend(c.encode_utf8(&mut [0; 4]).bytes());
}

fn letter_weight(c: char) -> Option<u8> {
    let place = ALPHABET.chars().position(|letter| letter == c)?;
    u8::try_from(place).ok()?.checked_add(FIRST_LETTER)
}

fn tone_weight(mark: char) -> Option<u8> {
    match mark {
        '\u{300}' => Some(0x02),
        '\u{309}' => Some(0x03),
        '\u{303}' => Some(0x04),
        '\u{301}' => Some(0x05),
        '\u{323}' => Some(0x06),
        _ => None,
    }
}
