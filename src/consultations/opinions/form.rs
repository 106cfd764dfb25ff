//! Reading of an opinion as it is sent, fault by fault.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{AnswerText, Declaration};
use crate::consultations::form::MAX_QUESTIONS;
use crate::consultations::model::Letter;
use crate::consultations::reader::Reader;
use crate::consultations::words::OpinionAssessment;
use crate::kernel::document::DocumentForm;
use crate::say;

/// What somebody declares on conflicts of interest.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"has_conflict": false}))]
pub struct OpinionDeclarationForm {
    /// Whether there is a conflict.
    has_conflict: bool,
    /// Which one: needed where there is one.
    #[serde(default)]
    #[schema(max_length = 2000)]
    statement: Option<String>,
}

/// An opinion. What is left out is not said; but a declaration that was signed before stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "declaration": {"has_conflict": false}, "assessment": "agree_with_changes",
    "answers": [{"question": 1, "text": "Mục tiêu phù hợp với quy hoạch của tỉnh."}],
    "body": "Cần làm rõ nguồn vốn đối ứng."
}))]
pub struct OpinionForm {
    /// The declaration on conflicts of interest: the first thing that is said.
    #[serde(default)]
    declaration: Option<OpinionDeclarationForm>,
    /// What it comes to.
    #[serde(default)]
    assessment: Option<OpinionAssessment>,
    /// Question by question.
    #[serde(default)]
    #[schema(max_items = 30)]
    answers: Vec<AnswerText>,
    /// The opinion as a whole, or what is to be said beside the answers.
    #[serde(default)]
    #[schema(max_length = 20000)]
    body: Option<String>,
    /// The letter it came on, with its date: of the Union's office, which enters it for the person, and of nobody else.
    #[serde(default)]
    paper: Option<DocumentForm>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub declaration: Option<Declaration>,
    pub assessment: Option<OpinionAssessment>,
    pub answers: Vec<AnswerText>,
    pub body: Option<String>,
    pub paper: Option<Letter>,
}

/// What an opinion is held against.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// How many questions the request has.
    pub questions: usize,
    /// Whether the Union's office enters it.
    pub by_office: bool,
    /// What was declared before.
    pub declared: Option<&'a Declaration>,
    /// Now, and which day it is.
    pub now: DateTime<Utc>,
    pub today: NaiveDate,
}

/// Reads an opinion.
pub fn read(reader: &mut Reader, form: OpinionForm, on: Ground<'_>) -> Draft {
    let declaration = declaration(reader, form.declaration, on);
    let answers = answers(reader, &form.answers, on.questions);
    let body = reader.long_text("/body", form.body.as_deref());
    let is_named = form.paper.is_some();
    let paper = reader.paper("/paper", form.paper, on.today);
    if on.by_office {
        if !is_named {
            let detail = say!(
                "Nêu văn bản ghi ý kiến của chuyên gia (số, ngày).",
                "Name the letter the expert's opinion came on: number and date."
            );
            reader.fault("/paper", "required", detail);
        }
        if paper.as_ref().is_some_and(|paper| paper.date.is_none()) {
            reader.fault("/paper/date", "required", say!("Nêu ngày văn bản.", "Give the date of the document."));
        }
    } else if is_named {
        let detail = say!(
            "Chỉ văn phòng Liên hiệp hội nêu văn bản; bỏ trường này.",
            "Only the Union's office names a letter: leave it out."
        );
        reader.fault("/paper", "not_allowed", detail);
    }
    Draft { declaration, assessment: form.assessment, answers, body, paper }
}

/// The declaration as it is from now on: one that says what was said before was signed then.
fn declaration(reader: &mut Reader, form: Option<OpinionDeclarationForm>, on: Ground<'_>) -> Option<Declaration> {
    let Some(form) = form else {
        if on.declared.is_none() {
            let detail = say!(
                "Khai báo xung đột lợi ích trước khi cho ý kiến.",
                "Declare conflicts of interest before anything is said of the scheme."
            );
            reader.fault("/declaration", "required", detail);
        }
        return on.declared.cloned();
    };
    let statement = reader.note("/declaration/statement", form.statement.as_deref());
    let detail = say!("Nêu xung đột lợi ích là gì.", "Say what the conflict of interest is.");
    let statement =
        if form.has_conflict { reader.required("/declaration/statement", statement, detail) } else { statement };
    let same = on.declared.filter(|declared| declared.says(form.has_conflict, statement.as_deref()));
    let signed_at = same.map_or(on.now, |declared| declared.signed_at);
    Some(Declaration { has_conflict: form.has_conflict, statement, signed_at })
}

