use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

/// What is typed; style, number, year, kind, issuer and unit as read, `·` for none.
const SAMPLES: [(&str, &str); 45] = [
    ("3348/UBND-NLN", "state 3348 · · UBND NLN"),
    ("Số: 3348  /UBND-NLN", "state 3348 · · UBND NLN"),
    ("327/BNV-TCPCP", "state 327 · · BNV TCPCP"),
    ("88/SKHCN-QLKH-TĐC", "state 88 · · SKHCN QLKH-TĐC"),
    ("1112/QĐ-UBND", "state 1112 · QĐ UBND ·"),
    ("1112/QÐ-UBND", "state 1112 · QĐ UBND ·"),
    ("1112 / QĐ - UBND", "state 1112 · QĐ UBND ·"),
    ("1112/QĐ–UBND", "state 1112 · QĐ UBND ·"),
    ("1112/QĐ\u{2011}UBND", "state 1112 · QĐ UBND ·"),
    ("1112/QĐ\u{A0}—\u{A0}UBND", "state 1112 · QĐ UBND ·"),
    ("1112/QĐ\u{2212}UBND\n", "state 1112 · QĐ UBND ·"),
    ("số 05/BC-LHH", "state 05 · BC LHH ·"),
    ("SỐ:05/BC-LHH", "state 05 · BC LHH ·"),
    ("12a/QĐ-UBND", "state 12a · QĐ UBND ·"),
    ("12/TTR-UBND", "state 12 · TTr UBND ·"),
    ("49/TB-TU", "state 49 · TB TU ·"),
    ("14/2014/QĐ-TTg", "state 14 2014 QĐ TTg ·"),
    ("126/2024/NĐ-CP", "state 126 2024 NĐ CP ·"),
    ("126/2024/N\u{110}-CP", "state 126 2024 NĐ CP ·"),
    ("91/2025/QH15", "state 91 2025 · QH15 ·"),
    ("11/2020/L-CTN", "state 11 2020 L CTN ·"),
    ("01/2014/TTLT-BKHCN-BTC", "state 01 2014 TTLT BKHCN-BTC ·"),
    ("403/2017/NQLT-UBTVQH14-CP-ĐCTUBTWMTTQVN", "state 403 2017 NQLT UBTVQH14-CP-ĐCTUBTWMTTQVN ·"),
    ("1540/CP", "state 1540 · · CP ·"),
    ("7/BC", "state 7 · · BC ·"),
    ("107-KH/TU", "party 107 · KH TU ·"),
    ("42-CT/TW", "party 42 · CT TW ·"),
    ("27 – NQ / TW", "party 27 · NQ TW ·"),
    ("47-CTr/TU", "party 47 · CTr TU ·"),
    ("30-KL/ĐU", "party 30 · KL ĐU ·"),
    ("15-CV/TU", "party 15 · CV TU ·"),
    ("12-HD/BTC TW", "party 12 · HD BTC TW ·"),
    ("385-QĐ/UBND", "party 385 · QĐ UBND ·"),
    ("", "unknown · · · · ·"),
    ("Số:", "unknown · · · · ·"),
    ("/", "unknown · · · · ·"),
    ("công văn của tỉnh", "unknown · · · · ·"),
    ("Số hiệu 3", "unknown · · · · ·"),
    ("3348/ubnd-nln", "unknown · · · · ·"),
    ("123456/QĐ-UBND", "unknown · · · · ·"),
    ("126/24/NĐ-CP", "unknown · · · · ·"),
    ("126/3024/NĐ-CP", "unknown · · · · ·"),
    ("12/QĐ-", "unknown · · · · ·"),
    ("12-XX/TU", "unknown · · · · ·"),
    ("a/b/c/d-e", "unknown · · · · ·"),
];

fn seen(read: &DocumentNumber) -> String {
    let style = serde_json::to_value(read.style).unwrap();
    let year = read.year.map(|year| year.to_string());
    let parts = [&read.number, &year, &read.kind, &read.issuer, &read.unit];
    let parts: Vec<&str> = parts.into_iter().map(|part| part.as_deref().unwrap_or("·")).collect();
    format!("{} {}", style.as_str().unwrap(), parts.join(" "))
}

