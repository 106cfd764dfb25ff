//! The restricted values of a form: birth date, e-mail, phone.

use unicode_normalization::UnicodeNormalization;

use super::Reader;
use crate::kernel::clock::today;
use crate::kernel::partial_date::PartialDate;
use crate::kernel::redacted::Redacted;
use crate::say;

impl Reader<'_> {
    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `DD/MM/YYYY`: between 1900 and today.
    pub(super) fn birth_date(&mut self, input: Option<&Redacted<String>>) -> Option<PartialDate> {
        let text = input?.expose().trim();
        if text.is_empty() {
            return None;
        }
        let slashed = || chrono::NaiveDate::parse_from_str(text, "%d/%m/%Y").ok().map(PartialDate::from);
        let date = text.parse::<PartialDate>().ok().or_else(slashed);
        let date = date.filter(|date| date.year() >= 1900 && date.first_day() < today());
        if date.is_none() {
            self.fault(
                "/date_of_birth",
                "not_a_date",
                say!(
                    "Không phải một ngày có thật từ năm 1900 đến nay; viết YYYY-MM-DD, hoặc YYYY nếu chỉ biết năm.",
                    "Not a real date between 1900 and today; write YYYY-MM-DD, or YYYY where only the year is known.",
                ),
            );
        }
        date
    }

    pub(super) fn email(&mut self, input: Option<&Redacted<String>>) -> Option<String> {
        let text = input?.expose().trim().to_lowercase();
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
    pub(super) fn phone(&mut self, input: Option<&Redacted<String>>) -> Option<String> {
        let text = input?.expose().trim();
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
}
