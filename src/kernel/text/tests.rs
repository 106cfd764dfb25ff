use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

/// Every vowel of Vietnamese with every tone, in the order a à ả ã á ạ.
const VOWELS: &str = "aàảãáạ ăằẳẵắặ âầẩẫấậ eèẻẽéẹ êềểễếệ iìỉĩíị oòỏõóọ ôồổỗốộ ơờởỡớợ uùủũúụ ưừửữứự yỳỷỹýỵ";

const PROPER: &str = "Hà Nội|Cao Bằng|Tuyên Quang|Điện Biên|Lai Châu|Sơn La|Lào Cai|Thái Nguyên|\
    Lạng Sơn|Quảng Ninh|Bắc Ninh|Phú Thọ|Hải Phòng|Hưng Yên|Ninh Bình|Thanh Hóa|Thanh Hoá|Nghệ An|\
    Hà Tĩnh|Quảng Trị|Huế|Đà Nẵng|Quảng Ngãi|Gia Lai|Khánh Hòa|Đắk Lắk|Lâm Đồng|Đồng Nai|\
    Hồ Chí Minh|Tây Ninh|Đồng Tháp|Vĩnh Long|An Giang|Cần Thơ|Cà Mau|Hà Giang|Lê Công Hoàng|\
    Lò Văn Toàn|Ðào Công Thành|Tô Hoài|Thuý Loan|bê tông cốt thép|cà phê, phôtpho, mêtan|Niê|Êđê|\
    LÊ HOÀNG HÀ|công nghệ thông tin|Ðà Lạt|quý báu|khoáng sản|Hoà Bình";

const FOREIGN: &str = "Où est née Zoé ?|Loïc|Loïc Haïm|Anaïs et Noël|le naïf maïs thaï|où|«mot»|\
    Il est là, près du château|tôt|plutôt dépôt|Müller, Köln|schöne Grüße aus Tübingen|Straße|\
    El Niño, señor|São Paulo|José García Mª Carmen|col·lega|N·m|kW·h|m×n|3×4|5 µm|µm|±2 °C|\
    Intel® and Windows®|© 2024|table¹|§ 3a|£5|½ cup|café naïve résumé|smörgåsbord på så|Göteborg|\
    L'été où l'on a dû naître|Bjørn Ærø|für über|Größe ähnlich";

#[test]
fn display_cleans_without_respelling() {
    let cases = [
        ("  Nguyễn\u{A0}\u{2009}Văn \t Ân\n", "Nguyễn Văn Ân"),
        ("\u{FEFF}Ho\u{200B}à\u{AD}", "Hoà"),
        ("Hòa Hoà", "Hòa Hoà"),
        ("Ðặng ðức", "Đặng đức"),
        ("Bà Rịa\u{2011}Vũng Tàu – A\u{2010}B", "Bà Rịa-Vũng Tàu – A-B"),
        ("a\0b\u{7}c\u{2800}\u{3164}d", "abc d"),
        ("Nguye\u{302}\u{303}n", "Nguyễn"),
        ("\u{200B} \u{A0}", ""),
    ];
    for (input, expected) in cases {
        assert_eq!(display(input), expected, "{input:?}");
    }
}

#[test]
fn multiline_display_keeps_lines_and_tabs() {
    let cases =
        [("a\r\nb\rc\u{2028}d", "a\nb\nc\nd"), ("  a   b \t c  \n\n d \n", "a b\tc\n\nd"), ("Ð\u{A0}\u{AD}x", "Đ x")];
    for (input, expected) in cases {
        assert_eq!(display_multiline(input), expected, "{input:?}");
    }
}

