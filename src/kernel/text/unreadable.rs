//! Text that nobody can read as it stands, and the repair to propose. It is refused, never stored and never repaired in
//! silence: only a person can say whether the repair is right.

use super::legacy::{decode_legacy, legacy_encoding};
use super::mojibake::{Damage, damage};
use super::{display, has_untidy_blanks};
use crate::kernel::problem::Say;
use crate::say;

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Typed in a pre-Unicode font (TCVN3, VNI), and what it probably says.
    Legacy(String),
    /// UTF-8 read as another encoding, and what it says where that is certain.
    Mojibake(Option<String>),
    /// Letters were replaced by question marks.
    LostLetters,
}

/// Recognises unreadable text. Ask it of the text as it came: cleaning removes signs that are letters in an old font.
#[must_use]
pub fn unreadable(input: &str) -> Option<Unreadable> {
    match damage(input) {
        Some(Damage::Mojibake(repair)) => Some(Unreadable::Mojibake(repair.map(|text| tidy(&text)))),
        Some(Damage::LostLetters) => Some(Unreadable::LostLetters),
        None => legacy_encoding(input).map(|encoding| Unreadable::Legacy(tidy(&decode_legacy(input, encoding)))),
    }
}

fn tidy(text: &str) -> String {
    if has_untidy_blanks(text) { display(text) } else { text.to_owned() }
}

