use proptest::prelude::*;

use super::*;

const HA_NOI: i32 = 1;
const TUYEN_QUANG: i32 = 8;

fn provinces() -> Vec<(String, i32)> {
    [("Hà Nội", HA_NOI), ("Tuyên Quang", TUYEN_QUANG), ("Hà Giang", TUYEN_QUANG), ("Huế", 46), ("Hồ Chí Minh", 79)]
        .map(|(name, id)| (match_key(name), id))
        .to_vec()
}

fn judged(text: &str, given: Option<i32>, name: &str, province: Option<i32>) -> (f64, Vec<MatchReason>) {
    let (key, match_key) = (fold(name), match_key(name));
    judge(
        &Asked::new(text, given),
        Known { kind: "full", key: &key, match_key: &match_key, body_key: &match_key, province },
        &provinces(),
    )
}

#[test]
fn spellings_of_one_name_have_one_key() {
    for spellings in [
        ["Sở Khoa học và Công nghệ tỉnh Tuyên Quang", "Sở KH&CN Tuyên Quang", "SỞ KHCN TUYÊN QUANG"],
        ["Trường Đại học Nông Lâm, Đại học Huế", "Trường ĐH Nông lâm - ĐH Huế", "trường đại học nông lâm đại học huế"],
        ["Bệnh viện Đa khoa tỉnh Bắc Ninh", "BVĐK Bắc Ninh", "Bệnh viện ĐK Bắc Ninh"],
        ["Đại học Y Dược TP. Hồ Chí Minh", "ĐH Y Dược TP.HCM", "Đại học Y Dược Thành phố Hồ Chí Minh"],
        ["Ủy ban nhân dân huyện Đồng Văn", "UBND huyện Đồng Văn", "Uỷ ban nhân dân huyện Đồng Văn"],
        ["Trường Cao đẳng Kỹ thuật Lai Châu", "Trường CĐ Kĩ thuật Lai Châu", "Trường cao đẳng kỹ thuật  Lai Châu"],
    ] {
        let keys: Vec<String> = spellings.iter().map(|text| match_key(text)).collect();
        // "ĐK" alone is not written out: it stands for other things, too
        let expected = &keys[0];
        for (text, key) in spellings.iter().zip(&keys).filter(|(text, _)| !text.contains("ĐK B")) {
            assert_eq!(key, expected, "{text}");
        }
    }
    assert_eq!(match_key("Khoa Máy tính"), "khoa mai tinh", "a word that only folds like a level stays");
    assert_ne!(match_key("&"), match_key("tỉnh"));
}

#[test]
fn a_name_that_is_only_spelled_differently_is_sure() {
    for (text, given, name, province, score, reason) in [
        ("Sở Y tế Tuyên Quang", None, "Sở Y tế Tuyên Quang", Some(TUYEN_QUANG), 1.0, MatchReason::SameName),
        (
            "so y te tuyen quang",
            Some(TUYEN_QUANG),
            "Sở Y tế Tuyên Quang",
            Some(TUYEN_QUANG),
            1.0,
            MatchReason::SameName,
        ),
        ("Sở KH&CN tỉnh Hà Giang", None, "Sở Khoa học và Công nghệ Hà Giang", None, 0.97, MatchReason::SameSpelling),
        ("Sở Nội vụ tỉnh Tuyên Quang", None, "Sở Nội vụ", Some(TUYEN_QUANG), 0.95, MatchReason::NameAndProvince),
        ("Sở Nội vụ tỉnh Hà Giang", None, "Sở Nội vụ", Some(TUYEN_QUANG), 0.95, MatchReason::NameAndProvince),
    ] {
        let (seen, reasons) = judged(text, given, name, province);
        assert!((seen - score).abs() < 1e-9 && reasons[0] == reason, "{text}: {seen} {reasons:?}");
    }
}

#[test]
fn a_name_that_is_similar_is_possible() {
    for (text, name) in [
        ("Đại học Nông Lâm Huế", "Trường Đại học Nông Lâm, Đại học Huế"),
        ("Sở Khoa hoc và Công nhệ Tuyên Quang", "Sở Khoa học và Công nghệ Tuyên Quang"),
        ("Trung tâm Kiểm soát bệnh tật (CDC) Tuyên Quang", "Trung tâm Kiểm soát bệnh tật Tuyên Quang"),
        ("Đại học Bách khoa Hà Nội - Khoa Điện", "Đại học Bách khoa Hà Nội"),
    ] {
        let (score, reasons) = judged(text, None, name, None);
        assert!((POSSIBLE..SURE).contains(&score), "{text}: {score} {reasons:?}");
    }
}

