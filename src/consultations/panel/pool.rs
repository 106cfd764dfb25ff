//! Candidates as the solver reads them, and an order looked up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::coi::{Ground, may_sit};
use super::conflicts::named;
use super::order::{Cover, Named, PanelOrder, Seats, order};
use super::routes::not_available;
use super::settings::{fewest, number};
use super::store::{self, Who};
use super::words::Glossary;
use crate::access::permit::Scope;
use crate::consultations::matching::{self, CandidateFilter};
use crate::consultations::model::{Case, FieldCode};
use crate::consultations::reader::Reader;
use crate::consultations::rules::{Known, find_field};
use crate::consultations::words::{ConflictSide, ConflictTie, PanelSeat};
use crate::db::Conn;
use crate::experts::model::Residency;
use crate::fields::store as field_store;
use crate::kernel::clock::today;
use crate::kernel::problem::Answer;
use crate::panels::solver::panel::{Candidate, Order};
use crate::reference::store as reference_store;
use crate::say;
use crate::state::State;

/// What of the chair's score is degree and academic rank; the rest is how well they fit.
const CHAIR_STANDING: f64 = 0.25;
/// Digits of the field by which a request without an order is covered: a group of fields.
const GROUP: usize = 3;

/// Degrees by their rank among degrees, from 1; what has no degree is 0.
#[derive(Debug, Default)]
struct Ladder {
    ranks: Vec<i16>,
    codes: HashMap<u8, String>,
    names: HashMap<u8, String>,
}

impl Ladder {
    async fn read(conn: &mut Conn) -> Answer<(Self, Vec<(String, String, u8)>)> {
        let mut titles = reference_store::titles(conn).await?;
        titles.retain(|title| title.kind == "degree");
        titles.sort_by(|a, b| (a.rank, &a.code).cmp(&(b.rank, &b.code)));
        let ranks: BTreeSet<i16> = titles.iter().map(|title| title.rank).collect();
        let mut ladder = Self { ranks: ranks.into_iter().collect(), ..Self::default() };
        let mut known = Vec::new();
        for title in titles {
            let step = ladder.step(title.rank);
            ladder.codes.entry(step).or_insert_with(|| title.code.clone());
            let names = ladder.names.entry(step).or_default();
            *names = if names.is_empty() { title.name_vi.clone() } else { format!("{names}, {}", title.name_vi) };
            known.push((title.code, title.name_vi, step));
        }
        Ok((ladder, known))
    }

    /// How many ranks of degrees there are up to this one.
    fn step(&self, rank: i16) -> u8 {
        u8::try_from(self.ranks.iter().filter(|other| **other <= rank).count()).unwrap_or(u8::MAX)
    }
}

/// Everybody who may be asked for a request, as the solver reads them, and what is asked of the panel.
pub struct Pool {
    /// The order with what it did not say.
    pub form: PanelOrder,
    /// What it names.
    pub named: Named,
    /// As the solver reads it.
    pub order: Order,
    /// Candidates by place: the best first.
    pub ids: Vec<Uuid>,
    /// The same, as the solver reads them.
    pub people: Vec<Candidate>,
    /// How well they fit, 0 to 1.
    pub scores: Vec<f64>,
    /// How many more requests each takes, as they said; none where they said nothing.
    pub room: Vec<Option<u32>>,
    /// Who sits on the panel now.
    pub seated: HashSet<Uuid>,
    /// How many have a conflict of interest.
    pub conflicted: usize,
    /// How many have no time, or don't take such work, and were left out.
    pub busy: usize,
    /// Words for rules.
    pub glossary: Glossary,
    ladder: Ladder,
}

