use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;
use Normalisation::{CapsLowered, HtmlEntities, TitleSplitOff, Unicode, Whitespace};

/// The title table: kind, code, name, abbreviation, rank.
const TITLES: &str = "H|PGS|Phó giáo sư|PGS|10\nH|GS|Giáo sư|GS|20\nH|VS|Viện sĩ|VS|30\n\
    V|TRUNG_CAP|Trung cấp|TC|10\nV|CAO_DANG|Cao đẳng|CĐ|20\nV|CN|Cử nhân|CN|30\nV|KS|Kỹ sư|KS|30\n\
    V|KTS|Kiến trúc sư|KTS|30\nV|BS|Bác sĩ|BS|30\nV|DS|Dược sĩ đại học|DS|30\n\
    V|BSNT|Bác sĩ nội trú|BSNT|40\nV|CKI|Chuyên khoa cấp I|BSCKI|40\nV|THS|Thạc sĩ|ThS|40\n\
    V|CKII|Chuyên khoa cấp II|BSCKII|50\nV|TS|Tiến sĩ|TS|60\nV|TSKH|Tiến sĩ khoa học|TSKH|70";

fn row(line: &str) -> Option<TitleRow<'_>> {
    let mut cells = line.split('|');
    Some(TitleRow {
        kind: match cells.next()? {
            "H" => TitleKind::AcademicRank,
            _ => TitleKind::Degree,
        },
        code: cells.next()?,
        name: cells.next()?,
        abbreviation: cells.next()?,
        rank: cells.next()?.parse().ok()?,
    })
}

fn lexicon() -> TitleLexicon {
    TitleLexicon::new(TITLES.lines().filter_map(row))
}

/// The name and the titles as "name|rank|degree|others", to keep the tables readable.
fn read(input: &str) -> String {
    match lexicon().parse(input) {
        Ok(p) => {
            [p.name.full, p.academic_rank.unwrap_or_default(), p.degree.unwrap_or_default(), p.other_titles.join(" ")]
                .join("|")
        }
        Err(error) => format!("{error:?}"),
    }
}

