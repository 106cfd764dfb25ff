//! Values that must not reach a log: personal data, tokens, secrets.

use std::fmt;

/// Wraps a value so that `Debug` prints `[redacted]` and there is no `Display`; it is taken out on purpose, by name.
#[derive(Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; whoever calls this answers for where it goes.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Redacted::new("0912345678");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(*secret.expose(), "0912345678");
    }
}
