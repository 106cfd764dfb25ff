//! `GET /experts/{key}/history`: what changed in a record, when and by whom.

use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::{ReadAvailability, ReadHistory};
use super::store;
use super::vocabulary::Vocabulary;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::audit::{self, Recorded};
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_history);
}

/// Fields whose values the history shows. A new one keeps its values to itself until it is named here: what is sealed in the
/// record (birth date, contacts) is shown by an operation that records each read, and by no other.
const SHOWN: [&str; 48] = [
    "full_name",
    "former_names",
    "other_names",
    "gender",
    "birth_precision",
    "nationality",
    "country",
    "academic_rank",
    "academic_rank_year",
    "degree",
    "degree_year",
    "other_titles",
    "professional_title",
    "honours",
    "position",
    "unit",
    "workplace",
    "workplace_id",
    "province",
    "fields",
    "field_groups",
    "specialties",
    "languages",
    "publications_count",
    "publications",
    "biography",
    "education",
    "work_history",
    "projects",
    "awards",
    "patents",
    "council_experience",
    "memberships",
    "nominated_by",
    "standing_evidence",
    "max_parallel",
    "accepted_kinds",
    "status",
    "effective_on",
    "reason",
    "verified_at",
    "verified_by",
    "last_confirmed",
    "confirmed_on",
    "channel",
    "given",
    "document",
    "merged_into",
];

/// What tells of two records, of which a person may know no more than one: by mistake two people may be taken for one.
const OF_TWO: [&str; 2] = ["experts.merge", "merges.undo"];

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryActor {
    /// `account`, `client`, `system` or `anonymous`.
    #[schema(example = "account")]
    kind: String,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "union_officer")]
    role: Option<String>,
    /// The account or API client; a person is shown none but their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
}

/// What is shown of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Shown {
    /// The values.
    Values,
    /// That it changed, and no values: they are restricted, or not for you.
    Withheld,
    /// That it changed: the values were not kept, or were erased.
    NotKept,
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryChange {
    /// The field.
    #[schema(example = "position")]
    field: String,
    /// What is shown of it.
    shown: Shown,
    /// What it was; of publications and the like, what went.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!("Phó Viện trưởng"))]
    old: Option<Value>,
    /// What it became; of publications and the like, what came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!("Viện trưởng"))]
    new: Option<Value>,
}

impl HistoryChange {
    const fn without_values(field: String, shown: Shown) -> Self {
        Self { field, shown, old: None, new: None }
    }
}

/// An event in the life of a record.
#[derive(Debug, Serialize, ToSchema)]
struct RecordChange {
    /// Its id: that of the event in the audit log.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Who.
    actor: HistoryActor,
    /// What was done, as in the authorization matrix, or more closely.
    #[schema(example = "experts.update")]
    action: String,
    /// What changed by it.
    changes: Vec<HistoryChange>,
}

/// What a caller sees of a history.
struct Reader<'a> {
    scope: &'a Scope,
    availability: bool,
    vocabulary: &'a Vocabulary,
}

impl Reader<'_> {
    fn entry(&self, event: Recorded) -> RecordChange {
        let sees_id = self.scope.reach == Reach::All || event.actor_id == self.scope.actor.id();
        let of_two = self.scope.reach != Reach::All && OF_TWO.contains(&event.action.as_str());
        let withheld = |field| HistoryChange::without_values(field, Shown::Withheld);
        RecordChange {
            id: event.id,
            at: event.at,
            changes: match of_two {
                true => event.fields.into_iter().map(withheld).collect(),
                false => self.changes(event.fields, event.values),
            },
            actor: HistoryActor {
                kind: event.actor_kind,
                role: event.actor_role,
                id: event.actor_id.filter(|_| sees_id),
            },
            action: event.action,
        }
    }

    /// The fields of an event, then what else was noted with it.
    fn changes(&self, fields: Vec<String>, values: Option<Value>) -> Vec<HistoryChange> {
        let mut values = match values {
            Some(Value::Object(values)) => values,
            _ => serde_json::Map::new(),
        };
        // a consent is one field, named by its purpose
        if let (Some(Value::String(purpose)), Some(given)) = (values.remove("purpose"), values.remove("given")) {
            let named = fields.contains(&purpose);
            values.insert(if named { purpose } else { "given".to_owned() }, given);
        }
        let mut changes: Vec<HistoryChange> = Vec::new();
        for field in fields {
            let value = values.remove(&field);
            changes.push(self.change(field, value));
        }
        changes.extend(values.into_iter().filter(|(_, value)| !value.is_null()).map(|(f, v)| self.change(f, Some(v))));
        changes
    }

    fn change(&self, field: String, value: Option<Value>) -> HistoryChange {
        let is_consent = super::model::Purpose::ALL.iter().any(|purpose| purpose.as_str() == field);
        let is_shown = SHOWN.contains(&field.as_str()) || is_consent || (field == "availability" && self.availability);
        match value {
            _ if !is_shown => HistoryChange::without_values(field, Shown::Withheld),
            None | Some(Value::Null) => HistoryChange::without_values(field, Shown::NotKept),
            Some(value) => {
                let (mut old, mut new) = pair(value);
                old.iter_mut().chain(&mut new).for_each(|value| self.vocabulary.name_province(&field, value));
                HistoryChange { field, shown: Shown::Values, old, new }
            }
        }
    }
}

