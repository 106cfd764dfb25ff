//! Identifiers: UUIDv7, so that ids sort by the time they were made and keep indexes compact.

use uuid::Uuid;

/// A fresh UUIDv7.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
