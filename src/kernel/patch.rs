//! JSON merge patch (RFC 7396): a member that is absent, null or a value are three different wishes.

use serde::{Deserialize, Deserializer};

/// What a merge patch says about one member.
///
/// Use with `#[serde(default)]`: absent is [`Change::Keep`], `null` is [`Change::Clear`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// The member is absent: leave the value as it is.
    #[default]
    Keep,
    /// The member is `null`: remove the value.
    Clear,
    /// The member has a value: take it; an array replaces the whole array.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Self::Clear,
            Some(value) => Self::Set(value),
        })
    }
}

impl<T> Change<T> {
    /// True when the member is absent.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value after the patch, for a member that may be empty.
    pub fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The value after the patch, for a list: `null` empties it.
    pub fn apply_or_default(self, old: T) -> T
    where
        T: Default,
    {
        match self {
            Self::Keep => old,
            Self::Clear => T::default(),
            Self::Set(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Form {
        #[serde(default)]
        position: Change<String>,
    }

    #[test]
    fn absent_null_and_value_differ() {
        for (body, expected) in
            [("{}", Some("old")), (r#"{"position":null}"#, None), (r#"{"position":"new"}"#, Some("new"))]
        {
            let form: Form = serde_json::from_str(body).unwrap();
            assert_eq!(form.position.apply(Some("old".into())).as_deref(), expected);
        }
    }
}
