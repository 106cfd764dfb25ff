//! Text mended as it comes in, and what had to be mended: what a person did not write, their program did.

use serde::{Deserialize, Serialize};

use super::entities::decode_entities;
use super::{display, display_multiline, is_blank};
use crate::kernel::problem::Say;
use crate::say;

/// One kind of repair, to be shown to the person who sent the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// References of HTML were read as the characters they stand for.
    HtmlEntities,
    /// Blanks were trimmed, collapsed or made ordinary.
    Whitespace,
    /// Characters were composed (NFD), replaced (Ð for Đ) or removed (invisible, stray dots).
    Unicode,
    /// A title or a salutation was taken off a name.
    TitleSplitOff,
    /// A name typed in capitals was put in title case.
    CapsLowered,
}

impl Normalisation {
    /// As written in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HtmlEntities => "html_entities",
            Self::Whitespace => "whitespace",
            Self::Unicode => "unicode",
            Self::TitleSplitOff => "title_split_off",
            Self::CapsLowered => "caps_lowered",
        }
    }

    /// What was done.
    pub fn detail(self) -> Say {
        match self {
            Self::HtmlEntities => say!("Đã đổi mã HTML thành chữ.", "References of HTML were read as characters."),
            Self::Whitespace => say!("Đã bỏ khoảng trắng thừa hoặc lạ.", "Stray or odd blanks were removed."),
            Self::Unicode => say!(
                "Đã đưa chữ về dạng Unicode dựng sẵn (NFC) và bỏ ký tự ẩn hoặc thừa.",
                "Characters were composed (NFC), and invisible or stray ones removed.",
            ),
            Self::TitleSplitOff => say!("Đã tách chức danh khỏi họ tên.", "Titles were taken off the name."),
            Self::CapsLowered => say!(
                "Họ tên viết hoa toàn bộ đã được viết thường trở lại.",
                "A name in capitals was put in title case.",
            ),
        }
    }
}

/// Text as it is stored, on one line ([`display`]) after references of HTML are read, and what was mended.
#[must_use]
pub fn mended(input: &str) -> (String, Vec<Normalisation>) {
    let decoded = decode_entities(input);
    let text = display(&decoded);
    let changes = changes(input, &decoded, &text, has_untidy_blanks(&decoded));
    (text, changes)
}

/// The same for text of many lines ([`display_multiline`]); the kind of line end is no matter.
#[must_use]
pub fn mended_multiline(input: &str) -> (String, Vec<Normalisation>) {
    let decoded = decode_entities(input);
    let text = display_multiline(&decoded);
    let untidy = decoded.lines().any(|line| line.split('\t').any(has_untidy_blanks));
    let changes = changes(input, &decoded, &text, untidy);
    (text, changes)
}

fn changes(input: &str, decoded: &str, text: &str, untidy: bool) -> Vec<Normalisation> {
    if input == text {
        return Vec::new();
    }
    let found = [
        (Normalisation::HtmlEntities, input != decoded),
        (Normalisation::Whitespace, untidy),
        (Normalisation::Unicode, !solid(decoded).eq(solid(text))),
    ];
    found.into_iter().filter(|(_, yes)| *yes).map(|(change, _)| change).collect()
}

/// Blanks that are not one ordinary space between two words.
pub(crate) fn has_untidy_blanks(input: &str) -> bool {
    let odd = |c: char| c != ' ' && is_blank(c);
    input.contains(odd) || input.contains("  ") || input.starts_with(' ') || input.ends_with(' ')
}

/// The characters without blanks, to compare them alone.
pub(crate) fn solid(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_blank(*c))
}

#[cfg(test)]
mod tests {
    use Normalisation::{HtmlEntities, Unicode, Whitespace};

    use super::*;

    #[test]
    fn what_was_mended_is_told_by_kind() {
        for (input, text, changes) in [
            ("Lâm sinh", "Lâm sinh", vec![]),
            ("R&D", "R&D", vec![]),
            (" Lâm sinh", "Lâm sinh", vec![Whitespace]),
            ("Lâm  sinh", "Lâm sinh", vec![Whitespace]),
            ("Lâm\u{A0}sinh", "Lâm sinh", vec![Whitespace]),
            ("La\u{302}m sinh", "Lâm sinh", vec![Unicode]),
            ("Lâm\u{200B} sinh", "Lâm sinh", vec![Unicode]),
            ("Ðất đồi", "Đất đồi", vec![Unicode]),
            ("L&acirc;m sinh", "Lâm sinh", vec![HtmlEntities]),
            ("L&#226;m&nbsp;sinh ", "Lâm sinh", vec![HtmlEntities, Whitespace]),
            ("Nguy&#7877;n &amp; con", "Nguyễn & con", vec![HtmlEntities]),
            ("\u{FEFF} ", "", vec![Whitespace, Unicode]),
        ] {
            assert_eq!(mended(input), (text.to_owned(), changes), "{input:?}");
        }
    }

    #[test]
    fn lines_keep_their_ends_and_say_nothing_of_their_kind() {
        for (input, text, changes) in [
            ("a\r\nb", "a\nb", vec![]),
            ("a\n\n b", "a\n\nb", vec![Whitespace]),
            ("a\tb", "a\tb", vec![]),
            ("a&amp;\n\u{200B}b", "a&\nb", vec![HtmlEntities, Unicode]),
        ] {
            assert_eq!(mended_multiline(input), (text.to_owned(), changes), "{input:?}");
        }
    }
}