impl Unreadable {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Legacy(_) => "legacy_encoding",
            Self::Mojibake(_) => "mojibake",
            Self::LostLetters => "lost_letters",
        }
    }

    /// What to propose instead.
    pub fn repair(&self) -> Option<&str> {
        match self {
            Self::Legacy(repair) => Some(repair),
            Self::Mojibake(repair) => repair.as_deref(),
            Self::LostLetters => None,
        }
    }

    /// What is wrong, and the repair.
    pub fn detail(&self) -> Say {
        match self {
            Self::Legacy(repair) => say!(
                "Chữ gõ bằng phông cũ (TCVN3/VNI); có thể là: “{repair}”.",
                "Typed in a pre-Unicode font (TCVN3/VNI); probably: “{repair}”.",
            ),
            Self::Mojibake(Some(repair)) => say!(
                "Chữ bị lỗi bảng mã (UTF-8 đọc nhầm); đúng ra là: “{repair}”.",
                "UTF-8 that was read as another encoding; it says: “{repair}”.",
            ),
            Self::Mojibake(None) => say!(
                "Chữ bị lỗi bảng mã (UTF-8 đọc nhầm); gửi lại bằng UTF-8.",
                "UTF-8 that was read as another encoding; send it again as UTF-8.",
            ),
            Self::LostLetters => say!(
                "Có chữ đã mất, thay bằng dấu hỏi; gõ lại. Dấu hỏi thật thì thêm khoảng trắng phía sau.",
                "Letters were lost and became question marks; type it again. A real question mark wants a space behind it.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn mojibake(repair: &str) -> Option<Unreadable> {
        Some(Unreadable::Mojibake(Some(repair.to_owned())))
    }

    #[test]
    fn mojibake_is_recognised_and_taken_back() {
        for (broken, text) in [
            ("LÃ¢m nghiá»‡p", "Lâm nghiệp"),
            ("Nguyá»…n", "Nguyễn"),
            ("Nguyá»…n VÄƒn Äá»©c", "Nguyễn Văn Đức"),
            ("Nguyá»…n VÄƒn Ä\u{90}á»©c", "Nguyễn Văn Đức"),
            ("LÃª VÄƒn LÃ²", "Lê Văn Lò"),
            ("TÃ´ ThÃ¹y", "Tô Thùy"),
            ("HÃ\u{A0} Giang", "Hà Giang"),
            ("nhÃ  nÆ°á»›c", "nhà nước"),
            ("lÃ\u{AD} lá»‹ch", "lí lịch"),
            ("TrÆ°á»\u{9D}ng Ä‘áº¡i há»\u{8D}c", "Trường đại học"),
            ("HÃ€ Ná»˜I", "HÀ NỘI"),
            ("Tr\u{c6}\u{b0}\u{e1}\u{bb}\u{9d}ng \u{c4}\u{91}\u{1}", "Trường đ\u{1}"),
            ("â€œLÃ¢mâ€\u{9d} â€“ sinh", "“Lâm” – sinh"),
            ("LĂ¢m nghiá»‡p", "Lâm nghiệp"),
            ("L√¢m nghi·ªáp", "Lâm nghiệp"),
            ("ƒê·∫∑ng Th·ªã L√≤", "Đặng Thị Lò"),
            ("L├óm nghiß╗çp", "Lâm nghiệp"),
            ("─Éß║╖ng Thß╗ï L├▓", "Đặng Thị Lò"),
            ("LÃƒÂ¢m nghiÃ¡Â»â€¡p", "Lâm nghiệp"),
            ("NguyÃ¡Â»â€¦n", "Nguyễn"),
            ("LÃ¢m nghiệp", "Lâm nghiệp"),
            ("FranÃ§ois MÃ¼ller", "François Müller"),
            ("Ð›ÐµÑÐ½Ð¾Ðµ Ñ…Ð¾Ð·ÑÐ¹ÑÑ‚Ð²Ð¾", ""),
            ("Ð›ÐµÑ\u{81}Ð½Ð¾Ðµ", "Лесное"),
        ] {
            let seen = unreadable(broken);
            if text.is_empty() {
                assert!(matches!(seen, Some(Unreadable::Mojibake(_))), "{broken}: {seen:?}");
            } else {
                assert_eq!(seen, mojibake(text), "{broken}");
            }
        }
    }

    #[test]
    fn what_is_lost_is_said_without_a_repair() {
        for broken in ["há»c", "Lâm nghiá»‡p há» c", "Nguyá»…n V?n"] {
            assert_eq!(unreadable(broken), Some(Unreadable::Mojibake(None)), "{broken}");
        }
        for broken in [
            "Nguy?n",
            "Nguyễ?n",
            "Nguy??n V?n",
            "?inh V?n",
            "??i h?c",
            "NGUY?N V?N",
            "L\u{FFFD}m nghi\u{FFFD}p",
            "Lâm nghi?p.",
        ] {
            assert_eq!(unreadable(broken), Some(Unreadable::LostLetters), "{broken}");
            let apart: String = broken.nfd().collect();
            assert_eq!(unreadable(&apart), Some(Unreadable::LostLetters), "{apart}");
        }
    }

    #[test]
    fn true_text_passes() {
        for text in TRUE_TEXT {
            assert_eq!(unreadable(text), None, "{text}");
            let nfd: String = unicode_normalization::UnicodeNormalization::nfd(*text).collect();
            assert_eq!(unreadable(&nfd), None, "{text} (NFD)");
            assert_eq!(unreadable(&text.to_uppercase()), None, "{text} (capitals)");
        }
    }

    /// Names, titles of publications, formulas and quotations as people write them.
    const TRUE_TEXT: &[&str] = &[
        "Đặng Ân",
        "Ðặng Ân",
        "Þór Björnsson",
        "Lê Thị Là",
        "Sùng Mí Và",
        "Hầu A Lềnh",
        "François Müller",
        "Åse Ørsted, Ærø",
        "José María Ñuñez",
        "Łukasz Dvořák",
        "Gröbner-Basen für Überdeckungen",
        "L'élève où l'on a dû naître",
        "Où est née Zoé ?",
        "Größe ähnlicher Flächen",
        "“XÃ…” và “LÃ”",
        "UBND XÃ – THỊ TRẤN",
        "QUÊ – HƯƠNG, “QUÊ”",
        "XÔ–VIẾT NGHỆ TĨNH",
        "12/2008/QÐ–BKHCN",
        "QÐ-TTg",
        "«đá» và «à»…",
        "H₂SO₄, CO₂, NH₄⁺, Fe³⁺",
        "5 µm, 3 Å, 10 °C, ±0,5 %, 2×3, ½",
        "√2, √π, 2√∞, ∆T ≈ ±1",
        "α-pinen, β-caryophyllen, γ, Ω",
        "Điều gì? Vì sao?",
        "Why not? Because.",
        "https://example.org/tim?q=lam&x=1",
        "index.php?id=7",
        "Thế nào là “xanh”?",
        "(?) [?] ? ??",
        "Лесное хозяйство Вьетнама",
        "李明 林業",
        "Ứng dụng GIS & viễn thám",
        "Ê Đê, Ba Na, Xơ Đăng, H'Mông",
        "Intel® Core™ © 2024",
        "TP. Hồ Chí Minh – Việt Nam",
        "Đánh giá 1° kinh tuyến; 20 m²; 3 m³",
        "Ã, Â, Ä và Å là các chữ",
        "“ĐÔ THỊ HÓA…”",
        "NGÃ³ BẢY²",
        "100 € (≈ 2,8 triệu ₫)",
    ];
}
