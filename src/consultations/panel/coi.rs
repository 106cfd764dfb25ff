//! Conflicts of interest: what the record says of a person, held against who asks, decides and drafted. Rules over organisation
//! ids and dates, never over e-mail addresses; no SQL, no HTTP.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::consultations::words::{ConflictKind, ConflictOutcome, ConflictSeverity, ConflictSide, ConflictTie};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::Say;
use crate::say;

/// What a consultation is, as far as conflicts go.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The day that counts.
    pub today: NaiveDate,
    /// Years for which work at a body counts after it ended.
    pub work_years: u32,
    /// Years for which what was done together counts.
    pub shared_years: u32,
    /// How bodies stand to those that ask, decide or drafted.
    pub ties: HashMap<Uuid, Vec<(ConflictSide, ConflictTie)>>,
    /// Names of these bodies.
    pub names: HashMap<Uuid, String>,
    /// Records of people who drafted.
    pub drafters: Vec<Uuid>,
}

/// A post held at a body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Post {
    /// Where.
    pub organisation_id: Uuid,
    /// As what.
    #[serde(default)]
    pub position: Option<String>,
    /// Since.
    #[serde(default)]
    pub from: Option<PartialDate>,
    /// Until; empty while it lasts.
    #[serde(default)]
    pub to: Option<PartialDate>,
}

/// Something done together with a drafter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// [`ConflictKind::SharedPublication`] or [`ConflictKind::SharedProject`].
    pub kind: ConflictKind,
    /// The drafter's record, where they have one.
    pub drafter: Option<Uuid>,
    /// Its title.
    pub title: String,
    /// The last year of it, where that is known.
    pub year: Option<i32>,
}

/// What the record says of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: Uuid,
    /// Works there now.
    pub workplace: Option<Uuid>,
    /// Worked there.
    pub posts: Vec<Post>,
    /// Offices in associations that last on the day.
    pub offices: Vec<Post>,
    /// Done together with drafters.
    pub shared: Vec<Shared>,
    /// What the person declared: the id of the declaration and what was said.
    pub declared: Vec<(Uuid, String)>,
}

/// What is told of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which part the body has.
    pub side: Option<ConflictSide>,
    /// How the body stands to it.
    pub tie: Option<ConflictTie>,
    /// The body.
    pub organisation_id: Option<Uuid>,
    /// Its name.
    pub organisation: Option<String>,
    /// As what.
    pub position: Option<String>,
    /// Since, as far as it is known.
    pub from: Option<String>,
    /// Until, as far as it is known.
    pub to: Option<String>,
    /// The drafter's record.
    pub drafter_id: Option<Uuid>,
    /// Title of what was done together, the latest.
    pub title: Option<String>,
    /// Its year.
    pub year: Option<i32>,
    /// How many such works there are.
    pub count: Option<usize>,
    /// What the person said.
    pub statement: Option<String>,
}

/// A conflict of interest that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The same as long as the relation is the same, whatever else the record says.
    pub key: String,
    /// What it is.
    pub kind: ConflictKind,
    /// How much it weighs.
    pub severity: ConflictSeverity,
    /// What it rests on.
    pub evidence: Evidence,
}

/// All findings on a person, the same for the same record, ordered by key.
pub fn findings(ground: &Ground, person: &Person) -> Vec<Finding> {
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    let mut keep = |finding: Finding| {
        found.entry(finding.key.clone()).or_insert(finding);
    };
    if ground.drafters.contains(&person.id) {
        keep(finding("drafter".to_owned(), ConflictKind::Drafter, ConflictSeverity::High, Evidence::default()));
    }
    let now = person.workplace.map(|organisation_id| Post { organisation_id, position: None, from: None, to: None });
    // a post of the history says since when; the workplace alone does not
    let posts = person.posts.iter().chain(now.as_ref());
    posts.flat_map(|post| of_post(ground, post)).for_each(&mut keep);
    person.offices.iter().flat_map(|office| of_office(ground, office)).for_each(&mut keep);
    of_shared(ground, &person.shared).into_iter().for_each(&mut keep);
    for (id, statement) in &person.declared {
        let evidence = Evidence { statement: Some(statement.clone()), ..Evidence::default() };
        keep(finding(format!("declared:{id}"), ConflictKind::Declared, ConflictSeverity::High, evidence));
    }
    found.into_values().collect()
}

fn finding(key: String, kind: ConflictKind, severity: ConflictSeverity, evidence: Evidence) -> Finding {
    Finding { key, kind, severity, evidence }
}

/// Whether something that ended then still counts; what is not dated does.
fn counts(ground: &Ground, ended: NaiveDate, years: u32) -> bool {
    let since = ground.today.checked_sub_months(Months::new(years.saturating_mul(12)));
    since.is_none_or(|since| ended >= since)
}