#[test]
fn the_parts_of_a_number_are_read_by_its_form() {
    for (raw, expected) in SAMPLES {
        assert_eq!(seen(&DocumentNumber::read(raw)), expected, "{raw}");
        let decomposed: String = raw.nfd().collect();
        assert_eq!(seen(&DocumentNumber::read(&decomposed)), expected, "{raw}, decomposed");
    }
}

#[test]
fn writings_of_one_number_have_one_key() {
    for (one, other) in [
        ("Số: 3348  /UBND-NLN", "3348/UBND-NLN"),
        ("số 3348/ubnd - nln", "3348/UBND-NLN"),
        ("Số: Số 12/QĐ-UBND", "12/QÐ–UBND"),
        ("  công  văn 12 ", "CÔNG VĂN 12"),
    ] {
        assert_eq!(DocumentNumber::read(one).key(), DocumentNumber::read(other).key(), "{one}");
    }
    for (one, other) in [("05/BC-LHH", "5/BC-LHH"), ("12a/QĐ-UBND", "12/QĐ-UBND"), ("12/TB-TU", "12-TB/TU")] {
        assert_ne!(DocumentNumber::read(one).key(), DocumentNumber::read(other).key(), "{one}");
    }
}

#[test]
fn what_was_typed_is_kept_and_what_is_shown_is_tidy() {
    let read = DocumentNumber::read(" Số:  3348 /\nUBND – NLN ");
    assert_eq!((read.raw.as_str(), read.normalised.as_str()), ("Số: 3348 / UBND – NLN", "3348/UBND-NLN"));
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        serde_json::json!({
            "text": "3348/UBND-NLN", "style": "state", "number": "3348", "year": null, "kind": null, "issuer": "UBND",
            "unit": "NLN"
        })
    );
}

#[test]
fn no_type_of_document_stands_twice_in_capitals() {
    let capitals: std::collections::BTreeSet<String> = KINDS.iter().map(|kind| kind.to_uppercase()).collect();
    assert_eq!(capitals.len(), KINDS.len());
}

/// Text that looks like a number, or anything at all.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[Ss]?[ốố]?[: ]{0,2}[0-9]{1,4}[ /–-]{1,4}[A-ZĐa-z]{1,4}[ /-]{0,3}[A-ZĐ&]{0,4}", any::<String>()]
}

proptest! {
    #[test]
    fn reading_never_panics_and_normalising_twice_is_once(raw in any_text()) {
        let once = DocumentNumber::read(&raw);
        let twice = DocumentNumber::read(&once.normalised);
        prop_assert_eq!(&twice.normalised, &once.normalised);
        prop_assert_eq!(seen(&twice), seen(&once));
        prop_assert_eq!(DocumentNumber::read(&once.raw), once);
    }

    #[test]
    fn the_key_does_not_see_how_letters_are_composed(raw in any_text()) {
        let key = DocumentNumber::read(&raw).key();
        prop_assert_eq!(DocumentNumber::read(&raw.nfd().collect::<String>()).key(), key.clone());
        prop_assert_eq!(DocumentNumber::read(&raw.nfc().collect::<String>()).key(), key);
    }

    #[test]
    fn the_key_does_not_see_blanks_around_separators(
        number in "[0-9]{1,5}", first in "[A-ZĐ]{1,4}", last in "[A-ZĐ]{1,4}", blanks in "[ \u{A0}\t]{0,3}", dash in "[-–—‑]",
    ) {
        let tight = DocumentNumber::read(&format!("{number}/{first}-{last}"));
        let loose = format!("{blanks}Số{blanks}:{blanks}{number}{blanks}/{blanks}{first}{blanks}{dash}{blanks}{last}{blanks}");
        prop_assert_eq!(DocumentNumber::read(&loose).key(), tight.key());
        prop_assert_eq!(tight.style, Style::State);
    }
}
