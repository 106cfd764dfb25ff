//! The draft of a conclusion from the opinions: what most say, what the others say, what is answered to each question. No opinion that
//! counts is left out, and none bears a name. No SQL, no HTTP.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::model::{ConclusionAnswer, Content, Listed, Tally};
use crate::consultations::model::Letter;
use crate::consultations::opinions::Heard;
use crate::consultations::words::{OpinionAssessment, PanelSeat};
use crate::kernel::document_number::DocumentNumber;

/// An assessment as a report says it.
pub const fn assessed(assessment: OpinionAssessment) -> &'static str {
    match assessment {
        OpinionAssessment::Agree => "tán thành",
        OpinionAssessment::AgreeWithChanges => "tán thành với điều kiện chỉnh sửa",
        OpinionAssessment::Disagree => "không tán thành",
    }
}

/// Who was heard and counts, and how many of them said what.
pub fn reckoned(heard: &[Heard]) -> (Vec<Listed>, Tally) {
    let mut members: Vec<Listed> = counting(heard).map(listed).collect();
    let place = |seat| PanelSeat::ALL.iter().position(|one| *one == seat);
    members.sort_by(|a, b| (place(a.seat), &a.full_name, a.member_id).cmp(&(place(b.seat), &b.full_name, b.member_id)));
    (members, Tally::of(counting(heard).map(|one| one.assessment)))
}

fn counting(heard: &[Heard]) -> impl Iterator<Item = &Heard> {
    heard.iter().filter(|one| one.counts)
}

fn listed(one: &Heard) -> Listed {
    Listed {
        member_id: one.member_id,
        seat: one.seat,
        full_name: one.full_name.clone(),
        title: one.title.clone(),
        workplace: one.workplace.clone(),
    }
}

/// The draft. Recommendations are for the office to write.
pub fn draft(heard: &[Heard], basis: Vec<String>) -> Content {
    let (members, tally) = reckoned(heard);
    let most = tally.majority();
    let of = |is_most: bool| counting(heard).filter(move |one| (Some(one.assessment) == most) == is_most);
    // sorted by what they say: the order must not tell who said it
    let mut minority: Vec<String> = of(false).map(position).collect();
    minority.sort_unstable();
    let mut majority: Vec<String> = of(true).filter_map(said).collect();
    majority.sort_unstable();
    // the count is said above: the same words are not read twice
    majority.dedup();
    let majority = most.map(|most| {
        let (count, all, says) = (tally.count(most), tally.all(), assessed(most));
        let first = format!("Đa số ({count}/{all} ý kiến) {says}.");
        std::iter::once(first).chain(majority).collect::<Vec<_>>().join("\n")
    });
    Content {
        basis,
        summary: summary(tally),
        answers: answers(heard),
        majority,
        minority,
        members,
        tally,
        ..Content::default()
    }
}

/// What is said of others than most by those who were not heard when it was drafted: nobody's word is lost because a conflict was
/// waived later.
pub fn newcomers(heard: &[Heard], listed: &[Listed]) -> Vec<String> {
    let most = reckoned(heard).1.majority();
    let is_new = |one: &&Heard| !listed.iter().any(|member| member.member_id == one.member_id);
    counting(heard).filter(is_new).filter(|one| Some(one.assessment) != most).map(position).collect()
}

/// How many say what.
fn summary(tally: Tally) -> Option<String> {
    let counts: Vec<String> = OpinionAssessment::ALL
        .iter()
        .filter(|one| tally.count(**one) > 0)
        .map(|one| format!("{} ý kiến {}", tally.count(*one), assessed(*one)))
        .collect();
    let all = tally.all();
    (all > 0).then(|| format!("Liên hiệp hội đã tổng hợp ý kiến của {all} chuyên gia: {}.", counts.join(", ")))
}

/// What somebody says beside the assessment.
fn said(one: &Heard) -> Option<String> {
    let answers = one.answers.iter().map(|answer| format!("Về câu hỏi {}: {}", answer.question, answer.text));
    let all: Vec<String> = one.body.iter().cloned().chain(answers).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// All that somebody says, with the assessment.
fn position(one: &Heard) -> String {
    let says = assessed(one.assessment);
    let first = format!("Ý kiến {says}.");
    std::iter::once(first).chain(said(one)).collect::<Vec<_>>().join("\n")
}

/// What is answered to each question; who gave the same answer is not heard twice.
fn answers(heard: &[Heard]) -> Vec<ConclusionAnswer> {
    let mut by_question: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for answer in counting(heard).flat_map(|one| &one.answers) {
        by_question.entry(answer.question).or_default().push(answer.text.clone());
    }
    let gathered = by_question.into_iter().map(|(question, mut texts)| {
        texts.sort_unstable();
        texts.dedup();
        ConclusionAnswer { question, texts }
    });
    gathered.collect()
}

/// A day as papers write it: `07/11/2012`.
pub fn short_date(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A document as papers cite it: `số 12/BC-LHH ngày 09/03/2026`.
pub fn cited(letter: &Letter) -> String {
    let number = DocumentNumber::read(&letter.number).normalised;
    let date = letter.date.map(|day| format!(" ngày {}", short_date(day)));
    format!("số {number}{}", date.unwrap_or_default())
}

/// What a report rests on: the letter of who asks, and the document the panel was approved by.
pub fn basis(letter: Option<&Letter>, asker: &str, panel: Option<&Letter>) -> Vec<String> {
    let of = if asker.is_empty() { String::new() } else { format!(" của {asker}") };
    let asked = letter.map(|letter| format!("Căn cứ Công văn {}{of}", cited(letter)));
    let formed = panel.map(|panel| format!("Căn cứ văn bản {} về hội đồng chuyên gia", cited(panel)));
    asked.into_iter().chain(formed).collect()
}

#[cfg(test)]
#[path = "drafting_tests.rs"]
mod tests;
