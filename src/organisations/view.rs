//! Organisations as they are shown, as things stood on a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Body, OtherName, Succession, SuccessionKind, Version};
use super::store::{self, Found, Handover, Hit};
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::document::{Document, DocumentReference};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::reference::places::Places;
use crate::say;

/// A province by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvinceName {
    /// Official code on that day.
    #[schema(example = "08")]
    pub code: String,
    /// Its name.
    #[schema(example = "Tuyên Quang")]
    pub name: String,
}

impl ProvinceName {
    /// The province a stored one is on a day.
    pub fn at(places: &Places, id: Option<i32>, day: NaiveDate) -> Option<Self> {
        let row = places.row(places.at(id?, day))?;
        Some(Self { code: row.code.clone(), name: row.name.clone() })
    }
}

/// An organisation by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrganisationRef {
    /// Its id.
    pub id: Uuid,
    /// Its code.
    #[schema(example = "STC-TQ")]
    pub code: String,
    /// Its name.
    #[schema(example = "Sở Tài chính Tuyên Quang")]
    pub name: String,
}

impl OrganisationRef {
    /// A body as it was called on a day.
    pub fn at(body: &Body, day: NaiveDate) -> Option<Self> {
        let version = body.at_or_last(day).or_else(|| body.versions.first())?;
        Some(Self { id: body.id, code: body.code.clone().unwrap_or_default(), name: version.name.clone() })
    }
}

/// Which name of an organisation fits a query.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Matched {
    /// `name`, `short_name`, `name_en`, `other_name`, `former_name`, or `predecessor`: the name of a body whose place it
    /// took.
    #[schema(example = "predecessor")]
    by: &'static str,
    /// The name that fits.
    #[schema(example = "Sở Kế hoạch và Đầu tư")]
    name: String,
    /// The predecessor.
    #[serde(skip_serializing_if = "Option::is_none")]
    predecessor_id: Option<Uuid>,
    /// Since when this organisation holds its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<NaiveDate>,
    /// True when the words are only similar: nothing has these very words.
    approximate: bool,
}

/// An organisation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationCard {
    /// Its id, for accounts, workplaces and requests.
    id: Uuid,
    /// Its code in the register.
    #[schema(example = "SKHCN-TQ")]
    code: String,
    /// `agency`, `union`, `association` or `institution`.
    #[schema(example = "agency")]
    kind: String,
    /// Its name on that day, in Vietnamese.
    #[schema(example = "Sở Khoa học và Công nghệ Tuyên Quang")]
    name: String,
    /// In English.
    name_en: Option<String>,
    /// Abbreviation.
    short_name: Option<String>,
    /// The body it stands under.
    parent_id: Option<Uuid>,
    /// Where it is.
    province: Option<ProvinceName>,
    /// Exists since, where known.
    valid_from: Option<NaiveDate>,
    /// Exists until, where that was known on the day of the answer.
    valid_to: Option<NaiveDate>,
    /// Which name fits, in answer to `q`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
}

/// What lay in the future of a past day is not shown: "as things stood then".
pub fn known_on(day: NaiveDate, date: Option<NaiveDate>) -> Option<NaiveDate> {
    date.filter(|date| *date <= day || day >= today())
}

impl OrganisationCard {
    /// A row of a list.
    pub fn new(row: Found, places: &Places, day: NaiveDate) -> Self {
        Self {
            id: row.id,
            code: row.code,
            kind: row.kind,
            name: row.name,
            name_en: row.name_en,
            short_name: row.short_name,
            parent_id: row.parent_id,
            province: ProvinceName::at(places, row.province_id, day),
            valid_from: row.valid_from,
            valid_to: known_on(day, row.valid_to),
            matched: None,
        }
    }

    /// A row of a search.
    pub fn hit(hit: Hit, places: &Places, day: NaiveDate) -> Self {
        let by = match (hit.predecessor_id, hit.matched_kind.as_str()) {
            (Some(_), _) => "predecessor",
            (None, "other") => "other_name",
            (None, "short") if hit.current => "short_name",
            (None, "english") if hit.current => "name_en",
            // the same name while the province was another
            (None, "full") if hit.current || hit.matched == hit.found.name => "name",
            (None, _) => "former_name",
        };
        let Hit { matched: name, predecessor_id, since, approximate, found, .. } = hit;
        let matched = Some(Matched { by, name, predecessor_id, since, approximate });
        Self { matched, ..Self::new(found, places, day) }
    }
}

/// A name it bore.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormerName {
    /// The name.
    #[schema(example = "Sở Khoa học, Công nghệ và Môi trường")]
    pub name: String,
    /// Until when, where known.
    until: Option<NaiveDate>,
}