impl Pool {
    /// Looks up an order and everybody who may be asked. `at` is where the order stands in the body.
    ///
    /// # Errors
    /// 422 with every fault of the order.
    pub async fn of(
        conn: &mut Conn,
        (state, scope): (&State, &Scope),
        case: &Case,
        form: PanelOrder,
        at: &str,
    ) -> Answer<Self> {
        let mut reader = Reader::default();
        form.check(&mut reader, at);
        let form = reader.done(form)?;
        let mut reader = Reader::default();
        let (ladder, degrees) = Ladder::read(conn).await?;
        let include = named(conn, &mut reader, &format!("{at}/include"), &form.include).await?;
        let exclude = named(conn, &mut reader, &format!("{at}/exclude"), &form.exclude).await?;
        let mut named = Named {
            include: ids_of(&include),
            exclude: ids_of(&exclude),
            degrees: degrees_of(&mut reader, at, &form, &degrees),
            fields: fields_of(conn, &mut reader, at, &form).await?,
            fewest: usize::try_from(number(conn, fewest(case.row.kind), today()).await?).unwrap_or_default(),
        };
        check_people(&mut reader, at, &include, &exclude);
        check_size(&mut reader, at, &form, named.fewest);
        reader.done(())?;
        let all = matching::candidates(conn, state, scope, case, &CandidateFilter::default()).await?;
        let found = all.len();
        let kept: Vec<matching::Candidate> =
            all.into_iter().filter(|one| one.facts.is_free() || named.include.contains(&one.expert)).collect();
        let busy = found - kept.len();
        let ids: Vec<Uuid> = kept.iter().map(|one| one.expert).collect();
        let ground = store::ground(conn, case).await?;
        let concerned = concerned(conn, case, &ground, &kept).await?;
        let standings = store::standings_on(conn, case, &ground, &concerned).await?;
        let conflicted: HashSet<Uuid> =
            standings.iter().filter(|(_, one)| !may_sit(one.outcome)).map(|(id, _)| *id).collect();
        check_conflicts(at, &include, &conflicted)?;
        let form = filled(conn, case, form, &mut named, (&kept, &conflicted)).await?;
        let people = people(conn, &ground, (&kept, &conflicted), (&ladder, &named)).await?;
        let scores = kept.iter().map(|one| one.score).collect();
        let room = |one: &matching::Candidate| one.facts.load.cap.map(|cap| cap.saturating_sub(one.facts.load.now));
        let room = kept.iter().map(room).collect();
        let places: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let order = order(&form, &named, &places);
        let glossary = Glossary {
            fields: field_names(conn, &named.fields).await?,
            degrees: ladder.names.clone(),
            ids: ids.clone(),
            names: include.iter().chain(&exclude).flatten().map(|who| (who.id, who.full_name.clone())).collect(),
        };
        let conflicted = conflicted.len();
        let members = store::members(conn, case.id()).await?;
        let seated = members.iter().filter(|row| row.sits()).map(|row| row.expert_id).collect();
        Ok(Self { form, named, order, ids, people, scores, room, seated, conflicted, busy, glossary, ladder })
    }

    /// The code of a degree of a rank among degrees.
    pub fn degree(&self, step: u8) -> Option<String> {
        self.ladder.codes.get(&step).cloned()
    }
}

fn ids_of(people: &[Option<Who>]) -> Vec<Uuid> {
    people.iter().map(|who| who.as_ref().map(|who| who.id).unwrap_or_default()).collect()
}

/// Who must sit can be asked, and is not among those who must not.
fn check_people(reader: &mut Reader, at: &str, include: &[Option<Who>], exclude: &[Option<Who>]) {
    for (index, who) in include.iter().enumerate() {
        let Some(who) = who else { continue };
        if who.status != "active" {
            reader.fault(&format!("{at}/include/{index}"), "not_available", not_available(who));
        }
        if exclude.iter().flatten().any(|other| other.id == who.id) {
            let detail = say!("Vừa được yêu cầu có, vừa được yêu cầu không.", "Asked for and ruled out at once.");
            reader.fault(&format!("{at}/include/{index}"), "contradiction", detail);
        }
    }
}

fn check_conflicts(at: &str, include: &[Option<Who>], conflicted: &HashSet<Uuid>) -> Answer<()> {
    let mut reader = Reader::default();
    for (index, who) in include.iter().enumerate() {
        let Some(who) = who.as_ref().filter(|who| conflicted.contains(&who.id)) else { continue };
        let name = &who.full_name;
        let detail = say!(
            "{name} có xung đột lợi ích chưa được giải quyết: lãnh đạo chấp thuận (`waive`) trước, hoặc bỏ tên.",
            "{name} has a conflict of interest that is not settled: a leader waives it first, or the name is left out."
        );
        reader.fault(&format!("{at}/include/{index}"), "conflict", detail);
    }
    reader.done(())
}