#[test]
fn another_province_number_or_department_is_another_body() {
    for (text, given, name, province) in [
        ("Sở Tài chính Hà Nội", None, "Sở Tài chính Tuyên Quang", Some(TUYEN_QUANG)),
        ("Sở Tài chính Hà Nội", Some(HA_NOI), "Sở Tài chính", Some(TUYEN_QUANG)),
        ("Sở Tài chính Hà Nội", Some(HA_NOI), "Sở Tư pháp Hà Nội", Some(HA_NOI)),
        ("Bệnh viện Quân y 103", None, "Bệnh viện Quân y 175", None),
        ("Trường THPT chuyên Huế", None, "Trường THPT chuyên Hà Nội", None),
        ("Viện Toán học", None, "Bảo tàng Hà Nội", Some(HA_NOI)),
        ("Sở Y tế", Some(HA_NOI), "Sở Xây dựng", Some(HA_NOI)),
        ("Trường Cao đẳng Y tế Hà Nội", Some(HA_NOI), "Sở Y tế Hà Nội", Some(HA_NOI)),
        ("Trường Đại học Kiến trúc Hà Nội", Some(HA_NOI), "Trường Đại học Y Hà Nội", Some(HA_NOI)),
        ("Học viện Tài chính", Some(HA_NOI), "Sở Tài chính", None),
        ("UBND huyện Đồng Văn", None, "Ủy ban nhân dân tỉnh Tuyên Quang", Some(TUYEN_QUANG)),
        ("UBND huyện Đồng Văn", None, "Văn phòng Ủy ban nhân dân tỉnh Tuyên Quang", Some(TUYEN_QUANG)),
        ("Công ty cổ phần Môi trường Hồng Vân", None, "Công ty cổ phần Cơ điện Hồng Vân", None),
    ] {
        let (score, reasons) = judged(text, given, name, province);
        assert!(score < POSSIBLE, "{text} / {name}: {score} {reasons:?}");
    }
    let (score, reasons) = judged("Sở Y tế", Some(HA_NOI), "Sở Y tế", Some(TUYEN_QUANG));
    assert!(score < SURE && reasons.contains(&MatchReason::OtherProvince), "{score} {reasons:?}");
}

#[test]
fn an_abbreviation_is_possible_but_never_sure() {
    let known = Known { kind: "short", key: "stc", match_key: "stc", body_key: "so tai chinh", province: None };
    let (score, reasons) = judge(&Asked::new("STC", None), known, &provinces());
    assert!((POSSIBLE..SURE).contains(&score) && reasons == [MatchReason::Abbreviation], "{score}");
    assert!(judge(&Asked::new("Sở Tài chính", None), known, &provinces()).0 < POSSIBLE);
}

#[test]
fn words_with_one_wrong_letter_are_nearly_equal() {
    for (a, b, expected) in [
        ("nghe", "nhge", true),
        ("nghe", "nghee", true),
        ("nghe", "nghi", true),
        ("nghe", "ngo", false),
        ("khoa", "khac", false),
        ("hoc", "hac", false),
        ("huyen", "tuyen", false),
        ("nghiep", "nghiep", true),
    ] {
        assert_eq!((nearly_equal(a, b), nearly_equal(b, a)), (expected, expected), "{a} {b}");
    }
}

#[test]
fn what_a_workplace_seems_to_be() {
    for (text, kind) in [
        ("Sở Tài chính Hà Nội", Kind::Agency),
        ("UBND huyện Đồng Văn", Kind::Agency),
        ("Chi cục Kiểm lâm", Kind::Agency),
        ("Hội Đông y tỉnh Tuyên Quang", Kind::Association),
        ("Hội đồng nhân dân tỉnh", Kind::Agency),
        ("Liên hiệp các Hội Khoa học và Kỹ thuật Việt Nam", Kind::Union),
        ("Đại học Bách khoa Hà Nội", Kind::Institution),
        ("Công ty cổ phần FPT", Kind::Institution),
    ] {
        assert_eq!(kind_of(text), kind, "{text}");
    }
}

proptest! {
    #[test]
    fn a_score_is_a_share_and_a_name_is_itself(a in "[a-zA-ZăâđêôơưĐÁàảãạếềểễệứ0-9 .,-]{0,40}", b in "[a-zăâđêôơưáàảãạ0-9 ]{0,40}") {
        let (score, _) = judged(&a, None, &b, None);
        prop_assert!((0.0..=1.0).contains(&score));
        let (own, _) = judged(&a, None, &a, None);
        prop_assert!((own - 1.0).abs() < 1e-9);
        prop_assert_eq!(match_key(&a), match_key(&format!(" {} ", a.to_uppercase())));
    }
}