fn of_post(ground: &Ground, post: &Post) -> Vec<Finding> {
    let lasts = post.to.is_none_or(|to| to.last_day() >= ground.today);
    let is_ahead = post.from.is_some_and(|from| from.first_day() > ground.today);
    let counts = lasts || post.to.is_some_and(|to| counts(ground, to.last_day(), ground.work_years));
    if is_ahead || !counts {
        return Vec::new();
    }
    let ties = ground.ties.get(&post.organisation_id).map(Vec::as_slice).unwrap_or_default();
    let of_tie = |&(side, tie): &(ConflictSide, ConflictTie)| {
        let kind = match (side, lasts, tie) {
            (ConflictSide::Drafter, true, ConflictTie::Same | ConflictTie::Below) => ConflictKind::WorksForDrafter,
            (ConflictSide::Drafter, ..) => return None,
            (_, true, _) => ConflictKind::WorksAt,
            (_, false, _) => ConflictKind::WorkedAt,
        };
        let is_close = lasts && tie == ConflictTie::Same;
        let severity = if is_close { ConflictSeverity::High } else { ConflictSeverity::Medium };
        let key = format!("{}:{}:{}", kind.as_str(), side.as_str(), post.organisation_id);
        Some(finding(key, kind, severity, evidence(ground, post, side, tie)))
    };
    ties.iter().filter_map(of_tie).collect()
}

fn of_office(ground: &Ground, office: &Post) -> Vec<Finding> {
    let ties = ground.ties.get(&office.organisation_id).map(Vec::as_slice).unwrap_or_default();
    let of_tie = |&(side, tie): &(ConflictSide, ConflictTie)| {
        let kind = ConflictKind::AssociationOfficer;
        let key = format!("{}:{}:{}", kind.as_str(), side.as_str(), office.organisation_id);
        finding(key, kind, ConflictSeverity::Medium, evidence(ground, office, side, tie))
    };
    ties.iter().map(of_tie).collect()
}

fn evidence(ground: &Ground, post: &Post, side: ConflictSide, tie: ConflictTie) -> Evidence {
    Evidence {
        side: Some(side),
        tie: Some(tie),
        organisation_id: Some(post.organisation_id),
        organisation: ground.names.get(&post.organisation_id).cloned(),
        position: post.position.clone(),
        from: post.from.map(|date| date.to_string()),
        to: post.to.map(|date| date.to_string()),
        ..Evidence::default()
    }
}

/// One finding a drafter and kind, with the latest work.
fn of_shared(ground: &Ground, shared: &[Shared]) -> Vec<Finding> {
    let first = ground.today.year() - i32::try_from(ground.shared_years).unwrap_or(i32::MAX);
    let mut works: BTreeMap<(&str, Option<Uuid>), Vec<&Shared>> = BTreeMap::new();
    for work in shared.iter().filter(|work| work.year.is_none_or(|year| year >= first)) {
        works.entry((work.kind.as_str(), work.drafter)).or_default().push(work);
    }
    let told = works.into_iter().filter_map(|((kind, drafter), mut works)| {
        works.sort_by(|a, b| (b.year, &a.title).cmp(&(a.year, &b.title)));
        works.dedup_by(|a, b| a.title == b.title);
        let latest = works.first()?;
        let evidence = Evidence {
            drafter_id: drafter,
            title: Some(latest.title.clone()),
            year: latest.year,
            count: Some(works.len()),
            ..Evidence::default()
        };
        let with = drafter.map_or_else(|| "named".to_owned(), |id| id.to_string());
        Some(finding(format!("{kind}:{with}"), latest.kind, ConflictSeverity::Medium, evidence))
    });
    told.collect()
}

/// Something that was said or decided on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which one.
    pub id: Uuid,
    /// [`ConflictOutcome::Declared`], [`ConflictOutcome::Waived`] or [`ConflictOutcome::Recused`].
    pub outcome: ConflictOutcome,
    /// Of a waiver: the findings it was given for.
    pub covers: Vec<String>,
}

/// How a person stands: the outcome, and the findings nobody waived.
///
/// A waiver covers the findings known when it was given and no later one. Who recused themselves takes no part until a leader waives.
pub fn outcome(findings: &[Finding], decisions: &[Decision]) -> (ConflictOutcome, Vec<String>) {
    let last = decisions.iter().rfind(|decision| decision.outcome != ConflictOutcome::Declared);
    let covers = |key: &str| {
        let waivers = decisions.iter().filter(|decision| decision.outcome == ConflictOutcome::Waived);
        waivers.flat_map(|waiver| &waiver.covers).any(|covered| covered == key)
    };
    let open: Vec<&Finding> = findings.iter().filter(|finding| !covers(&finding.key)).collect();
    let outcome = if last.is_some_and(|decision| decision.outcome == ConflictOutcome::Recused) {
        ConflictOutcome::Recused
    } else if open.iter().any(|finding| finding.kind == ConflictKind::Declared) {
        ConflictOutcome::Declared
    } else if !open.is_empty() {
        ConflictOutcome::Open
    } else if findings.is_empty() {
        ConflictOutcome::None
    } else {
        ConflictOutcome::Waived
    };
    (outcome, open.into_iter().map(|finding| finding.key.clone()).collect())
}

