//! The day a question is asked for.

use chrono::NaiveDate;

use super::store;
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::problem::{Answer, Problem};
use crate::say;

/// The day of the parameter `as_of`, today by default.
///
/// # Errors
/// 422 at `/as_of` for a day before the register of provinces begins: an empty answer would claim there was nothing.
pub async fn check_as_of(conn: &mut Conn, as_of: Option<NaiveDate>) -> Answer<NaiveDate> {
    let Some(day) = as_of else { return Ok(today()) };
    match store::first_province_day(conn).await? {
        Some(first) if day < first => Err(Problem::field(
            "/as_of",
            "before_register",
            say!(
                "Dữ liệu chỉ có từ ngày {first}; hãy hỏi từ ngày đó trở đi.",
                "The register begins on {first}; ask for that day or a later one.",
            ),
        )),
        _ => Ok(day),
    }
}
