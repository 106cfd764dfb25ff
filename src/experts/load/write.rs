//! A batch, written: one transaction with its events.

use std::cell::Cell;

use uuid::Uuid;

use super::plan::{Line, Plan, Prepared, source_row};
use super::{Batch, Loader};
use crate::access::permit::Scope;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::consent_texts::version_of;
use crate::experts::keys::Keys;
use crate::experts::model::Purpose;
use crate::experts::profile::updated_event;
use crate::experts::publications;
use crate::experts::store::{self, ConsentRow, Entry};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem};

/// How often a batch is planned before the load gives up against others who write the same records.
const MOST_PLANS: usize = 20;

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
        let mut updated = Vec::with_capacity(plan.update.len());
        for (id, line) in &plan.update {
            updated.push(self.update(tx, *id, line).await?);
        }
        store::run(tx, &plan.prepared.events).await?;
        self.aside.recorder.record(tx, updated).await?;
        Ok(true)
    }

    async fn create(&self, tx: &mut Conn, new: &Prepared) -> Answer<bool> {
        store::run(tx, &new.records).await?;
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
        new.search.write(tx).await?;
        // each waits for whoever enters the same record, and finds it entered
        Ok(store::run(tx, new.sources.as_slice()).await? == new.ids.len())
    }

    async fn update(&self, tx: &mut Conn, id: Uuid, line: &Line) -> Answer<Event> {
        let sealer = &self.state.sealer;
        let row = store::lock(tx, &Scope::SYSTEM, &id.to_string()).await?;
        let old = row.into_draft(store::parts(tx, sealer, id).await?);
        let publications = publications::replace(tx, id, line.publications.clone()).await?;
        let event = updated_event(id, &old, &line.draft, publications);
        let entry = Entry { id, keys: Keys::of(&line.draft, &self.aside.vocabulary), draft: line.draft.clone() };
        let row = store::update(tx, sealer, &entry).await?;
        store::reindex(tx, &[id]).await?;
        store::put_sources(tx, &[source_row(self.options.source, id, line, row.version)]).await?;
        // a record may differ at its source in what is not kept here; the new version still wants its event
        Ok(event.unwrap_or_else(|| Event::on("expert", id).action("experts.update")))
    }
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
