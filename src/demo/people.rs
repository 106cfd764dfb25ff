//! Invented experts for trying the product out: the right shape, the right mix, nobody real.
//!
//! The lines are those of `load experts`, so the demo travels the road that real data travels. Everything is drawn from
//! the tables in `words.rs`, which keep specialty, field, degree and workplace in step with one another.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::record::{self, Person};
use super::words::{self, Draw, rows};

/// The year against which ages are counted. Fixed, since the demo of tomorrow must equal the demo of today.
const THIS_YEAR: usize = 2025;
const HOME: &str = "Tuyên Quang";
const CAPITAL: &str = "Hà Nội";

/// `count` experts, numbered from 1. A longer run starts with the same people as a shorter one, so documents and tests
/// may name them.
pub fn people(count: usize) -> impl Iterator<Item = Value> {
    let mut bank = Bank::new();
    (1..=count).map_while(move |number| bank.person(number))
}

/// Code, track, English name and specialties: a row of [`words::TOPICS`].
type Topic = [&'static str; 4];
/// Province, kind, tracks and name: a row of [`words::WORKPLACES`].
type Workplace = [&'static str; 4];

struct Bank {
    topics: Vec<Topic>,
    workplaces: Vec<Workplace>,
    /// Name and birth date of everybody so far: namesakes are wanted, two records of seemingly one person are not.
    seen: HashSet<(String, String)>,
}

impl Bank {
    fn new() -> Self {
        Self {
            topics: rows(words::TOPICS).collect(),
            workplaces: rows(words::WORKPLACES).collect(),
            seen: HashSet::new(),
        }
    }

    /// Where people of a track work in a region.
    fn places(&self, region: &str, track: &str) -> impl Iterator<Item = &Workplace> + Clone {
        let is_near = move |province| match region {
            HOME | CAPITAL => province == region,
            _ => province != HOME && province != CAPITAL,
        };
        let fits = move |[at, _, tracks, _]: &&Workplace| is_near(*at) && tracks.contains(track);
        self.workplaces.iter().filter(fits)
    }

    /// The names of workplaces of some kinds where a track is found.
    fn named(&self, track: &str, wanted: fn(&str) -> bool) -> Words {
        let there = self.workplaces.iter().filter(|[_, kind, tracks, _]| wanted(kind) && tracks.contains(track));
        there.map(|[_, _, _, name]| *name).collect()
    }

    fn person(&mut self, number: usize) -> Option<Value> {
        let draw = &mut Draw::for_person(number);
        let region = draw.weighted("Tuyên Quang:40|Hà Nội:25|elsewhere:35");
        let track = draw.weighted(match region {
            HOME => words::TRACKS_TUYEN_QUANG,
            _ => words::TRACKS_ELSEWHERE,
        });
        let &[province, kind, _, workplace] = draw.pick(self.places(region, track))?;
        let topics = self.topics.iter().filter(|[_, on, _, _]| *on == track);
        let (topic, fields, specialties) = expertise(draw, topics.collect())?;
        let gender = gender(draw, track);
        let (full_name, (year, date_of_birth)) = loop {
            let (name, birth) = (name(draw, region, gender), birth(draw));
            if self.seen.insert((name.clone(), birth.1.clone())) {
                break (name, birth);
            }
        };
        let age = THIS_YEAR.saturating_sub(year);
        let (rank, degree) = title(draw, track, kind, age);
        let level = level(rank, degree, age);
        let publications_count = publications_count(draw, rank, degree);
        let publications = publications(draw, &full_name, year, publications_count, (topic, &specialties));
        let position = position(draw, kind, track, level, age);
        let languages = languages(draw, level);
        let rest = Person {
            name: &full_name,
            born: year,
            this_year: THIS_YEAR,
            rank,
            degree,
            level,
            position: &position,
            at: [province, kind, track, workplace],
            specialties: &specialties,
            schools: &self.named(track, |kind| kind == "U"),
            posts: &self.named(track, |kind| kind != "U"),
        };
        let mut person = json!({
            "external_id": format!("DEMO-{number:06}"),
            "full_name": full_name,
            "date_of_birth": date_of_birth,
            "gender": gender,
            "academic_rank": rank,
            "degree": degree,
            "position": position,
            "workplace": workplace,
            "province": province,
            "fields": fields,
            "specialties": specialties,
            "languages": record::languages(number, &languages, level),
            "email": draw.chance(80).then(|| email(number)),
            "phone": draw.chance(85).then(|| phone(number)),
            "publications_count": publications_count,
            "publications": publications,
            "updated_at": updated_at(draw),
        });
        if let Value::Object(members) = &mut person {
            members.extend(record::record(number, &rest));
        }
        Some(person)
    }
}

/// Nursing and teaching differ from engineering, and a demo without that looks made up.
fn gender(draw: &mut Draw, track: &str) -> &'static str {
    draw.weighted(match track {
        "Z" => "Nam:15|Nữ:85",
        "U" | "P" | "O" => "Nam:40|Nữ:60",
        "F" | "W" | "C" | "K" | "G" | "N" | "J" => "Nam:78|Nữ:22",
        _ => "Nam:56|Nữ:44",
    })
}

fn name(draw: &mut Draw, region: &str, gender: &str) -> String {
    let people = draw.weighted(match region {
        HOME => "Kinh:60|Tày:20|Mông:11|Dao:9",
        _ => "Kinh:94|Tày:4|Mông:1|Dao:1",
    });
    let families = rows(words::FAMILIES).find(|[whose, _]| *whose == people);
    let names = rows(words::NAMES).find(|[whose, sex, _, _]| whose.contains(people) && *sex == gender);
    let ([_, families], [_, _, middles, given]) = (families.unwrap_or_default(), names.unwrap_or_default());
    let (family, middle) = (draw.weighted(families), draw.weighted(middles));
    // "Nguyễn Minh Minh" and the like are drawn anew: nobody is called so.
    let is_new = |name: &&str| middle.split(' ').chain([family]).all(|part| part != *name);
    let given = (0..20).map(|_| draw.word(given)).find(is_new);
    format!("{family} {middle} {}", given.unwrap_or_default()).replace("  ", " ")
}

/// Year and full date. Most are of working age; some are the retired specialists a Union relies on.
fn birth(draw: &mut Draw) -> (usize, String) {
    let year = match draw.chance(15) {
        true => draw.between(1950, 1966),
        false => 1962 + draw.below(17) + draw.below(18),
    };
    let month = draw.between(1, 12);
    let last = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = draw.between(1, last);
    (year, format!("{year}-{month:02}-{day:02}"))
}

/// Academic rank and degree as printed. Ranks need a doctorate and years of teaching or research; clinicians climb by
/// specialist levels instead.
fn title(draw: &mut Draw, track: &str, kind: &str, age: usize) -> (Option<&'static str>, &'static str) {
    let academic = kind == "U" || kind == "R";
    let clinical = track == "M" || track == "Y";
    if age >= 32 && draw.chance(if academic { 55 } else { 13 }) {
        let rank = match academic {
            true if age >= 50 && draw.chance(18) => Some("GS"),
            true if age >= 38 && draw.chance(35) => Some("PGS"),
            _ => None,
        };
        let degree = match academic && age >= 50 {
            true => draw.weighted("TS:93|TSKH:7"),
            false => "TS",
        };
        return (rank, degree);
    }
    let degree = match () {
        () if academic && draw.chance(85) => "ThS",
        () if clinical && age >= 40 && draw.chance(25) => "BSCKII",
        () if clinical && age >= 32 && draw.chance(45) => "BSCKI",
        () if draw.chance(45) => "ThS",
        () => match track {
            "M" | "Y" => "BS",
            "P" => "DS",
            "K" => "KTS",
            "I" => draw.word("KS|CN"),
            "Z" | "L" | "D" | "U" | "X" | "S" => "CN",
            _ => "KS",
        },
    };
    (None, degree)
}

/// 0 beginner to 3 professor: what a person of this degree and age may be called at work.
fn level(rank: Option<&str>, degree: &str, age: usize) -> usize {
    match degree {
        _ if rank.is_some() => 3,
        "TSKH" | "TS" | "BSCKII" => 2,
        _ if age >= 52 => 2,
        "ThS" | "BSCKI" => 1,
        _ if age >= 40 => 1,
        _ => 0,
    }
}

fn position(draw: &mut Draw, kind: &str, track: &str, level: usize, age: usize) -> String {
    let kind = match (kind, track) {
        ("H", "P" | "Z") => track,
        ("H", _) => "M",
        (kind, _) => kind,
    };
    let wanted = format!("{kind}{level}");
    let row = rows(words::POSITIONS).find(|[key, _]| *key == wanted);
    let position = draw.word(row.map_or("", |[_, positions]| positions));
    let retires_at = if level == 3 { 68 } else { 62 };
    let retired = if age >= retires_at { "Nguyên " } else { "" };
    format!("{retired}{position}")
}

/// Words out of the tables.
type Words = Vec<&'static str>;

/// The main topic, one to three field codes and one to four specialties. A second field is a neighbour of the first in
/// the table; now and then only the broad field is given, as real forms do.
fn expertise(draw: &mut Draw, topics: Vec<&Topic>) -> Option<(Topic, Words, Words)> {
    let main = draw.below(topics.len());
    let chosen = 1 + usize::from(draw.chance(38)) + usize::from(draw.chance(10));
    let start = main.min(topics.len().saturating_sub(chosen));
    let near = topics.into_iter().copied().skip(start).take(chosen);
    let (mut fields, mut specialties) = (Vec::new(), Vec::new());
    for [code, _, _, known] in near.clone() {
        let broad = draw.chance(15);
        let field = code.get(..3).filter(|_| broad).unwrap_or(code);
        if !fields.contains(&field) {
            fields.push(field);
        }
        for _ in 0..draw.between(1, 2) {
            let specialty = draw.word(known);
            if specialties.len() < 4 && !specialties.contains(&specialty) {
                specialties.push(specialty);
            }
        }
    }
    near.clone().next().map(|first| (first, fields, specialties))
}

fn languages(draw: &mut Draw, level: usize) -> Words {
    let mut languages = vec!["vi"];
    if draw.chance(60 + 12 * level) {
        languages.push("en");
    }
    if draw.chance(16) {
        languages.push(draw.weighted("zh:6|ru:4|fr:4|ja:2|ko:2|de:1"));
    }
    languages
}

/// Under `.example`, which no mail can reach, and by number: an address is not to look like anybody's.
fn email(number: usize) -> String {
    format!("demo{number:06}@chuyengia.example")
}

/// 0600 and six digits: 06 opens no mobile range, and no landline's own number begins with 0.
fn phone(number: usize) -> String {
    format!("0600{:06}", number.wrapping_mul(387_019) % 1_000_000)
}

/// In the second half of 2025: after the provinces were merged, whose new names the records carry.
fn updated_at(draw: &mut Draw) -> String {
    let (month, day) = (draw.between(7, 12), draw.between(1, 28));
    let (hour, minute) = (draw.between(8, 16), draw.below(60));
    format!("2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00+07:00")
}

fn publications_count(draw: &mut Draw, rank: Option<&str>, degree: &str) -> usize {
    match (rank, degree) {
        (Some("GS"), _) => draw.between(60, 190),
        (Some(_), _) => draw.between(25, 95),
        (None, "TS" | "TSKH") => draw.between(5, 40),
        (None, "ThS" | "BSCKII") => draw.below(10),
        _ => draw.below(4),
    }
}

/// The newest of them, at most four, no title twice.
fn publications(
    draw: &mut Draw,
    author: &str,
    born: usize,
    count: usize,
    (topic, known): (Topic, &Words),
) -> Vec<Value> {
    let mut publications: Vec<Value> = Vec::new();
    for _ in 0..draw.below(5).min(count) {
        let new = publication(draw, author, born, topic, known);
        if publications.iter().all(|other| other["title"] != new["title"]) {
            publications.push(new);
        }
    }
    publications
}

/// An article by the expert, alone or with others, that fits one of the specialties.
fn publication(draw: &mut Draw, author: &str, born: usize, topic: Topic, known: &Words) -> Value {
    let [_, track, english_name, _] = topic;
    let mut venues = rows(words::VENUES).filter(|[tracks, _, _]| tracks.contains(track));
    let [_, vietnamese, english] = venues.next().unwrap_or_default();
    let (titles, venue, subject) = match track {
        _ if draw.chance(25) => (words::TITLES_ENGLISH, english, english_name),
        "M" | "Y" | "Z" | "P" => (words::TITLES_MEDICAL, vietnamese, ""),
        _ => (words::TITLES, vietnamese, ""),
    };
    let specialty = words::mid_sentence(draw.pick(known.iter()).copied().unwrap_or_default());
    let subject = if subject.is_empty() { &specialty } else { subject };
    let title = draw.word(titles).replace("{s}", subject);
    let title = title.replace("{p}", draw.word(words::PLACES));
    let first = (born + 26).max(2010);
    let year = draw.between(first, (born + 66).min(THIS_YEAR));
    let mut authors = vec![author.to_owned()];
    for _ in 0..draw.below(3) {
        let gender = draw.word("Nam|Nữ");
        let place = draw.below(authors.len() + 1);
        authors.insert(place, name(draw, HOME, gender));
    }
    json!({ "title": title, "year": year, "venue": venue, "authors": authors })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Vec<Value> {
        people(2000).collect()
    }

    fn column(file: &str, index: usize) -> HashSet<String> {
        let path = format!("{}/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let table = std::fs::read_to_string(path).unwrap_or_default();
        table.lines().filter_map(|line| line.split(',').nth(index)).map(str::to_owned).collect()
    }

    /// All values of a field, those of a list one by one.
    fn values(people: &[Value], field: &str) -> Vec<String> {
        let flat = people.iter().flat_map(|person| match &person[field] {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        });
        flat.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }

    fn distinct(people: &[Value], field: &str) -> HashSet<String> {
        values(people, field).into_iter().collect()
    }

    #[test]
    fn every_run_gives_the_same_people() {
        let all = demo();
        assert_eq!(all, demo());
        assert!(all.starts_with(&people(20).collect::<Vec<_>>()));
    }

    #[test]
    fn nobody_is_there_twice_though_namesakes_are() {
        let people = demo();
        let births = people.iter().map(|p| format!("{} {}", p["full_name"], p["date_of_birth"]));
        assert_eq!(births.collect::<HashSet<_>>().len(), 2000);
        assert!(distinct(&people, "full_name").len() < 2000);
        assert_eq!(distinct(&people, "external_id").len(), 2000);
        for contact in ["email", "phone"] {
            assert_eq!(values(&people, contact).len(), distinct(&people, contact).len());
        }
    }

    #[test]
    fn fields_and_provinces_are_those_of_the_reference_data() {
        let people = demo();
        assert!(distinct(&people, "fields").len() >= 40);
        assert!(distinct(&people, "fields").is_subset(&column("science_fields.csv", 0)));
        assert!(distinct(&people, "province").is_subset(&column("provinces.csv", 1)));
    }

    #[test]
    fn the_mix_is_that_of_a_forested_province() {
        let people = demo();
        let home: Vec<_> = people.iter().filter(|p| p["province"] == HOME).cloned().collect();
        let capital = people.iter().filter(|p| p["province"] == CAPITAL).count();
        assert!((700..900).contains(&home.len()) && (400..600).contains(&capital));
        let specialties = distinct(&home, "specialties");
        for wanted in ["Lâm sinh", "Quản lý rừng bền vững", "Thú y", "Dược", "Chuyển đổi số"] {
            assert!(specialties.contains(wanted), "{wanted}");
        }
        assert!(distinct(&people, "specialties").len() >= 220);
        assert!(distinct(&people, "workplace").len() >= 110);
    }

    #[test]
    fn name_gender_rank_and_degree_agree() {
        for person in demo() {
            let text = |field: &str| person[field].as_str().unwrap_or_default();
            let name = text("full_name");
            assert!((2..=4).contains(&name.split(' ').count()), "{name}");
            assert!(!name.contains(" Thị ") || text("gender") == "Nữ", "{name}");
            assert!(!name.contains(" Văn ") || text("gender") == "Nam", "{name}");
            assert!(person["academic_rank"].is_null() || text("degree").starts_with("TS"));
            assert!(!text("position").trim_start_matches("Nguyên ").is_empty(), "{person}");
            let listed = person["publications"].as_array().map(|list| list.len() as u64);
            assert!(listed.is_some() && listed <= person["publications_count"].as_u64());
        }
    }

    #[test]
    fn the_whole_record_is_drawn_in_step_with_the_person() {
        let people = demo();
        let share = |field: &str| people.iter().filter(|person| !person[field].is_null()).count();
        for (field, from, to) in [
            ("biography", 600, 760),
            ("education", 2000, 2000),
            ("work_history", 2000, 2000),
            ("projects", 700, 1900),
            ("awards", 120, 500),
            ("patents", 20, 150),
            ("council_experience", 200, 900),
            ("unit", 1200, 1999),
            ("field_groups", 50, 500),
            ("other_names", 20, 120),
            ("honours", 20, 200),
            ("accepted_kinds", 1600, 1900),
        ] {
            assert!((from..=to).contains(&share(field)), "{field}: {}", share(field));
        }
        for person in &people {
            let born: u64 = person["date_of_birth"].as_str().and_then(|day| day[..4].parse().ok()).unwrap_or(0);
            let years =
                person["education"].as_array().into_iter().flatten().filter_map(|course| course["year"].as_u64());
            let years: Vec<u64> = years.collect();
            assert!(years.is_sorted() && years.iter().all(|year| (born + 20..=2025).contains(year)), "{person}");
            assert_eq!(person["degree_year"].as_u64(), years.last().copied());
            assert!(
                person["academic_rank_year"].as_u64() >= person["degree_year"].as_u64()
                    || person["academic_rank"].is_null()
            );
            let biography = person["biography"].as_str().unwrap_or_default();
            assert!(!biography.contains('{') && !biography.contains(&born.to_string()), "{biography}");
        }
    }

    #[test]
    fn no_row_of_the_tables_is_lost() {
        let bank = Bank::new();
        assert_eq!(bank.topics.len(), words::TOPICS.lines().count());
        assert_eq!(bank.workplaces.len(), words::WORKPLACES.lines().count());
        for region in [HOME, CAPITAL, "elsewhere"] {
            for [_, track, _, _] in &bank.topics {
                assert!(bank.places(region, track).next().is_some(), "{region} {track}");
            }
        }
    }
}