/// Old and new; what was noted without an old value is new.
fn pair(value: Value) -> (Option<Value>, Option<Value>) {
    let there = |value: Value| (!value.is_null()).then_some(value);
    match value {
        Value::Array(items) if items.len() == 2 => {
            let mut items = items.into_iter();
            (items.next().and_then(there), items.next().and_then(there))
        }
        other => (None, there(other)),
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Read the history of a record
///
/// The latest first: corrections, states, consents, publications, availability. Of restricted data it says that it changed,
/// never what it was.
#[utoipa::path(
    tag = "experts",
    operation_id = "read_expert_history",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), PageQuery),
    security(("session" = ["experts.read_history"])),
    responses((status = 200, description = "A page of events", body = Page<RecordChange>)),
)]
#[get("/experts/{key}/history")]
async fn read_history(permit: Permit<ReadHistory>, key: Key, query: Params<PageQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let sealer = &permit.state().sealer;
    // what was done to records that were merged into this one was done to this person
    let mut ids = store::losers_of(&mut conn, expert.id).await?;
    ids.push(expert.id);
    let events = audit::history(&mut conn, sealer, ("expert", &ids), before, query.limit.probe()).await?;
    let vocabulary = Vocabulary::read(&mut conn).await?;
    drop(conn);
    // whoever may read the history reads it of all records in their reach, so there is nothing more to ask than the role
    let reader = Reader {
        scope: permit.scope(),
        availability: permit.may::<ReadAvailability>(|_| true),
        vocabulary: &vocabulary,
    };
    fresh_page(&req, "private", &cursors.page(events, query.limit, |event| event.id, |event| reader.entry(event))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(fields: &[&str], values: Value, availability: bool) -> Value {
        let vocabulary = Vocabulary::new(Vec::new(), Vec::new(), Vec::new());
        let reader = Reader { scope: &Scope::SYSTEM, availability, vocabulary: &vocabulary };
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        serde_json::to_value(reader.changes(fields, Some(values))).unwrap()
    }

    #[test]
    fn values_are_shown_of_the_fields_that_are_named_and_of_no_other() {
        for (fields, values, expected) in [
            (
                vec!["position"],
                json!({ "position": ["A", "B"] }),
                json!([{ "field": "position", "shown": "values", "old": "A", "new": "B" }]),
            ),
            (vec!["unit"], json!({ "unit": [null, "B"] }), json!([{ "field": "unit", "shown": "values", "new": "B" }])),
            (vec!["email"], json!({ "email": ["a@b.c", null] }), json!([{ "field": "email", "shown": "withheld" }])),
            (
                vec!["secret"],
                json!({ "token": "x" }),
                json!([
                    { "field": "secret", "shown": "withheld" }, { "field": "token", "shown": "withheld" },
                ]),
            ),
            (vec!["position"], Value::Null, json!([{ "field": "position", "shown": "not_kept" }])),
            (
                vec!["listing"],
                json!({ "purpose": "listing", "given": false, "document": null }),
                json!([{ "field": "listing", "shown": "values", "new": false }]),
            ),
            (
                vec!["status"],
                json!({ "status": ["active", "left"], "reason": "Chuyển đi" }),
                json!([
                    { "field": "status", "shown": "values", "old": "active", "new": "left" },
                    { "field": "reason", "shown": "values", "new": "Chuyển đi" },
                ]),
            ),
            (vec![], json!({}), json!([])),
        ] {
            assert_eq!(shown(&fields, values.clone(), true), expected, "{values}");
        }
    }

    #[test]
    fn periods_are_shown_to_who_may_read_them() {
        let values = || json!({ "availability": [null, { "note": "Ốm" }] });
        assert_eq!(shown(&["availability"], values(), true)[0]["new"]["note"], "Ốm");
        assert_eq!(
            shown(&["availability"], values(), false),
            json!([{ "field": "availability", "shown": "withheld" }])
        );
    }
}
