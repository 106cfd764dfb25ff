//! Conflicts of interest: what the record says of a person, held against who asks, decides and drafted. Rules over organisation
//! ids and dates, never over e-mail addresses; no SQL, no HTTP.

mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::consultations::words::{ConflictKind, ConflictOutcome, ConflictSeverity, ConflictSide, ConflictTie};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::text::{accent_key, fold};

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
    pub ties: HashMap<Uuid, Vec<Tie>>,
    /// Names of these bodies.
    pub names: HashMap<Uuid, String>,
    /// Who drafted.
    pub drafters: Vec<Drafter>,
}

/// How a body stands to one that asks, decides or drafted, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// Which part that one has.
    pub side: ConflictSide,
    /// How the body stands to it.
    pub tie: ConflictTie,
    /// That one.
    pub root: Uuid,
    /// Since, where it was not always so.
    pub from: Option<NaiveDate>,
    /// Until, where it is over.
    pub to: Option<NaiveDate>,
}

impl Tie {
    /// Whether it is so on a day.
    pub fn lasts(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| to >= day)
    }
}

/// Somebody who drafted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drafter {
    /// The entry of the request: it stays the same whatever becomes of the record.
    pub entry: Uuid,
    /// The record, where there is one.
    pub expert: Option<Uuid>,
    /// The name without titles: of the record, else as typed.
    pub name: Spelling,
}

/// A name or title as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelling {
    /// Without tones and marks.
    pub plain: String,
    /// With them.
    pub accented: String,
}

impl Spelling {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self { plain: fold(text), accented: accent_key(text) }
    }

    /// Whether two are of one name: tones and marks must be the same where both are written with any.
    pub fn is_like(&self, other: &Self) -> bool {
        let bare = |one: &Self| one.plain == one.accented;
        !self.plain.is_empty()
            && self.plain == other.plain
            && (self.accented == other.accented || bare(self) || bare(other))
    }
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
    /// The entry of the drafter.
    pub drafter: Uuid,
    /// Whether both have it in their records; else it is by a name alone.
    pub is_certain: bool,
    /// Its title.
    pub title: String,
    /// The last year of it, where that is known.
    pub year: Option<i32>,
    /// Which work it is, whatever else is written of it: the same as long as it is the same work.
    pub work: String,
}

/// What the record says of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: Uuid,
    /// The name.
    pub name: Spelling,
    /// Works there now.
    pub workplace: Option<Uuid>,
    /// Worked there.
    pub posts: Vec<Post>,
    /// Offices in associations that last on the day.
    pub offices: Vec<Post>,
    /// Done together with drafters.
    pub shared: Vec<Shared>,
    /// What was declared of the person.
    pub declared: Vec<Declared>,
    /// More than a third of the panel on which the person sits is of their employer.
    pub balance: Option<Balance>,
}

/// Something that was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The declaration.
    pub id: Uuid,
    /// What was said.
    pub statement: String,
    /// By the person; else the office says so of them.
    pub by_person: bool,
}

/// People of one employer on a panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The employer by its key.
    pub employer: String,
    /// Its name as far as it is known.
    pub name: Option<String>,
    /// How many of the panel are of it.
    pub count: usize,
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
    /// What was said.
    pub statement: Option<String>,
    /// Said by the office, not by the person.
    #[serde(default)]
    pub by_office: bool,
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
    /// Of works: each by itself. Whoever waived all of these waived the finding, also when one is too old to count by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

impl Finding {
    /// What a waiver of it covers.
    pub fn covers(&self) -> impl Iterator<Item = String> {
        [self.key.clone()].into_iter().chain(self.parts.iter().cloned())
    }

    /// Whether waivers of these keys cover it. Who left a body has a weaker tie to it than the one that was waived.
    fn is_covered(&self, waived: &HashSet<&str>) -> bool {
        let left = self.key.strip_prefix("worked_at:").map(|rest| format!("works_at:{rest}"));
        waived.contains(self.key.as_str())
            || left.is_some_and(|key| waived.contains(key.as_str()))
            || (!self.parts.is_empty() && self.parts.iter().all(|part| waived.contains(part.as_str())))
    }
}

/// A short name of a text that says nothing of it.
pub fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

