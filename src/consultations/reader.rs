//! Reading of what people send, fault by fault.

use chrono::{Datelike, Months, NaiveDate};

use super::model::{Contact, Funding, Letter};
use crate::kernel::document::DocumentForm;
use crate::kernel::form::{Faults, is_email, is_phone};
use crate::kernel::problem::{Answer, FieldError, Problem, Say};
use crate::say;

/// Longest line, and longest text, in characters.
pub const MAX_LINE: usize = 300;
const MAX_TEXT: usize = 5_000;
const MAX_NOTE: usize = 2_000;
/// Longest text somebody writes at length.
pub const MAX_LONG: usize = 20_000;
const MAX_PHONE: usize = 50;
/// How many years ahead anything is planned.
const FAR: u32 = 10;
/// Most đồng of a funding proposal.
const MAX_VND: i64 = 1_000_000_000_000;

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

    /// A text of several lines.
    pub fn text(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.lines(pointer, input, MAX_TEXT)
    }

    /// A text that somebody writes at length: an opinion, minutes.
    pub fn long_text(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.lines(pointer, input, MAX_LONG)
    }

    /// A remark: why something is done.
    pub fn note(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.lines(pointer, input, MAX_NOTE)
    }

    /// Something that must be there, as it was read: what is made of signs nobody sees is not.
    pub fn required<T>(&mut self, pointer: &str, read: Option<T>, detail: Say) -> Option<T> {
        if read.is_none() && !self.faults.has(pointer) {
            self.fault(pointer, "required", detail);
        }
        read
    }

    /// A line that must be there.
    pub fn needed(&mut self, pointer: &str, input: Option<&str>) -> String {
        let line = self.line(pointer, input);
        self.required(pointer, line, blank()).unwrap_or_default()
    }

    /// A remark that must be there.
    pub fn needed_note(&mut self, pointer: &str, input: &str) -> String {
        let note = self.note(pointer, Some(input));
        self.required(pointer, note, say!("Nêu lý do.", "Say why.")).unwrap_or_default()
    }

    /// A text of at most so many characters.
    pub fn long(&mut self, pointer: &str, input: Option<&str>, longest: usize) -> Option<String> {
        self.faults.lines(pointer, input, longest)
    }

    /// A text that must be there.
    pub fn needed_text(&mut self, pointer: &str, input: &str) -> String {
        let text = self.text(pointer, Some(input));
        self.required(pointer, text, blank()).unwrap_or_default()
    }

    /// Lines of a list, none of them blank, at most so many.
    pub fn list(&mut self, pointer: &str, input: &[String], most: usize) -> Vec<String> {
        self.texts(pointer, input, (most, MAX_NOTE))
    }

    /// Texts of a list, none of them blank, at most so many and each of at most so many characters.
    pub fn texts(&mut self, pointer: &str, input: &[String], (most, longest): (usize, usize)) -> Vec<String> {
        if input.len() > most {
            self.fault(pointer, "too_many", say!("Tối đa {most} mục.", "At most {most} items."));
            return Vec::new();
        }
        let mut lines = Vec::new();
        for (at, item) in input.iter().enumerate() {
            let place = format!("{pointer}/{at}");
            let line = self.faults.lines(&place, Some(item), longest);
            lines.extend(self.required(&place, line, say!("Bỏ mục trống.", "Leave the blank item out.")));
        }
        lines
    }

    /// A day of a plan.
    pub fn day(&mut self, pointer: &str, input: Option<NaiveDate>) -> Option<NaiveDate> {
        let day = input?;
        if (1900..=2999).contains(&day.year()) {
            return Some(day);
        }
        self.fault(pointer, "out_of_range", say!("Năm từ 1900 đến 2999.", "A year from 1900 to 2999."));
        None
    }

    /// A day that is yet to come.
    pub fn day_after(&mut self, pointer: &str, input: Option<NaiveDate>, today: NaiveDate) -> Option<NaiveDate> {
        let day = self.day(pointer, input)?;
        if day <= today {
            let detail = say!(
                "Ngày này đã qua hoặc là hôm nay ({today}); cần một ngày sau đó.",
                "That day is over or is today ({today}); a later one is needed.",
            );
            self.fault(pointer, "in_the_past", detail);
        }
        if today.checked_add_months(Months::new(12 * FAR)).is_some_and(|far| day > far) {
            let detail = say!(
                "Quá xa: tối đa {FAR} năm kể từ hôm nay.",
                "That is too far ahead: at most {FAR} years from today.",
            );
            self.fault(pointer, "out_of_range", detail);
        }
        Some(day)
    }

    /// A document, which is there already.
    pub fn paper(&mut self, pointer: &str, input: Option<DocumentForm>, today: NaiveDate) -> Option<Letter> {
        match input?.read(pointer) {
            Ok(document) => {
                if document.date.is_some_and(|date| date > today) {
                    let detail =
                        say!("Ngày văn bản sau hôm nay ({today}).", "The document is dated after today ({today}).",);
                    self.fault(&format!("{pointer}/date"), "in_the_future", detail);
                }
                Some(document.into())
            }
            Err(faults) => {
                self.more.extend(faults);
                None
            }
        }
    }

    /// A funding proposal.
    pub fn funding(&mut self, input: Funding) -> Funding {
        if input.amount_vnd.is_some_and(|amount| !(0..=MAX_VND).contains(&amount)) {
            let detail = say!("Số tiền từ 0 đến {MAX_VND} đồng.", "An amount of 0 to {MAX_VND} đồng.");
            self.fault("/funding/amount_vnd", "out_of_range", detail);
        }
        Funding { note: self.note("/funding/note", input.note.as_deref()), ..input }
    }

    /// A contact person: neither a fault nor a repair repeats what was sent.
    pub fn contact(&mut self, input: &Contact) -> Contact {
        let name = self.faults.restricted_line("/contact/name", Some(&input.name), MAX_LINE);
        if name.is_none() && input.name.trim().is_empty() {
            self.fault("/contact/name", "required", say!("Nêu tên người liên hệ.", "Name the contact person."));
        }
        let phone = self.faults.restricted_line("/contact/phone", input.phone.as_deref(), MAX_PHONE);
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            let detail = say!("Không phải số điện thoại.", "Not a telephone number.");
            self.fault("/contact/phone", "not_a_phone", detail);
        }
        let email = self.faults.restricted_line("/contact/email", input.email.as_deref(), MAX_LINE);
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            let detail = say!("Không phải địa chỉ thư điện tử.", "Not an e-mail address.");
            self.fault("/contact/email", "not_an_email", detail);
        }
        let position = self.faults.restricted_line("/contact/position", input.position.as_deref(), MAX_LINE);
        Contact { name: name.unwrap_or_default(), position, phone, email }
    }
}

