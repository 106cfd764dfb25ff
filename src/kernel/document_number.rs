//! Number and symbol of an official document, as Nghị định 30/2020/NĐ-CP and the Party write them.
//!
//! People cite numbers as newspapers print them, so nothing is refused: what was typed is kept, and the parts are read
//! where the form is known. The form decides the style, not the issuer: a Party body may write `49/TB-TU`, a newspaper
//! `385-QĐ/UBND`.

#[cfg(test)]
mod tests;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::text::display;

/// Abbreviations of types of documents: those of Nghị định 30/2020/NĐ-CP (Phụ lục III), of legislation and of the Party.
#[rustfmt::skip] // a line for each source
const KINDS: [&str; 36] = [
    "QĐ", "NQ", "CT", "QC", "QyĐ", "TC", "TB", "HD", "CTr", "KH", "PA", "ĐA", "DA", "BC", "BB", "TTr", "HĐ", "CĐ",
    "BGN", "BTT", "GUQ", "GM", "GGT", "GNP", "PG", "PC", "PB", // Nghị định 30
    "NĐ", "TT", "TTLT", "NQLT", "L", "PL", "SL", // legislation
    "KL", "CV", // the Party beside these
];

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Number, slash, symbol: `1112/QĐ-UBND`, `126/2024/NĐ-CP`.
    State,
    /// Number, hyphen, type, slash, issuer: `107-KH/TU`.
    Party,
    /// Any other form; only the text is known.
    Unknown,
}

/// The number of an official document and what can be read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(example = json!({
    "text": "1112/QĐ-UBND", "style": "state", "number": "1112", "year": null, "kind": "QĐ", "issuer": "UBND", "unit": null
}))]
pub struct DocumentNumber {
    /// As typed, on one line.
    #[serde(skip)]
    pub raw: String,
    /// As it is written by the rules: without “Số:”, no blanks around slash and hyphen.
    #[serde(rename = "text")]
    pub normalised: String,
    /// How it is written.
    pub style: Style,
    /// The number, with its leading zero and letter.
    pub number: Option<String>,
    /// The year, which only legal documents carry.
    pub year: Option<u16>,
    /// Abbreviated type of document; an official letter (công văn) has none.
    pub kind: Option<String>,
    /// Abbreviated issuer; joint issuers stand together.
    pub issuer: Option<String>,
    /// The unit that drafted an official letter.
    pub unit: Option<String>,
}

impl DocumentNumber {
    /// Reads a number; a form that is not known gives [`Style::Unknown`].
    #[must_use]
    pub fn read(raw: &str) -> Self {
        let raw = display(raw);
        let normalised = normalise(&raw);
        let parts = state(&normalised).or_else(|| party(&normalised)).unwrap_or_default();
        Self {
            style: parts.style,
            number: parts.number.map(str::to_owned),
            year: parts.year,
            kind: parts.kind.map(str::to_owned),
            issuer: parts.issuer.map(str::to_owned),
            unit: parts.unit.map(str::to_owned),
            raw,
            normalised,
        }
    }

    /// What two writings of one number share: the normalised text in capitals.
    #[must_use]
    pub fn key(&self) -> String {
        // capitals may decompose (ΐ), and a key is compared as bytes
        self.normalised.to_uppercase().nfc().collect()
    }
}

/// What a known form gives.
struct Parts<'a> {
    style: Style,
    number: Option<&'a str>,
    year: Option<u16>,
    kind: Option<&'static str>,
    issuer: Option<&'a str>,
    unit: Option<&'a str>,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self { style: Style::Unknown, number: None, year: None, kind: None, issuer: None, unit: None }
    }
}

/// One hyphen for every dash, no blanks around slash and hyphen, no leading “Số:”.
fn normalise(line: &str) -> String {
    let hyphens: String = line.chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
    let slashed: Vec<&str> = hyphens.split('/').map(str::trim).collect();
    let slashed = slashed.join("/");
    let tight: Vec<&str> = slashed.split('-').map(str::trim).collect();
    let tight = tight.join("-");
    let mut rest = tight.as_str();
    while let Some(bare) = without_label(rest) {
        rest = bare;
    }
    rest.to_owned()
}

const fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

/// The rest after “Số:” or “Số”; another word that begins so, such as “Số hiệu”, is no label.
fn without_label(text: &str) -> Option<&str> {
    let rest = ["Số", "số", "SỐ"].into_iter().find_map(|label| text.strip_prefix(label))?.trim_start();
    match rest.strip_prefix(':') {
        Some(bare) => Some(bare.trim_start()),
        None => (rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit())).then_some(rest),
    }
}

/// `number/symbol` or `number/year/symbol`.
fn state(text: &str) -> Option<Parts<'_>> {
    let (number, rest) = text.split_once('/').filter(|(number, _)| is_number(number))?;
    let (year, symbol) = match rest.split_once('/') {
        Some((digits, symbol)) => (Some(year(digits)?), symbol),
        None => (None, rest),
    };
    if !symbol.split('-').all(is_group) {
        return None;
    }
    let (kind, issuer, unit) = match symbol.split_once('-') {
        None => (None, symbol, None),
        Some((first, others)) => match kind(first) {
            Some(kind) => (Some(kind), others, None),
            None => (None, first, Some(others)),
        },
    };
    Some(Parts { style: Style::State, number: Some(number), year, kind, issuer: Some(issuer), unit })
}

/// `number-type/issuer`.
fn party(text: &str) -> Option<Parts<'_>> {
    let (head, issuer) = text.split_once('/').filter(|(_, issuer)| is_party_body(issuer))?;
    let (number, first) = head.split_once('-').filter(|(number, _)| is_number(number))?;
    let kind = kind(first)?;
    Some(Parts {
        style: Style::Party,
        number: Some(number),
        kind: Some(kind),
        issuer: Some(issuer),
        ..Parts::default()
    })
}

/// One to five digits, and a letter where a number was given twice: `12a`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_suffix(|c: char| c.is_ascii_alphabetic()).unwrap_or(text);
    (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A year of four digits, 1900 to 2099.
fn year(text: &str) -> Option<u16> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|year| digits && (1900..2100).contains(year))
}

/// A group of a symbol: begins with a capital, then letters, digits and `&`.
fn is_group(text: &str) -> bool {
    text.starts_with(char::is_uppercase) && text.chars().all(|c| c.is_alphanumeric() || c == '&')
}

/// An abbreviated Party body, perhaps with its level: `TU`, `ĐU`, `BTC TW`.
fn is_party_body(text: &str) -> bool {
    let body = text.strip_suffix(" TW").or_else(|| text.strip_suffix(" TU")).unwrap_or(text);
    body.starts_with(char::is_uppercase) && body.chars().all(char::is_alphabetic) && body.chars().count() <= 12
}

/// The type of document in its usual spelling; all in capitals (`TTR`) is the same.
fn kind(text: &str) -> Option<&'static str> {
    let capitals = text.to_uppercase();
    KINDS.into_iter().find(|kind| kind.to_uppercase() == capitals)
}
