//! `POST /sync/plans`: the file comes in as a stream and is kept chunk by chunk; the plan is made beside the requests.

use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::rt::task::JoinHandle;
use actix_web::{HttpRequest, HttpResponse, post, rt, web};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::chunks;
use super::lines::{Form, Line, Packing, Reading, Sums};
use super::policy::PlanSync;
use super::store::{self, PlanRow, work};
use super::words::{PlanState, SyncMode};
use super::{check_source, own_sources};
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::kernel::background::aside;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Lang, Problem};
use crate::say;
use crate::state::State;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(create_sync_plan);
}

/// How long an upload may stand still.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a plan is told that its upload goes on.
const TELL: Duration = Duration::from_secs(10);
/// How long an upload may be slow.
const GRACE: Duration = Duration::from_secs(120);
/// Bytes a second that must come in after that, all in all.
const LEAST_PER_SECOND: u64 = 1_024;

/// When a plan is applied by itself.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ApplyWhen {
    /// At once, when nothing needs a person.
    Auto,
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlanQuery {
    /// Whose records they are.
    #[param(example = "skhcn", pattern = "^[a-z][a-z0-9_-]{0,31}$")]
    source: String,
    /// What the file holds.
    #[param(inline)]
    mode: SyncMode,
    /// `auto`: applied at once when nothing needs a person. Without it, somebody looks at the plan and applies it.
    #[param(inline)]
    #[serde(default)]
    apply: Option<ApplyWhen>,
}

/// That a file was taken, and where its plan is.
#[derive(Debug, Serialize, ToSchema)]
struct PlanReceipt {
    /// The plan.
    id: Uuid,
    /// The source.
    #[schema(example = "skhcn")]
    source: String,
    /// What the file holds.
    mode: SyncMode,
    /// Records that came in.
    records: i64,
    /// SHA-256 of the file as it was sent.
    file_hash: Option<String>,
    /// An earlier plan of the very same file.
    same_file_as: Option<Uuid>,
}

/// Send records and have a plan made
///
/// The body is NDJSON, one record a line in the form of `POST /experts` with an `external_id`, or one JSON array of such records;
/// gzip and zstd are unpacked. A record that the source took out is `{"external_id": "…", "deleted": true}`. A `delta` holds
/// what changed, a `snapshot` every record of the source. Nothing is changed yet: the plan is made beside, read it at `Location`.
/// A record has at most 1 MiB, a file a million records. With an `Idempotency-Key` the same file sent again is the same plan.
#[utoipa::path(
    tag = "sync",
    params(PlanQuery, Once),
    request_body(
        description = "Records, one a line or in an array",
        content(
            (String = "application/x-ndjson", example = json!("{\"external_id\": \"CG07-0000123\", \"full_name\": \"TS. Kpă Thị Mẫu\"}\n")),
            (Vec<serde_json::Value> = "application/json", example = json!([{"external_id": "CG07-0000123", "full_name": "TS. Kpă Thị Mẫu"}])),
        ),
    ),
    security(("session" = ["sync.plan"])),
    responses((status = 202, description = "Taken; the plan is being made", body = PlanReceipt), (status = 408, description = "The file did not arrive in time", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json")),
)]
#[post("/sync/plans")]
async fn create_sync_plan(
    permit: Permit<PlanSync>,
    query: Params<PlanQuery>,
    once: Once,
    payload: web::Payload,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let (packing, form) = (packing(&req)?, form(&req)?);
    check_source(&query.source)?;
    own_sources(&mut permit.read().await?, permit.scope(), Some(&query.source)).await?;
    let auto = query.apply.is_some();
    let plan = PlanRow::new(new_id(), query.source.clone(), query.mode, auto, permit.actor());
    let (id, begun) = (plan.id, plan.clone());
    permit
        .write(async move |tx| {
            store::insert(tx, &begun).await?;
            Ok(((), Event::on("sync_plan", begun.id).fields(["source", "mode", "state"])))
        })
        .await?;
    let received = Box::pin(receive(&permit, id, Reading::new(packing, form)?, payload)).await;
    let received = received.and_then(|received| check_whole(received, query.mode));
    let received = match received {
        Ok(received) => received,
        Err(problem) => {
            failed(&permit, id, &problem).await;
            return Err(problem);
        }
    };
    let taken = Box::pin(take(&permit, plan, once, &query, received)).await;
    let made = match taken {
        Ok(made) => made,
        Err(problem) => {
            discard(&permit, id).await?;
            return Err(problem);
        }
    };
    if made != id {
        // it was sent before: what came in now is not wanted
        discard(&permit, id).await?;
    }
    permit.state().wake.up();
    receipt(store::find(&mut permit.read().await?, made).await?)
}

