use std::io::Read as _;

use proptest::prelude::*;
use uuid::Uuid;
use zip::ZipArchive;

use super::*;
use crate::consultations::conclusion::model::{ConclusionAnswer, Listed, Recommendation, Remark, Tally};
use crate::consultations::words::PanelSeat;

fn letter(number: &str, date: &str) -> Letter {
    Letter {
        number: number.to_owned(),
        date: date.parse().ok(),
        issuer: None,
        signatory: Some("Trần Văn Mẫu".to_owned()),
    }
}

fn content() -> Content {
    Content {
        basis: vec!["Căn cứ Công văn số 215/SNNMT-KL".to_owned()],
        summary: Some("Phù hợp & khả thi <một phần>.".to_owned()),
        answers: vec![ConclusionAnswer { question: 1, texts: vec!["Có.".to_owned(), "Chưa.".to_owned()] }],
        agreements: vec![Remark { part: Some("Mục 1".to_owned()), text: "Rõ.".to_owned() }],
        disagreements: vec![],
        alternatives: vec!["Chia hai giai đoạn".to_owned()],
        majority: Some("Đa số tán thành.\nDòng hai".to_owned()),
        minority: vec!["Ý kiến không tán thành.".to_owned()],
        recommendations: vec![
            Recommendation { number: 1, text: "Bổ sung vốn".to_owned(), withdrawn: false },
            Recommendation { number: 2, text: "Điều đã bỏ".to_owned(), withdrawn: true },
        ],
        members: vec![Listed {
            member_id: Uuid::nil(),
            seat: PanelSeat::Chair,
            full_name: "Nguyễn Thị Minh Họa".to_owned(),
            title: Some("PGS.TS".to_owned()),
            workplace: Some("Trường Mẫu".to_owned()),
        }],
        tally: Tally::default(),
    }
}

fn paper<'a>(content: &'a Content, report: Option<&'a Report>, questions: &'a [String]) -> Paper<'a> {
    Paper {
        head: Letterhead {
            superior: Some("Ủy ban Mẫu".to_owned()),
            issuer: "Liên hiệp Mẫu".to_owned(),
            short_name: Some("LHM".to_owned()),
            place: Some("Tỉnh Mẫu".to_owned()),
        },
        kind: ConsultationKind::CriticalReview,
        title: "Đề án rừng",
        asker: "Sở Mẫu",
        authority: Some("UBND tỉnh"),
        questions,
        content,
        report,
        corrects: None,
    }
}

fn parts(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

fn document_of(paper: &Paper<'_>) -> String {
    parts(docx(paper).unwrap()).into_iter().find(|(name, _)| name == "word/document.xml").unwrap().1
}

/// Why a text is no well-formed XML, as far as this writer can go wrong: tags that don't pair, bare markup, forbidden characters.
fn malformed(xml: &str) -> Option<String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    if let Some(bad) = xml.chars().find(|c| !allowed(*c)) {
        return Some(format!("{bad:?}"));
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(_, rest)| rest)?;
    while let Some((text, after)) = rest.split_once('<') {
        for entity in text.split('&').skip(1) {
            if !["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)) {
                return Some(format!("&{entity}"));
            }
        }
        let (tag, after) = after.split_once('>')?;
        rest = after;
        let name = |tag: &'_ str| tag.split([' ', '/']).next().unwrap_or_default().len();
        if let Some(closed) = tag.strip_prefix('/') {
            if open.pop() != Some(closed) {
                return Some(format!("</{closed}>"));
            }
        } else if !tag.ends_with('/') {
            open.push(&tag[..name(tag)]);
        }
        if tag.matches('"').count() % 2 == 1 {
            return Some(tag.to_owned());
        }
    }
    (!open.is_empty() || !rest.trim().is_empty()).then(|| format!("{open:?} {rest}"))
}

/// The texts of a document part, paragraph by paragraph.
fn told(xml: &str) -> Vec<String> {
    let text = |paragraph: &str| -> String {
        let runs = paragraph.split("<w:t xml:space=\"preserve\">").skip(1);
        runs.filter_map(|run| run.split_once("</w:t>")).map(|(text, _)| text).collect()
    };
    xml.split("<w:p>").skip(1).map(text).filter(|text| !text.is_empty()).collect()
}

