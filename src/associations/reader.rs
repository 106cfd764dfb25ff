//! Reading of what people send, fault by fault.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use uuid::Uuid;

use super::form::{AssociationPatch, Decision, NewAssociation};
use super::model::{AssociationField, Paper, Record};
use super::words::{AssociationKind, AssociationScope};
use crate::db::Conn;
use crate::fields::{coded, store as field_store};
use crate::kernel::document::DocumentForm;
use crate::kernel::form::{Faults, is_email, is_phone};
use crate::kernel::patch::Change;
use crate::kernel::problem::{Answer, FieldError, Problem, Say};
use crate::kernel::text::fold;
use crate::say;

/// Longest name, address or remark, in characters.
const MAX_LINE: usize = 300;
const MAX_NOTE: usize = 2_000;
/// Most fields beside the main one.
const MAX_FIELDS: usize = 20;

/// The codes of all fields, to look up those of a form.
pub struct Codes(HashSet<(String, String)>);

impl Codes {
    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        let rows = field_store::all(conn).await?;
        Ok(Self(rows.into_iter().map(|row| (row.scheme, row.code)).collect()))
    }

    /// Scheme and code of what was typed.
    pub fn find(&self, text: &str) -> Option<(String, String)> {
        let (scheme, code) = coded(text.trim());
        let pair = (scheme.to_owned(), code.to_owned());
        self.0.contains(&pair).then_some(pair)
    }
}

/// Reads what was sent, fault by fault.
#[derive(Default)]
pub struct Reader {
    faults: Faults,
    more: Vec<FieldError>,
}

