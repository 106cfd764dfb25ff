//! The authorization matrix, role × action, generated from the policies into `docs/authorization.md`.

use super::actor::Role;
use super::policy::{Reach, Rule};

/// Every rule of every slice. A policy that is not here fails the coverage test.
pub fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = [
        crate::health::RULES,
        crate::reference::policy::RULES,
        crate::accounts::policy::RULES,
        crate::audit::policy::RULES,
        crate::fields::policy::RULES,
        crate::organisations::policy::RULES,
        crate::associations::policy::RULES,
        crate::experts::policy::RULES,
        crate::sync::policy::RULES,
        crate::consultations::policy::RULES,
        crate::panels::policy::RULES,
    ]
    .concat();
    rules.sort_by_key(|rule| rule.action);
    rules
}

/// The rule of an action.
pub fn rule(action: &str) -> Option<Rule> {
    rules().into_iter().find(|rule| rule.action == action)
}

/// The document.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Who may do what\n\nGenerated from the policies (`expert-bank authorization`); a test compares it with the code and \
         calls every operation as every role.\n\n\
         - `all`: everything; `own`: what belongs to the caller (account, person, organisation)\n\
         - `public`: experts who agreed to a public profile; `agencies`: experts who agreed to be found by agencies, \
         which includes the public ones\n- `supplied`: experts whose record came from the caller's office\n\
         - `seated`: experts on an approved panel of a request of the caller's office, while it is at work, who agreed to share contacts\n- `–`: refused (401 without sign-in, 403 with)\n\n| action | nobody |",
    );
    for role in Role::ALL {
        out.push_str(&format!(" {} |", role.as_str()));
    }
    out.push_str(" meaning |\n|---|---|");
    out.push_str(&"---|".repeat(Role::ALL.len() + 1));
    for rule in rules() {
        out.push_str(&format!("\n| `{}` | {} |", rule.action, cell(rule.reach(None))));
        for role in Role::ALL {
            out.push_str(&format!(" {} |", cell(rule.reach(Some(role)))));
        }
        out.push_str(&format!(" {} |", rule.summary.trim()));
    }
    out.push('\n');
    out
}

const fn cell(reach: Reach) -> &'static str {
    reach.label()
}
