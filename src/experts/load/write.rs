//! A batch, written: one transaction with its events.

use std::cell::Cell;
use std::collections::BTreeMap;

use diesel_async::SimpleAsyncConnection;
use uuid::Uuid;

use super::plan::{Plan, Prepared};
use super::verdict::Update;
use super::{Aside, Batch, Loader};
use crate::audit::event::Event;
use crate::db::{Conn, Db, write_many};
use crate::experts::consent_texts::version_of;
use crate::experts::keys::Keys;
use crate::experts::model::Purpose;
use crate::experts::profile::updated_event;
use crate::experts::publications;
use crate::experts::store::{self, ConsentRow, Entry, SourceRow, WordCounts};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem};

/// How often a batch is planned before the load gives up against others who write the same records.
const MOST_PLANS: usize = 20;

/// Nobody waits until a batch is on the disk: a load that breaks off is started again, and one that is done settles all of them.
const UNHURRIED: &str = "SET LOCAL synchronous_commit = off";

/// Waits until what was written so far is on the disk.
pub(super) async fn settle(db: &Db) -> Answer<()> {
    db.transaction(async |tx| Ok(tx.batch_execute("SELECT pg_logical_emit_message(true, 'load', '')").await?)).await
}

impl Loader<'_> {
    /// Writes a batch; planned anew where others changed its records meanwhile.
    pub(super) async fn write(&self, mut batch: Batch) -> Answer<Batch> {
        for _ in 0..MOST_PLANS {
            if batch.plan.is_idle() || self.write_as_planned(&batch).await? {
                return Ok(batch);
            }
            batch.plan.forget(&self.aside);
            batch.plan = self.plan(&batch.parsed).await?;
        }
        Err(Problem::unavailable("the same records are loaded or changed again and again"))
    }

    /// False when what is known of the records is not what the plan goes by: then nothing was written.
    async fn write_as_planned(&self, batch: &Batch) -> Answer<bool> {
        let is_stale = Cell::new(false);
        let written = self.state.db.transaction(async |tx| {
            tx.batch_execute(UNHURRIED).await?;
            write_many(tx).await?;
            store::keep_merges_out(tx).await?;
            let known = store::lock_sources(tx, self.options.source, &batch.parsed.ids()).await?;
            if known == batch.plan.known && self.apply(tx, &batch.plan).await? {
                return Ok(());
            }
            is_stale.set(true);
            Err(Problem::new(Code::Conflict))
        });
        match written.await {
            Err(_rolled_back) if is_stale.get() => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// False when somebody entered one of the records in the meantime.
    async fn apply(&self, tx: &mut Conn, plan: &Plan) -> Answer<bool> {
        if !self.create(tx, &plan.prepared).await? {
            return Ok(false);
        }
        let versions = update(tx, &self.aside, self.options.source, &plan.update).await?;
        let gone: Vec<&str> = plan.gone.iter().map(String::as_str).collect();
        if !gone.is_empty() {
            store::mark_gone(tx, self.options.source, &gone, true).await?;
        }
        if versions.is_empty() && !(plan.update.is_empty() && gone.is_empty()) {
            // what the source said is kept, though it says nothing new of the people
            self.aside.recorder.record(tx, vec![Event::on_all("expert")]).await?;
        }
        Ok(true)
    }

    async fn create(&self, tx: &mut Conn, new: &Prepared) -> Answer<bool> {
        enter(tx, new).await?;
        if self.options.with_all_consents {
            store::set_status(tx, &new.ids, "active").await?;
            let (texts, day) = (store::consent_texts(tx).await?, today());
            let mut consents = Vec::with_capacity(new.ids.len() * Purpose::ALL.len());
            for purpose in Purpose::ALL {
                let version = version_of(&texts, purpose, day, None)?;
                consents.extend(new.ids.iter().map(|id| consent(*id, purpose, &version)));
            }
            store::insert_consents(tx, &consents).await?;
        }
        // last, so that the words of a batch are counted once, for the audiences they end up with
        let mut words = WordCounts::default();
        new.search.write_new(tx, &mut words).await?;
        words.write(tx).await?;
        claim(tx, new).await
    }
}

/// Enters new experts with their events, and adds their words to those that are entered when all are written; false when somebody
/// entered one of the records in the meantime.
pub(crate) async fn create(tx: &mut Conn, new: &Prepared, words: &mut WordCounts) -> Answer<bool> {
    enter(tx, new).await?;
    new.search.write_new(tx, words).await?;
    claim(tx, new).await
}

/// The events come first: once one is there, nothing is queued for each row that would look for it.
async fn enter(tx: &mut Conn, new: &Prepared) -> Answer<()> {
    store::run(tx, &new.events).await?;
    store::run(tx, &new.records).await?;
    Ok(())
}

async fn claim(tx: &mut Conn, new: &Prepared) -> Answer<bool> {
    // each waits for whoever enters the same record, and finds it entered
    Ok(store::run(tx, &new.sources).await? == new.ids.len())
}

/// Writes merged records, which must be locked, with their events; the versions of those that changed.
pub(crate) async fn update(
    tx: &mut Conn,
    tools: &Aside,
    source: &str,
    updates: &[Update],
) -> Answer<BTreeMap<Uuid, i64>> {
    let (mut versions, mut events) = (BTreeMap::new(), Vec::new());
    for update in updates.iter().filter(|update| !update.merged.taken.is_empty()) {
        let listed = match update.publications() {
            Some(list) => publications::replace(tx, update.id, list.to_vec()).await?,
            None => None,
        };
        // a list in another order is the same list to the log
        let event = updated_event(update.id, &update.old.draft, &update.draft, listed);
        events.push(event.unwrap_or_else(|| Event::on("expert", update.id).action("experts.update")));
        let keys = Keys::of(&update.draft, &tools.vocabulary);
        let entry = Entry { id: update.id, keys, draft: update.draft.clone() };
        versions.insert(update.id, store::update(tx, &tools.sealer, &entry).await?.version);
    }
    let changed: Vec<Uuid> = versions.keys().copied().collect();
    if !changed.is_empty() {
        store::reindex(tx, &changed).await?;
    }
    let row = |update: &Update| {
        let external_id = &update.line.external_id;
        let version = versions.get(&update.id).copied().unwrap_or(update.old.version);
        Ok(SourceRow {
            source: source.to_owned(),
            external_id: external_id.clone(),
            expert_id: update.id,
            digest: update.digest.clone(),
            // what is not followed has written nothing
            loaded_version: if update.is_twin { 0 } else { version },
            // of those it is new for: an officer said who it is
            supplied: false,
            base: Some(store::seal_base(&tools.sealer, source, external_id, &update.merged.base)?),
        })
    };
    let rows = updates.iter().map(row).collect::<Answer<Vec<SourceRow>>>()?;
    store::put_sources(tx, &rows).await?;
    tools.recorder.record(tx, events).await?;
    Ok(versions)
}

fn consent(expert_id: Uuid, purpose: Purpose, text_version: &str) -> ConsentRow {
    ConsentRow {
        id: new_id(),
        expert_id,
        purpose: purpose.as_str().to_owned(),
        given: true,
        decided_on: today(),
        channel: "import".to_owned(),
        document: None,
        text_version: text_version.to_owned(),
        recorded_at: now(),
        recorded_by: None,
    }
}
