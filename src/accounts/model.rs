//! Accounts: types and rules.

use uuid::Uuid;

use crate::access::actor::Role;
use crate::kernel::problem::{Answer, FieldError, Problem};
use crate::say;

/// Days a session lives without use, and at most.
pub const SESSION_IDLE_DAYS: i64 = 7;
/// Days after which one signs in anew in any case.
pub const SESSION_MAX_DAYS: i64 = 30;
/// Hours a one-time reset token is good for.
pub const RESET_HOURS: i64 = 24;

/// Whom an account stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its role.
    pub role: Role,
    /// The organisation it acts for.
    pub organisation_id: Option<Uuid>,
    /// The expert it is.
    pub expert_id: Option<Uuid>,
}

impl Standing {
    /// Checks that role, organisation and person fit together.
    ///
    /// # Errors
    /// 422 with a pointer for each part that is missing or must not be there.
    pub fn check(&self) -> Answer<()> {
        let mut faults = Vec::new();
        let role = self.role.as_str();
        let mut fault = |pointer: &str, code, detail| {
            faults.push(FieldError::new(pointer, code, detail));
        };
        if self.role.needs_organisation() && self.organisation_id.is_none() {
            fault(
                "/organisation_id",
                "required",
                say!(
                    "Vai trò `{role}` cần cơ quan, tổ chức; tra mã ở GET /api/v1/organisations.",
                    "The role `{role}` needs an organisation; look it up at GET /api/v1/organisations.",
                ),
            );
        }
        if self.role == Role::Expert && self.expert_id.is_none() {
            fault(
                "/expert_id",
                "required",
                say!("Vai trò `expert` cần chuyên gia tương ứng.", "The role `expert` needs the expert it stands for.",),
            );
        }
        if self.role != Role::Expert && self.expert_id.is_some() {
            fault(
                "/expert_id",
                "not_allowed",
                say!(
                    "Chỉ vai trò `expert` mới gắn với một chuyên gia.",
                    "Only the role `expert` stands for an expert.",
                ),
            );
        }
        Problem::fields(faults).map_or(Ok(()), Err)
    }
}

/// A user name: 2 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit; capitals are lowered.
///
/// # Errors
/// 422 at `/username`.
pub fn username(input: &str) -> Answer<String> {
    let name = input.trim().to_ascii_lowercase();
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    let goes_on = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if begins && goes_on && (2..=64).contains(&name.len()) {
        return Ok(name);
    }
    Err(Problem::field(
        "/username",
        "username_form",
        say!(
            "Tên đăng nhập gồm 2 đến 64 ký tự a-z, 0-9, `.`, `_`, `-`, bắt đầu bằng chữ hoặc số, không dấu.",
            "A user name has 2 to 64 of a-z, 0-9, `.`, `_`, `-` and begins with a letter or digit.",
        ),
    ))
}

/// A name to show: 1 to 200 characters after tidying.
///
/// # Errors
/// 422 at `pointer`.
pub fn display_name(pointer: &str, input: &str) -> Answer<String> {
    let name = crate::kernel::text::display(input);
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::field(pointer, "length", say!("Từ 1 đến 200 ký tự.", "1 to 200 characters.")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names() {
        for (input, expected) in [
            ("admin", Some("admin")),
            (" Agency_2 ", Some("agency_2")),
            ("a", None),
            ("nguyễn", None),
            ("-x", None),
            ("a b", None),
            ("a\nb", None),
        ] {
            assert_eq!(username(input).ok().as_deref(), expected, "{input:?}");
        }
    }

    #[test]
    fn role_organisation_and_person_fit_together() {
        let (id, none) = (Some(Uuid::max()), None);
        for (role, organisation_id, expert_id, faults) in [
            (Role::Admin, none, none, vec![]),
            (Role::Agency, id, none, vec![]),
            (Role::Agency, none, none, vec!["/organisation_id"]),
            (Role::Expert, none, id, vec![]),
            (Role::Expert, none, none, vec!["/expert_id"]),
            (Role::ScienceDept, none, id, vec!["/organisation_id", "/expert_id"]),
        ] {
            let answer = Standing { role, organisation_id, expert_id }.check();
            let seen: Vec<String> =
                answer.err().map(|p| p.errors().iter().map(|e| e.pointer.clone()).collect()).unwrap_or_default();
            assert_eq!(seen, faults, "{role:?}");
        }
    }
}
