//! Which faults of the database pass by themselves: the caller may try again, and nobody has to mend anything.
//!
//! diesel keeps the kinds it knows and the text of the rest, not the SQLSTATE. So the rest is told by PostgreSQL's own
//! English, which `db` asks for on every connection (`lc_messages`).

use diesel::result::{DatabaseErrorKind as Kind, Error};

const LOCK_TIMEOUT: &str = "canceling statement due to lock timeout";

/// Beginnings of PostgreSQL's messages, by SQLSTATE.
const PASSING: [&str; 12] = [
    // 57014, 55P03, 40001: a timeout, an administrator, a standby that must go on
    "canceling statement due to ",
    // 55P03 with NOWAIT
    "could not obtain lock on ",
    // 40P01
    "deadlock detected",
    // 40001; also without its kind, when a server in between repeats it
    "could not serialize access",
    // 57P01, 57P02, 57P05, 25P03, 25P04
    "terminating connection due to ",
    "terminating connection because of ",
    // 57P03: starting up, shutting down, in recovery mode, not accepting connections
    "the database system is ",
    // 53300
    "sorry, too many clients already",
    "too many connections for ",
    "remaining connection slots are reserved",
    // 08006, 55000
    "lost connection to parallel worker",
    "parallel worker failed to initialize",
];

/// Beginnings of the driver's messages about a statement that never left: these are faults of this program.
const OURS: [&str; 3] = ["error serializing parameter", "error encoding message", "expected "];

/// True when the same request may succeed soon. After a commit its outcome may be unknown.
pub fn passes(error: &Error) -> bool {
    match error {
        Error::DatabaseError(kind, info) => match kind {
            // a standby after a failover: the pool will find the new primary
            Kind::ClosedConnection | Kind::SerializationFailure | Kind::ReadOnlyTransaction => true,
            // whatever the driver says without an answer of PostgreSQL: mostly that the line is gone
            Kind::UnableToSendCommand => !OURS.iter().any(|begin| info.message().starts_with(begin)),
            Kind::Unknown => PASSING.iter().any(|begin| info.message().starts_with(begin)),
            _ => false,
        },
        // the connection can't be used any more and the pool gives it up
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => true,
        _ => false,
    }
}

/// True when a lock could not be had in `lock_timeout`.
pub fn is_lock_timeout(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Kind::Unknown, info) if info.message() == LOCK_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: Kind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn what_passes_is_told_from_what_must_be_mended() {
        for (kind, message, expected) in [
            (Kind::SerializationFailure, "could not serialize access due to read/write dependencies", true),
            (Kind::ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction", true),
            (Kind::UnableToSendCommand, "connection closed", true),
            (Kind::UnableToSendCommand, "error communicating with the server: Broken pipe (os error 32)", true),
            (Kind::UnableToSendCommand, "channel closed", true),
            (Kind::UnableToSendCommand, "error serializing parameter 0: out of range", false),
            (Kind::UnableToSendCommand, "expected 2 parameters but got 1", false),
            (Kind::Unknown, "canceling statement due to statement timeout", true),
            (Kind::Unknown, "terminating connection due to administrator command", true),
            (Kind::Unknown, "the database system is shutting down", true),
            (Kind::Unknown, "column \"deadlock detected\" does not exist", false),
            (Kind::CheckViolation, "canceling statement due to a check", false),
            (Kind::UniqueViolation, "deadlock detected", false),
        ] {
            assert_eq!(passes(&fault(kind, message)), expected, "{message}");
        }
        assert!(passes(&Error::BrokenTransactionManager));
        assert!(!passes(&Error::RollbackTransaction));
        assert!(is_lock_timeout(&fault(Kind::Unknown, LOCK_TIMEOUT)));
        assert!(!is_lock_timeout(&fault(Kind::Unknown, "canceling statement due to statement timeout")));
    }
}