fn name(full: &str) -> PersonName {
    split_parts(full.to_owned())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn titles_are_split_off() {
    let cases = [
        ("PGS.TS. Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|"),
        ("PGS.TS Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|"),
        ("PGS, TS Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|"),
        ("PGS-TS Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|"),
        ("PGS. TS. BS. Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|BS"),
        ("PGS.TS.BS Nguyễn Văn Ân", "Nguyễn Văn Ân|PGS|TS|BS"),
        ("GS.TSKH.Nguyễn Văn Ân", "Nguyễn Văn Ân|GS|TSKH|"),
        ("GS.VS. Nguyễn Văn Ân", "Nguyễn Văn Ân|GS||VS"),
        ("Viện sĩ Nguyễn Văn Ân", "Nguyễn Văn Ân|||VS"),
        ("TS.BS. Lò Ân", "Lò Ân||TS|BS"),
        ("T.S Lò Ân", "Lò Ân||TS|"),
        ("ts. Lò Ân", "Lò Ân||TS|"),
        ("PTS. Lò Ân", "Lò Ân||TS|"),
        ("Ths Lò Ân", "Lò Ân||THS|"),
        ("ThS Lò Ân", "Lò Ân||THS|"),
        ("ThS. Lò Ân", "Lò Ân||THS|"),
        ("Th.S Lò Ân", "Lò Ân||THS|"),
        ("THS LÒ ÂN", "Lò Ân||THS|"),
        ("Thạc sỹ Lò Ân", "Lò Ân||THS|"),
        ("Thạc sĩ Lò Ân", "Lò Ân||THS|"),
        ("Tiến sỹ Lò Ân", "Lò Ân||TS|"),
        ("TIẾN SĨ LÒ ÂN", "Lò Ân||TS|"),
        ("Tiến sĩ khoa học Lò Ân", "Lò Ân||TSKH|"),
        ("Phó tiến sĩ Lò Ân", "Lò Ân||TS|"),
        ("Phó Giáo sư, Tiến sĩ Lò Ân", "Lò Ân|PGS|TS|"),
        ("Giáo sư Lò Ân", "Lò Ân|GS||"),
        ("GSTS Lò Ân", "Lò Ân|GS|TS|"),
        ("BSCKII Lò Ân", "Lò Ân||CKII|"),
        ("BSCK2. Lò Ân", "Lò Ân||CKII|"),
        ("BS.CKII Lò Ân", "Lò Ân||CKII|"),
        ("BS. CK II Lò Ân", "Lò Ân||CKII|"),
        ("BS CKI Lò Ân", "Lò Ân||CKI|"),
        ("Bác sĩ chuyên khoa cấp II Lò Ân", "Lò Ân||CKII|"),
        ("Bác sỹ nội trú Lò Ân", "Lò Ân||BSNT|"),
        ("DSCKI Lò Ân", "Lò Ân||CKI|DS"),
        ("DSCKII. Lò Ân", "Lò Ân||CKII|DS"),
        ("KS. Lò Ân", "Lò Ân||KS|"),
        ("KTS Lò Ân", "Lò Ân||KTS|"),
        ("CN. Lò Ân", "Lò Ân||CN|"),
        ("Kĩ sư Lò Ân", "Lò Ân||KS|"),
        ("Cao đẳng Lò Ân", "Lò Ân||CAO_DANG|"),
        ("CN. KS. Lò Ân", "Lò Ân||CN|KS"),
        ("TS. TS Lò Ân", "Lò Ân||TS|"),
        ("NGND.GS.TS Lò Ân", "Lò Ân|GS|TS|NGND"),
        ("TTƯT. BSCKII. Lò Ân", "Lò Ân||CKII|TTƯT"),
        ("Nhà giáo Ưu tú, TS Lò Ân", "Lò Ân||TS|NGƯT"),
        ("Nguyễn Văn Ân, TS", "Nguyễn Văn Ân||TS|"),
        ("Nguyễn Văn Ân, PGS.TS.", "Nguyễn Văn Ân|PGS|TS|"),
        ("Nguyễn Văn Ân, PhD", "Nguyễn Văn Ân||TS|"),
        ("Nguyễn Văn Ân, M.Sc., Ph.D.", "Nguyễn Văn Ân||TS|THS"),
        ("Nguyen Van An, MD, PhD", "Nguyen Van An||TS|BS"),
        ("Prof. Dr. Nguyen Van An", "Nguyen Van An|GS|TS|"),
        ("Assoc. Prof. Nguyen Van An", "Nguyen Van An|PGS||"),
        ("Mr. Nguyen Van An", "Nguyen Van An|||"),
        ("Ông Nguyễn Văn Ân", "Nguyễn Văn Ân|||"),
        ("Bà Giàng Thị Mỷ", "Giàng Thị Mỷ|||"),
        ("Ông: Lò Ân", "Lò Ân|||"),
        ("Bà TS. Lò Ân", "Lò Ân||TS|"),
        ("Ông Lò Văn Ân, TS", "Lò Văn Ân||TS|"),
        ("Bà, ThS", "Bà||THS|"),
        ("TS Ân", "Ân||TS|"),
    ];
    for (input, expected) in cases {
        assert_eq!(read(input), expected, "{input}");
        let nfd: String = input.nfd().collect();
        assert_eq!(read(&nfd), expected, "{input} (NFD)");
    }
}

#[test]
fn real_names_are_never_eaten() -> Result<(), NameError> {
    let names = "Giáo|Sư Văn Nam|Bà Thị Hoa|Bà|Ông|Ông Cao Thắng|Ông Ích Khiêm|Cn|Ts Văn Ân|Cao Đẳng|\
        Cao Đẳng Khoa|Giàng A Thào|Hầu A Lềnh|Sùng Mí Và|Vàng Seo Chúng|Ma Thế Hồng|Chẩu Văn Lâm|Và|\
        Tiến|Nguyễn Tiến Sĩ|Lê Bác|Phó Đức Chính|Phó Giáo|Cử|Kỹ|Thạc|Viện|Trung|N. V. Ân|N.V. Ân|\
        H'Hen Niê|Anna-Maria Nguyễn|nguyễn văn ân|Nguyễn văn Ân|Thầy|Dương Công Ks|A|李明|T. S. Eliot";
    for full in names.split('|') {
        let parsed = lexicon().parse(full)?;
        assert_eq!(parsed.name.full, full);
        assert!(parsed.changes.is_empty() && parsed.other_titles.is_empty(), "{full}");
        assert_eq!((parsed.academic_rank, parsed.degree), (None, None), "{full}");
    }
    assert_eq!(read("MA THẾ HỒNG"), "Ma Thế Hồng|||");
    assert_eq!(read("CAO ĐẲNG"), "Cao Đẳng|||");
    Ok(())
}

#[test]
fn a_title_table_cannot_make_a_surname_a_title() -> Result<(), NameError> {
    let line = "V|MA|Mai|MA|40";
    let lexicon = TitleLexicon::new(row(line));
    for full in ["Ma Thế Hồng", "Mai Lan"] {
        assert_eq!(lexicon.parse(&full.to_uppercase())?.name.full, full);
    }
    assert_eq!(lexicon.parse("MA. Lan")?.degree.as_deref(), Some("MA"));
    assert_eq!(lexicon.parse("TS Lan")?.name.full, "TS Lan");
    Ok(())
}

#[test]
fn a_title_alone_is_found_by_any_spelling() {
    use TitleKind::{AcademicRank, Degree};
    let lexicon = lexicon();
    for (kind, text, code) in [
        (Degree, "Tiến sỹ", Some("TS")),
        (Degree, "Ph.D.", Some("TS")),
        (Degree, "PTS", Some("TS")),
        (Degree, " thạc  sĩ ", Some("THS")),
        (Degree, "BS CKII", Some("CKII")),
        (AcademicRank, "Phó giáo sư", Some("PGS")),
        (AcademicRank, "Tiến sĩ", None),
        (Degree, "PGSTS", None),
        (Degree, "NGND", None),
        (Degree, "Trạng nguyên", None),
        (Degree, "", None),
    ] {
        assert_eq!(lexicon.code_of(kind, text), code, "{text}");
    }
}

#[test]
fn unusable_cells_are_refused() {
    let long = "Â".repeat(201);
    let cases = [
        ("", "Empty"),
        (" \u{A0}\u{200B}", "Empty"),
        ("TS.", "OnlyTitles"),
        ("PGS.TS", "OnlyTitles"),
        ("Giáo sư", "OnlyTitles"),
        (long.as_str(), "TooLong"),
        ("...", "NotAName"),
        ("123", "NotAName"),
        ("Nguyễn Văn 2", "NotAName"),
        ("an@example.org", "NotAName"),
        ("<b>Ân</b>", "NotAName"),
        ("{Ân}", "NotAName"),
        ("=Ân", "NotAName"),
        ("Nguyễn Văn Ân (nữ)", "NotAName"),
        ("Nguyễn Văn Ân, Giám đốc", "NotAName"),
        ("NguyÔn V¨n ¢n", "Unreadable(Legacy(\"Nguyễn Văn Ân\"))"),
        ("D\u{AD}¬ng ThÞ Hoa", "Unreadable(Legacy(\"Dương Thị Hoa\"))"),
        ("Nguyá»…n VÄƒn Ã‚n", "Unreadable(Mojibake(Some(\"Nguyễn Văn Ân\")))"),
        ("Nguy?n Văn Ân", "Unreadable(LostLetters)"),
        ("TS. Nguyeãn Vaên  Aân", "Unreadable(Legacy(\"TS. Nguyễn Văn Ân\"))"),
    ];
    for (input, expected) in cases {
        assert_eq!(read(input), expected, "{input}");
    }
    assert_ne!(read(&"Â".repeat(200)), "TooLong");
}

#[test]
fn parts_are_optional_but_the_given_name() -> Result<(), NameError> {
    let cases = [
        ("Và", None, None, "Và"),
        ("Lò Ân", Some("Lò"), None, "Ân"),
        ("Giàng A Thào", Some("Giàng"), Some("A"), "Thào"),
        ("Nguyễn Thị Hồng Hạnh", Some("Nguyễn"), Some("Thị Hồng"), "Hạnh"),
    ];
    for (full, family, middle, given) in cases {
        let name = lexicon().parse(full)?.name;
        assert_eq!((name.family.as_deref(), name.middle.as_deref()), (family, middle));
        assert_eq!(name.given, given);
    }
    Ok(())
}

#[test]
fn repairs_are_reported() -> Result<(), NameError> {
    let nfd: String = "Lò Ân".nfd().collect();
    let cases: [(&str, &str, &[Normalisation]); 12] = [
        ("Lò Ân", "Lò Ân", &[]),
        (" Lò  Ân", "Lò Ân", &[Whitespace]),
        ("Lò\u{A0}Ân", "Lò Ân", &[Whitespace]),
        (&nfd, "Lò Ân", &[Unicode]),
        ("Ðào Ân", "Đào Ân", &[Unicode]),
        ("Lò\u{200B} Ân.", "Lò Ân", &[Unicode]),
        ("- Lò Ân", "Lò Ân", &[Unicode]),
        ("Lò Ân, TS.", "Lò Ân", &[TitleSplitOff]),
        ("LÒ ÂN", "Lò Ân", &[CapsLowered]),
        ("L&#242; &Acirc;n", "Lò Ân", &[HtmlEntities]),
        ("H'HEN NIÊ", "H'Hen Niê", &[CapsLowered]),
        ("TS.\tLÒ ÐỨC ÂN", "Lò Đức Ân", &[Whitespace, Unicode, TitleSplitOff, CapsLowered]),
    ];
    for (input, full, changes) in cases {
        let parsed = lexicon().parse(input)?;
        assert_eq!((parsed.name.full.as_str(), parsed.changes.as_slice()), (full, changes));
    }
    Ok(())
}

fn assert_ascending(names: &[&str]) {
    for pair in names.windows(2) {
        assert!(sort_key(&name(pair[0])) < sort_key(&name(pair[1])), "{pair:?}");
    }
}

#[test]
fn lists_are_in_vietnamese_order() {
    let words = "ba bà bả bã bá bạ bă bâ da dâ Dũng đa Đào e o ô ơ u ư";
    let given = "An Anh Ánh Ân Bình Dung Đào Và";
    let letters = "a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z";
    for list in [words, given, letters] {
        assert_ascending(&list.split(' ').collect::<Vec<_>>());
    }
    assert_ascending(&[
        "An",
        "Lê An",
        "Lê Thị An",
        "Lê Thị Hồng An",
        "Lê Văn An",
        "Nguyễn An",
        "Nguyễn A An",
        "Nguyễn Văn an",
        "Đỗ Anh",
        "Bùi Ánh",
        "Ân",
        "A 李",
    ]);
}

#[test]
fn tone_placement_matters_only_as_the_last_tie_break() {
    let (old, new) = (sort_key(&name("Lê Hòa")), sort_key(&name("Lê Hoà")));
    let tail = "Lê Hòa".len();
    assert_eq!(old[..old.len() - tail], new[..new.len() - tail]);
    assert_ne!(old, new);
    assert_eq!(sort_key(&name("Ý")), b"\x2F\x01\x05\x01\0\0\0\xC3\x9D");
    assert_ascending(&["Lê Hòa", "Trần Hoà"]);
    assert_ascending(&["Lê Hoà", "Trần Hòa"]);
}

fn any_name() -> impl Strategy<Value = String> {
    let built = "((PGS|TS|ThS|Ông|Bà|BS|CKII|Nguyễn|LÊ|Giàng|A|Cao|đẳng|Ân|MA|Ks|Th|S|Giáo|sư|Ð)[ .,:-]{1,2}){0,6}Ân?";
    prop_oneof![any::<String>(), built, "[A-ZĐÂa-zđâạ' .\u{A0}\u{301}-]{0,30}"]
}

proptest! {
    #[test]
    fn parsing_is_stable_and_total(input in any_name()) {
        let lexicon = lexicon();
        if let Ok(parsed) = lexicon.parse(&input) {
            let full = &parsed.name.full;
            prop_assert_eq!(&text::display(full), full);
            prop_assert!(full.contains(char::is_alphabetic));
            let parts = [&parsed.name.family, &parsed.name.middle, &Some(parsed.name.given.clone())];
            let joined: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            prop_assert_eq!(&joined.join(" "), full);
            prop_assert!(!sort_key(&parsed.name).is_empty());
        }
    }

    #[test]
    fn composed_and_decomposed_names_agree(input in any_name()) {
        let (nfc, nfd): (String, String) = (input.nfc().collect(), input.nfd().collect());
        prop_assert_eq!(read(&nfc), read(&nfd));
    }

    #[test]
    fn titles_do_not_change_the_name(words in proptest::collection::vec("[A-ZĐ][aàạâăo][a-zđ]{0,4}", 1..5)) {
        let full = words.join(" ");
        prop_assume!(read(&full) == format!("{full}|||"));
        prop_assert_eq!(read(&format!("PGS.TS. {full}")), format!("{full}|PGS|TS|"));
        prop_assert_eq!(read(&format!("{full}, ThS")), format!("{full}||THS|"));
    }
}