#[test]
fn the_parts_of_the_archive_are_those_of_a_text_document() {
    let content = content();
    let report = Report { letter: letter("Số: 12 / BC-LHM", "2026-03-09"), authority: vec![] };
    let questions = ["Mục tiêu?".to_owned()];
    let bytes = docx(&paper(&content, Some(&report), &questions)).unwrap();
    assert_eq!(
        bytes,
        docx(&paper(&content, Some(&report), &questions)).unwrap(),
        "the same report makes the same bytes"
    );
    let parts = parts(bytes);
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "[Content_Types].xml",
            "_rels/.rels",
            "docProps/core.xml",
            "word/document.xml",
            "word/styles.xml",
            "word/settings.xml",
            "word/header1.xml",
            "word/_rels/document.xml.rels",
        ]
    );
    for (name, xml) in &parts {
        assert_eq!(malformed(xml), None, "{name}");
    }
    // each part beside those of the package itself has a type and is referred to
    let types = &parts[0].1;
    for name in &names[2..7] {
        assert!(types.contains(&format!("PartName=\"/{name}\"")), "{name}");
        let target = format!("Target=\"{}\"", name.strip_prefix("word/").unwrap_or(name));
        let whole = format!("Target=\"{name}\"");
        assert!(parts.iter().any(|(_, xml)| xml.contains(&target) || xml.contains(&whole)), "{name}");
    }
    let page = &parts[3].1;
    for said in ["w:w=\"11906\" w:h=\"16838\"", "w:left=\"1701\"", "w:right=\"851\"", "<w:titlePg/>"] {
        assert!(page.contains(said), "{said}");
    }
    assert!(parts[4].1.contains("Times New Roman"));
}

#[test]
fn everything_stands_in_its_place() {
    let content = content();
    let report =
        Report { letter: letter("Số: 12 / BC-LHM", "2026-03-09"), authority: vec!["KT. CHỦ TỊCH".to_owned()] };
    let questions = ["Mục tiêu?".to_owned()];
    let first = letter("9/BC-LHM", "2026-02-01");
    let paper = Paper { corrects: Some((&first, "Nhầm số")), ..paper(&content, Some(&report), &questions) };
    let seen = told(&document_of(&paper));
    let expected = [
        "ỦY BAN MẪU",
        "LIÊN HIỆP MẪU",
        "Số: 12/BC-LHM",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Tỉnh Mẫu, ngày 09 tháng 3 năm 2026",
        "BÁO CÁO",
        "Kết quả phản biện “Đề án rừng”",
        "(đính chính, thay thế Báo cáo số 9/BC-LHM ngày 01/02/2026)",
        "Kính gửi: Sở Mẫu",
        "Căn cứ Công văn số 215/SNNMT-KL;",
        "Lý do đính chính: Nhầm số",
        "I. TÓM TẮT",
        "Phù hợp &amp; khả thi &lt;một phần&gt;.",
        "II. TRẢ LỜI CÁC CÂU HỎI",
        "Câu hỏi 1: Mục tiêu?",
        "- Có.",
        "- Chưa.",
        "III. NỘI DUNG TÁN THÀNH",
        "- Mục 1: Rõ.",
        "IV. PHƯƠNG ÁN KHÁC",
        "- Chia hai giai đoạn",
        "V. Ý KIẾN CỦA ĐA SỐ",
        "Đa số tán thành.",
        "Dòng hai",
        "VI. Ý KIẾN KHÁC",
        "- Ý kiến không tán thành.",
        "VII. KIẾN NGHỊ",
        "1. Bổ sung vốn",
        "2. (đã rút)",
        "VIII. DANH SÁCH CHUYÊN GIA",
        "TT",
        "Họ và tên",
        "Nơi công tác",
        "Tham gia",
        "1",
        "PGS.TS Nguyễn Thị Minh Họa",
        "Trường Mẫu",
        "Chủ tịch",
        "Trên đây là báo cáo kết quả phản biện của Liên hiệp Mẫu, kính gửi Sở Mẫu xem xét, tiếp thu và phản hồi bằng văn bản./.",
        "Nơi nhận:",
        "- Như trên;",
        "- UBND tỉnh;",
        "- Lưu: VT, TVPB.",
        "KT. CHỦ TỊCH",
        "Trần Văn Mẫu",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_draft_says_so_and_has_blanks() {
    let content = Content::default();
    let seen = told(&document_of(&Paper { authority: Some("Sở Mẫu"), ..paper(&content, None, &[]) }));
    for said in
        ["(DỰ THẢO)", "Số:       /BC-LHM", "Tỉnh Mẫu, ngày      tháng      năm", "TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"]
    {
        assert!(seen.iter().any(|text| text == said), "{said}: {seen:?}");
    }
    assert!(!seen.iter().any(|text| text.starts_with("I. ")), "{seen:?}");
    assert!(!seen.iter().any(|text| text == "- Sở Mẫu;"), "who asks and decides gets it once");
}

proptest! {
    #[test]
    fn whatever_is_said_the_document_is_well_formed(text in "\\PC{0,40}|[\\x00-\\x20<>&\"'\u{FFFE}\u{FFFF}a]{0,40}") {
        let content = Content {
            basis: vec![text.clone()],
            summary: Some(text.clone()),
            majority: Some(text.clone()),
            minority: vec![text.clone()],
            recommendations: vec![Recommendation { number: 1, text: text.clone(), withdrawn: false }],
            ..content()
        };
        let report = Report { letter: letter(&format!("12/{text}"), "2026-03-09"), authority: vec![text.clone()] };
        let questions = [text.clone()];
        let paper = Paper { title: &text, asker: &text, ..paper(&content, Some(&report), &questions) };
        for (name, xml) in parts(docx(&paper).unwrap()) {
            prop_assert_eq!(malformed(&xml), None, "{}", name);
        }
    }
}