/// All findings on a person, the same for the same record, ordered by key.
pub fn findings(ground: &Ground, person: &Person) -> Vec<Finding> {
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    let mut keep = |finding: Finding| {
        found.entry(finding.key.clone()).or_insert(finding);
    };
    of_drafting(ground, person).into_iter().for_each(&mut keep);
    let now = person.workplace.map(|organisation_id| Post { organisation_id, position: None, from: None, to: None });
    // a post of the history says since when; the workplace alone does not
    let posts = person.posts.iter().chain(now.as_ref());
    posts.flat_map(|post| of_post(ground, post)).for_each(&mut keep);
    person.offices.iter().flat_map(|office| of_office(ground, office)).for_each(&mut keep);
    of_shared(ground, person).into_iter().for_each(&mut keep);
    for Declared { id, statement, by_person } in &person.declared {
        let evidence = Evidence { statement: Some(statement.clone()), by_office: !by_person, ..Evidence::default() };
        keep(finding(format!("declared:{id}"), ConflictKind::Declared, ConflictSeverity::High, evidence));
    }
    if let Some(Balance { employer, name, count }) = &person.balance {
        let evidence = Evidence { organisation: name.clone(), count: Some(*count), ..Evidence::default() };
        let employer = employer.parse::<Uuid>().map_or_else(|_typed| digest(employer), |id| id.to_string());
        keep(finding(format!("balance:{employer}"), ConflictKind::Balance, ConflictSeverity::Medium, evidence));
    }
    found.into_values().collect()
}

fn finding(key: String, kind: ConflictKind, severity: ConflictSeverity, evidence: Evidence) -> Finding {
    Finding { key, kind, severity, evidence, parts: Vec::new() }
}

/// Whether something that ended then still counts; what is not dated does.
fn counts(ground: &Ground, ended: NaiveDate, years: u32) -> bool {
    let since = ground.today.checked_sub_months(Months::new(years.saturating_mul(12)));
    since.is_none_or(|since| ended >= since)
}

/// Who drafted it, by their record or by a name like theirs.
fn of_drafting(ground: &Ground, person: &Person) -> Option<Finding> {
    let drafters = || ground.drafters.iter();
    if drafters().any(|drafter| drafter.expert == Some(person.id)) {
        let key = "drafter".to_owned();
        return Some(finding(key, ConflictKind::Drafter, ConflictSeverity::High, Evidence::default()));
    }
    let alike = drafters().find(|drafter| drafter.expert.is_none() && drafter.name.is_like(&person.name))?;
    let key = format!("drafter:{}", alike.entry);
    Some(finding(key, ConflictKind::NamedAsDrafter, ConflictSeverity::Low, Evidence::default()))
}

/// The later of two days, and the earlier; none is no limit.
fn later(one: Option<NaiveDate>, other: Option<NaiveDate>) -> Option<NaiveDate> {
    one.max(other)
}

fn earlier(one: Option<NaiveDate>, other: Option<NaiveDate>) -> Option<NaiveDate> {
    [one, other].into_iter().flatten().min()
}

/// Posts at bodies for the time in which these had a tie.
fn of_post(ground: &Ground, post: &Post) -> Vec<Finding> {
    let ties = ground.ties.get(&post.organisation_id).map(Vec::as_slice).unwrap_or_default();
    let mut found: Vec<(&Tie, bool)> = Vec::new();
    for tie in ties {
        let from = later(post.from.map(|from| from.first_day()), tie.from);
        let to = earlier(post.to.map(|to| to.last_day()), tie.to);
        let never = from.zip(to).is_some_and(|(from, to)| from > to) || from.is_some_and(|from| from > ground.today);
        let lasts = to.is_none_or(|to| to >= ground.today);
        if !never && (lasts || to.is_some_and(|to| counts(ground, to, ground.work_years))) {
            found.push((tie, lasts));
        }
    }
    let still =
        |tie: &Tie| found.iter().any(|(other, lasts)| *lasts && (other.side, other.root) == (tie.side, tie.root));
    let told = found.iter().filter(|(tie, lasts)| *lasts || !still(tie)).filter_map(|&(tie, lasts)| {
        let kind = match (tie.side, lasts, tie.tie) {
            (ConflictSide::Drafter, true, ConflictTie::Same | ConflictTie::Below) => ConflictKind::WorksForDrafter,
            (ConflictSide::Drafter, ..) => return None,
            (_, true, _) => ConflictKind::WorksAt,
            (_, false, _) => ConflictKind::WorkedAt,
        };
        let is_close = lasts && tie.tie == ConflictTie::Same;
        let severity = if is_close { ConflictSeverity::High } else { ConflictSeverity::Medium };
        Some(finding(key(kind, tie, post.organisation_id), kind, severity, evidence(ground, post, tie)))
    });
    told.collect()
}

/// The relation: another part, another body or another tie is another one.
fn key(kind: ConflictKind, tie: &Tie, body: Uuid) -> String {
    format!("{}:{}:{}:{body}:{}", kind.as_str(), tie.side.as_str(), tie.root, tie.tie.as_str())
}

