//! Agencies, the Union, associations and workplaces, as they are and as they were on any day.
//!
//! `model.rs` holds the rules, `store` the SQL. Reads are in `read.rs`, changes in `edit.rs` and `succeed.rs`. What a
//! workplace written as text may be is judged by `matching.rs`; the experts slice asks it (`experts/workplaces.rs`).

mod edit;
mod form;
pub mod load;
pub mod matching;
pub mod model;
mod names;
pub mod policy;
mod read;
mod register;
pub mod store;
mod succeed;
pub mod view;

use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub use edit::correct;
pub use form::{NewOrganisation, OrganisationPatch, Successor};
pub use succeed::{SuccessionForm, succeed};

use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::reference::places::Places;
use crate::state::State;

/// Enters organisations, each with the pointer of its form; returns their ids and events.
///
/// The register must be locked ([`store::lock_register`]).
///
/// # Errors
/// 422 with every fault of a form, or the rule of the register that is broken.
pub async fn enter(
    tx: &mut Conn,
    forms: Vec<(String, NewOrganisation)>,
    places: &Places,
) -> Answer<(Vec<Uuid>, Vec<Event>)> {
    let entered = enter_unsettled(tx, forms, places).await?;
    store::settle(tx).await?;
    Ok(entered)
}

/// As [`enter`], for who has more to say about the bodies before the rules of associations can be asked
/// ([`store::settle`]).
///
/// # Errors
/// As [`enter`].
pub async fn enter_unsettled(
    tx: &mut Conn,
    forms: Vec<(String, NewOrganisation)>,
    places: &Places,
) -> Answer<(Vec<Uuid>, Vec<Event>)> {
    let mut bodies = Vec::with_capacity(forms.len());
    let mut pointers = Vec::with_capacity(forms.len());
    for (at, form) in forms {
        let mut reader = form::Reader::new(places, at.as_str());
        let body = reader.body(form);
        bodies.push(reader.done(body)?);
        pointers.push(at);
    }
    register::write(tx, &bodies, |place| pointers.get(place).cloned().unwrap_or_default(), places).await?;
    Ok((bodies.iter().map(|body| body.id).collect(), bodies.iter().map(edit::created_event).collect()))
}

/// Derives the names of bodies from before names were kept; returns how many these were.
///
/// # Errors
/// 503 when the database is away.
pub async fn derive_missing_names(state: &State) -> Answer<usize> {
    if store::nameless(&mut state.db.conn().await?).await?.is_empty() {
        return Ok(0);
    }
    let recorder = Recorder::system(state.sealer.clone(), "organisations.rekey");
    state
        .db
        .transaction(async |tx| {
            store::lock_register(tx).await?;
            let nameless = store::nameless(tx).await?;
            let bodies: Vec<_> = store::bodies(tx, &nameless).await?.into_values().collect();
            if !bodies.is_empty() {
                let places = Places::read(tx).await?;
                store::put_names(tx, &bodies, &places).await?;
                recorder.record(tx, vec![Event::on_all("organisations").fields(["names"])]).await?;
            }
            Ok(bodies.len())
        })
        .await
}

/// A spelling of a workplace that means an organisation.
#[derive(Debug, Clone)]
pub struct Spelling {
    /// As written.
    pub text: String,
    /// The province it was given with.
    pub province_id: Option<i32>,
    /// What it means.
    pub organisation_id: Uuid,
}

/// Remembers spellings that were accepted together, each with the stored provinces that its province is today; one that
/// meant another body means this one now. Returns what each meant before.
///
/// # Errors
/// 503 when the database is away.
pub async fn accept(tx: &mut Conn, decision: Uuid, spellings: &[(Spelling, Vec<i32>)]) -> Answer<Vec<Vec<Uuid>>> {
    let row = |(spelling, provinces): &(Spelling, Vec<i32>)| (names::accepted(spelling, decision), provinces.clone());
    let rows: Vec<(store::NameRow, Vec<i32>)> = spellings.iter().map(row).collect();
    store::accept_workplaces(tx, &rows).await
}

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    // before `/organisations/{key}`, which would take its path for a key
    matching::configure(config);
    read::configure(config);
    edit::configure(config);
    succeed::configure(config);
}