/// A body that went before or comes after.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relation {
    /// Which.
    pub organisation: OrganisationRef,
    /// `merged_into`, `consolidated`, `split` or `divided`.
    pub kind: SuccessionKind,
    /// The first day it took effect.
    pub effective_on: NaiveDate,
    /// The decision.
    pub document: Option<DocumentReference>,
}

/// Whether it is there.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It exists.
    Active,
    /// It is no more.
    Ended,
    /// It will begin.
    Planned,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Organisation {
    /// Its id, for accounts, workplaces and requests.
    pub id: Uuid,
    /// Its code in the register.
    #[schema(example = "SKHCN-TQ")]
    pub code: String,
    /// `agency`, `union`, `association` or `institution`.
    #[schema(example = "agency")]
    pub kind: &'static str,
    /// Its name on that day, in Vietnamese; of one that is no more the last.
    #[schema(example = "Sở Khoa học và Công nghệ Tuyên Quang")]
    pub name: String,
    /// In English.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// Names it bore before that day.
    pub former_names: Vec<FormerName>,
    /// Names in use beside the official one.
    pub other_names: Vec<String>,
    /// The body it stands under.
    pub parent: Option<OrganisationRef>,
    /// Where it is.
    pub province: Option<ProvinceName>,
    /// Whether it exists on that day.
    pub state: State,
    /// Exists since, where known.
    pub valid_from: Option<NaiveDate>,
    /// Exists until, where that was known on the day of the answer.
    pub valid_to: Option<NaiveDate>,
    /// What it came from.
    pub predecessors: Vec<Relation>,
    /// What took its place or came out of it.
    pub successors: Vec<Relation>,
    /// Who holds its place on that day, when it is no more.
    pub today: Vec<OrganisationRef>,
    /// The document that brought about what is shown.
    pub document: Option<DocumentReference>,
    /// Where this entry comes from.
    pub source: String,
    /// Remarks.
    pub note: Option<String>,
    /// The day of the answer.
    pub as_of: NaiveDate,
}

/// A stretch of an organisation's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// From this day, where known.
    valid_from: Option<NaiveDate>,
    /// To this day, included.
    valid_to: Option<NaiveDate>,
    /// Its name.
    name: String,
    /// In English.
    name_en: Option<String>,
    /// Abbreviation.
    short_name: Option<String>,
    /// The body it stood under.
    parent_id: Option<Uuid>,
    /// Where it was.
    province: Option<ProvinceName>,
    /// What brought it about.
    document: Option<DocumentReference>,
}

impl HistoryEntry {
    /// A version, unless it lay ahead on a past day.
    pub fn new(version: &Version, places: &Places, as_of: NaiveDate) -> Option<Self> {
        if version.period.from.is_some_and(|from| known_on(as_of, Some(from)).is_none()) {
            return None;
        }
        // the province as it was when the version began, or at its end when that is not known
        let day = version.period.from.or(version.period.to).unwrap_or_else(today);
        Some(Self {
            valid_from: version.period.from,
            valid_to: known_on(as_of, version.period.to),
            name: version.name.clone(),
            name_en: version.name_en.clone(),
            short_name: version.short_name.clone(),
            parent_id: version.parent_id,
            province: ProvinceName::at(places, version.province_id, day),
            document: reference(version.document.as_ref()),
        })
    }
}

fn reference(document: Option<&Document>) -> Option<DocumentReference> {
    document.cloned().map(DocumentReference::from)
}

/// What a view of an organisation needs beside it.
struct Around {
    handovers: Vec<Handover>,
    bodies: HashMap<Uuid, Body>,
    heirs: Vec<(Uuid, Uuid)>,
}

async fn around(conn: &mut Conn, body: &Body, version: &Version, day: NaiveDate) -> Answer<Around> {
    let handovers = store::handovers(conn, &[body.id]).await?;
    let ended = if body.at(day).is_some() { None } else { Some(body.id) };
    let ask: Vec<Uuid> = ended.into_iter().chain(version.parent_id).collect();
    let heirs = if ask.is_empty() { Vec::new() } else { store::heirs(conn, &ask, day).await? };
    let pairs = handovers.iter().map(|handover| handover.succession);
    let mut ids: Vec<Uuid> = pairs.flat_map(|pair| [pair.predecessor, pair.successor]).collect();
    ids.extend(heirs.iter().map(|(_, heir)| *heir).chain(version.parent_id));
    ids.retain(|id| *id != body.id);
    ids.sort_unstable();
    ids.dedup();
    Ok(Around { handovers, bodies: store::bodies(conn, &ids).await?, heirs })
}

impl Around {
    fn named(&self, id: Uuid, day: NaiveDate) -> Option<OrganisationRef> {
        OrganisationRef::at(self.bodies.get(&id)?, day)
    }

