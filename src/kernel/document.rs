//! A document somebody refers to: its number, date, issuer and who signed it.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document_number::DocumentNumber;
use super::form::Faults;
use super::problem::FieldError;
use crate::say;

/// Longest number and longest name, in characters.
const MAX_NUMBER: usize = 100;
const MAX_NAME: usize = 200;

/// A document as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "385-QĐ/UBND", "date": "2025-07-30", "issuer": "UBND tỉnh Tuyên Quang"}))]
pub struct DocumentForm {
    /// Number and symbol as they stand on the document, in any form.
    #[schema(min_length = 1, max_length = 100)]
    pub number: String,
    /// The date it was signed.
    pub date: Option<NaiveDate>,
    /// Who issued it, in full.
    #[schema(max_length = 200)]
    pub issuer: Option<String>,
    /// Who signed it.
    #[schema(max_length = 200)]
    pub signatory: Option<String>,
}

impl DocumentForm {
    /// Reads the form, which stands at `pointer` in the body.
    ///
    /// # Errors
    /// Every fault with its place: number, date, issuer, signatory.
    pub fn read(self, pointer: &str) -> Result<Document, Vec<FieldError>> {
        let mut faults = Faults::default();
        let place = |name: &str| format!("{pointer}/{name}");
        if DocumentNumber::read(&self.number).normalised.is_empty() {
            let missing = say!("Thiếu số, ký hiệu văn bản.", "The number of the document is missing.");
            faults.add(place("number"), "required", missing);
        }
        let number = faults.line(&place("number"), Some(&self.number), MAX_NUMBER).unwrap_or_default();
        if self.date.is_some_and(|date| !(1900..=9999).contains(&date.year())) {
            faults.add(place("date"), "out_of_range", say!("Năm từ 1900 đến 9999.", "A year from 1900 to 9999."));
        }
        let issuer = faults.line(&place("issuer"), self.issuer.as_deref(), MAX_NAME);
        let signatory = faults.line(&place("signatory"), self.signatory.as_deref(), MAX_NAME);
        faults.or(Document { number, date: self.date, issuer, signatory })
    }
}

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "DocumentReference")]
pub struct Document {
    /// The number as typed.
    pub number: String,
    /// The date it was signed.
    pub date: Option<NaiveDate>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// Who signed it.
    pub signatory: Option<String>,
}

/// A document as it is shown, its number read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentReference {
    /// Number and symbol, with the parts that are known.
    pub number: DocumentNumber,
    /// The date it was signed.
    pub date: Option<NaiveDate>,
    /// Who issued it.
    #[schema(example = "UBND tỉnh Tuyên Quang")]
    pub issuer: Option<String>,
    /// Who signed it.
    pub signatory: Option<String>,
}

impl From<Document> for DocumentReference {
    fn from(document: Document) -> Self {
        Self {
            number: DocumentNumber::read(&document.number),
            date: document.date,
            issuer: document.issuer,
            signatory: document.signatory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: serde_json::Value) -> Result<Document, Vec<(String, &'static str)>> {
        let form: DocumentForm = serde_json::from_value(form).unwrap();
        let faults = |faults: Vec<FieldError>| faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        form.read("/document").map_err(faults)
    }

    #[test]
    fn a_form_becomes_a_document_that_shows_its_parts() {
        let form = serde_json::json!({
            "number": " Số: 385-QĐ/UBND ", "date": "2025-07-30", "issuer": " UBND  tỉnh Tuyên Quang", "signatory": " "
        });
        let document = read(form).unwrap();
        assert_eq!(document.number, "Số: 385-QĐ/UBND");
        assert_eq!(
            serde_json::to_value(document).unwrap(),
            serde_json::json!({
                "number": {
                    "text": "385-QĐ/UBND", "style": "party", "number": "385", "year": null, "kind": "QĐ",
                    "issuer": "UBND", "unit": null
                },
                "date": "2025-07-30", "issuer": "UBND tỉnh Tuyên Quang", "signatory": null
            })
        );
        assert_eq!(read(serde_json::json!({"number": "công văn hỏa tốc"})).unwrap().number, "công văn hỏa tốc");
    }

    #[test]
    fn every_fault_of_a_form_is_named_with_its_place() {
        let long = |count: usize| "x".repeat(count);
        for (form, expected) in [
            (serde_json::json!({"number": " "}), vec![("/document/number", "required")]),
            (serde_json::json!({"number": "Số: "}), vec![("/document/number", "required")]),
            (serde_json::json!({"number": long(101)}), vec![("/document/number", "too_long")]),
            (serde_json::json!({"number": "1/BC", "date": "1899-12-31"}), vec![("/document/date", "out_of_range")]),
            (serde_json::json!({"number": "1/BC", "date": "+10000-01-01"}), vec![("/document/date", "out_of_range")]),
            (
                serde_json::json!({"number": "1/BC", "issuer": "Hµ Giang"}),
                vec![("/document/issuer", "legacy_encoding")],
            ),
            (
                serde_json::json!({"number": "", "issuer": long(201), "signatory": long(201)}),
                vec![
                    ("/document/number", "required"),
                    ("/document/issuer", "too_long"),
                    ("/document/signatory", "too_long"),
                ],
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(pointer, code)| (pointer.to_owned(), code)).collect();
            assert_eq!(read(form.clone()), Err(expected), "{form}");
        }
        let bounds = serde_json::json!({"number": long(100), "date": "1900-01-01", "issuer": long(200)});
        assert!(read(bounds).is_ok());
        assert!(serde_json::from_value::<DocumentForm>(serde_json::json!({"number": "1/BC", "no": 1})).is_err());
        assert!(serde_json::from_value::<DocumentForm>(serde_json::json!({"date": null})).is_err());
    }
}