fn answers(reader: &mut Reader, forms: &[AnswerText], questions: usize) -> Vec<AnswerText> {
    if forms.len() > MAX_QUESTIONS {
        reader.fault("/answers", "too_many", say!("Tối đa {MAX_QUESTIONS} mục.", "At most {MAX_QUESTIONS} items."));
        return Vec::new();
    }
    let mut seen: HashSet<i32> = HashSet::new();
    let mut read = Vec::new();
    for (at, form) in forms.iter().enumerate() {
        let place = format!("/answers/{at}");
        let is_one = usize::try_from(form.question).is_ok_and(|number| (1..=questions).contains(&number));
        if !is_one {
            let detail =
                say!("Đề nghị có {questions} câu hỏi, số từ 1.", "The request has {questions} questions, from 1.");
            reader.fault(&format!("{place}/question"), "unknown_reference", detail);
        } else if !seen.insert(form.question) {
            let detail = say!("Trả lời hai lần; gộp lại.", "Answered twice: make it one answer.");
            reader.fault(&format!("{place}/question"), "duplicate", detail);
        }
        let place = format!("{place}/text");
        let text = reader.text(&place, Some(&form.text));
        let text = reader.required(&place, text, say!("Bỏ mục trống.", "Leave the blank item out."));
        read.extend(text.map(|text| AnswerText { question: form.question, text }));
    }
    read.sort_by_key(|answer| answer.question);
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TODAY: &str = "2026-03-12";

    fn ground(by_office: bool, declared: Option<&Declaration>) -> Ground<'_> {
        let now = "2026-03-12T03:00:00Z".parse().unwrap();
        Ground { questions: 2, by_office, declared, now, today: TODAY.parse().unwrap() }
    }

    fn read_form(form: serde_json::Value, on: Ground<'_>) -> Result<Draft, Vec<(String, &'static str)>> {
        let mut reader = Reader::default();
        let draft = read(&mut reader, serde_json::from_value(form).unwrap(), on);
        let place = |problem: crate::kernel::problem::Problem| {
            problem.errors().iter().map(|error| (error.pointer.clone(), error.code)).collect()
        };
        reader.done(draft).map_err(place)
    }

    #[test]
    fn what_is_wrong_with_an_opinion_is_told_in_its_place() {
        let none = json!({ "has_conflict": false });
        let with = |more: serde_json::Value| {
            let mut form = json!({ "declaration": none });
            form.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            form
        };
        let answer = |question: i32, text: &str| json!({ "question": question, "text": text });
        let long = |count: usize| "x".repeat(count);
        for (form, by_office, place, code) in [
            (json!({ "assessment": "agree" }), false, "/declaration", "required"),
            (json!({ "declaration": { "has_conflict": true } }), false, "/declaration/statement", "required"),
            (
                json!({ "declaration": { "has_conflict": true, "statement": " " } }),
                false,
                "/declaration/statement",
                "required",
            ),
            (with(json!({ "answers": [answer(0, "a")] })), false, "/answers/0/question", "unknown_reference"),
            (with(json!({ "answers": [answer(-7, "a")] })), false, "/answers/0/question", "unknown_reference"),
            (with(json!({ "answers": [answer(3, "a")] })), false, "/answers/0/question", "unknown_reference"),
            (with(json!({ "answers": [answer(1, "a"), answer(1, "b")] })), false, "/answers/1/question", "duplicate"),
            (with(json!({ "answers": [answer(1, " ")] })), false, "/answers/0/text", "required"),
            (with(json!({ "answers": [answer(1, &long(5001))] })), false, "/answers/0/text", "too_long"),
            (with(json!({ "answers": vec![answer(1, "a"); 31] })), false, "/answers", "too_many"),
            (with(json!({ "body": long(20_001) })), false, "/body", "too_long"),
            (with(json!({ "paper": { "number": "5/YK", "date": "2026-03-10" } })), false, "/paper", "not_allowed"),
            (with(json!({})), true, "/paper", "required"),
            (with(json!({ "paper": { "number": "5/YK" } })), true, "/paper/date", "required"),
            (with(json!({ "paper": { "number": " ", "date": "2026-03-10" } })), true, "/paper/number", "required"),
            (
                with(json!({ "paper": { "number": "5/YK", "date": "2026-03-13" } })),
                true,
                "/paper/date",
                "in_the_future",
            ),
        ] {
            let seen = read_form(form.clone(), ground(by_office, None)).unwrap_err();
            assert_eq!(seen, [(place.to_owned(), code)], "{form}");
        }
    }

    #[test]
    fn a_declaration_is_signed_once_for_what_it_says_and_stays() {
        let before: DateTime<Utc> = "2026-03-10T03:00:00Z".parse().unwrap();
        let declared = Declaration { has_conflict: false, statement: None, signed_at: before };
        let on = ground(false, Some(&declared));
        let none = json!({ "has_conflict": false });
        for (form, signed_at) in [
            (json!({}), before),
            (json!({ "declaration": none }), before),
            (json!({ "declaration": { "has_conflict": false, "statement": "Có quen biết" } }), on.now),
            (json!({ "declaration": { "has_conflict": true, "statement": "Có vốn góp" } }), on.now),
        ] {
            let draft = read_form(form.clone(), on).unwrap();
            assert_eq!(draft.declaration.map(|declaration| declaration.signed_at), Some(signed_at), "{form}");
        }
    }

    #[test]
    fn answers_stand_in_the_order_of_the_questions() {
        let form = json!({ "declaration": { "has_conflict": false }, "answers": [
            { "question": 2, "text": "Hai" }, { "question": 1, "text": " Một " }] });
        let draft = read_form(form, ground(false, None)).unwrap();
        let told: Vec<(i32, &str)> = draft.answers.iter().map(|one| (one.question, one.text.as_str())).collect();
        assert_eq!(told, [(1, "Một"), (2, "Hai")]);
    }
}
