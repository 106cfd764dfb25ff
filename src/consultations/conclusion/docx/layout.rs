//! What stands where in a report, as official papers are laid out (Nghị định 30/2020/NĐ-CP).

use chrono::{Datelike, NaiveDate};

use super::Paper;
use super::xml::{Align, Look, paragraph, paragraphs, rule, table};
use crate::consultations::conclusion::drafting::cited;
use crate::consultations::conclusion::model::{Listed, Recommendation, Remark};
use crate::consultations::words::{ConsultationKind, PanelSeat};
use crate::kernel::document_number::DocumentNumber;

/// Columns of the head, in twentieths of a point: together the width between the margins.
const HEAD: [u32; 2] = [3_554, 5_800];
/// Columns of the foot.
const FOOT: [u32; 2] = [4_254, 5_100];
/// Columns of the list of experts.
const EXPERTS: [u32; 4] = [700, 3_300, 3_354, 2_000];
/// In whose name a report is signed unless it is said.
const AUTHORITY: [&str; 2] = ["TM. BAN THƯỜNG VỤ", "CHỦ TỊCH"];

/// What was asked for, in a report.
const fn kind(kind: ConsultationKind) -> &'static str {
    match kind {
        ConsultationKind::Consultation => "tư vấn",
        ConsultationKind::CriticalReview => "phản biện",
        ConsultationKind::SocialAssessment => "giám định xã hội",
    }
}

const fn seat(seat: PanelSeat) -> &'static str {
    match seat {
        PanelSeat::Chair => "Chủ tịch",
        PanelSeat::Secretary => "Thư ký",
        PanelSeat::Reviewer => "Ủy viên phản biện",
        PanelSeat::Member => "Ủy viên",
    }
}

/// What the report is about, in a line.
pub fn subject(paper: &Paper<'_>) -> String {
    format!("Kết quả {} “{}”", kind(paper.kind), paper.title)
}

/// A day as papers are dated: days below 10 and the first two months with a zero, so that nothing is written before them.
pub fn dated(day: NaiveDate) -> String {
    let month = if day.month() < 3 { format!("{:02}", day.month()) } else { day.month().to_string() };
    format!("ngày {:02} tháng {month} năm {}", day.day(), day.year())
}

/// 1 to 3,999 as Romans write it.
fn roman(mut number: usize) -> String {
    const SIGNS: [(usize, &str); 13] = [
        (1_000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut out = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            out.push_str(sign);
            number -= value;
        }
    }
    out
}

/// The document part.
pub fn document(paper: &Paper<'_>) -> String {
    let body = [head(paper), title(paper), sections(paper), closing(paper), foot(paper)].concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document \
         xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
         xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><w:body>{body}<w:sectPr>\
         <w:headerReference w:type=\"default\" r:id=\"rId3\"/><w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
         <w:pgMar w:top=\"1134\" w:right=\"851\" w:bottom=\"1134\" w:left=\"1701\" w:header=\"567\" w:footer=\"567\" \
         w:gutter=\"0\"/><w:titlePg/></w:sectPr></w:body></w:document>"
    )
}

