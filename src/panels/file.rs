//! `expert-bank assign`: a question in a file, the answer as a line of JSON.

use std::io::Read;
use std::path::Path;

use super::solver::assign::assign;
use super::solver::matrix::{Matrix, Question};
use super::words;
use crate::http::serde_fault::field_error;
use crate::kernel::problem::Problem;
use crate::say;
use crate::start::StartError;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Reads the question in a file and answers it.
pub fn answer(path: &Path) -> Result<String, StartError> {
    let shown = path.display();
    let refuse = |cause: std::io::Error| StartError::Refused(format!("cannot read {shown}: {cause}"));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(refuse)?;
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(refuse)?;
    if text.len() as u64 > MAX_FILE {
        return Err(StartError::Refused(format!("{shown} is larger than {} MB", MAX_FILE / 1024 / 1024)));
    }
    Ok(answer_text(&text)?)
}

fn answer_text(text: &str) -> Result<String, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let question: Question = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (cause, path) = (error.inner(), error.path());
        if cause.is_data() {
            return Problem::fields(vec![field_error(path, &cause.to_string())])
                .unwrap_or_else(|| Problem::internal(cause));
        }
        not_json(cause)
    })?;
    reader.end().map_err(|cause| not_json(&cause))?;
    let matrix = Matrix::new(&question).map_err(|faults| words::faults(&faults))?;
    let assignment = assign(&matrix, question.objective).map_err(|infeasible| words::infeasible(&infeasible))?;
    serde_json::to_string(&assignment).map_err(Problem::internal)
}

fn not_json(cause: &serde_json::Error) -> Problem {
    let (line, column) = (cause.line(), cause.column());
    let detail = say!(
        "Không phải JSON: dòng {line}, cột {column}. Số phải hữu hạn; NaN và Infinity không phải JSON.",
        "Not JSON: line {line}, column {column}. Numbers are finite; NaN and Infinity are no JSON."
    );
    Problem::field("", "not_json", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_in_a_line() {
        let asked = r#"{"scores": [[0.9, 0.5, 0.1], [0.8, 0.2, 0.3]], "demand": [1, 2], "load_max": [1, 1, 2],
            "load_min": [0, 0, 1], "forbidden": [[1, 1]], "objective": "total"}"#;
        let told = r#"{"assignment":[[1],[0,2]],"total":1.6,"worst":0.5,"optimal":true,"bound":1.6}"#;
        assert_eq!(answer_text(asked).unwrap(), told);
    }

    #[test]
    fn what_is_wrong_is_told_in_its_place_and_in_both_languages() {
        for (asked, words) in [
            ("{", "line 1"),
            (r#"{"scores": [[NaN]], "demand": [1], "load_max": [1]}"#, "NaN and Infinity are no JSON"),
            (r#"{"scores": [[1]], "demand": [1]}"#, "/load_max: `load_max` is missing"),
            (
                r#"{"scores": [["a"]], "demand": [1], "load_max": [1]}"#,
                "/scores/0/0: Wrong type or range; expected a number.",
            ),
            (r#"{"scores": 1, "demand": [1], "load_max": [1]}"#, "/scores: Wrong type or range; expected a list."),
            (r#"{"scores": [[1]], "demand": [-1], "load_max": [1]}"#, "/demand/0: must not be below 0"),
            (r#"{"scores": [[1]], "demand": [1], "load_max": [1], "objective": "best"}"#, "`total`, `worst`"),
            (r#"{"scores": [[1]], "demand": [1], "load_max": [1], "more": 1}"#, "/more: there is no"),
            (r#"{"scores": [[1], [1, 2]], "demand": [1, 1], "load_max": [1]}"#, "/scores/1: 2 instead of 1"),
            (r#"{"scores": [[-1]], "demand": [1], "load_max": [1]}"#, "/scores/0/0: a score"),
            (r#"{"scores": [[1]], "demand": [2], "load_max": [1]}"#, "/demand/0: more experts than the 1"),
            (r#"{"scores": [[1]], "demand": [1], "load_max": [0]}"#, "expert 0 takes 1 more"),
        ] {
            let problem = answer_text(asked).unwrap_err();
            let told = problem.to_string();
            assert!(told.to_lowercase().contains(&words.to_lowercase()), "{asked}: {told}");
            assert!(told.matches("column").count() <= 1 && !told.contains("f64"), "{asked}: {told}");
        }
    }
}
