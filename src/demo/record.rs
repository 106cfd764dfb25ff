//! The rest of a demo expert's record, in step with what [`people`](super::people) drew: education, posts, projects and so on.

use serde_json::{Map, Value, json};

use super::record_words as table;
use super::words::{self, Draw, rows};

/// What the rest is drawn around.
pub(super) struct Person<'a> {
    pub name: &'a str,
    /// Year of birth.
    pub born: usize,
    pub this_year: usize,
    /// What is printed before the name.
    pub rank: Option<&'static str>,
    pub degree: &'static str,
    /// 0 beginner to 3 professor.
    pub level: usize,
    pub position: &'a str,
    /// Province, kind of workplace, track and name of the workplace, as in the tables.
    pub at: [&'static str; 4],
    pub specialties: &'a [&'static str],
    /// Where people of the track study, and where they may have worked before.
    pub schools: &'a [&'static str],
    pub posts: &'a [&'static str],
}

impl Person<'_> {
    const fn province(&self) -> &'static str {
        self.at[0]
    }

    const fn kind(&self) -> &'static str {
        self.at[1]
    }

    const fn track(&self) -> &'static str {
        self.at[2]
    }

    const fn workplace(&self) -> &'static str {
        self.at[3]
    }

    fn specialty(&self, draw: &mut Draw) -> String {
        words::mid_sentence(draw.pick(self.specialties.iter()).copied().unwrap_or_default())
    }

    fn is_doctor(&self) -> bool {
        self.degree.starts_with("TS")
    }

    /// The years of the first degree, the second and the doctorate, as far as there are some.
    fn degrees(&self, draw: &mut Draw) -> (usize, Option<usize>, Option<usize>) {
        let first = self.born + draw.between(22, 24);
        let further = self.is_doctor() || ["ThS", "BSCKI", "BSCKII"].contains(&self.degree);
        let until = |year: usize| year.min(self.this_year);
        let second = further.then(|| until(first + draw.between(3, 6)));
        let doctorate = self.is_doctor().then(|| until(self.born + draw.between(31, 40)));
        (first, second, doctorate)
    }
}

/// The members of a record, from a stream of its own: what people are called and where they work stays as it was.
pub(super) fn record(number: usize, person: &Person<'_>) -> Map<String, Value> {
    let draw = &mut Draw::for_record(number);
    let (first, second, doctorate) = person.degrees(draw);
    let degree_year = doctorate.or(second).unwrap_or(first);
    let mut record = Map::new();
    let mut set = |name: &str, value: Value| {
        let blank = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !blank {
            record.insert(name.to_owned(), value);
        }
    };
    set("degree_year", json!(degree_year));
    let rank_year = person.rank.map(|_| (degree_year + draw.between(4, 9)).min(person.this_year));
    set("academic_rank_year", json!(rank_year));
    set("nationality", json!(draw.chance(90).then_some("VN")));
    set("other_names", json!(other_names(draw, person)));
    set("professional_title", json!(professional_title(person)));
    set("honours", json!(honours(draw, person)));
    set("unit", json!(unit(draw, person)));
    set("field_groups", json!(field_groups(draw, person)));
    set("education", education(draw, person, (first, second, doctorate)));
    set("work_history", work_history(draw, person, first));
    set("projects", projects(draw, person));
    set("awards", awards(draw, person));
    set("patents", patents(draw, person));
    set("council_experience", councils(draw, person));
    set("biography", json!(draw.chance(34).then(|| biography(draw, person))));
    set("standing_evidence", json!(draw.chance(30).then(|| draw.word(table::STANDING))));
    set("max_parallel", json!(draw.chance(70).then(|| draw.between(1, 4))));
    set("accepted_kinds", json!(accepted_kinds(draw)));
    record
}

/// Codes with how well: the mother tongue without, the others by degree.
pub(super) fn languages(number: usize, codes: &[&'static str], level: usize) -> Vec<Value> {
    let draw = &mut Draw::for_record(number.wrapping_add(1 << 40));
    let levels = if level >= 2 { "good:5|fair:4|average:1" } else { "good:1|fair:4|average:5" };
    let language = |code: &&'static str| match *code {
        "vi" => json!("vi"),
        code => json!({ "code": code, "level": draw.weighted(levels) }),
    };
    codes.iter().map(language).collect()
}