#[test]
fn fold_makes_search_keys() {
    let cases = [
        ("Đường Dương DUONG", "duong duong duong"),
        ("Ðặng Thị Đào", "dang thi dao"),
        ("Hòa", "hoa"),
        ("Hoà", "hoa"),
        ("Bà Rịa - Vũng Tàu (cũ)", "ba ria vung tau cu"),
        ("H'Mông; Ê Đê\u{2BC}ƀ", "h mong e de b"),
        ("Straße Œuvre Ærø Łódź ＡＢ１ m²", "strasse oeuvre aero lodz ab1 m2"),
        ("Йод Ж", "йод ж"),
        ("हिन्दी 李明", "हिन्दी 李明"),
        (" ... ", ""),
    ];
    for (input, expected) in cases {
        assert_eq!(fold(input), expected, "{input:?}");
    }
}

#[test]
fn fold_reduces_every_vowel() {
    for group in VOWELS.split(' ') {
        let folded = fold(group);
        let mut letters = folded.chars();
        let first = letters.next();
        assert!(first.is_some_and(|c| "aeiouy".contains(c)), "{group}");
        assert!(letters.all(|c| Some(c) == first), "{group}");
        assert_eq!(fold(&group.to_uppercase()), folded);
    }
}

#[test]
fn accent_key_unifies_tone_placement_only() {
    let same = [
        ("Hòa", "Hoà"),
        ("khỏe", "khoẻ"),
        ("Thủy", "thuỷ"),
        ("TỈNH ỦY", "tỉnh uỷ"),
        ("Thanh-Hóa.", "Thanh Hoá"),
        ("tọa", "toạ"),
        ("lõa", "loã"),
    ];
    for (old, new) in same {
        assert_eq!(accent_key(old), accent_key(new), "{old} {new}");
    }
    let different = [("Hoa", "Hoà"), ("Hóa", "Hoà"), ("Vỹ", "Vĩ"), ("dương", "đường")];
    for (a, b) in different {
        assert_ne!(accent_key(a), accent_key(b), "{a} {b}");
    }
    for untouched in ["quý", "qúy", "hoàn", "thuý", "hoạch", "múa", "xoáy"] {
        assert_eq!(accent_key(untouched), untouched);
    }
}

#[test]
fn legacy_text_is_recognised_and_repaired() {
    let cases = [
        ("Hµ Giang", "Hà Giang", LegacyEncoding::Tcvn3),
        ("Ninh B×nh", "Ninh Bình", LegacyEncoding::Tcvn3),
        ("NguyÔn V¨n ¢n", "Nguyễn Văn Ân", LegacyEncoding::Tcvn3),
        ("D\u{AD}¬ng ThÞ Hoµ", "Dương Thị Hoà", LegacyEncoding::Tcvn3),
        ("§ç Hång S¬n", "Đỗ Hồng Sơn", LegacyEncoding::Tcvn3),
        ("Hå Sü Hïng", "Hồ Sỹ Hùng", LegacyEncoding::Tcvn3),
        ("Phan ThÕ ChÝnh", "Phan Thế Chính", LegacyEncoding::Tcvn3),
        ("TRÇN V¡N PH¸T", "TRẦN VĂN PHÁT", LegacyEncoding::Tcvn3),
        ("UBND tØnh", "UBND tỉnh", LegacyEncoding::Tcvn3),
        ("Lª", "Lê", LegacyEncoding::Tcvn3),
        ("Xin chaøo caùc baïn", "Xin chào các bạn", LegacyEncoding::Vni),
        ("Nguyeãn Vaên Aân", "Nguyễn Văn Ân", LegacyEncoding::Vni),
        ("NGUYEÃN VAÊN AÂN", "NGUYỄN VĂN ÂN", LegacyEncoding::Vni),
        ("Traàn Ñöùc Löông", "Trần Đức Lương", LegacyEncoding::Vni),
        ("Tænh Vónh Phuùc", "Tỉnh Vĩnh Phúc", LegacyEncoding::Vni),
        ("ñöôïc", "được", LegacyEncoding::Vni),
        ("Laïi Thu Bích", "Lại Thu Bích", LegacyEncoding::Vni),
        ("Phaïm Ngoïc Thaïch", "Phạm Ngọc Thạch", LegacyEncoding::Vni),
    ];
    for (input, repaired, encoding) in cases {
        assert_eq!(legacy_encoding(input), Some(encoding), "{input}");
        assert_eq!(decode_legacy(input, encoding), repaired);
        assert_eq!(legacy_encoding(repaired), None);
    }
}

