//! What it means for being asked again that somebody declined, or said nothing: one line a reason. Pure.

use crate::consultations::words::DeclineCode;

/// What follows from an invitation that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// It counts as an invitation that was declined.
    pub counts: bool,
    /// Their rest begins anew, as for who takes part: they come up less for some months.
    pub rests: bool,
    /// The fields of the request are not taken for theirs in requests to come.
    pub disowns: bool,
}

/// What follows from a reason; from silence without one.
pub const fn effect(code: Option<DeclineCode>) -> Effect {
    match code {
        // works as much as they can: left in peace, and asked less if it is always so
        Some(DeclineCode::Busy) | None => Effect { counts: true, rests: true, disowns: false },
        // did what they ought to: as though nobody had asked
        Some(DeclineCode::Conflict) => Effect { counts: false, rests: false, disowns: false },
        // it was the Union that asked the wrong person
        Some(DeclineCode::NotMyField) => Effect { counts: false, rests: false, disowns: true },
        // did not want to, and is as fresh as before
        Some(DeclineCode::Other) => Effect { counts: true, rests: false, disowns: false },
    }
}

/// The codes for which something holds, as a list for SQL; `''` where there is none.
pub fn codes(holds: impl Fn(Effect) -> bool) -> String {
    let codes: Vec<String> = DeclineCode::ALL
        .iter()
        .filter(|code| holds(effect(Some(**code))))
        .map(|code| format!("'{}'", code.as_str()))
        .collect();
    if codes.is_empty() { "''".to_owned() } else { codes.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_an_effect_of_its_own() {
        let all: Vec<Effect> = DeclineCode::ALL.iter().map(|code| effect(Some(*code))).collect();
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{:?}", DeclineCode::ALL[at]);
        }
        assert_eq!(effect(None), effect(Some(DeclineCode::Busy)), "silence rests, and counts");
        assert_eq!(codes(|effect| effect.counts), "'busy', 'other'");
        assert_eq!(codes(|effect| !effect.rests), "'conflict', 'not_my_field', 'other'");
        assert_eq!(codes(|effect| effect.disowns), "'not_my_field'");
        assert_eq!(codes(|_| false), "''");
    }
}
