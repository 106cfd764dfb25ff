//! The states of a consultation and the steps between them: THE table. No SQL, no HTTP.

use std::fmt::Write as _;

use super::words::{ConsultationOrigin, ConsultationState};

/// What may be done with a consultation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// The asker sends it in, or sends in what was missing.
    Submit,
    /// The Union's office asks for what is missing.
    RequestCompletion,
    /// A leader takes it on.
    Accept,
    /// A leader says no.
    Decline,
    /// The office begins to look for experts.
    FormPanel,
    /// A leader approves the panel; its experts begin.
    ApprovePanel,
    /// The opinions are in; the report is drafted.
    Conclude,
    /// Opinions are given once more.
    ReopenReview,
    /// A leader signs the report, which goes out.
    Deliver,
    /// The asker's written reply.
    Respond,
    /// The file is archived.
    Close,
    /// Deadline, decision or urgency are agreed anew.
    Reschedule,
    /// The clock is stopped.
    Suspend,
    /// It goes on where it was.
    Resume,
    /// The asker takes it back.
    Withdraw,
    /// A leader gives it up.
    Cancel,
}

impl Verb {
    /// Every verb, in the order of a life.
    pub const ALL: [Self; 16] = [
        Self::Submit,
        Self::RequestCompletion,
        Self::Accept,
        Self::Decline,
        Self::FormPanel,
        Self::ApprovePanel,
        Self::Conclude,
        Self::ReopenReview,
        Self::Deliver,
        Self::Respond,
        Self::Close,
        Self::Reschedule,
        Self::Suspend,
        Self::Resume,
        Self::Withdraw,
        Self::Cancel,
    ];

    /// The last segment of its path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::RequestCompletion => "request-completion",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::FormPanel => "form-panel",
            Self::ApprovePanel => "approve-panel",
            Self::Conclude => "conclude",
            Self::ReopenReview => "reopen-review",
            Self::Deliver => "deliver",
            Self::Respond => "respond",
            Self::Close => "close",
            Self::Reschedule => "reschedule",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Withdraw => "withdraw",
            Self::Cancel => "cancel",
        }
    }

    /// As the audit log names it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Submit => "consultations.submit",
            Self::RequestCompletion => "consultations.request_completion",
            Self::Accept => "consultations.accept",
            Self::Decline => "consultations.decline",
            Self::FormPanel => "consultations.form_panel",
            Self::ApprovePanel => "consultations.approve_panel",
            Self::Conclude => "consultations.conclude",
            Self::ReopenReview => "consultations.reopen_review",
            Self::Deliver => "consultations.deliver",
            Self::Respond => "consultations.respond",
            Self::Close => "consultations.close",
            Self::Reschedule => "consultations.reschedule",
            Self::Suspend => "consultations.suspend",
            Self::Resume => "consultations.resume",
            Self::Withdraw => "consultations.withdraw",
            Self::Cancel => "consultations.cancel",
        }
    }
}

/// Who takes a step. A leader may do what an officer may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The asker's office; the Union where it keeps the file of an asker who does not work here.
    Asker,
    /// The asker's office; or the Union's for the asker, by the letter that says so.
    AskerByLetter,
    /// The Union's office.
    Officer,
    /// A leader of the Union.
    Leader,
}

impl Who {
    /// As the diagram says it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asker => "asker",
            Self::AskerByLetter => "asker, or officer by letter",
            Self::Officer => "officer",
            Self::Leader => "leader",
        }
    }
}

/// What must be there for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The whole file: letter, object, deciding authority, decision date, questions, contact, funding, one file of the scheme.
    WholeFile,
    /// What is missing, item by item.
    MissingItems,
    /// At least one field of science.
    Fields,
    /// Enough time before the decision, or a word that there is little.
    Time,
    /// A code from the list of reasons.
    ReasonCode,
    /// Why, in words.
    Reason,
    /// The document it is done by.
    Document,
    /// Chair, secretary, an odd number of people and enough of them, nobody with a conflict of interest that was not waived.
    Panel,
    /// Enough members who count, and none with an open conflict.
    Counting,
    /// Opinions of enough members who count, and of everybody who sits unless a reason says why not.
    Opinions,
    /// A signed conclusion of the opinions that count.
    Conclusion,
    /// What becomes of each recommendation, with reasons.
    Adoption,
    /// The decision that was made in the end, or a word why it is not known.
    Decision,
}