    fn heirs_of(&self, id: Uuid, day: NaiveDate) -> Vec<OrganisationRef> {
        self.heirs.iter().filter(|(old, _)| *old == id).filter_map(|(_, heir)| self.named(*heir, day)).collect()
    }

    /// What it stands under: a parent that is no more by who holds its place, when that is one body.
    fn parent(&self, id: Uuid, day: NaiveDate) -> Option<OrganisationRef> {
        if self.bodies.get(&id).is_some_and(|parent| parent.at(day).is_some()) {
            return self.named(id, day);
        }
        let heirs = self.heirs_of(id, day);
        if let [heir] = heirs.as_slice() { Some(heir.clone()) } else { self.named(id, day) }
    }

    fn relations(&self, day: NaiveDate, other: impl Fn(Succession) -> Option<Uuid>) -> Vec<Relation> {
        let relation = |handover: &Handover| {
            let succession = handover.succession;
            let effective_on = known_on(day, Some(succession.effective_on))?;
            Some(Relation {
                organisation: self.named(other(succession)?, effective_on)?,
                kind: succession.kind,
                effective_on,
                document: reference(handover.document.as_ref()),
            })
        };
        self.handovers.iter().filter_map(relation).collect()
    }
}

impl Organisation {
    /// A body as things stood on a day.
    ///
    /// # Errors
    /// 404 when it had not begun yet; 503 when the database is away.
    pub async fn at(conn: &mut Conn, body: &Body, places: &Places, day: NaiveDate) -> Answer<Self> {
        let Some(version) = body.at_or_last(day) else { return Err(not_yet(body, day)) };
        Self::showing(conn, body, version, places, day).await
    }

    /// A body after a change: as it is today or, if it is yet to begin, as it will be.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn now(conn: &mut Conn, body: &Body, places: &Places) -> Answer<Self> {
        let day = today();
        let version = body.at_or_last(day).or_else(|| body.versions.first());
        let version = version.ok_or_else(|| Problem::internal("a body without versions"))?;
        Self::showing(conn, body, version, places, day).await
    }

    async fn showing(conn: &mut Conn, body: &Body, version: &Version, places: &Places, day: NaiveDate) -> Answer<Self> {
        let around = around(conn, body, version, day).await?;
        let period = body.period();
        let state = match (period.contains(day), period.from.is_some_and(|from| day < from)) {
            (true, _) => State::Active,
            (false, true) => State::Planned,
            (false, false) => State::Ended,
        };
        Ok(Self {
            id: body.id,
            code: body.code.clone().unwrap_or_default(),
            kind: body.kind.as_str(),
            name: version.name.clone(),
            name_en: version.name_en.clone(),
            short_name: version.short_name.clone(),
            former_names: former_names(body, version),
            other_names: body.other_names.iter().filter_map(OtherName::other).collect(),
            parent: version.parent_id.and_then(|id| around.parent(id, day)),
            province: ProvinceName::at(places, version.province_id, day),
            state,
            valid_from: period.from,
            valid_to: known_on(day, period.to),
            predecessors: around.relations(day, |s| (s.successor == body.id).then_some(s.predecessor)),
            successors: around.relations(day, |s| (s.predecessor == body.id).then_some(s.successor)),
            today: if matches!(state, State::Ended) { around.heirs_of(body.id, day) } else { Vec::new() },
            document: reference(version.document.as_ref()),
            source: body.source.clone(),
            note: body.note.clone(),
            as_of: day,
        })
    }
}

/// Says that a body had not begun yet on a day.
pub fn not_yet(body: &Body, day: NaiveDate) -> Problem {
    let from = body.period().from.unwrap_or_default();
    Problem::new(Code::NotFound).detail(say!(
        "Ngày {day} chưa có tổ chức này; nó bắt đầu từ {from}.",
        "On {day} this organisation was not there yet; it begins on {from}.",
    ))
}

impl OtherName {
    fn other(&self) -> Option<String> {
        match self {
            Self::Other(name) => Some(name.clone()),
            Self::Former(_) => None,
        }
    }
}

/// The names of the versions before, each once with its last day, and those without dates.
fn former_names(body: &Body, shown: &Version) -> Vec<FormerName> {
    let mut names: Vec<FormerName> = Vec::new();
    for version in body.versions.iter().take_while(|version| *version != shown) {
        if version.name == shown.name {
            continue;
        }
        names.retain(|known| known.name != version.name);
        names.push(FormerName { name: version.name.clone(), until: version.period.to });
    }
    names.reverse();
    names.extend(body.other_names.iter().filter_map(|name| match name {
        OtherName::Former(name) => Some(FormerName { name: name.clone(), until: None }),
        OtherName::Other(_) => None,
    }));
    names
}