impl Reader {
    /// What was read, if nothing was at fault.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn done<T>(self, value: T) -> Answer<T> {
        let mut faults = self.more;
        if let Err(more) = self.faults.or(()) {
            faults.extend(more);
        }
        Problem::fields(faults).map_or(Ok(value), Err)
    }

    /// Keeps a fault.
    pub fn fault(&mut self, pointer: &str, code: &'static str, detail: Say) {
        self.faults.add(pointer, code, detail);
    }

    /// A line of text.
    pub fn line(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.line(pointer, input, MAX_LINE)
    }

    /// A longer line.
    pub fn note(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.line(pointer, input, MAX_NOTE)
    }

    /// A line that must be there.
    pub fn needed(&mut self, pointer: &str, input: Option<&str>) -> String {
        let line = self.line(pointer, input);
        if line.is_none() && fold(input.unwrap_or_default()).is_empty() {
            self.fault(pointer, "required", say!("Không được để trống.", "It must not be blank."));
        }
        line.unwrap_or_default()
    }

    /// A day that an association may have seen.
    pub fn day(&mut self, pointer: &str, input: Option<NaiveDate>) -> Option<NaiveDate> {
        let day = input?;
        if (1900..=2999).contains(&day.year()) {
            return Some(day);
        }
        self.fault(pointer, "out_of_range", say!("Năm từ 1900 đến 2999.", "A year from 1900 to 2999."));
        None
    }

    /// A year.
    pub fn year(&mut self, pointer: &str, input: i16) -> i16 {
        if !(1945..=2999).contains(&input) {
            self.fault(pointer, "out_of_range", say!("Năm từ 1945 đến 2999.", "A year from 1945 to 2999."));
        }
        input
    }

    /// A document.
    pub fn paper(&mut self, pointer: &str, input: Option<DocumentForm>) -> Option<Paper> {
        match input?.read(pointer) {
            Ok(document) => Some(document.into()),
            Err(faults) => {
                self.more.extend(faults);
                None
            }
        }
    }

    fn email(&mut self, input: Option<&str>) -> Option<String> {
        let email = self.line("/email", input)?;
        if !is_email(&email) {
            self.fault("/email", "not_an_email", say!("Không phải địa chỉ thư điện tử.", "Not an e-mail address."));
        }
        Some(email)
    }

    fn website(&mut self, input: Option<&str>) -> Option<String> {
        let site = self.line("/website", input)?;
        if !site.starts_with("http://") && !site.starts_with("https://") {
            let detail = say!("Địa chỉ bắt đầu bằng https://.", "The address begins with https://.");
            self.fault("/website", "not_a_url", detail);
        }
        Some(site)
    }

    fn phone(&mut self, input: Option<&str>) -> Option<String> {
        let phone = self.line("/phone", input)?;
        if !is_phone(&phone) {
            let detail = say!(
                "Không phải số điện thoại, ví dụ 0207 3822 000.",
                "Not a telephone number, such as 0207 3822 000."
            );
            self.fault("/phone", "not_a_phone", detail);
        }
        Some(phone)
    }

    fn tax_code(&mut self, input: Option<&str>) -> Option<String> {
        let text = self.line("/tax_code", input)?;
        let digits: String = text.chars().filter(|c| !"- ".contains(*c)).collect();
        let sound = digits.bytes().all(|b| b.is_ascii_digit()) && [10, 13].contains(&digits.len());
        if !sound {
            let detail = say!("Mã số thuế có 10 hoặc 13 chữ số.", "A tax code has 10 or 13 digits.");
            self.fault("/tax_code", "malformed", detail);
        }
        Some(digits)
    }

    fn area(&mut self, input: Option<&str>, record: &mut Record) {
        record.area = self.line("/area", input);
        record.area_key = fold(record.area.as_deref().unwrap_or_default());
    }

    fn field(&mut self, pointer: &str, input: &str, codes: &Codes) -> Option<(String, String)> {
        let found = codes.find(input);
        if found.is_none() {
            let text: String = input.chars().take(40).collect();
            let detail = say!(
                "Không có lĩnh vực `{text}`; xem GET /api/v1/fields.",
                "There is no field `{text}`; see GET /api/v1/fields.",
            );
            self.fault(pointer, "unknown_code", detail);
        }
        found
    }

    /// An association that is founded has a main field.
    pub fn no_main_field(&mut self) {
        let detail = say!(
            "Hội đã thành lập phải có một lĩnh vực hoạt động chính.",
            "An association that is founded has a main field.",
        );
        self.fault("/main_field", "main_field_required", detail);
    }

    /// The fields of a form, the main one first.
    pub fn fields(&mut self, id: Uuid, main: Option<&str>, others: &[String], codes: &Codes) -> Vec<AssociationField> {
        if others.len() > MAX_FIELDS {
            let detail = say!("Tối đa {MAX_FIELDS} lĩnh vực.", "At most {MAX_FIELDS} fields.");
            self.fault("/other_fields", "too_many", detail);
            return Vec::new();
        }
        let main = main.and_then(|text| self.field("/main_field", text, codes)).map(|pair| (pair, true));
        let mut found: Vec<((String, String), bool)> = main.into_iter().collect();
        for (at, text) in others.iter().enumerate() {
            let Some(pair) = self.field(&format!("/other_fields/{at}"), text, codes) else { continue };
            if found.iter().all(|(known, _)| *known != pair) {
                found.push((pair, false));
            }
        }
        let row = |((scheme, code), main)| AssociationField { organisation_id: id, scheme, code, main };
        found.into_iter().map(row).collect()
    }

    /// What a new association says of itself beside the organisation it is.
    pub fn record(&mut self, form: &NewAssociation, mut record: Record) -> Record {
        record.kind = form.kind.unwrap_or_else(|| AssociationKind::of_name(&fold(&form.name)));
        record.scope = form.scope;
        self.area(form.area.as_deref(), &mut record);
        record.minority_name = self.line("/minority_name", form.minority_name.as_deref());
        record.department_id = form.department_id;
        record.headquarters = self.line("/headquarters", form.headquarters.as_deref());
        record.phone = self.phone(form.phone.as_deref());
        record.email = self.email(form.email.as_deref());
        record.website = self.website(form.website.as_deref());
        record.tax_code = self.tax_code(form.tax_code.as_deref());
        self.check_scope(&record);
        record
    }

    fn check_scope(&mut self, record: &Record) {
        let local = matches!(record.scope, AssociationScope::District | AssociationScope::Commune);
        if local && record.area.is_none() {
            let detail = say!("Nêu huyện hoặc xã.", "Name the district or commune.");
            self.fault("/area", "required", detail);
        }
    }

    /// Applies a patch to what is kept beside the organisation.
    pub fn correct(&mut self, patch: &AssociationPatch, mut record: Record) -> Record {
        if let Change::Set(kind) = patch.kind {
            record.kind = kind;
        }
        if let Change::Set(scope) = patch.scope {
            record.scope = scope;
        }
        let required =
            [("/kind", matches!(patch.kind, Change::Clear)), ("/scope", matches!(patch.scope, Change::Clear))];
        for (pointer, _) in required.into_iter().filter(|(_, cleared)| *cleared) {
            self.fault(pointer, "required", say!("Không được để trống.", "It must not be empty."));
        }
        record.department_id = patch.department_id.clone().apply(record.department_id);
        if !patch.area.is_keep() {
            self.area(patch.area.clone().apply(None).as_deref(), &mut record);
        }
        let lines: [(&Change<String>, &mut Option<String>, Line); 6] = [
            (&patch.minority_name, &mut record.minority_name, |r, text| r.line("/minority_name", text)),
            (&patch.headquarters, &mut record.headquarters, |r, text| r.line("/headquarters", text)),
            (&patch.phone, &mut record.phone, Self::phone),
            (&patch.email, &mut record.email, Self::email),
            (&patch.website, &mut record.website, Self::website),
            (&patch.tax_code, &mut record.tax_code, Self::tax_code),
        ];
        for (change, value, read) in lines {
            match change {
                Change::Keep => {}
                Change::Clear => *value = None,
                Change::Set(text) => *value = read(self, Some(text)),
            }
        }
        if !patch.scope.is_keep() || !patch.area.is_keep() {
            self.check_scope(&record);
        }
        record
    }
}

