//! How long a consultation stood where. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use crate::consultations::calendar::Calendar;
use crate::consultations::model::MoveRow;
use crate::consultations::words::ConsultationState;
use crate::kernel::clock::date_in_vietnam;

/// A time in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The state.
    pub state: ConsultationState,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; none for where it stands. An end takes no time.
    pub to: Option<DateTime<Utc>>,
    /// Working days after the first day up to the last one, or up to today.
    pub working_days: i64,
}

/// The times of a consultation in its states, in their order. What moved nothing ends none.
pub fn spans(calendar: &Calendar, moves: &[MoveRow], today: NaiveDate) -> Vec<Span> {
    let led: Vec<&MoveRow> = moves.iter().filter(|row| row.from_state != Some(row.to_state)).collect();
    let next = led.iter().skip(1).map(|row| Some(row.at)).chain([None]);
    let span = |(row, next): (&&MoveRow, Option<DateTime<Utc>>)| {
        let to = next.or_else(|| row.to_state.is_over().then_some(row.at));
        let last = to.map_or(today, date_in_vietnam);
        // clocks of servers may differ
        let working_days = calendar.between(date_in_vietnam(row.at), last).max(0);
        Span { state: row.to_state, from: row.at, to, working_days }
    };
    led.iter().zip(next).map(span).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::consultations::calendar::tests::{day, vietnam};
    use crate::consultations::words::ConsultationState::{
        Accepted, Closed, Delivered, Draft, NeedsCompletion, Submitted, Suspended,
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    /// Moves of days, verbs and where they led, each at ten o'clock.
    pub fn moves(of: &[(&str, Option<&str>, ConsultationState)]) -> Vec<MoveRow> {
        let mut from_state = None;
        let of = of.iter().zip(0..).map(|((on, verb, to), ordinal)| {
            let row = MoveRow {
                id: Uuid::from_u128(1 + u128::try_from(ordinal).unwrap()),
                consultation_id: Uuid::nil(),
                ordinal,
                at: format!("{on}T03:00:00Z").parse().unwrap(),
                verb: verb.map(str::to_owned),
                from_state,
                to_state: *to,
                actor_kind: "user".to_owned(),
                actor_id: None,
                actor_role: Some("union_officer".to_owned()),
                reason_code: None,
                reason: None,
                document: None,
                missing: Vec::new(),
                resume_on: None,
                schedule: None,
            };
            from_state = Some(*to);
            row
        });
        of.collect()
    }

    #[test]
    fn a_state_lasts_until_the_next_and_an_end_takes_no_time() {
        let path = [
            ("2026-02-10", None, Draft),
            ("2026-02-13", Some("submit"), Submitted),
            ("2026-02-23", Some("request-completion"), NeedsCompletion),
            ("2026-02-23", Some("submit"), Submitted),
            ("2026-02-27", Some("accept"), Accepted),
            ("2026-03-02", Some("reschedule"), Accepted),
            ("2026-03-04", Some("suspend"), Suspended),
            ("2026-03-09", Some("resume"), Accepted),
        ];
        let seen: Vec<(ConsultationState, i64)> = spans(&vietnam(), &moves(&path), day("2026-03-10"))
            .iter()
            .map(|span| (span.state, span.working_days))
            .collect();
        // over Tết there is one working day
        let expected = [
            (Draft, 3),
            (Submitted, 1),
            (NeedsCompletion, 0),
            (Submitted, 4),
            (Accepted, 3),
            (Suspended, 3),
            (Accepted, 1),
        ];
        assert_eq!(seen, expected);
        let over = moves(&[("2026-02-10", None, Delivered), ("2026-02-11", Some("close"), Closed)]);
        let over = spans(&vietnam(), &over, day("2026-12-31"));
        assert_eq!((over[1].to, over[1].working_days), (Some(over[1].from), 0));
        assert!(spans(&vietnam(), &[], day("2026-12-31")).is_empty());
    }

    proptest! {
        #[test]
        fn spans_follow_each_other_without_a_gap(steps in prop::collection::vec((0_u64..20, 0_usize..14), 1..12)) {
            let mut on = day("2026-01-05");
            let mut path = Vec::new();
            for (days, state) in steps {
                on = on + chrono::Days::new(days);
                path.push((on.to_string(), ConsultationState::ALL[state]));
            }
            let path: Vec<_> = path.iter().map(|(on, state)| (on.as_str(), Some("submit"), *state)).collect();
            let spans = spans(&vietnam(), &moves(&path), on);
            prop_assert!(!spans.is_empty());
            for pair in spans.windows(2) {
                prop_assert_eq!(pair[0].to, Some(pair[1].from));
                prop_assert!(pair[0].state != pair[1].state && pair[0].working_days >= 0);
            }
            let total: i64 = spans.iter().map(|span| span.working_days).sum();
            prop_assert!(total <= vietnam().between(day("2026-01-05"), on));
        }
    }
}