/// Whether somebody who stands so may count on a panel.
pub const fn may_sit(outcome: ConflictOutcome) -> bool {
    matches!(outcome, ConflictOutcome::None | ConflictOutcome::Waived)
}

/// Bodies that employ more than a third of a panel, and more than one of it: `(body, how many)`, by id.
pub fn unbalanced(employers: &[Option<Uuid>]) -> Vec<(Uuid, usize)> {
    let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
    for employer in employers.iter().flatten() {
        *counts.entry(*employer).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1 && count * 3 > employers.len()).collect()
}

impl Finding {
    /// In words.
    pub fn words(&self) -> Say {
        let evidence = &self.evidence;
        let nobody = String::new();
        let body = evidence.organisation.as_ref().unwrap_or(&nobody);
        let place = place(evidence.side, evidence.tie);
        let (vi, en) = (place.vi, place.en);
        let period = period(evidence);
        let (when_vi, when_en) = (period.vi, period.en);
        match self.kind {
            ConflictKind::WorksAt => {
                say!("Đang làm việc tại {body} ({vi}){when_vi}.", "Works at {body} ({en}){when_en}.")
            }
            ConflictKind::WorkedAt => {
                say!("Đã làm việc tại {body} ({vi}){when_vi}.", "Worked at {body} ({en}){when_en}.")
            }
            ConflictKind::Drafter => say!("Tham gia soạn thảo.", "Is one of the drafters."),
            ConflictKind::WorksForDrafter => {
                say!("Đang làm việc tại {body}, nơi soạn thảo{when_vi}.", "Works at {body}, which drafted it{when_en}.")
            }
            ConflictKind::SharedPublication | ConflictKind::SharedProject => self.shared_words(),
            ConflictKind::AssociationOfficer => {
                say!("Giữ chức vụ trong {body} ({vi}){when_vi}.", "Is an officer of {body} ({en}){when_en}.")
            }
            ConflictKind::Declared => {
                let said = evidence.statement.as_ref().unwrap_or(&nobody);
                say!("Tự khai: {said}", "Declared: {said}")
            }
        }
    }

    fn shared_words(&self) -> Say {
        let title = self.evidence.title.as_deref().unwrap_or_default();
        let year = self.evidence.year;
        let (vi, en) = match year {
            Some(year) => (format!("năm {year}"), format!("{year}")),
            None => ("không rõ năm".to_owned(), "year unknown".to_owned()),
        };
        let count = self.evidence.count.unwrap_or(1);
        match self.kind {
            ConflictKind::SharedProject => say!(
                "Cùng tham gia {count} đề tài, dự án với người soạn thảo; gần nhất: “{title}” ({vi}).",
                "Shares {count} projects with a drafter; the latest: “{title}” ({en})."
            ),
            _ => say!(
                "Đồng tác giả {count} công trình với người soạn thảo; gần nhất: “{title}” ({vi}).",
                "Shares {count} publications with a drafter; the latest: “{title}” ({en})."
            ),
        }
    }
}

/// Which part a body has, and how.
fn place(side: Option<ConflictSide>, tie: Option<ConflictTie>) -> Say {
    let part = match side {
        Some(ConflictSide::Asker) => say!("cơ quan đề nghị", "who asks"),
        Some(ConflictSide::Authority) => say!("cơ quan quyết định", "who decides"),
        Some(ConflictSide::Drafter) | None => say!("đơn vị soạn thảo", "who drafted it"),
    };
    let (vi, en) = (part.vi, part.en);
    match tie {
        Some(ConflictTie::Above) => say!("cấp trên của {vi}", "above {en}"),
        Some(ConflictTie::Below) => say!("trực thuộc {vi}", "under {en}"),
        _ => Say { vi, en },
    }
}

fn period(evidence: &Evidence) -> Say {
    match (&evidence.from, &evidence.to) {
        (Some(from), Some(to)) => say!(", từ {from} đến {to}", ", {from} to {to}"),
        (Some(from), None) => say!(", từ {from}", ", since {from}"),
        (None, Some(to)) => say!(", đến {to}", ", until {to}"),
        (None, None) => Say { vi: String::new(), en: String::new() },
    }
}

#[cfg(test)]
#[path = "coi_tests.rs"]
mod tests;
