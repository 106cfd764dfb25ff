//! The rules of the register that look at other bodies, checked before a change is written.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Body, Hierarchy, Place, Subordination, Succession, Version, are_namesakes, check_dates};
use super::store::{self, Handover, Namesake};
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::text::fold;
use crate::reference::places::Places;
use crate::say;

/// Checks bodies as they are to be and writes them. `at` gives the pointer of each.
///
/// The register must be locked ([`store::lock_register`]): what is looked at here must still be so when it commits.
///
/// # Errors
/// 422 with the rule: an end before a start, dates that contradict a succession, a parent that is nowhere or not there at
/// the time, a cycle of parents, two living bodies of one name in one place.
pub async fn save(tx: &mut Conn, bodies: &[Body], at: impl Fn(usize) -> String, places: &Places) -> Answer<()> {
    write(tx, bodies, at, places).await?;
    store::settle(tx).await
}

/// As [`save`], for who still has to say more about the bodies before the rules of associations can be asked
/// ([`store::settle`]).
pub async fn write(tx: &mut Conn, bodies: &[Body], at: impl Fn(usize) -> String, places: &Places) -> Answer<()> {
    let ids: Vec<Uuid> = bodies.iter().map(|body| body.id).collect();
    let known: Vec<Succession> =
        store::handovers(tx, &ids).await?.into_iter().map(|handover| handover.succession).collect();
    for (place, body) in bodies.iter().enumerate() {
        let prefix = at(place);
        body.check().and_then(|()| check_dates(body, &known)).map_err(|problem| under(&problem, &prefix))?;
        check_parents(tx, body, bodies, &prefix).await?;
    }
    check_cycle(tx, bodies, &at).await?;
    check_children(tx, bodies, &at).await?;
    check_namesakes(tx, bodies, &at, places).await?;
    store::put(tx, bodies, places).await
}

/// The same problem of an object that stands deeper in the body.
fn under(problem: &Problem, prefix: &str) -> Problem {
    problem.errors().iter().fold(Problem::new(problem.code()), |deeper, error| {
        deeper.and_field(format!("{prefix}{}", error.pointer), error.code, error.detail.clone())
    })
}

async fn check_parents(tx: &mut Conn, body: &Body, saved: &[Body], prefix: &str) -> Answer<()> {
    let ids: Vec<Uuid> = body.versions.iter().filter_map(|version| version.parent_id).collect();
    let stored = store::bodies(tx, &ids).await?;
    let parent = |id: Uuid| saved.iter().find(|body| body.id == id).or_else(|| stored.get(&id));
    let mut stays = None;
    for version in &body.versions {
        let Some(id) = version.parent_id else { continue };
        let fault = |code, detail| Err(Problem::field(format!("{prefix}/parent_id"), code, detail));
        let Some(parent) = parent(id) else {
            return fault("unknown_reference", say!("Không có tổ chức này.", "There is no such organisation."));
        };
        let period = parent.period();
        let begins = version.period.from.is_none_or(|from| period.contains(from));
        // what stood under a body stands under who holds its place when that is no more
        if stays.replace(id) != Some(id) && (!begins || !period.overlaps(version.period)) {
            return fault(
                "parent_not_living",
                say!(
                    "Tổ chức cấp trên không tồn tại lúc đó.",
                    "The body it is to stand under does not exist at that time."
                ),
            );
        }
    }
    Ok(())
}

fn subordination(body: &Body, version: &Version) -> Option<Subordination> {
    Some(Subordination { child: body.id, parent: version.parent_id?, period: version.period })
}

/// What stands under what, with these bodies as they are to be.
pub async fn hierarchy(tx: &mut Conn, bodies: &[Body], handed: &[Handover]) -> Answer<Hierarchy> {
    let mut links = store::subordinations(tx).await?;
    links.retain(|link| bodies.iter().all(|body| body.id != link.child));
    links.extend(bodies.iter().flat_map(|body| body.versions.iter().filter_map(|v| subordination(body, v))));
    let mut heirs = store::all_heirs(tx).await?;
    let ending = handed.iter().map(|handover| handover.succession).filter(|s| s.kind.ends_predecessor());
    heirs.extend(ending.map(|s| (s.predecessor, s.effective_on, s.successor)));
    Ok(Hierarchy::new(links, heirs))
}