fn degrees_of(
    reader: &mut Reader,
    at: &str,
    form: &PanelOrder,
    known: &[(String, String, u8)],
) -> BTreeMap<PanelSeat, u8> {
    let mut degrees = form.least_degree.clone();
    let mut steps = BTreeMap::new();
    for seat in PanelSeat::ALL {
        let Some(text) = degrees.of_mut(*seat).take() else { continue };
        let degree = known.iter().find(|(code, name, _)| code.eq_ignore_ascii_case(text.trim()) || name == text.trim());
        match degree {
            Some((_, _, step)) => {
                steps.insert(*seat, *step);
            }
            None => {
                let codes: Vec<&str> = known.iter().map(|(code, ..)| code.as_str()).collect();
                let codes = codes.join(", ");
                let detail =
                    say!("Không có học vị này; có thể dùng: {codes}.", "There is no such degree; known are: {codes}.");
                reader.fault(&format!("{at}/least_degree/{}", seat.as_str()), "unknown_code", detail);
            }
        }
    }
    steps
}

async fn fields_of(conn: &mut Conn, reader: &mut Reader, at: &str, form: &PanelOrder) -> Answer<Vec<FieldCode>> {
    let Some(covers) = &form.fields else { return Ok(Vec::new()) };
    let all = field_store::all(conn).await?.into_iter().map(|row| (row.scheme, row.code));
    let known = Known { fields: all.collect(), ..Known::default() };
    let mut codes = Vec::new();
    for (index, cover) in covers.iter().enumerate() {
        match find_field(&cover.field, &known) {
            Some(field) => codes.push(field),
            None => {
                let detail = say!("Không có lĩnh vực này.", "There is no such field.");
                reader.fault(&format!("{at}/fields/{index}/field"), "unknown_code", detail);
            }
        }
    }
    Ok(codes)
}

async fn field_names(conn: &mut Conn, fields: &[FieldCode]) -> Answer<Vec<String>> {
    let asked: Vec<&str> = fields.iter().map(|field| field.code.as_str()).collect();
    let rows = field_store::with_ancestors(conn, &asked).await?;
    let name = |field: &FieldCode| {
        let of_code = || rows.iter().filter(|row| row.code == field.code);
        let row = of_code().find(|row| row.scheme == field.scheme).or_else(|| of_code().next());
        row.map_or_else(|| field.code.clone(), |row| format!("{} {}", field.code, row.name_vi))
    };
    Ok(fields.iter().map(name).collect())
}

/// Whether somebody works in a field, or under it. What schemes have in common are their groups of three digits.
fn covers(one: &matching::Candidate, field: &FieldCode) -> bool {
    one.facts.fields().iter().any(|own| is_under((&own.scheme, &own.code), field))
}

fn is_under((scheme, code): (&str, &str), field: &FieldCode) -> bool {
    code.starts_with(&field.code) && (scheme == field.scheme || field.code.len() <= GROUP)
}

/// A panel of fewer could not be approved.
fn check_size(reader: &mut Reader, at: &str, form: &PanelOrder, fewest: usize) {
    let Some(seats) = form.seats else { return };
    let size = seats.size();
    if size < fewest {
        let detail = say!(
            "Có {size} ghế; hội đồng loại này cần ít nhất {fewest} thành viên.",
            "There are {size} seats: a panel of this kind has at least {fewest} members."
        );
        reader.fault(&format!("{at}/seats"), "too_few", detail);
    }
}