#[test]
fn proper_text_is_not_taken_for_legacy() {
    for text in PROPER.split('|').chain(FOREIGN.split('|')) {
        let nfd: String = text.nfd().collect();
        assert_eq!(legacy_encoding(text), None, "{text}");
        assert_eq!(legacy_encoding(&nfd), None, "{text} (NFD)");
        assert_eq!(legacy_encoding(&text.to_uppercase()), None, "{text} (capitals)");
    }
    assert_eq!(legacy_encoding(&PROPER.replace('|', " ")), None);
    assert_eq!(legacy_encoding(&FOREIGN.replace('|', " ")), None);
}

/// Each vowel in each tone, alone and behind every onset, is proper Vietnamese.
#[test]
fn no_single_syllable_is_taken_for_legacy() {
    let onsets = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x";
    for vowel in VOWELS.chars().filter(|c| *c != ' ') {
        for onset in onsets.split(' ') {
            for coda in ["", "m", "n", "ng", "nh", "c", "t"] {
                let word = format!("{onset}{vowel}{coda}");
                assert_eq!(legacy_encoding(&word), None, "{word}");
            }
        }
    }
}

#[test]
fn the_legacy_tables_have_equal_sides() {
    let count = |s: &str| s.chars().count();
    assert_eq!(decode_legacy("µ¦", LegacyEncoding::Tcvn3), "àƯ");
    assert_eq!(decode_legacy("aä eä oä ôï öï yõ î Ñ", LegacyEncoding::Vni), "ậ ệ ộ ợ ự ỹ ỵ Đ");
    assert_eq!(legacy::table_sides().map(|(a, b)| count(a) - count(b)), [0; 9]);
}

#[test]
fn syllables_have_a_known_shape() {
    for yes in ["Nguyễn", "quý", "gì", "giêng", "nghiêng", "Ủy", "uỷ", "A", "Đắk", "khuỷu", "ðào"] {
        assert!(is_syllable(yes), "{yes}");
    }
    for no in ["", "TS", "hat", "thàch", "Müller", "schon", "àá", "PGS"] {
        assert!(!is_syllable(no), "{no}");
    }
}

#[test]
fn nul_is_seen() {
    assert!(has_nul("a\0b"));
    assert!(!has_nul("ab"));
}

/// Letters likely to break something: Vietnamese, marks, blanks, symbols, other scripts.
fn tricky() -> impl Strategy<Value = String> {
    let alphabet = "[aAeEoOuUyYdDqQ đĐÐðàạậợỷỳÝµ·×ª\u{300}\u{301}\u{302}\u{31B}\u{323}\u{A0}\u{AD}\u{200B}\u{34F}\
        \n\r\t.,'ßİΣςйक\u{93F}한\u{212B}\u{1E9E}ﬁ²ʼ-]{0,24}";
    prop_oneof![any::<String>(), alphabet, "\\PC{0,16}"]
}

