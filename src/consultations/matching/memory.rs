//! The records of experts, kept between requests: their texts as numbers.
//!
//! Freshness: who may be asked is read from the database for every answer, and with it which version of each record there is now. Only
//! records of that version are used; others are read first. So no instance needs to be told of a change, and what somebody withdrew is
//! gone with its commit.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use uuid::Uuid;

use super::marks::Marks;
use super::relevance::Documents;
use super::store;
use crate::db::{Conn, Db, give_way};
use crate::experts::model::ExpertField;
use crate::kernel::problem::{Answer, Problem};

/// Experts whose texts are read in one statement.
const BATCH: usize = 250;
/// How long a request reads, and waits for others who do.
const PATIENCE: Duration = Duration::from_secs(8);

/// The version of a record: counted, and which transaction wrote it.
pub type Stamp = (i64, i64);

/// What is kept of an expert.
#[derive(Debug)]
pub struct Kept {
    /// Of which version.
    pub stamp: Stamp,
    /// What the record says beside texts.
    pub record: Record,
    /// Names and works, as far as others may share them.
    pub marks: Marks,
    /// The fields, in their order.
    pub fields: Vec<ExpertField>,
    /// The texts.
    pub documents: Documents,
}

/// What is asked of a record beside its texts, as it is in the database.
#[derive(Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct Record {
    pub degree: Option<String>,
    pub academic_rank: Option<String>,
    pub workplace_id: Option<Uuid>,
    pub workplace_key: Option<String>,
    pub province_id: Option<i32>,
    pub country: Option<String>,
    pub max_parallel: Option<u32>,
    pub accepted_kinds: Vec<String>,
    /// Organisations of the work history.
    pub posts: Vec<Uuid>,
}

/// All of them; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: RwLock<HashMap<Uuid, Arc<Kept>>>,
    /// One reads at a time: who comes second finds it done.
    reading: tokio::sync::Mutex<()>,
    /// The last change of experts that was looked at.
    seen: Mutex<Option<i64>>,
}

impl Memory {
    /// What is kept of these experts, in their order, of the versions that are said; what is missing or of another one is read, as it
    /// is then. None for who is gone meanwhile.
    ///
    /// # Errors
    /// 503 when the database is away, or so much is to be read that it takes longer than a request may wait: what was read by then is
    /// kept, so the next one gets further.
    pub async fn of(&self, conn: &mut Conn, wanted: &[(Uuid, Stamp)]) -> Answer<Vec<Option<Arc<Kept>>>> {
        if !self.catch_up(conn, wanted, PATIENCE).await? {
            return Err(Problem::unavailable("texts of experts are being read"));
        }
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(wanted.iter().map(|(id, _)| kept.get(id).cloned()).collect())
    }

    /// Reads what is missing for so long at most; true when nothing is any more.
    async fn catch_up(&self, conn: &mut Conn, wanted: &[(Uuid, Stamp)], patience: Duration) -> Answer<bool> {
        let until = Instant::now() + patience;
        for batch in self.missing(wanted).chunks(BATCH) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let Ok(_turn) = tokio::time::timeout(left, self.0.reading.lock()).await else { return Ok(false) };
            // somebody else may have read them meanwhile
            let missing: Vec<Uuid> = self.missing(batch).into_iter().map(|(id, _)| id).collect();
            if !missing.is_empty() {
                self.read(conn, &missing).await?;
            }
        }
        Ok(true)
    }

    fn missing(&self, wanted: &[(Uuid, Stamp)]) -> Vec<(Uuid, Stamp)> {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
        let is_missing = |(id, stamp): &&(Uuid, Stamp)| kept.get(id).is_none_or(|kept| kept.stamp != *stamp);
        wanted.iter().filter(is_missing).copied().collect()
    }

    async fn read(&self, conn: &mut Conn, ids: &[Uuid]) -> Answer<()> {
        let texts = store::texts(conn, ids).await?;
        // to cut texts into terms takes longer than to read them, and is no work for a thread that serves others
        let read = tokio::task::spawn_blocking(move || {
            texts.into_iter().map(|text| (text.id, Arc::new(text.kept()))).collect::<Vec<_>>()
        });
        let read = read.await.map_err(Problem::task)?;
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.extend(read);
        Ok(())
    }

    /// Reads what changed since the last time, for so long at most, and forgets who may be asked no more; how many were to be read or
    /// were forgotten. So the first who asks does not wait for it.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn keep_up(&self, db: &Db, patience: Duration) -> Answer<usize> {
        db.transaction(async |tx| {
            give_way(tx).await?;
            let last = store::last_change(tx).await?;
            if *self.seen() == Some(last) {
                return Ok(0);
            }
            let all = store::stamps(tx).await?;
            let missing = self.missing(&all).len();
            if !self.catch_up(tx, &all, patience).await? {
                return Ok(missing);
            }
            let forgotten = self.forget_others(&all);
            *self.seen() = Some(last);
            Ok(missing + forgotten)
        })
        .await
    }

    fn forget_others(&self, all: &[(Uuid, Stamp)]) -> usize {
        let ids: HashSet<Uuid> = all.iter().map(|(id, _)| *id).collect();
        let mut kept = self.0.kept.write().unwrap_or_else(PoisonError::into_inner);
        let before = kept.len();
        kept.retain(|id, _| ids.contains(id));
        before - kept.len()
    }

    fn seen(&self) -> MutexGuard<'_, Option<i64>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Experts, documents and bytes it holds.
    pub fn size(&self) -> (usize, usize, usize) {
        let kept = self.0.kept.read().unwrap_or_else(PoisonError::into_inner);
        let sum = |of: fn(&Kept) -> usize| kept.values().map(|kept| of(kept)).sum();
        (kept.len(), sum(|kept| kept.documents.len()), sum(|kept| kept.documents.bytes() + kept.marks.bytes()))
    }
}