/// The order with what it did not say: the usual seats, and the groups of the request's fields that anybody covers.
async fn filled(
    conn: &mut Conn,
    case: &Case,
    mut form: PanelOrder,
    named: &mut Named,
    (kept, conflicted): (&[matching::Candidate], &HashSet<Uuid>),
) -> Answer<PanelOrder> {
    if form.seats.is_none() {
        form.seats = Some(Seats::usual(number(conn, fewest(case.row.kind), today()).await?));
    }
    if form.fields.is_none() {
        let mut groups: Vec<FieldCode> = Vec::new();
        // each of those who sit covers one of them at least
        let room = form.seats.map_or(0, Seats::size).saturating_sub(form.include.len());
        for field in &case.fields {
            let code = field.code.chars().take(GROUP).collect();
            let group = FieldCode { scheme: field.scheme.clone(), code };
            let is_there = groups.iter().any(|other| other.code == group.code);
            let somebody = kept.iter().any(|one| !conflicted.contains(&one.expert) && covers(one, &group));
            if somebody && !is_there && groups.len() < room.min(super::order::MOST_FIELDS) {
                groups.push(group);
            }
        }
        form.fields = Some(groups.iter().map(|field| Cover { field: field.code.clone(), least: 1 }).collect());
        named.fields = groups;
    }
    Ok(form)
}

/// Those of whom anything could be found: who worked at a body that matters, may have done something together with a drafter, or of
/// whom something is kept. Nobody else needs to be looked at.
async fn concerned(conn: &mut Conn, case: &Case, ground: &Ground, kept: &[matching::Candidate]) -> Answer<Vec<Uuid>> {
    let named = store::named(conn, case, ground).await?;
    let sought = store::marks_of_drafters(conn, ground).await?;
    let is_concerned = |one: &&matching::Candidate| {
        let record = one.facts.record();
        let mut bodies = record.posts.iter().chain(&record.workplace_id);
        bodies.any(|body| ground.ties.contains_key(body))
            || one.facts.marks().meet(&sought)
            || named.contains(&one.expert)
    };
    Ok(kept.iter().filter(is_concerned).map(|one| one.expert).collect())
}

async fn people(
    conn: &mut Conn,
    ground: &Ground,
    (kept, conflicted): (&[matching::Candidate], &HashSet<Uuid>),
    (ladder, named): (&Ladder, &Named),
) -> Answer<Vec<Candidate>> {
    let is_askers = |body: &Uuid| {
        let ties = ground.ties.get(body).map(Vec::as_slice).unwrap_or_default();
        ties.iter()
            .any(|tie| tie.side == ConflictSide::Asker && tie.tie != ConflictTie::Above && tie.lasts(ground.today))
    };
    let workplace =
        |one: &matching::Candidate| (one.facts.record().workplace_id, one.facts.record().workplace_key.clone());
    let workplaces: Vec<_> = kept.iter().map(workplace).collect();
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let employers: Vec<Option<u32>> = store::employers(conn, &workplaces)
        .await?
        .into_iter()
        .map(|key| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            key.map(|key| *numbers.entry(key).or_insert(next))
        })
        .collect();
    let candidate = |(one, employer): (&matching::Candidate, Option<u32>)| {
        let facts = &one.facts;
        let standing = one.explanation.parts.qualification.clamp(0.0, 1.0);
        let chair = (1.0 - CHAIR_STANDING).mul_add(one.score, CHAIR_STANDING * standing);
        let known = named.fields.iter().zip(0_u32..).filter(|(code, _)| covers(one, code));
        Candidate {
            scores: [chair, one.score, one.score, one.score].map(|score| score.clamp(0.0, 1.0)),
            degree: ladder.step(facts.degree_rank),
            fields: known.map(|(_, field)| field).collect(),
            employer,
            outside_province: matches!(facts.residency, Some(Residency::OutOfProvince | Residency::Abroad)),
            outside_asker: !facts.record().workplace_id.as_ref().is_some_and(is_askers),
            load: facts.load.now,
            conflicted: conflicted.contains(&one.expert),
        }
    };
    Ok(kept.iter().zip(employers).map(candidate).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_within_its_scheme_and_a_group_in_all() {
        let field = |scheme: &str, code: &str| FieldCode { scheme: scheme.to_owned(), code: code.to_owned() };
        for (own, asked, expected) in [
            (("A", "40401"), field("A", "40401"), true),
            (("A", "40401"), field("A", "404"), true),
            (("A", "404"), field("A", "40401"), false),
            (("B", "40401"), field("A", "40401"), false),
            (("B", "40401"), field("A", "404"), true),
            (("B", "40401"), field("A", "303"), false),
        ] {
            assert_eq!(is_under(own, &asked), expected, "{own:?} {asked:?}");
        }
    }
}
