//! Loading of titles, provinces and holidays: the whole file or nothing; a second time without effect.

mod province_file;

use chrono::Datelike;

use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet, SheetError};
use crate::state::State;

use super::store::{self, HolidayRow, TitleRow};
use province_file::{Key, Line, Plan};

/// Why a load failed.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The database.
    #[error("the database refused the load: {0}")]
    Database(#[from] Problem),
}

/// What is written with each load.
pub fn load_event(kind: &'static str, loaded: Loaded) -> Option<Event> {
    let values = serde_json::json!({ "rows": loaded.rows, "changed": loaded.changed });
    (loaded.changed > 0).then(|| Event::on_all(kind).values(values))
}

/// The recorder of loads.
pub fn load_recorder(state: &State) -> Recorder {
    Recorder::system(state.sealer.clone(), "reference.load")
}

/// Loads one kind: reads the file, keeps what differs from the database, writes that with one event.
macro_rules! load {
    ($state:ident, $kind:literal, $rows:ident, $existing:expr, $put:path) => {{
        let recorder = load_recorder($state);
        let total = $rows.len();
        $state
            .db
            .transaction(async move |tx| {
                let existing = $existing(&mut *tx).await?;
                let changed: Vec<_> = $rows.into_iter().filter(|row| !existing.contains(row)).collect();
                let loaded = Loaded { rows: total, changed: changed.len(), ..Loaded::default() };
                if !changed.is_empty() {
                    $put(tx, &changed).await?;
                }
                recorder.record(tx, load_event($kind, loaded).into_iter().collect()).await?;
                Ok(loaded)
            })
            .await
            .map_err(LoadError::from)
    }};
}

/// Academic titles: `scheme` (`hoc_ham` or `hoc_vi`), `code`, `name_vi`, `name_en`, `abbreviation`, `rank`, `note`.
///
/// # Errors
/// See [`LoadError`].
pub async fn titles(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["scheme", "code", "name_vi", "name_en", "abbreviation", "rank"];
    let lines = sheet::read(file, &columns, |row| Ok((row.line(), title(row)?)))?;
    let rows = sheet::unique(file, lines, "code", |row| row.code.clone())?;
    load!(state, "academic_titles", rows, store::titles, store::put_titles)
}

fn title(row: &Row<'_>) -> Result<TitleRow, Fault> {
    let kind = match row.text("scheme")? {
        "hoc_ham" => "academic_rank",
        "hoc_vi" => "degree",
        other => return Err(row.fault("scheme", format!("`{other}` is neither hoc_ham nor hoc_vi"))),
    };
    Ok(TitleRow {
        code: row.text("code")?.to_owned(),
        kind: kind.to_owned(),
        name_vi: row.text("name_vi")?.to_owned(),
        name_en: row.text("name_en")?.to_owned(),
        abbreviation: row.text("abbreviation")?.to_owned(),
        rank: row.number("rank")?,
        note: row.optional("note").map(str::to_owned),
    })
}

/// Provinces: `code`, `name`, `type`, `valid_from`, and where known `valid_to` and `succeeded_by`, the code of the province
/// that took its place the day after. A row that is known from an earlier day keeps its id, and with it what refers to it.
///
/// # Errors
/// See [`LoadError`].
pub async fn provinces(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["code", "name", "type", "valid_from"];
    let lines = sheet::read(file, &columns, |row| Ok((row.line(), Line::read(row)?)))?;
    let lines = sheet::unique(file, lines, "code", Line::key)?;
    let recorder = load_recorder(state);
    let loaded = state.db.transaction(async move |tx| {
        store::lock_provinces(tx).await?;
        let rows = lines.len();
        let plan = match province_file::plan(lines, &store::provinces(tx).await?) {
            Ok(plan) => plan,
            Err(faults) => return Ok(Err(faults)),
        };
        let loaded = Loaded { rows, changed: plan.written.len(), ..Loaded::default() };
        write_provinces(tx, plan).await?;
        recorder.record(tx, load_event("provinces", loaded).into_iter().collect()).await?;
        Ok(Ok(loaded))
    });
    Ok(loaded.await?.map_err(|faults| file.broken(faults))?)
}

async fn write_provinces(tx: &mut Conn, plan: Plan) -> Answer<()> {
    for (id, valid_from) in plan.moved {
        store::move_province(tx, id, valid_from).await?;
    }
    store::put_provinces(tx, &plan.written).await?;
    if !plan.linked.is_empty() {
        let rows = store::provinces(tx).await?;
        let id =
            |key: &Key| rows.iter().find(|(_, row)| (&row.code, row.valid_from) == (&key.0, key.1)).map(|(id, _)| *id);
        let links = plan.linked.iter().filter_map(|(province, heir)| Some((id(province)?, id(heir)?)));
        store::link_provinces(tx, links).await?;
    }
    Ok(())
}

/// Holidays: `date`, `kind` (`off` or `work`), `name`, and a `status` such as `provisional`. The file says all days of the years it
/// names: what was provisional and is announced for other days is taken back. Years whose days were entered here are left as they are.
///
/// # Errors
/// See [`LoadError`].
pub async fn holidays(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let lines = sheet::read(file, &["date", "kind", "name"], |row| Ok((row.line(), holiday(row)?)))?;
    let rows = sheet::unique(file, lines, "date", |row| row.day)?;
    let recorder = load_recorder(state);
    let loaded = state.db.transaction(async move |tx| {
        let kept = store::kept_years(tx).await?;
        let rows: Vec<HolidayRow> = rows.into_iter().filter(|row| !kept.contains(&row.day.year())).collect();
        let existing = store::holidays(tx).await?;
        let is_named = |old: &HolidayRow| rows.iter().any(|row| row.day.year() == old.day.year());
        let stands = |old: &HolidayRow| rows.iter().any(|row| row.day == old.day);
        let gone: Vec<_> = existing.iter().filter(|old| is_named(old) && !stands(old)).map(|old| old.day).collect();
        let total = rows.len();
        let changed: Vec<HolidayRow> = rows.into_iter().filter(|row| !existing.contains(row)).collect();
        let loaded = Loaded { rows: total, changed: changed.len() + gone.len(), ..Loaded::default() };
        store::drop_holidays(tx, &gone).await?;
        if !changed.is_empty() {
            store::put_holidays(tx, &changed).await?;
        }
        recorder.record(tx, load_event("holidays", loaded).into_iter().collect()).await?;
        Ok(loaded)
    });
    loaded.await.map_err(LoadError::from)
}

fn holiday(row: &Row<'_>) -> Result<HolidayRow, Fault> {
    let kind = row.text("kind")?;
    if !["off", "work"].contains(&kind) {
        return Err(row.fault("kind", format!("`{kind}` is neither `off` nor `work`")));
    }
    Ok(HolidayRow {
        day: row.date("date")?.ok_or_else(|| row.fault("date", "must not be blank"))?,
        kind: kind.to_owned(),
        name: row.text("name")?.to_owned(),
        note: row.optional("status").map(str::to_owned),
    })
}