impl Need {
    /// As the diagram says it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::WholeFile => "whole file",
            Self::MissingItems => "missing items",
            Self::Fields => "fields",
            Self::Time => "enough time",
            Self::ReasonCode => "reason code",
            Self::Reason => "reason",
            Self::Document => "document",
            Self::Panel => "whole panel without open conflicts",
            Self::Counting => "enough members who count, none with an open conflict",
            Self::Opinions => "opinions of enough members who count; of everybody, or a reason",
            Self::Conclusion => "signed conclusion",
            Self::Adoption => "reply to each recommendation",
            Self::Decision => "final decision, or why it is not known",
        }
    }
}

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// To a state.
    State(ConsultationState),
    /// To where it was when it was suspended.
    Back,
}

/// A step of the table.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// From.
    pub from: ConsultationState,
    /// What is done.
    pub verb: Verb,
    /// Where that leads.
    pub to: To,
    /// Who does it.
    pub who: Who,
    /// What must be there.
    pub needs: &'static [Need],
}

/// From, verb, to, who, what must be there. A verb that stands at no state here is not possible there.
#[rustfmt::skip]
const STEPS: &[Step] = {
    use ConsultationState::{
        Accepted, Cancelled, Closed, Concluding, Declined, Delivered, Draft, InReview, NeedsCompletion, PanelForming,
        Responded, Submitted, Suspended, Withdrawn,
    };
    use Need::{
        Adoption, Conclusion, Counting, Decision, Document, Fields, MissingItems, Opinions, Panel, Reason, ReasonCode, Time,
        WholeFile,
    };
    use Verb as V;
    use Who::{Asker, AskerByLetter, Leader, Officer};
    const fn step(from: ConsultationState, verb: Verb, to: ConsultationState, who: Who, needs: &'static [Need]) -> Step {
        Step { from, verb, to: To::State(to), who, needs }
    }
    &[
        step(Draft,           V::Submit,            Submitted,       Asker,   &[WholeFile]),
        step(Draft,           V::Withdraw,          Withdrawn,       Asker,   &[]),
        step(Submitted,       V::RequestCompletion, NeedsCompletion, Officer, &[MissingItems]),
        step(Submitted,       V::Accept,            Accepted,        Leader,  &[Fields, Time]),
        step(Submitted,       V::Decline,           Declined,        Leader,  &[ReasonCode, Reason]),
        step(Submitted,       V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(NeedsCompletion, V::Submit,            Submitted,       Asker,   &[WholeFile]),
        step(NeedsCompletion, V::Decline,           Declined,        Leader,  &[ReasonCode, Reason]),
        step(NeedsCompletion, V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(Accepted,        V::FormPanel,         PanelForming,    Officer, &[]),
        step(Accepted,        V::Reschedule,        Accepted,        Leader,  &[Reason]),
        step(Accepted,        V::Suspend,           Suspended,       Officer, &[Reason]),
        step(Accepted,        V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(Accepted,        V::Cancel,            Cancelled,       Leader,  &[Reason]),
        step(PanelForming,    V::ApprovePanel,      InReview,        Leader,  &[Document, Panel]),
        step(PanelForming,    V::Reschedule,        PanelForming,    Leader,  &[Reason]),
        step(PanelForming,    V::Suspend,           Suspended,       Officer, &[Reason]),
        step(PanelForming,    V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(PanelForming,    V::Cancel,            Cancelled,       Leader,  &[Reason]),
        step(InReview,        V::Conclude,          Concluding,      Officer, &[Counting, Opinions]),
        step(InReview,        V::Reschedule,        InReview,        Leader,  &[Reason]),
        step(InReview,        V::Suspend,           Suspended,       Officer, &[Reason]),
        step(InReview,        V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(InReview,        V::Cancel,            Cancelled,       Leader,  &[Reason]),
        step(Concluding,      V::ReopenReview,      InReview,        Leader,  &[Reason]),
        step(Concluding,      V::Deliver,           Delivered,       Leader,  &[Conclusion, Counting, Opinions]),
        step(Concluding,      V::Reschedule,        Concluding,      Leader,  &[Reason]),
        step(Concluding,      V::Suspend,           Suspended,       Officer, &[Reason]),
        step(Concluding,      V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(Concluding,      V::Cancel,            Cancelled,       Leader,  &[Reason]),
        step(Delivered,       V::Respond,           Responded,       AskerByLetter, &[Document, Adoption]),
        // no reply came
        step(Delivered,       V::Close,             Closed,          Officer, &[Reason]),
        step(Responded,       V::Close,             Closed,          Officer, &[Decision]),
        Step { from: Suspended, verb: V::Resume, to: To::Back, who: Officer, needs: &[] },
        step(Suspended,       V::Reschedule,        Suspended,       Leader,  &[Reason]),
        step(Suspended,       V::Withdraw,          Withdrawn,       AskerByLetter, &[Reason]),
        step(Suspended,       V::Cancel,            Cancelled,       Leader,  &[Reason]),
    ]
};

/// As whom a caller acts on one consultation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hands {
    /// For the asker.
    pub asker: bool,
    /// In the Union's office.
    pub officer: bool,
    /// As a leader of the Union.
    pub leader: bool,
}

impl Hands {
    /// Whether these take a step.
    const fn take(self, who: Who) -> bool {
        match who {
            Who::Asker => self.asker,
            Who::AskerByLetter => self.asker || self.officer || self.leader,
            Who::Officer => self.officer || self.leader,
            Who::Leader => self.leader,
        }
    }
}

/// The step of a verb from a state; none when it is not possible from there. What nobody asked for, nobody takes back: the Union
/// gives it up.
pub fn step(from: ConsultationState, verb: Verb, origin: ConsultationOrigin) -> Option<&'static Step> {
    if verb == Verb::Withdraw && origin == ConsultationOrigin::SelfInitiated {
        return None;
    }
    STEPS.iter().find(|step| step.from == from && step.verb == verb)
}

/// The verbs that lead somewhere, for these hands, in the order of a life.
pub fn possible(
    from: ConsultationState,
    origin: ConsultationOrigin,
    hands: Hands,
) -> impl Iterator<Item = &'static str> {
    let takes = move |verb: &Verb| step(from, *verb, origin).is_some_and(|step| hands.take(step.who));
    Verb::ALL.into_iter().filter(takes).map(Verb::as_str)
}

/// Whether these hands take a step for an asker who wrote a letter.
pub const fn is_by_letter(step: &Step, hands: Hands) -> bool {
    matches!(step.who, Who::AskerByLetter) && !hands.asker
}

/// Whether these hands take a step.
pub const fn may(step: &Step, hands: Hands) -> bool {
    hands.take(step.who)
}

/// The table as a page of the documentation: a diagram, and who does what with what.
pub fn markdown() -> String {
    let mut out = String::from(
        "# The life of a consultation\n\nGenerated from the table in `src/consultations/state.rs`; a test compares them. Every verb \
         that stands at no\nstate here is a 409 there, which lists what is possible.\n\n```mermaid\nstateDiagram-v2\n    [*] --> draft\n    \
         [*] --> accepted: self-initiated (leader)\n",
    );
    for step in STEPS {
        let targets = match step.to {
            To::State(to) => vec![to],
            To::Back => resumed().collect(),
        };
        for to in targets {
            let _ = writeln!(out, "    {} --> {}: {}", step.from.as_str(), to.as_str(), step.verb.as_str());
        }
    }
    for state in ConsultationState::ALL.iter().filter(|state| state.is_over()) {
        let _ = writeln!(out, "    {} --> [*]", state.as_str());
    }
    out.push_str("```\n\n| from | verb | to | who | what must be there |\n|---|---|---|---|---|\n");
    for step in STEPS {
        let to = match step.to {
            To::State(to) => to.as_str(),
            To::Back => "where it was",
        };
        let needs: Vec<&str> = step.needs.iter().map(|need| need.as_str()).collect();
        let (from, verb, who) = (step.from.as_str(), step.verb.as_str(), step.who.as_str());
        let _ = writeln!(out, "| `{from}` | `{verb}` | `{to}` | {who} | {} |", needs.join(", "));
    }
    out.push_str(
        "\nA leader may do what an officer may. `asker` is the office of the asker, or the Union where it keeps the file of an asker \
         who\ndoes not work here. What an asker says by letter an officer enters, with that letter. What the Union began itself has an addressee in the asker's place, and nobody withdraws it.\n",
    );
    out
}

/// The states that can be suspended.
fn resumed() -> impl Iterator<Item = ConsultationState> {
    STEPS.iter().filter(|step| step.verb == Verb::Suspend).map(|step| step.from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConsultationOrigin::{Ordered, SelfInitiated};

    const ALL_HANDS: Hands = Hands { asker: true, officer: true, leader: true };

    fn parse(text: &str) -> ConsultationState {
        ConsultationState::ALL.iter().copied().find(|state| state.as_str() == text).unwrap()
    }

    #[test]
    fn every_state_knows_these_verbs_and_no_other() {
        for (from, expected) in [
            ("draft", "submit>submitted withdraw>withdrawn"),
            ("submitted", "request-completion>needs_completion accept>accepted decline>declined withdraw>withdrawn"),
            ("needs_completion", "submit>submitted decline>declined withdraw>withdrawn"),
            ("declined", ""),
            (
                "accepted",
                "form-panel>panel_forming reschedule>accepted suspend>suspended withdraw>withdrawn cancel>cancelled",
            ),
            (
                "panel_forming",
                "approve-panel>in_review reschedule>panel_forming suspend>suspended withdraw>withdrawn cancel>cancelled",
            ),
            (
                "in_review",
                "conclude>concluding reschedule>in_review suspend>suspended withdraw>withdrawn cancel>cancelled",
            ),
            (
                "concluding",
                "reopen-review>in_review deliver>delivered reschedule>concluding suspend>suspended withdraw>withdrawn cancel>cancelled",
            ),
            ("delivered", "respond>responded close>closed"),
            ("responded", "close>closed"),
            ("closed", ""),
            ("suspended", "reschedule>suspended resume>back withdraw>withdrawn cancel>cancelled"),
            ("withdrawn", ""),
            ("cancelled", ""),
        ] {
            let state = parse(from);
            let seen: Vec<String> = Verb::ALL
                .into_iter()
                .filter_map(|verb| step(state, verb, Ordered))
                .map(|step| match step.to {
                    To::State(to) => format!("{}>{}", step.verb.as_str(), to.as_str()),
                    To::Back => format!("{}>back", step.verb.as_str()),
                })
                .collect();
            assert_eq!(seen.join(" "), expected, "{from}");
            assert_eq!(expected.is_empty(), state.is_over(), "{from}");
        }
        assert_eq!(ConsultationState::ALL.len(), 14);
    }

    #[test]
    fn officers_prepare_leaders_decide_and_askers_ask() {
        let of = |hands: Hands| -> Vec<&str> {
            let mut verbs: Vec<&str> =
                ConsultationState::ALL.iter().flat_map(|state| possible(*state, Ordered, hands)).collect();
            verbs.sort_unstable();
            verbs.dedup();
            verbs
        };
        assert_eq!(of(Hands { asker: true, ..Hands::default() }), ["respond", "submit", "withdraw"]);
        let office =
            ["close", "conclude", "form-panel", "request-completion", "respond", "resume", "suspend", "withdraw"];
        assert_eq!(of(Hands { officer: true, ..Hands::default() }), office);
        let mut leader = office.to_vec();
        leader.extend(["accept", "approve-panel", "cancel", "decline", "deliver", "reopen-review", "reschedule"]);
        leader.sort_unstable();
        assert_eq!(of(Hands { leader: true, ..Hands::default() }), leader);
        assert_eq!(of(Hands::default()), Vec::<&str>::new());
        assert_eq!(of(ALL_HANDS).len(), Verb::ALL.len());
    }

    #[test]
    fn what_nobody_asked_for_is_not_withdrawn() {
        for state in ConsultationState::ALL {
            assert!(!possible(*state, SelfInitiated, ALL_HANDS).any(|verb| verb == "withdraw"));
        }
    }

    #[test]
    fn no_state_is_a_dead_end_and_none_is_out_of_reach() {
        for state in ConsultationState::ALL {
            let leads = STEPS.iter().any(|step| step.from == *state);
            assert_ne!(leads, state.is_over(), "{}", state.as_str());
            let reached = STEPS.iter().any(|step| step.to == To::State(*state));
            assert!(reached || *state == ConsultationState::Draft, "{}", state.as_str());
        }
        for (at, one) in STEPS.iter().enumerate() {
            let twice = STEPS.iter().skip(at + 1).any(|other| (other.from, other.verb) == (one.from, one.verb));
            assert!(!twice, "{} {} stands twice", one.from.as_str(), one.verb.as_str());
        }
    }
}