fn receipt(row: PlanRow) -> Answer {
    let location = format!("/api/v1/sync/plans/{}", row.id);
    let receipt = PlanReceipt {
        id: row.id,
        mode: SyncMode::parse(&row.mode).unwrap_or(SyncMode::Delta),
        records: row.records,
        file_hash: row.file_hash.as_deref().map(hex::encode),
        same_file_as: row.same_as,
        source: row.source,
    };
    Ok(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(receipt))
}

fn packing(req: &HttpRequest) -> Answer<Packing> {
    let value = req.headers().get(header::CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("?"));
    match value.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Packing::Plain),
        "gzip" | "x-gzip" => Ok(Packing::Gzip),
        "zstd" => Ok(Packing::Zstd),
        _ => Err(Problem::new(Code::UnsupportedMediaType)
            .detail(say!("Content-Encoding chỉ nhận gzip hoặc zstd.", "Content-Encoding is gzip or zstd.",))),
    }
}

fn form(req: &HttpRequest) -> Answer<Form> {
    let value = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-ndjson" => Ok(Form::Lines),
        "application/json" => Ok(Form::Array),
        _ => Err(Problem::new(Code::UnsupportedMediaType).detail(say!(
            "Gửi Content-Type: application/x-ndjson (mỗi dòng một bản ghi) hoặc application/json (một mảng).",
            "Send Content-Type: application/x-ndjson (one record a line) or application/json (an array).",
        ))),
    }
}

/// What came in.
struct Received {
    hash: Vec<u8>,
    sums: Sums,
}

/// A snapshot says what is missing, so it must be whole.
fn check_whole(received: Received, mode: SyncMode) -> Answer<Received> {
    let is_empty = received.sums.records == 0;
    let is_cut = mode == SyncMode::Snapshot && !received.sums.last;
    if !is_empty && !is_cut {
        return Ok(received);
    }
    let code = if is_empty { "empty" } else { "truncated" };
    let detail = if is_empty {
        say!(
            "Tệp không có bản ghi nào; xuất lại và gửi tệp có bản ghi.",
            "The file has no record; export it again and send one that has.",
        )
    } else {
        say!(
            "Bản chụp bị cắt giữa dòng cuối; xuất lại và gửi cả tệp.",
            "The snapshot is cut off in its last line; export it again and send the whole file.",
        )
    };
    Err(Problem::field("", code, detail))
}

/// Keeps a file chunk by chunk, in memory that does not grow with it.
async fn receive(
    permit: &Permit<PlanSync>,
    plan: Uuid,
    mut reading: Reading,
    mut payload: web::Payload,
) -> Answer<Received> {
    let begun = Instant::now();
    let mut stage =
        Stage { permit, plan, number: 0, lines: Vec::new(), bytes: 0, keeping: None, begun, came: 0, told: begun };
    let mut hash = Sha256::new();
    loop {
        let next = tokio::time::timeout(PATIENCE, payload.next()).await;
        let Ok(next) = next else { return Err(Problem::new(Code::RequestTimeout)) };
        let Some(bytes) = next else { break };
        let bytes = bytes.map_err(|error| {
            tracing::debug!(%error, "an upload broke off");
            Problem::new(Code::BadRequest)
                .detail(say!("Tải lên bị đứt; gửi lại tệp.", "The upload was cut; send the file again."))
        })?;
        hash.update(&bytes);
        for slice in bytes.chunks(reading.step()) {
            let lines = reading.feed_step(slice)?;
            stage.add(lines).await?;
        }
        stage.goes_on(bytes.len()).await?;
    }
    let mut lines = Vec::new();
    let sums = reading.end(|more| lines.extend(more))?;
    stage.add(lines).await?;
    stage.flush().await?;
    stage.kept().await?;
    Ok(Received { hash: hash.finalize().to_vec(), sums })
}

/// Lines until there are enough of them.
struct Stage<'a> {
    permit: &'a Permit<PlanSync>,
    plan: Uuid,
    number: i32,
    lines: Vec<Line>,
    bytes: usize,
    /// The chunk before, which is sealed and kept while the next comes in.
    keeping: Option<JoinHandle<Answer<()>>>,
    begun: Instant,
    /// Bytes that came in.
    came: usize,
    /// When it was last told that the upload goes on.
    told: Instant,
}