fn other_names(draw: &mut Draw, person: &Person<'_>) -> Vec<String> {
    let given = person.name.rsplit(' ').next().unwrap_or_default();
    let pen_name = draw.chance(3).then(|| format!("{given} {}", draw.word(table::PEN_NAMES)));
    pen_name.into_iter().collect()
}

fn professional_title(person: &Person<'_>) -> Option<&'static str> {
    if person.kind() == "S" && "XUDL".contains(person.track()) {
        // museums and the like employ no engineers
        return None;
    }
    let titles = rows(table::PROFESSIONAL_TITLES).find(|[kind, _]| *kind == person.kind());
    titles.and_then(|[_, titles]| titles.split('|').nth(person.level))
}

fn honours(draw: &mut Draw, person: &Person<'_>) -> Vec<&'static str> {
    let honour = match (person.kind(), person.track()) {
        ("U" | "K", _) if person.level >= 2 && draw.chance(9) => Some("Nhà giáo Ưu tú"),
        ("H", "M" | "P" | "Z") if person.level >= 2 && draw.chance(9) => Some("Thầy thuốc Ưu tú"),
        _ => None,
    };
    honour.into_iter().collect()
}

fn unit(draw: &mut Draw, person: &Person<'_>) -> Option<String> {
    let units = rows(table::UNITS).find(|[track, _]| *track == person.track()).map(|[_, unit]| unit)?;
    let of = draw.word(units);
    match person.kind() {
        "U" | "K" => Some(format!("Khoa {of}")),
        "R" => Some(format!("Bộ môn {of}")),
        "D" | "S" => Some(format!("Phòng {of}")),
        "H" => Some(format!("Khoa {of}")),
        _ => None,
    }
}

/// Chosen beside those that follow from the fields.
fn field_groups(draw: &mut Draw, person: &Person<'_>) -> Vec<&'static str> {
    let teaches = person.kind() == "U" || person.kind() == "K";
    let group = match person.track() {
        track if teaches && track != "U" && draw.chance(20) => Some("NH-03"),
        "E" | "G" if draw.chance(15) => Some("NH-01"),
        "L" if draw.chance(15) => Some("NH-08"),
        _ => None,
    };
    group.into_iter().collect()
}

fn education(draw: &mut Draw, person: &Person<'_>, years: (usize, Option<usize>, Option<usize>)) -> Value {
    let major = person.specialties.first().copied().unwrap_or_default();
    let (first, second, doctorate) = years;
    let abroad = doctorate.is_some() && draw.chance(22);
    let mut course = |degree: &str, year: usize, abroad: bool| {
        let (country, institution) = match abroad {
            true => draw.pick(rows::<2>(table::ABROAD)).map_or((None, ""), |[country, at]| (Some(country), at)),
            false => (None, draw.pick(person.schools.iter()).copied().unwrap_or(table::SCHOOL)),
        };
        json!({ "degree": degree, "institution": institution, "major": major, "country": country, "year": year })
    };
    let first_degree = match (person.track(), person.degree) {
        (_, "BS" | "BSCKI" | "BSCKII") | ("M" | "Y", _) => "BS",
        (_, "DS") | ("P", _) => "DS",
        (_, "KTS") | ("K", _) => "KTS",
        ("Z" | "L" | "D" | "U" | "X" | "S", _) => "CN",
        _ => "KS",
    };
    let specialist = if person.degree.starts_with("BSCK") { person.degree } else { "ThS" };
    let mut courses = vec![course(first_degree, first, false)];
    courses.extend(second.map(|year| course(specialist, year, false)));
    courses.extend(doctorate.map(|year| course("TS", year, abroad)));
    Value::Array(courses)
}

fn work_history(draw: &mut Draw, person: &Person<'_>, first: usize) -> Value {
    let retired = person.position.strip_prefix("Nguyên ");
    let end = retired.map(|_| (person.born + 62).min(person.this_year));
    let years = end.unwrap_or(person.this_year).saturating_sub(first);
    let moved = years >= 8 && draw.chance(45);
    let since = if moved { first + draw.between(3, years / 2) } else { first };
    let mut posts = Vec::new();
    if moved {
        let before = draw.pick(person.posts.iter().filter(|at| **at != person.workplace()));
        posts.extend(before.map(|at| {
            let (from, to) = (first.to_string(), since.to_string());
            json!({ "organisation": at, "position": draw.word(table::FIRST_POSTS), "from": from, "to": to })
        }));
    }
    posts.push(json!({
        "organisation": person.workplace(), "position": retired.unwrap_or(person.position), "from": since.to_string(),
        "to": end.map(|year| year.to_string()),
    }));
    Value::Array(posts)
}

fn projects(draw: &mut Draw, person: &Person<'_>) -> Value {
    let number = match person.level {
        0 => usize::from(draw.chance(15)),
        1 => draw.below(2),
        2 => draw.between(1, 2),
        _ => draw.between(2, 3),
    };
    let project = |draw: &mut Draw| {
        let specialty = person.specialty(draw);
        let title = draw.word(table::PROJECTS).replace("{s}", &specialty).replace("{p}", draw.word(words::PLACES));
        let first = (person.born + 27).max(2008).min(person.this_year);
        let from = draw.between(first, person.this_year);
        let to = from + draw.between(1, 3);
        let over = to < person.this_year;
        let role = if person.level >= 2 && draw.chance(60) { "leader" } else { "member" };
        json!({
            "title": title, "role": role, "programme": draw.word(table::PROGRAMMES), "from": from.to_string(),
            "to": over.then(|| to.to_string()), "result": over.then(|| draw.weighted("Xuất sắc:2|Khá:5|Đạt:4")),
        })
    };
    (0..number).map(|_| project(draw)).collect()
}

fn awards(draw: &mut Draw, person: &Person<'_>) -> Value {
    if !draw.chance(6 + 6 * person.level) {
        return Value::Null;
    }
    let Some([title, issuer]) = draw.pick(rows::<2>(table::AWARDS)) else { return Value::Null };
    let first = (person.born + 28).clamp(2005, person.this_year);
    json!([{ "title": title, "issuer": issuer, "year": draw.between(first, person.this_year) }])
}

fn patents(draw: &mut Draw, person: &Person<'_>) -> Value {
    let technical = "FAOINJWCP".contains(person.track());
    if !(technical && person.level >= 1 && draw.chance(9)) {
        return Value::Null;
    }
    let kind = if "FA".contains(person.track()) {
        "utility_solution:3|plant_variety:2"
    } else {
        "utility_solution:3|patent:2"
    };
    let title = draw.word(table::PATENTS).replace("{s}", &person.specialty(draw));
    let first = (person.born + 30).clamp(2008, person.this_year);
    let year = draw.between(first, person.this_year);
    json!([{ "title": title, "kind": draw.weighted(kind), "number": format!("DEMO-{:05}", draw.below(100_000)), "year": year }])
}

fn councils(draw: &mut Draw, person: &Person<'_>) -> Value {
    if person.level < 2 || !draw.chance(45) {
        return Value::Null;
    }
    let role = if person.level == 3 {
        "Chủ tịch|Phản biện|Ủy viên"
    } else {
        "Phản biện|Ủy viên|Ủy viên thư ký"
    };
    json!([{
        "council": draw.word(table::COUNCILS), "role": draw.word(role), "times": draw.between(1, 12),
        "year": draw.between(person.this_year - 5, person.this_year),
    }])
}

fn biography(draw: &mut Draw, person: &Person<'_>) -> String {
    let (one, other) = (person.specialty(draw), person.specialty(draw));
    let years = (person.this_year.saturating_sub(person.born + 23)).max(1);
    let sentence = |text: &str| {
        text.replace("{n}", &years.to_string())
            .replace("{s}", &one)
            .replace("{o}", &other)
            .replace("{w}", person.workplace())
            .replace("{v}", person.province())
    };
    let (first, second, third) =
        (draw.word(table::BIOGRAPHY_FIRST), draw.word(table::BIOGRAPHY_SECOND), draw.word(table::BIOGRAPHY_THIRD));
    format!("{} {} {}", sentence(first), sentence(second), sentence(third))
}

fn accepted_kinds(draw: &mut Draw) -> Vec<&'static str> {
    let all = ["consultation", "critical_review", "social_assessment"];
    match draw.below(10) {
        0..=5 => all.to_vec(),
        6..=8 => all.into_iter().take(2).collect(),
        _ => Vec::new(),
    }
}
