//! The short way for what nearly all text is: ASCII, composed letters of Vietnamese and its Latin neighbours, and the usual
//! quotes and dashes. Such text is in NFC as it stands, and folds letter by letter. A load of 100,000 records spends most of
//! its time on text; the long way gives the same answers, which the tests compare.

use std::sync::LazyLock;

use super::fold_any;

/// True when the text is composed, and holds nothing that [`super::display`] removes or replaces but blanks.
pub fn is_composed(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// True when [`super::display`] leaves the text as it is.
pub fn is_settled(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        if !is_plain(c) || (c == ' ' && before == ' ') {
            return false;
        }
        before = c;
    }
    before != ' ' || text.is_empty()
}

/// True when [`super::display_multiline`] leaves the text as it is.
pub fn is_settled_lines(text: &str) -> bool {
    !text.starts_with('\n') && !text.ends_with('\n') && text.split('\n').all(is_settled)
}

/// Characters that stand for themselves: in NFC whatever stands beside them, shown, and no blank but the space.
fn is_plain(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Ð and ð are read as Đ and đ, İ becomes two characters in lower case
        '\u{D0}' | '\u{F0}' | '\u{130}' => false,
        '\u{C0}'..='\u{24F}' | '\u{1EA0}'..='\u{1EF9}' => true,
        _ => matches!(c, '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '«' | '»' | '°' | '²' | '³' | '·'),
    }
}

/// [`super::fold`] for text of plain characters; none for other text.
pub fn fold(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match folded(c)? {
            '\0' if out.is_empty() || out.ends_with(' ') => {}
            '\0' => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.truncate(out.trim_end().len());
    Some(out)
}

/// The letter a plain character folds to, NUL where it becomes a gap, none where it is not that simple.
fn folded(c: char) -> Option<char> {
    match c {
        'a'..='z' | '0'..='9' => Some(c),
        'A'..='Z' => Some(c.to_ascii_lowercase()),
        ' '..='~' => Some('\0'),
        '\u{C0}'..='\u{24F}' => FOLDED.0.get(u32::from(c) as usize - 0xC0).copied().flatten(),
        '\u{1EA0}'..='\u{1EF9}' => FOLDED.1.get(u32::from(c) as usize - 0x1EA0).copied().flatten(),
        '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '«' | '»' | '°' | '·' => Some('\0'),
        _ => None,
    }
}

type Row = Vec<Option<char>>;

/// What the long way makes of each letter.
static FOLDED: LazyLock<(Row, Row)> = LazyLock::new(|| {
    let row = |letters: std::ops::RangeInclusive<char>| letters.map(|c| single(&fold_any(&c.to_string()))).collect();
    (row('\u{C0}'..='\u{24F}'), row('\u{1EA0}'..='\u{1EF9}'))
});

/// The letter of a text of one letter of ASCII.
fn single(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|c| c.is_ascii_alphanumeric() && letters.next().is_none())
}
