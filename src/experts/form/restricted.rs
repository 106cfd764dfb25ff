//! The restricted values of a form: birth date, e-mail, phone, address. Neither a fault nor a repair repeats any of them.

use unicode_normalization::UnicodeNormalization;

use super::{MAX_CHARS, Reader};
use crate::kernel::clock::today;
use crate::kernel::form::Loose;
use crate::kernel::partial_date::{DateFault, PartialDate};
use crate::kernel::redacted::Redacted;
use crate::kernel::text::display;
use crate::say;

impl Reader<'_> {
    /// As far as it is known, between 1900 and today.
    pub(super) fn birth_date(&mut self, input: Option<&Redacted<Loose>>) -> Option<PartialDate> {
        let text = display(&input?.expose().text);
        if text.is_empty() {
            return None;
        }
        match PartialDate::read(&text) {
            Ok((date, kept_form)) if date.year() >= 1900 && date.first_day() < today() => {
                if !kept_form {
                    let detail = say!("Ngày sinh đã đổi sang dạng YYYY-MM-DD.", "The date was read as YYYY-MM-DD.");
                    self.faults.repaired_restricted("/date_of_birth", "date_format", detail);
                }
                Some(date)
            }
            Ok(_) => {
                let detail = say!(
                    "Ngày sinh từ năm 1900 đến hôm nay; viết YYYY-MM-DD, hoặc YYYY nếu chỉ biết năm.",
                    "A birth date lies between 1900 and today; write YYYY-MM-DD, or YYYY where only the year is known.",
                );
                self.fault("/date_of_birth", "not_a_date", detail);
                None
            }
            Err(fault) => {
                self.fault("/date_of_birth", "not_a_date", DateFault::detail(fault));
                None
            }
        }
    }

    pub(super) fn email(&mut self, input: Option<&Redacted<String>>) -> Option<String> {
        let text = display(input?.expose()).to_lowercase();
        if text.is_empty() {
            return None;
        }
        let whole = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        let parts = text.split_once('@').filter(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
        if !whole || parts.is_none() {
            self.fault("/email", "not_an_email", say!("Không phải địa chỉ thư điện tử.", "Not an e-mail address."));
            return None;
        }
        Some(text.nfc().collect())
    }

    /// National form with a leading zero: `0912.345.678`, `+84 912 345 678` and a spreadsheet's `912345678` are one.
    pub(super) fn phone(&mut self, input: Option<&Redacted<Loose>>) -> Option<String> {
        let text = display(&input?.expose().text);
        if text.is_empty() {
            return None;
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let sound = text.chars().all(|c| c.is_ascii_digit() || "+-.() ".contains(c));
        let national = match digits.strip_prefix("84").filter(|rest| rest.len() >= 9 && !digits.starts_with('0')) {
            // "+84 (0) 912 …" writes both
            Some(rest) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
            None if digits.starts_with('0') => digits,
            None => format!("0{digits}"),
        };
        if !sound || !(10..=12).contains(&national.len()) {
            self.fault(
                "/phone",
                "not_a_phone",
                say!(
                    "Không phải số điện thoại Việt Nam, ví dụ 0912 345 678.",
                    "Not a Vietnamese phone number, such as 0912 345 678.",
                ),
            );
            return None;
        }
        Some(national)
    }

    pub(super) fn address(&mut self, input: Option<&Redacted<String>>) -> Option<String> {
        self.faults.restricted_line("/address", input.map(|text| text.expose().as_str()), MAX_CHARS)
    }
}
