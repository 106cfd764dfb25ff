//! The words of a sync, as they stand in JSON and in the database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares an enumeration with its words.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $said:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[doc = $said])+ $variant,)+ }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As written in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads what [`Self::as_str`] wrote.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// What a file holds.
    SyncMode {
        /// What changed: nothing follows from what is missing.
        Delta = "delta",
        /// Every record of the source: what is missing is absent.
        Snapshot = "snapshot",
    }
}

words! {
    /// Where a plan stands.
    PlanState {
        /// It is received or made.
        Planning = "planning",
        /// It can be applied.
        Ready = "ready",
        /// It changes more than the brake allows; the Union must release it.
        Blocked = "blocked",
        /// It is being applied.
        Applying = "applying",
        /// It was applied.
        Applied = "applied",
        /// It came to nothing.
        Failed = "failed",
        /// It was applied and is being undone.
        Reverting = "reverting",
        /// It was applied and undone.
        Reverted = "reverted",
    }
}

words! {
    /// What becomes of a record.
    ChangeKind {
        /// A new expert.
        Create = "create",
        /// Members of a known one change.
        Update = "update",
        /// Nothing changes.
        Unchanged = "unchanged",
        /// Members were changed here and at the source, and not to the same.
        Conflict = "conflict",
        /// It may be somebody known.
        Ambiguous = "ambiguous",
        /// A snapshot no longer has it.
        Absent = "absent",
        /// The source took it out.
        Tombstone = "tombstone",
        /// The line is broken.
        Rejected = "rejected",
    }
}

words! {
    /// Why a record of a known person changes nothing, or what else is to be said of it.
    ChangeOutcome {
        /// The expert left the bank.
        Left = "left",
        /// The expert died.
        Deceased = "deceased",
        /// The expert has another record of the source, which is followed.
        Merged = "merged",
        /// The person was erased here, and stays so.
        Erased = "erased",
        /// It had been missing, or taken out, and is there again.
        Returned = "returned",
        /// Nothing was known of it.
        NotKnown = "not_known",
        /// The Union looks at it.
        NeedsReview = "needs_review",
    }
}

words! {
    /// Whose value a conflict is settled with.
    Take {
        /// The source's.
        Theirs = "theirs",
        /// The one kept here.
        Ours = "ours",
    }
}

words! {
    /// What becomes of a record that may be somebody known.
    Resolve {
        /// It is that expert.
        Link = "link",
        /// It is somebody new.
        Create = "create",
        /// It is not taken.
        Reject = "reject",
    }
}
