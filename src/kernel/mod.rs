//! Words every slice uses. The kernel knows no domain and imports no slice.

pub mod background;
pub mod clock;
pub mod database_fault;
pub mod document;
pub mod document_number;
pub mod form;
pub mod id;
pub mod name;
pub mod not_held;
pub mod packed;
pub mod page;
pub mod partial_date;
pub mod patch;
pub mod precondition;
pub mod problem;
pub mod problem_code;
pub mod redacted;
pub mod sealed;
pub mod sheet;
pub mod text;
pub mod words;
