//! What is recorded when something changes.

use std::net::IpAddr;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::actor::Actor;
use crate::db::Conn;
use crate::db::bulk::Insert;
use crate::db::schema::disclosures;
use crate::kernel::id::new_id;
use crate::kernel::packed;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::{Sealer, plain, random};
use crate::row;

/// What happened to one thing.
#[derive(Debug, Clone)]
pub struct Event {
    action: Option<&'static str>,
    actor: Option<Actor>,
    subject_kind: &'static str,
    subject_id: Option<Uuid>,
    fields: Vec<String>,
    values: Value,
}

impl Event {
    /// An event on a thing; the action is the permit's unless [`Event::action`] says another.
    pub const fn on(kind: &'static str, id: Uuid) -> Self {
        Self {
            action: None,
            actor: None,
            subject_kind: kind,
            subject_id: Some(id),
            fields: Vec::new(),
            values: Value::Null,
        }
    }

    /// An event on a whole kind of thing, such as a load of reference data.
    pub const fn on_all(kind: &'static str) -> Self {
        Self {
            action: None,
            actor: None,
            subject_kind: kind,
            subject_id: None,
            fields: Vec::new(),
            values: Value::Null,
        }
    }

    /// Names another action than the permit's.
    #[must_use]
    pub const fn action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// Names another actor than the caller: at sign-in, the account that signed in.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// The fields that changed.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// The values; they are sealed apart from the event and may be erased.
    #[must_use]
    pub fn values(mut self, values: Value) -> Self {
        self.values = values;
        self
    }
}

/// What a transaction may commit with.
pub trait IntoEvents: 'static {
    /// The events; empty only when nothing changed (the database refuses a change without one).
    fn into_events(self) -> Vec<Event>;
}

impl IntoEvents for Event {
    fn into_events(self) -> Vec<Event> {
        vec![self]
    }
}

impl IntoEvents for Vec<Event> {
    fn into_events(self) -> Vec<Event> {
        self
    }
}

impl IntoEvents for Option<Event> {
    fn into_events(self) -> Vec<Event> {
        self.into_iter().collect()
    }
}

/// Writes events for one caller and request.
#[derive(Clone)]
pub struct Recorder {
    /// Who.
    pub actor: Actor,
    /// Under which permission.
    pub action: &'static str,
    /// In which request.
    pub request_id: Option<Uuid>,
    /// From where; goes into the sealed details only.
    pub address: Option<IpAddr>,
    /// Seals the details.
    pub sealer: Sealer,
}

impl Recorder {
    /// A recorder for the command line and periodic tasks.
    pub const fn system(sealer: Sealer, action: &'static str) -> Self {
        Self { actor: Actor::System, action, request_id: None, address: None, sealer }
    }

    /// Writes events in the caller's transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record(&self, tx: &mut Conn, events: Vec<Event>) -> Answer<()> {
        for insert in self.prepare(events)? {
            insert.run(tx).await?;
        }
        Ok(())
    }

    /// The inserts of events, to be sent in the transaction of what they tell.
    ///
    /// # Errors
    /// Those of sealing.
    pub fn prepare(&self, events: Vec<Event>) -> Answer<Vec<Insert>> {
        let rows = events.into_iter().map(|event| self.rows(event)).collect::<Answer<Vec<_>>>()?;
        let (events, details): (Vec<EventRow>, Vec<DetailRow>) = rows.into_iter().unzip();
        let mut inserts = Insert::of_rows("audit_events", &events, "");
        inserts.extend(Insert::of_rows("audit_details", &details, ""));
        Ok(inserts)
    }

    /// Records a read of restricted data; commits at once when called outside a transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn disclose(&self, conn: &mut Conn, people: &[Uuid]) -> Answer<()> {
        let row = (
            disclosures::id.eq(new_id()),
            disclosures::actor_kind.eq(self.actor.kind()),
            disclosures::actor_id.eq(self.actor.id()),
            disclosures::actor_role.eq(self.actor.role().map(|role| role.as_str())),
            disclosures::action.eq(self.action),
            disclosures::expert_ids.eq(people),
            disclosures::request_id.eq(self.request_id),
        );
        diesel::insert_into(disclosures::table).values(row).execute(conn).await?;
        Ok(())
    }

    fn rows(&self, event: Event) -> Answer<(EventRow, DetailRow)> {
        let id = new_id();
        let actor = event.actor.as_ref().unwrap_or(&self.actor);
        let salt = random::<16>().map_err(Problem::internal)?;
        let plain = plain(&Details { address: self.address, values: &event.values })?;
        let sealed = packed::seal(&self.sealer, &detail_context(id), &plain)?;
        let row = EventRow {
            id,
            actor_kind: actor.kind(),
            actor_id: actor.id(),
            actor_role: actor.role().map(|role| role.as_str()),
            action: event.action.unwrap_or(self.action),
            subject_kind: event.subject_kind,
            subject_id: event.subject_id,
            fields: event.fields,
            digest: detail_digest(&salt, &plain),
            request_id: self.request_id,
        };
        Ok((row, DetailRow { event_id: id, salt: salt.to_vec(), sealed }))
    }
}

/// What is sealed of an event.
#[derive(Serialize)]
struct Details<'a> {
    address: Option<IpAddr>,
    values: &'a Value,
}

/// What the details of an event are sealed for.
fn detail_context(event_id: Uuid) -> String {
    format!("audit_details/{event_id}")
}

/// The JSON of the details of an event: what [`detail_digest`] was made of.
///
/// # Errors
/// 500 when they were altered or moved, or sealed with a key that is gone.
pub(super) fn open_detail(sealer: &Sealer, event_id: Uuid, sealed: &[u8]) -> Answer<Vec<u8>> {
    packed::open(sealer, &detail_context(event_id), sealed)
}

/// The digest an event keeps of its details: worth nothing without the salt, which is erased with them.
pub(super) fn detail_digest(salt: &[u8], plain: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(salt).chain_update(plain).finalize().to_vec()
}

struct EventRow {
    id: Uuid,
    actor_kind: &'static str,
    actor_id: Option<Uuid>,
    actor_role: Option<&'static str>,
    action: &'static str,
    subject_kind: &'static str,
    subject_id: Option<Uuid>,
    fields: Vec<String>,
    digest: Vec<u8>,
    request_id: Option<Uuid>,
}

row!(EventRow:
    id, actor_kind, actor_id, actor_role, action, subject_kind, subject_id, fields, digest, request_id,
);

struct DetailRow {
    event_id: Uuid,
    salt: Vec<u8>,
    sealed: Vec<u8>,
}

row!(DetailRow: event_id, salt, sealed);
