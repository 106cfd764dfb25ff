//! Findings in words, and what of them is kept or told the person.

use super::{Evidence, Finding};
use crate::consultations::words::{ConflictKind, ConflictSeverity, ConflictSide, ConflictTie};
use crate::kernel::problem::Say;
use crate::say;

impl Finding {
    /// What is kept of it where it can't be emptied later: nothing that was written about a person.
    pub fn bare(&self) -> Self {
        let Evidence { side, tie, organisation_id, count, by_office, .. } = self.evidence.clone();
        let organisation = self.evidence.organisation.clone().filter(|_| organisation_id.is_some());
        let evidence = Evidence { side, tie, organisation_id, organisation, count, by_office, ..Evidence::default() };
        Self { evidence, ..self.clone() }
    }

    /// What the person themself is told: not who of the bank drafted it, nor what stands in their record alone.
    pub fn for_the_person(&self) -> Self {
        let evidence = Evidence { drafter_id: None, title: None, year: None, ..self.evidence.clone() };
        Self { evidence, ..self.clone() }
    }

    /// In words.
    pub fn words(&self) -> Say {
        let evidence = &self.evidence;
        let nobody = String::new();
        let body = evidence.organisation.as_ref().unwrap_or(&nobody);
        let place = place(evidence.side, evidence.tie);
        let (vi, en) = (place.vi, place.en);
        let period = period(evidence);
        let (when_vi, when_en) = (period.vi, period.en);
        match self.kind {
            ConflictKind::WorksAt => {
                say!("Đang làm việc tại {body} ({vi}){when_vi}.", "Works at {body} ({en}){when_en}.")
            }
            ConflictKind::WorkedAt => {
                say!("Đã làm việc tại {body} ({vi}){when_vi}.", "Worked at {body} ({en}){when_en}.")
            }
            ConflictKind::Drafter => say!("Tham gia soạn thảo.", "Is one of the drafters."),
            ConflictKind::NamedAsDrafter => say!(
                "Trùng tên với một người soạn thảo; cần xác minh có phải là một người.",
                "Has the name of a drafter: it is to be found out whether they are one person."
            ),
            ConflictKind::Balance => {
                let count = evidence.count.unwrap_or_default();
                say!(
                    "{count} thành viên cùng nơi công tác {body}, quá một phần ba hội đồng.",
                    "{count} members have one employer, {body}: more than a third of the panel."
                )
            }
            ConflictKind::WorksForDrafter => {
                say!("Đang làm việc tại {body}, nơi soạn thảo{when_vi}.", "Works at {body}, which drafted it{when_en}.")
            }
            ConflictKind::SharedPublication | ConflictKind::SharedProject => self.shared_words(),
            ConflictKind::AssociationOfficer => {
                say!("Giữ chức vụ trong {body} ({vi}){when_vi}.", "Is an officer of {body} ({en}){when_en}.")
            }
            ConflictKind::Declared => {
                let Some(said) = &evidence.statement else { return say!("Đã được khai.", "It was declared.") };
                if evidence.by_office {
                    say!("Văn phòng Liên hiệp hội ghi nhận: {said}", "Entered by the Union's office: {said}")
                } else {
                    say!("Tự khai: {said}", "Declared: {said}")
                }
            }
        }
    }

    fn shared_words(&self) -> Say {
        let count = self.evidence.count.unwrap_or(1);
        let (vi, en) = match (self.kind, self.severity) {
            (_, ConflictSeverity::Low) => (
                format!(
                    "Có thể là đồng tác giả {count} công trình với người soạn thảo (chỉ theo tên tác giả, cần xác minh)"
                ),
                format!("May share {count} works with a drafter, by the name of an author alone, to be found out"),
            ),
            (ConflictKind::SharedProject, _) => (
                format!("Cùng tham gia {count} đề tài, dự án với người soạn thảo"),
                format!("Shares {count} projects with a drafter"),
            ),
            _ => (
                format!("Đồng tác giả {count} công trình với người soạn thảo"),
                format!("Shares {count} publications with a drafter"),
            ),
        };
        let Some(title) = &self.evidence.title else { return Say { vi: format!("{vi}."), en: format!("{en}.") } };
        let (when_vi, when_en) = match self.evidence.year {
            Some(year) => (format!("năm {year}"), format!("{year}")),
            None => ("không rõ năm".to_owned(), "year unknown".to_owned()),
        };
        say!("{vi}; gần nhất: “{title}” ({when_vi}).", "{en}; the latest: “{title}” ({when_en}).")
    }
}

/// Which part a body has, and how.
fn place(side: Option<ConflictSide>, tie: Option<ConflictTie>) -> Say {
    let part = match side {
        Some(ConflictSide::Asker) => say!("cơ quan đề nghị", "who asks"),
        Some(ConflictSide::Authority) => say!("cơ quan quyết định", "who decides"),
        Some(ConflictSide::Drafter) | None => say!("đơn vị soạn thảo", "who drafted it"),
    };
    let (vi, en) = (part.vi, part.en);
    match tie {
        Some(ConflictTie::Above) => say!("cấp trên của {vi}", "above {en}"),
        Some(ConflictTie::Below) => say!("trực thuộc {vi}", "under {en}"),
        _ => Say { vi, en },
    }
}

fn period(evidence: &Evidence) -> Say {
    match (&evidence.from, &evidence.to) {
        (Some(from), Some(to)) => say!(", từ {from} đến {to}", ", {from} to {to}"),
        (Some(from), None) => say!(", từ {from}", ", since {from}"),
        (None, Some(to)) => say!(", đến {to}", ", until {to}"),
        (None, None) => Say { vi: String::new(), en: String::new() },
    }
}
