//! The states of an expert and the steps between them: one table. No SQL, no HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a person stands with the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Known to the Union, not asked yet.
    Nominated,
    /// Asked, not answered yet.
    Invited,
    /// Agreed to be kept, not verified yet.
    Consented,
    /// Verified by the Union.
    Active,
    /// Takes a break.
    Paused,
    /// Declined, or left.
    Left,
    /// Died.
    Deceased,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Nominated, Self::Invited, Self::Consented, Self::Active, Self::Paused, Self::Left, Self::Deceased];

    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nominated => "nominated",
            Self::Invited => "invited",
            Self::Consented => "consented",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Left => "left",
            Self::Deceased => "deceased",
        }
    }

    /// Reads [`Status::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What may be done with a person's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Send a one-time link with which the person decides and becomes an account.
    Invite,
    /// The person agrees to be kept; a decision in the ledger, not a route of its own.
    Consent,
    /// The Union verifies.
    Activate,
    /// Take a break.
    Pause,
    /// End the break.
    Resume,
    /// Leave the bank; also by withdrawing the consent to be kept.
    Leave,
    /// Record a death.
    MarkDeceased,
    /// Take somebody back who left, or of whom a death was recorded by mistake.
    Return,
    /// Confirm that the data is right.
    Confirm,
    /// Send a one-time link with which the person confirms the data.
    RequestConfirmation,
}

impl Verb {
    /// Every verb that is a route, in the order of a person's life.
    pub const ROUTES: [Self; 9] = [
        Self::Invite,
        Self::Activate,
        Self::Confirm,
        Self::RequestConfirmation,
        Self::Pause,
        Self::Resume,
        Self::Leave,
        Self::MarkDeceased,
        Self::Return,
    ];

    /// The last segment of its path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Consent => "consent",
            Self::Activate => "activate",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Leave => "leave",
            Self::MarkDeceased => "mark-deceased",
            Self::Return => "return",
            Self::Confirm => "confirm",
            Self::RequestConfirmation => "confirmation-link",
        }
    }
}

/// What must be there for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The consent to be kept in the bank stands.
    Listing,
    /// The person has no account yet.
    NoAccount,
}

/// What is known when a step is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// The consent to be kept in the bank stands.
    pub listing: bool,
    /// The person has an account.
    pub account: bool,
}

impl Facts {
    const fn meet(self, need: Need) -> bool {
        match need {
            Need::Listing => self.listing,
            Need::NoAccount => !self.account,
        }
    }
}

/// Why a step is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not from this state.
    NotNow,
    /// Something is missing.
    Missing(Need),
}

/// From, verb, to, and what must be there; of several steps from one state the first whose needs are met is taken.
#[rustfmt::skip]
const STEPS: &[(Status, Verb, Status, &[Need])] = {
    use Need::{Listing, NoAccount};
    use Status::{Active, Consented, Deceased, Invited, Left, Nominated, Paused};
    use Verb::{Activate, Confirm, Consent, Invite, Leave, MarkDeceased, Pause, RequestConfirmation, Resume, Return};
    &[
        (Nominated, Invite,              Invited,   &[NoAccount]),
        (Nominated, Consent,             Consented, &[]),
        (Nominated, Leave,               Left,      &[]),
        (Nominated, MarkDeceased,        Deceased,  &[]),
        (Invited,   Invite,              Invited,   &[NoAccount]),
        (Invited,   Consent,             Consented, &[]),
        (Invited,   Leave,               Left,      &[]),
        (Invited,   MarkDeceased,        Deceased,  &[]),
        // who agreed on paper gets an account by the same link; the state stays
        (Consented, Invite,              Consented, &[NoAccount]),
        (Consented, Activate,            Active,    &[Listing]),
        (Consented, Confirm,             Consented, &[]),
        (Consented, RequestConfirmation, Consented, &[]),
        (Consented, Leave,               Left,      &[]),
        (Consented, MarkDeceased,        Deceased,  &[]),
        (Active,    Invite,              Active,    &[NoAccount]),
        (Active,    Confirm,             Active,    &[]),
        (Active,    RequestConfirmation, Active,    &[]),
        (Active,    Pause,               Paused,    &[]),
        (Active,    Leave,               Left,      &[]),
        (Active,    MarkDeceased,        Deceased,  &[]),
        (Paused,    Invite,              Paused,    &[NoAccount]),
        (Paused,    Confirm,             Paused,    &[]),
        (Paused,    RequestConfirmation, Paused,    &[]),
        (Paused,    Resume,              Active,    &[Listing]),
        (Paused,    Leave,               Left,      &[]),
        (Paused,    MarkDeceased,        Deceased,  &[]),
        (Left,      Invite,              Invited,   &[NoAccount]),
        (Left,      Consent,             Consented, &[]),
        (Left,      MarkDeceased,        Deceased,  &[]),
        // a mistake is repaired: to where the person can be verified anew, or asked
        (Left,      Return,              Consented, &[Listing]),
        (Left,      Return,              Nominated, &[]),
        (Deceased,  Return,              Consented, &[Listing]),
        (Deceased,  Return,              Nominated, &[]),
    ]
};