fn of_office(ground: &Ground, office: &Post) -> Vec<Finding> {
    let ties = ground.ties.get(&office.organisation_id).map(Vec::as_slice).unwrap_or_default();
    let lasts = ties.iter().filter(|tie| tie.lasts(ground.today));
    let of_tie = |tie: &Tie| {
        let kind = ConflictKind::AssociationOfficer;
        let key = key(kind, tie, office.organisation_id);
        finding(key, kind, ConflictSeverity::Medium, evidence(ground, office, tie))
    };
    lasts.map(of_tie).collect()
}

fn evidence(ground: &Ground, post: &Post, tie: &Tie) -> Evidence {
    Evidence {
        side: Some(tie.side),
        tie: Some(tie.tie),
        organisation_id: Some(post.organisation_id),
        organisation: ground.names.get(&post.organisation_id).cloned(),
        position: post.position.clone(),
        from: post.from.map(|date| date.to_string()),
        to: post.to.map(|date| date.to_string()),
        ..Evidence::default()
    }
}

/// One finding a drafter and kind, with the latest work. With another work it is another one: the key stands for all of them.
fn of_shared(ground: &Ground, person: &Person) -> Vec<Finding> {
    let first = ground.today.year() - i32::try_from(ground.shared_years).unwrap_or(i32::MAX);
    let mut works: BTreeMap<(&str, Uuid), Vec<&Shared>> = BTreeMap::new();
    for work in person.shared.iter().filter(|work| work.year.is_none_or(|year| year >= first)) {
        works.entry((work.kind.as_str(), work.drafter)).or_default().push(work);
    }
    let told = works.into_iter().filter_map(|((kind, entry), mut works)| {
        works.sort_by(|a, b| (b.year, &a.title, b.is_certain).cmp(&(a.year, &b.title, a.is_certain)));
        let part = |work: &&Shared| {
            let how = if work.is_certain { "" } else { ":by_name" };
            format!("{kind}:{entry}:{}{how}", work.work)
        };
        let parts: BTreeSet<String> = works.iter().map(part).collect();
        works.dedup_by(|a, b| a.title == b.title);
        let latest = works.first()?;
        let drafter = ground.drafters.iter().find(|drafter| drafter.entry == entry);
        let evidence = Evidence {
            drafter_id: drafter.and_then(|drafter| drafter.expert),
            title: Some(latest.title.clone()),
            year: latest.year,
            count: Some(works.len()),
            ..Evidence::default()
        };
        let is_certain = works.iter().any(|work| work.is_certain);
        let (severity, how) =
            if is_certain { (ConflictSeverity::Medium, "") } else { (ConflictSeverity::Low, ":by_name") };
        let all = digest(&parts.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        let found = finding(format!("{kind}:{entry}:{all}{how}"), latest.kind, severity, evidence);
        Some(Finding { parts: parts.into_iter().collect(), ..found })
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

impl Decision {
    /// By which key a waiver covers it, where it recused somebody.
    pub fn recusal(&self) -> String {
        format!("recused:{}", self.id)
    }
}

/// How a person stands: the outcome, and the findings nobody waived.
///
/// A waiver covers the findings known when it was given and no later one. Who was recused takes no part until a leader's waiver covers
/// the recusal ([`Decision::recusal`]): of people who became one, each decision stands for itself.
pub fn outcome(findings: &[Finding], decisions: &[Decision]) -> (ConflictOutcome, Vec<String>) {
    let waivers = decisions.iter().filter(|decision| decision.outcome == ConflictOutcome::Waived);
    let waived: HashSet<&str> = waivers.flat_map(|waiver| waiver.covers.iter().map(String::as_str)).collect();
    let open: Vec<&Finding> = findings.iter().filter(|finding| !finding.is_covered(&waived)).collect();
    let is_out = |one: &Decision| one.outcome == ConflictOutcome::Recused && !waived.contains(one.recusal().as_str());
    let outcome = if decisions.iter().any(is_out) {
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

/// One key for each employer, of people by their workplace in the register and by how they wrote it: who is not linked works where
/// most others of the bank do who wrote the same (`known`).
pub fn employers(workplaces: &[(Option<Uuid>, Option<String>)], known: &HashMap<String, Uuid>) -> Vec<Option<String>> {
    let of = |(id, key): &(Option<Uuid>, Option<String>)| {
        let linked = id.or_else(|| key.as_deref().and_then(|key| known.get(key).copied()));
        linked.map(|id| id.to_string()).or_else(|| key.clone())
    };
    workplaces.iter().map(of).collect()
}

/// Employers of more than a third of a panel, and of more than one of it: `(key, how many)`, by key.
pub fn unbalanced(employers: &[Option<String>]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for employer in employers.iter().flatten() {
        *counts.entry(employer.clone()).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1 && count * 3 > employers.len()).collect()
}

#[cfg(test)]
#[path = "coi_tests.rs"]
mod tests;