type Line = fn(&mut Reader, Option<&str>) -> Option<String>;

/// A decision after its form was checked.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedDecision {
    pub effective_on: NaiveDate,
    pub document: Option<Paper>,
    pub reason: Option<String>,
}

impl Decision {
    /// Checks the form.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn check(self) -> Answer<CheckedDecision> {
        let mut reader = Reader::default();
        let day = reader.day("/effective_on", self.effective_on);
        let document = reader.paper("/document", self.document);
        let reason = reader.line("/reason", self.reason.as_deref());
        let effective_on = day.unwrap_or_else(crate::kernel::clock::today);
        reader.done(CheckedDecision { effective_on, document, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::clock::now;

    fn record() -> Record {
        Record {
            organisation_id: Uuid::nil(),
            version: 1,
            kind: AssociationKind::Association,
            scope: AssociationScope::Province,
            area: None,
            area_key: String::new(),
            minority_name: None,
            department_id: None,
            headquarters: Some("Số 1".to_owned()),
            phone: None,
            email: None,
            website: None,
            tax_code: None,
            updated_at: now(),
        }
    }

    #[test]
    fn a_patch_keeps_clears_sets_or_names_the_fault() {
        for (patch, place) in [
            (r#"{"phone": "0207 3822 000", "email": "vp@hoi.example", "website": "https://hoi.example"}"#, None),
            (r#"{"phone": "gọi sau"}"#, Some("/phone")),
            (r#"{"email": "hoi.example"}"#, Some("/email")),
            (r#"{"website": "hoi.example"}"#, Some("/website")),
            (r#"{"tax_code": "12345"}"#, Some("/tax_code")),
            (r#"{"kind": null}"#, Some("/kind")),
            (r#"{"scope": "commune"}"#, Some("/area")),
            (r#"{"scope": "commune", "area": "xã Mẫu"}"#, None),
        ] {
            let form: AssociationPatch = serde_json::from_str(patch).unwrap();
            let mut reader = Reader::default();
            let read = reader.correct(&form, record());
            let seen = reader.done(read).map_err(|problem| problem.errors()[0].pointer.clone()).err();
            assert_eq!(seen.as_deref(), place, "{patch}");
        }
        let mut reader = Reader::default();
        let form: AssociationPatch =
            serde_json::from_str(r#"{"headquarters": null, "tax_code": "5000123456-001"}"#).unwrap();
        let read = reader.correct(&form, record());
        assert_eq!((read.headquarters, read.tax_code.as_deref()), (None, Some("5000123456001")));
    }
}