async fn check_cycle(tx: &mut Conn, bodies: &[Body], at: impl Fn(usize) -> String) -> Answer<()> {
    if bodies.iter().flat_map(|body| &body.versions).all(|version| version.parent_id.is_none()) {
        return Ok(());
    }
    let hierarchy = hierarchy(tx, bodies, &[]).await?;
    let turns = |body: &Body| {
        body.versions.iter().filter_map(|version| subordination(body, version)).any(|link| hierarchy.has_cycle(link))
    };
    let Some(place) = bodies.iter().position(turns) else { return Ok(()) };
    Err(Problem::field(
        format!("{}/parent_id", at(place)),
        "cycle",
        say!(
            "Một tổ chức không thể đứng dưới chính mình, trực tiếp hay qua tổ chức khác.",
            "A body can't stand under itself, directly or over others.",
        ),
    ))
}

/// What stands under a body must not have begun before it did.
async fn check_children(tx: &mut Conn, bodies: &[Body], at: impl Fn(usize) -> String) -> Answer<()> {
    let ids: Vec<Uuid> = bodies.iter().map(|body| body.id).collect();
    let links = store::subordinations_under(tx, &ids).await?;
    for (place, body) in bodies.iter().enumerate() {
        let Some(from) = body.period().from else { continue };
        let earlier = |link: &&Subordination| link.parent == body.id && link.period.from.is_some_and(|day| day < from);
        let saved = |link: &&Subordination| bodies.iter().any(|body| body.id == link.child);
        if let Some(day) = links.iter().filter(|link| !saved(link)).find(earlier).and_then(|link| link.period.from) {
            return Err(Problem::field(
                format!("{}/valid_from", at(place)),
                "has_children",
                say!(
                    "Có tổ chức trực thuộc từ {day}, trước ngày bắt đầu này.",
                    "Something stands under it since {day}, before that day.",
                ),
            ));
        }
    }
    Ok(())
}

async fn check_namesakes(tx: &mut Conn, bodies: &[Body], at: impl Fn(usize) -> String, places: &Places) -> Answer<()> {
    let keys: Vec<String> = bodies.iter().flat_map(|body| &body.versions).map(|version| fold(&version.name)).collect();
    let mut known = store::namesakes(tx, &keys).await?;
    for others in known.values_mut() {
        others.retain(|other| bodies.iter().all(|body| body.id != other.id));
    }
    for (place, body) in bodies.iter().enumerate() {
        if let Some((version, other)) = find_namesake(body, &known, places) {
            return Err(namesake(&at(place), version, &other.code));
        }
        let code = body.code.clone().unwrap_or_default();
        for version in &body.versions {
            let namesake = Namesake { id: body.id, code: code.clone(), place: place_of(version) };
            known.entry(fold(&version.name)).or_default().push(namesake);
        }
    }
    Ok(())
}

fn find_namesake<'a>(
    body: &'a Body,
    known: &'a HashMap<String, Vec<Namesake>>,
    places: &Places,
) -> Option<(&'a Version, &'a Namesake)> {
    let province_at = |id: i32, day: NaiveDate| places.at(id, day);
    body.versions.iter().find_map(|version| {
        let others = known.get(&fold(&version.name))?;
        let same = |other: &&Namesake| are_namesakes(place_of(version), other.place, province_at);
        others.iter().find(same).map(|other| (version, other))
    })
}

const fn place_of(version: &Version) -> Place {
    Place { period: version.period, province_id: version.province_id, parent_id: version.parent_id }
}

fn namesake(prefix: &str, version: &Version, code: &str) -> Problem {
    let name = &version.name;
    let code = if code.is_empty() { "–" } else { code };
    Problem::field(
        format!("{prefix}/name"),
        "namesake",
        say!(
            "Cùng lúc, cùng nơi đã có tổ chức tên “{name}” (mã {code}); nếu khác nhau, ghi rõ tỉnh hoặc cấp trên.",
            "A body named “{name}” (code {code}) lives in that place at that time; if it is another, give province or parent.",
        ),
    )
}