impl Stage<'_> {
    /// More came in: the plan is kept alive by that, as long as it comes at some speed.
    async fn goes_on(&mut self, bytes: usize) -> Answer<()> {
        self.came += bytes;
        if self.told.elapsed() < TELL {
            return Ok(());
        }
        self.told = Instant::now();
        let wanted = self.begun.elapsed().saturating_sub(GRACE).as_secs().saturating_mul(LEAST_PER_SECOND);
        if u64::try_from(self.came).unwrap_or(u64::MAX) < wanted {
            return Err(Problem::new(Code::RequestTimeout));
        }
        let conn = &mut self.permit.read().await?;
        work::upload_goes_on(conn, self.plan).await.and_then(still_wanted)
    }

    async fn add(&mut self, lines: Vec<Line>) -> Answer<()> {
        for line in lines {
            self.bytes += line.1.len();
            self.lines.push(line);
            if self.lines.len() >= chunks::LINES || self.bytes >= chunks::BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Answer<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.kept().await?;
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        self.keeping = Some(rt::spawn(keep(self.permit.state().clone(), self.plan, self.number, lines)));
        (self.number, self.told) = (self.number + 1, Instant::now());
        Ok(())
    }

    /// Waits until the chunk before is kept.
    async fn kept(&mut self) -> Answer<()> {
        match self.keeping.take() {
            Some(keeping) => keeping.await.map_err(Problem::task)?,
            None => Ok(()),
        }
    }
}

/// Seals a chunk and keeps it.
async fn keep(state: State, plan: Uuid, number: i32, lines: Vec<Line>) -> Answer<()> {
    let sealer = state.sealer.clone();
    let sealed = aside(move || chunks::seal(&sealer, plan, number, &lines)).await??;
    let conn = &mut state.db.conn().await?;
    store::put_chunk(conn, plan, number, &sealed).await.and_then(still_wanted)?;
    work::upload_goes_on(conn, plan).await.map(|_goes_on| ())
}

/// A plan that was taken for dead wants nothing more.
fn still_wanted(is_wanted: bool) -> Answer<()> {
    if is_wanted { Ok(()) } else { Err(Problem::new(Code::RequestTimeout)) }
}

/// The file is there: its plan can be made. The id is another plan's when the file was sent before with the same key.
async fn take(
    permit: &Permit<PlanSync>,
    plan: PlanRow,
    once: Once,
    query: &PlanQuery,
    received: Received,
) -> Answer<Uuid> {
    let Received { hash, sums } = received;
    // the same key stands for the same file, sent for the same end
    let said = format!("{}\n{}\n{}\n{}", hex::encode(&hash), query.source, query.mode.as_str(), query.apply.is_some());
    permit
        .write_once(once.of_digest(said), async move |tx| {
            let mut row = store::lock(tx, plan.id).await?;
            if row.state != store::RECEIVING {
                return Err(Problem::new(Code::RequestTimeout));
            }
            row.state = PlanState::Planning.as_str().to_owned();
            row.file_hash = Some(hash);
            row.bytes = i64::try_from(sums.bytes).unwrap_or(i64::MAX);
            row.records = i64::try_from(sums.records).unwrap_or(i64::MAX);
            row.same_as = store::same_file(tx, &row).await?;
            store::put(tx, &mut row).await?;
            work::offer(tx, row.id, row.records).await?;
            Ok((row.id, Event::on("sync_plan", row.id).fields(["state", "file_hash"])))
        })
        .await
}

/// Says of a plan why its file was not taken. Where the database is away a worker says so later.
async fn failed(permit: &Permit<PlanSync>, plan: Uuid, problem: &Problem) {
    let said = |lang: Lang| {
        let document = problem.document(lang, None);
        let faults = document.errors.first().map(|fault| fault.detail.clone());
        document.detail.or(faults).unwrap_or(document.title)
    };
    let code = if problem.code() == Code::BadRequest { "upload_cut" } else { "refused" };
    let failure = json!({ "code": code, "vi": said(Lang::Vi), "en": said(Lang::En) });
    let written = permit
        .write(async move |tx| {
            let mut row = store::lock(tx, plan).await?;
            if row.state != store::RECEIVING {
                // it was taken for dead already, and lines came in since
                store::drop_chunks(tx, plan).await?;
                return Ok(((), None));
            }
            store::fail(tx, &mut row, failure).await?;
            Ok(((), Some(Event::on("sync_plan", plan).fields(["state"]))))
        })
        .await;
    if let Err(problem) = written {
        tracing::warn!(%plan, %problem, "a plan whose upload failed is told so later");
    }
}

async fn discard(permit: &Permit<PlanSync>, plan: Uuid) -> Answer<()> {
    permit
        .write(async move |tx| {
            store::delete(tx, plan).await?;
            Ok(((), Event::on("sync_plan", plan).fields(["state"])))
        })
        .await
}