fn blank() -> Say {
    say!("Không được để trống.", "It must not be blank.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults<T>(read: impl FnOnce(&mut Reader) -> T) -> Vec<(String, &'static str)> {
        let mut reader = Reader::default();
        read(&mut reader);
        let problem = reader.done(()).err();
        problem.iter().flat_map(|problem| problem.errors()).map(|error| (error.pointer.clone(), error.code)).collect()
    }

    #[test]
    fn what_is_not_as_it_should_be_is_named_with_its_place() {
        let today: NaiveDate = "2026-03-02".parse().unwrap();
        let fault = |place: &str, code| vec![(place.to_owned(), code)];
        assert_eq!(faults(|reader| reader.needed("/title", Some(" "))), fault("/title", "required"));
        assert_eq!(faults(|reader| reader.needed("/title", Some(&"x".repeat(301)))), fault("/title", "too_long"));
        assert_eq!(faults(|reader| reader.needed("/title", Some("\u{200b}"))), fault("/title", "required"));
        assert_eq!(faults(|reader| reader.needed_note("/reason", "&nbsp;")), fault("/reason", "required"));
        let list = ["a".to_owned(), " ".to_owned()];
        assert_eq!(faults(|reader| reader.list("/questions", &list, 5)), fault("/questions/1", "required"));
        assert_eq!(faults(|reader| reader.list("/questions", &list, 1)), fault("/questions", "too_many"));
        for (day, code) in
            [("2026-03-02", Some("in_the_past")), ("2026-03-03", None), ("3000-01-01", Some("out_of_range"))]
        {
            let seen = faults(|reader| reader.day_after("/d", day.parse().ok(), today));
            assert_eq!(seen.first().map(|(_, code)| *code), code, "{day}");
        }
        let funding = |amount| Funding {
            source: crate::consultations::words::FundingSource::Union,
            amount_vnd: amount,
            note: None,
        };
        assert_eq!(faults(|reader| reader.funding(funding(Some(-1)))), fault("/funding/amount_vnd", "out_of_range"));
        assert_eq!(faults(|reader| reader.funding(funding(Some(3_000_000_000)))), []);
    }

    #[test]
    fn a_contact_person_is_read_and_never_repeated() {
        let contact = |phone: &str, email: &str| Contact {
            name: " Ma Thị  Mẫu ".to_owned(),
            position: None,
            phone: Some(phone.to_owned()),
            email: Some(email.to_owned()),
        };
        for (phone, email, expected) in [
            ("0207 3822 000", "mau@example.gov.vn", vec![]),
            ("gọi lại", "mau@example.gov.vn", vec!["/contact/phone"]),
            ("0207 3822 000", "mau", vec!["/contact/email"]),
            ("123", "@x.vn", vec!["/contact/phone", "/contact/email"]),
        ] {
            let seen: Vec<String> =
                faults(|reader| reader.contact(&contact(phone, email))).into_iter().map(|(place, _)| place).collect();
            assert_eq!(seen, expected, "{phone} {email}");
        }
        let mut reader = Reader::default();
        assert_eq!(reader.contact(&contact("0207 3822 000", "a@b.vn")).name, "Ma Thị Mẫu");
    }
}