/// Where a verb leads.
///
/// # Errors
/// Why it leads nowhere.
pub fn step(from: Status, verb: Verb, facts: Facts) -> Result<Status, Refusal> {
    let mut refusal = Refusal::NotNow;
    for (_, _, to, needs) in STEPS.iter().filter(|(state, of, ..)| *state == from && *of == verb) {
        match needs.iter().find(|need| !facts.meet(**need)) {
            None => return Ok(*to),
            Some(need) => refusal = Refusal::Missing(*need),
        }
    }
    Err(refusal)
}

/// The verbs that lead somewhere now.
pub fn possible(from: Status, facts: Facts) -> impl Iterator<Item = Verb> {
    Verb::ROUTES.into_iter().filter(move |verb| step(from, *verb, facts).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGREED: Facts = Facts { listing: true, account: true };
    const STRANGER: Facts = Facts { listing: false, account: false };

    /// Each state with the verbs it knows and where they lead, in the words of the issue.
    #[test]
    fn every_state_knows_these_verbs_and_no_other() {
        for (from, agreed, stranger) in [
            ("nominated", "leave>left mark-deceased>deceased", "invite>invited leave>left mark-deceased>deceased"),
            ("invited", "leave>left mark-deceased>deceased", "invite>invited leave>left mark-deceased>deceased"),
            (
                "consented",
                "activate>active confirm>consented confirmation-link>consented leave>left mark-deceased>deceased",
                "invite>consented confirm>consented confirmation-link>consented leave>left mark-deceased>deceased",
            ),
            (
                "active",
                "confirm>active confirmation-link>active pause>paused leave>left mark-deceased>deceased",
                "invite>active confirm>active confirmation-link>active pause>paused leave>left mark-deceased>deceased",
            ),
            (
                "paused",
                "confirm>paused confirmation-link>paused resume>active leave>left mark-deceased>deceased",
                "invite>paused confirm>paused confirmation-link>paused leave>left mark-deceased>deceased",
            ),
            (
                "left",
                "mark-deceased>deceased return>consented",
                "invite>invited mark-deceased>deceased return>nominated",
            ),
            ("deceased", "return>consented", "return>nominated"),
        ] {
            let state = Status::parse(from).unwrap();
            for (facts, expected) in [(AGREED, agreed), (STRANGER, stranger)] {
                let seen: Vec<String> = possible(state, facts)
                    .map(|verb| format!("{}>{}", verb.as_str(), step(state, verb, facts).unwrap().as_str()))
                    .collect();
                assert_eq!(seen.join(" "), expected, "{from} {facts:?}");
            }
        }
    }

    #[test]
    fn a_consent_to_be_kept_is_the_way_in_for_whoever_is_not_in() {
        for (from, to) in [
            ("nominated", Ok("consented")),
            ("invited", Ok("consented")),
            ("left", Ok("consented")),
            ("consented", Err(Refusal::NotNow)),
            ("active", Err(Refusal::NotNow)),
            ("paused", Err(Refusal::NotNow)),
            ("deceased", Err(Refusal::NotNow)),
        ] {
            let seen = step(Status::parse(from).unwrap(), Verb::Consent, AGREED).map(Status::as_str);
            assert_eq!(seen, to, "{from}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        for (from, verb, facts, refusal) in [
            (Status::Consented, Verb::Activate, STRANGER, Refusal::Missing(Need::Listing)),
            (Status::Paused, Verb::Resume, STRANGER, Refusal::Missing(Need::Listing)),
            (Status::Nominated, Verb::Invite, AGREED, Refusal::Missing(Need::NoAccount)),
            (Status::Nominated, Verb::Activate, AGREED, Refusal::NotNow),
            (Status::Deceased, Verb::Leave, AGREED, Refusal::NotNow),
            (Status::Active, Verb::Activate, AGREED, Refusal::NotNow),
        ] {
            assert_eq!(step(from, verb, facts), Err(refusal), "{from:?} {verb:?}");
        }
    }

    #[test]
    fn whoever_is_not_gone_can_always_leave_and_nobody_gets_active_without_consent() {
        for from in Status::ALL {
            let gone = matches!(from, Status::Left | Status::Deceased);
            assert_eq!(step(from, Verb::Leave, STRANGER).is_ok(), !gone, "{from:?}");
            for verb in Verb::ROUTES {
                let becomes_active = step(from, verb, STRANGER) == Ok(Status::Active) && from != Status::Active;
                assert!(!becomes_active, "{from:?} {verb:?}");
            }
        }
    }
}