proptest! {
    #[test]
    fn every_form_is_idempotent(input in tricky()) {
        for form in [display, display_multiline, fold, accent_key] {
            let once = form(&input);
            prop_assert_eq!(&form(&once), &once);
        }
    }

    #[test]
    fn composed_and_decomposed_input_agree(input in tricky()) {
        let (nfc, nfd): (String, String) = (input.nfc().collect(), input.nfd().collect());
        for form in [display, display_multiline, fold, accent_key] {
            prop_assert_eq!(form(&nfc), form(&nfd));
        }
        prop_assert_eq!(legacy_encoding(&nfc), legacy_encoding(&nfd));
    }

    #[test]
    fn forms_build_on_each_other(input in tricky()) {
        prop_assert_eq!(fold(&display(&input)), fold(&input));
        prop_assert_eq!(accent_key(&display(&input)), accent_key(&input));
    }

    #[test]
    fn fold_of_latin_text_is_plain(input in "[ -~À-ÖØ-öø-ÿĂăĐđĨĩŨũƠơƯưẠ-ỹ]{0,40}") {
        let folded = fold(&input);
        let plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | ' ');
        prop_assert!(folded.chars().all(plain), "{}", folded);
        prop_assert!(!folded.contains("  ") && folded.trim() == folded);
    }

    #[test]
    fn display_is_clean(input in any::<String>()) {
        let shown = display(&input);
        prop_assert!(!shown.contains(char::is_control) && !has_nul(&shown));
        prop_assert!(unicode_normalization::is_nfc(&shown) && shown.trim() == shown);
    }

    #[test]
    fn legacy_never_panics(input in "[ a-zA-Z\u{A0}-\u{FF}]{0,40}") {
        let _ = legacy_encoding(&input);
        let _ = decode_legacy(&input, LegacyEncoding::Tcvn3);
        let _ = decode_legacy(&input, LegacyEncoding::Vni);
    }
}

/// Every letter of the two encodings, in a table of its own: what the code knows is compared with it.
#[test]
fn every_letter_of_the_old_fonts_is_known() {
    let rows = include_str!("legacy_encodings.csv").lines().skip(1);
    let mut count = 0;
    for row in rows {
        let [scheme, legacy, letter] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let encoding = if scheme == "TCVN3" { LegacyEncoding::Tcvn3 } else { LegacyEncoding::Vni };
        assert_eq!(decode_legacy(legacy, encoding), letter.nfc().collect::<String>(), "{row}");
        count += 1;
    }
    assert_eq!(count, 208);
}

/// Text as people send it, with all that the short way must leave to the long one.
fn any_text() -> impl Strategy<Value = String> {
    let letters = "aAeEoOuUyYdDqQ đĐðÐ àạảãá òoà uỷ ơ ư ế Ữ ß æ ı İ ² – “ ” ' - . , & ° ·\n\t\u{A0}\u{301}\u{323}\u{200B}\u{2011}µª×";
    let letters: Vec<char> = letters.chars().collect();
    let kind = prop_oneof![
        proptest::collection::vec(proptest::sample::select(letters), 0..24).prop_map(String::from_iter),
        proptest::sample::select(PROPER.split('|').chain(FOREIGN.split('|')).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        any::<String>(),
    ];
    proptest::collection::vec(kind, 1..3).prop_map(|texts| texts.join(" "))
}

proptest! {
    #[test]
    fn the_short_way_gives_what_the_long_one_gives(text in any_text()) {
        let clean: String = visible(&text).map(tidy_char).nfc().collect();
        prop_assert_eq!(display(&text), collapse_spaces(&clean));
        prop_assert_eq!(fold(&text), fold_any(&text));
        let composed = visible(&text).map(tidy_char).nfc();
        let lower: String = composed.flat_map(char::to_lowercase).nfc().collect();
        prop_assert_eq!(accent_key(&text), accented_words(&lower));
        let unix = text.replace("\r\n", "\n");
        let clean: String = visible(&unix).map(tidy_multiline_char).nfc().collect();
        let lines: Vec<String> = clean.split('\n').map(tidy_line).collect();
        prop_assert_eq!(display_multiline(&text), lines.join("\n").trim().to_owned());
    }

    #[test]
    fn every_plain_character_is_composed_and_stays(text in "[\u{20}-\u{24F}\u{1EA0}-\u{1EF9}\u{2010}-\u{203A}]{0,12}") {
        if plain::is_composed(&text) {
            prop_assert!(unicode_normalization::is_nfc(&text), "{:?}", text);
        }
        if plain::is_settled(&text) {
            prop_assert_eq!(display(&text), text);
        }
    }
}