/// Who issues it under whom and by which number; the name of the State, place and day.
fn head(paper: &Paper<'_>) -> String {
    let (plain, small) = (Look::centered(26), Look::centered(24));
    let superior = paper.head.superior.iter().map(|name| paragraph(&small, &name.to_uppercase()));
    let issuer = paragraph(&small.bold(), &paper.head.issuer.to_uppercase());
    let left: String = superior.chain([issuer, rule(1_100), paragraph(&plain.space(120, 0), &number(paper))]).collect();
    let day = paper.report.and_then(|report| report.letter.date);
    let day = day.map_or_else(|| "ngày      tháng      năm".to_owned(), dated);
    let place = paper.head.place.as_ref().map(|place| format!("{place}, "));
    let right = [
        paragraph(&small.bold(), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        paragraph(&plain.bold(), "Độc lập - Tự do - Hạnh phúc"),
        rule(1_250),
        paragraph(&plain.italic().space(120, 0), &format!("{}{day}", place.unwrap_or_default())),
    ];
    table(&HEAD, false, 0, &[vec![left, right.concat()]])
}

/// Number and symbol; of a draft the symbol alone.
fn number(paper: &Paper<'_>) -> String {
    match paper.report {
        Some(report) => format!("Số: {}", DocumentNumber::read(&report.letter.number).normalised),
        None => {
            let issuer = paper.head.short_name.as_ref().map(|name| format!("-{name}"));
            format!("Số:       /BC{}", issuer.unwrap_or_default())
        }
    }
}

/// What it is, about what, and to whom.
fn title(paper: &Paper<'_>) -> String {
    let bold = Look::centered(28).bold();
    let corrected = paper.corrects.map(|(report, _)| {
        let line = format!("(đính chính, thay thế Báo cáo {})", cited(report));
        paragraph(&Look::centered(28).italic(), &line)
    });
    let draft = paper.report.is_none().then(|| paragraph(&Look::centered(26).italic().space(240, 0), "(DỰ THẢO)"));
    let to = format!("Kính gửi: {}", paper.asker);
    let parts = [
        draft.unwrap_or_default(),
        paragraph(&bold.space(360, 0), "BÁO CÁO"),
        paragraph(&bold, &subject(paper)),
        corrected.unwrap_or_default(),
        rule(3_500),
        paragraph(&Look::centered(28).space(240, 240), &to),
    ];
    parts.concat()
}

/// The body, section by section; those without anything to say are left out.
fn sections(paper: &Paper<'_>) -> String {
    let (body, content) = (Look::body(), paper.content);
    let basis: String = content.basis.iter().map(|line| paragraph(&body.italic(), &ended(line, ";"))).collect();
    let reason = paper.corrects.map(|(_, reason)| paragraphs(&body, &format!("Lý do đính chính: {reason}")));
    let all = [
        ("TÓM TẮT", content.summary.as_deref().map(|text| paragraphs(&body, text)).unwrap_or_default()),
        ("TRẢ LỜI CÁC CÂU HỎI", answers(paper)),
        ("NỘI DUNG TÁN THÀNH", remarks(&content.agreements)),
        ("NỘI DUNG CHƯA TÁN THÀNH", remarks(&content.disagreements)),
        ("PHƯƠNG ÁN KHÁC", content.alternatives.iter().map(|text| dashed(text)).collect()),
        ("Ý KIẾN CỦA ĐA SỐ", content.majority.as_deref().map(|text| paragraphs(&body, text)).unwrap_or_default()),
        ("Ý KIẾN KHÁC", content.minority.iter().map(|text| dashed(text)).collect()),
        ("KIẾN NGHỊ", content.recommendations.iter().map(recommendation).collect()),
        ("DANH SÁCH CHUYÊN GIA", experts(&content.members)),
    ];
    let filled = all.into_iter().filter(|(_, text): &(&str, String)| !text.is_empty());
    let sections: String = filled
        .zip(1..)
        .map(|((name, text), number)| {
            let heading = format!("{}. {name}", roman(number));
            paragraph(&body.bold().space(120, 120).keep(), &heading) + &text
        })
        .collect();
    basis + &reason.unwrap_or_default() + &sections
}

/// A line with its sign at the end, unless it has one.
fn ended(line: &str, sign: &str) -> String {
    let line = line.trim_end();
    if line.ends_with([';', '.', ',', ':']) { line.to_owned() } else { format!("{line}{sign}") }
}

fn dashed(text: &str) -> String {
    paragraphs(&Look::body(), &format!("- {text}"))
}

fn answers(paper: &Paper<'_>) -> String {
    let body = Look::body();
    let mut out = String::new();
    for answer in paper.content.answers.iter().filter(|answer| !answer.texts.is_empty()) {
        let at = usize::try_from(answer.question).ok().and_then(|number| number.checked_sub(1));
        let asked = at.and_then(|at| paper.questions.get(at)).map(String::as_str).unwrap_or_default();
        out.push_str(&paragraph(&body.italic().keep(), &format!("Câu hỏi {}: {asked}", answer.question)));
        match answer.texts.as_slice() {
            [one] => out.push_str(&paragraphs(&body, one)),
            more => out.extend(more.iter().map(|text| dashed(text))),
        }
    }
    out
}

fn remarks(remarks: &[Remark]) -> String {
    let line = |remark: &Remark| match &remark.part {
        Some(part) => dashed(&format!("{part}: {}", remark.text)),
        None => dashed(&remark.text),
    };
    remarks.iter().map(line).collect()
}

fn recommendation(one: &Recommendation) -> String {
    let Recommendation { number, text, withdrawn } = one;
    if *withdrawn {
        return paragraph(&Look::body().italic(), &format!("{number}. (đã rút)"));
    }
    paragraphs(&Look::body(), &format!("{number}. {text}"))
}

fn experts(members: &[Listed]) -> String {
    if members.is_empty() {
        return String::new();
    }
    let (middle, plain) = (Look::centered(26), Look::left(26));
    let heads = ["TT", "Họ và tên", "Nơi công tác", "Tham gia"].map(|name| paragraph(&middle.bold(), name)).to_vec();
    let row = |(one, number): (&Listed, usize)| {
        let title = one.title.as_ref().map(|title| format!("{title} "));
        let name = format!("{}{}", title.unwrap_or_default(), one.full_name);
        vec![
            paragraph(&middle, &number.to_string()),
            paragraph(&plain, &name),
            paragraph(&plain, one.workplace.as_deref().unwrap_or_default()),
            paragraph(&plain, seat(one.seat)),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(members.iter().zip(1..).map(row)).collect();
    table(&EXPERTS, true, 1, &rows)
}

/// The last sentence, with the sign at which an official text ends.
fn closing(paper: &Paper<'_>) -> String {
    let (issuer, asker) = (&paper.head.issuer, paper.asker);
    let by = if issuer.is_empty() { String::new() } else { format!(" của {issuer}") };
    let text = format!(
        "Trên đây là báo cáo kết quả {}{by}, kính gửi {asker} xem xét, tiếp thu và phản hồi bằng văn bản./.",
        kind(paper.kind)
    );
    paragraph(&Look::body().space(120, 240), &text)
}

/// Who gets it, and who signed it.
fn foot(paper: &Paper<'_>) -> String {
    let (small, bold) = (Look::left(22), Look::centered(28).bold());
    let authority = paper.authority.filter(|name| *name != paper.asker).map(|name| format!("- {name};"));
    let lines = ["- Như trên;".to_owned()].into_iter().chain(authority).chain(["- Lưu: VT, TVPB.".to_owned()]);
    let to = paragraph(&Look::left(24).bold().italic(), "Nơi nhận:");
    let left: String = std::iter::once(to).chain(lines.map(|line| paragraph(&small, &line))).collect();
    let said: Vec<&str> = paper.report.iter().flat_map(|report| &report.authority).map(String::as_str).collect();
    let said = if said.is_empty() { AUTHORITY.to_vec() } else { said };
    let names: String = said.into_iter().map(|line| paragraph(&bold.keep(), line)).collect();
    let signatory = paper.report.and_then(|report| report.letter.signatory.as_deref()).unwrap_or_default();
    let right = names + &paragraph(&bold.space(1_500, 0), signatory);
    let end = paragraph(&Look { align: Align::Left, ..Look::centered(2) }, "");
    table(&FOOT, false, 0, &[vec![left, right]]) + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_written_as_papers_do() {
        for (day, text) in [
            ("2012-11-07", "ngày 07 tháng 11 năm 2012"),
            ("2026-02-10", "ngày 10 tháng 02 năm 2026"),
            ("2026-03-01", "ngày 01 tháng 3 năm 2026"),
        ] {
            assert_eq!(dated(day.parse().unwrap()), text);
        }
        let seen: Vec<String> = [1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 40, 1_999].map(roman).to_vec();
        assert_eq!(seen, ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "XIV", "XL", "MCMXCIX"]);
        assert_eq!((ended("Căn cứ A", ";"), ended("Căn cứ A.", ";")), ("Căn cứ A;".to_owned(), "Căn cứ A.".to_owned()));
    }
}
