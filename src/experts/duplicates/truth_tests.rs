//! A list of which it is known who is who: people of the demo, some of them a second time in another spelling, and namesakes
//! who are other people. What is found is held against it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::compare::{LIKELY, compare};
use super::person::{Person, dois_of, names_of, titles_of};
use crate::demo::people::people;
use crate::kernel::text::fold;
use crate::organisations::matching::match_key;

/// Small, and the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A record as it would be typed.
#[derive(Clone)]
struct Record {
    who: usize,
    name: String,
    born: String,
    gender: String,
    workplace: String,
    email: String,
    phone: String,
    degree: String,
    fields: Vec<String>,
    specialties: Vec<String>,
    titles: Vec<String>,
}

impl Record {
    fn of(who: usize, line: &Value) -> Self {
        let text = |member: &str| line[member].as_str().unwrap_or_default().to_owned();
        let list = |member: &str| -> Vec<String> {
            line[member].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let titles = line["publications"].as_array().into_iter().flatten().filter_map(|item| item["title"].as_str());
        Self {
            who,
            name: text("full_name"),
            born: text("date_of_birth"),
            gender: text("gender"),
            workplace: text("workplace"),
            email: text("email"),
            phone: text("phone"),
            degree: text("degree"),
            fields: list("fields"),
            specialties: list("specialties"),
            titles: titles.map(str::to_owned).collect(),
        }
    }

    fn person(&self) -> Person {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let hash = |text: &String| some(text).map(String::into_bytes).into_iter().collect();
        Person {
            names: names_of(&self.name, [].iter()),
            born: some(&self.born).map(|born| born.parse().unwrap()),
            gender: some(&self.gender),
            workplace: some(&self.workplace).map(|text| match_key(&text)),
            emails: hash(&self.email),
            phones: hash(&self.phone),
            dois: dois_of(std::iter::empty()),
            titles: titles_of(self.titles.iter().map(String::as_str)),
            degree: some(&self.degree),
            fields: self.fields.clone(),
            specialties: self.specialties.iter().map(|text| fold(text)).collect(),
            ..Person::default()
        }
    }
}

/// The name as somebody else would write it.
fn respell(name: &str, draw: &mut Draw) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let (first, last) = (words[0], words[words.len() - 1]);
    let initial = |word: &&str| format!("{}.", word.chars().next().unwrap());
    match draw.below(7) {
        0 => fold(name).to_uppercase(),
        1 => {
            let short: Vec<String> = words[..words.len() - 1].iter().map(initial).collect();
            format!("{} {last}", short.join(" "))
        }
        2 => format!("{last} {}", words[..words.len() - 1].join(" ")),
        3 => name.to_uppercase(),
        4 if words.len() > 3 => format!("{first} {} {last}", words[1]),
        5 => fold(name),
        _ => name.to_owned(),
    }
}

/// The same person, entered by another office.
fn again(record: &Record, elsewhere: &Record, draw: &mut Draw) -> Record {
    let mut copy = record.clone();
    copy.name = respell(&record.name, draw);
    copy.born = match draw.below(10) {
        0..=3 => record.born[..4].to_owned(),
        4 => String::new(),
        _ => record.born.clone(),
    };
    copy.workplace = match draw.below(10) {
        0..=2 => record.workplace.replace("Trường Đại học", "ĐH").replace("Bệnh viện Đa khoa", "BVĐK"),
        3..=4 => elsewhere.workplace.clone(),
        5 => String::new(),
        _ => record.workplace.clone(),
    };
    if !draw.chance(45) {
        copy.email = if draw.chance(50) { String::new() } else { format!("rieng.{}@example", record.who) };
    }
    if !draw.chance(40) {
        copy.phone = String::new();
    }
    if draw.chance(30) {
        copy.fields = record.fields.iter().map(|code| code.chars().take(3).collect()).collect();
    }
    if draw.chance(40) {
        copy.specialties.truncate(1);
    }
    if draw.chance(60) {
        copy.titles.clear();
    }
    copy
}

/// Another person of the same name, now and then of the same year, office or field.
fn namesake(who: usize, of: &Record, other: &Record, draw: &mut Draw) -> Record {
    let mut record = Record { who, name: of.name.clone(), gender: of.gender.clone(), ..other.clone() };
    if draw.chance(20) {
        record.born = format!("{}{}", &of.born[..4], &other.born[4..]);
    }
    if draw.chance(15) {
        record.workplace = of.workplace.clone();
    } else if draw.chance(25) {
        record.fields = of.fields.clone();
    }
    if draw.chance(20) {
        record.born = record.born[..4].to_owned();
    }
    record
}

/// Another person of the same name, year and office, both of whom somebody entered as born on the first of January.
fn placeholders(who: usize, of: &mut Record, other: &Record) -> Record {
    of.born = format!("{}-01-01", &of.born[..4]);
    Record {
        who,
        name: of.name.clone(),
        born: of.born.clone(),
        gender: of.gender.clone(),
        workplace: of.workplace.clone(),
        ..other.clone()
    }
}

/// 3,000 people, 600 of them twice, and 600 namesakes of others.
fn list() -> Vec<Record> {
    let base: Vec<Record> = people(3_600).enumerate().map(|(who, line)| Record::of(who, &line)).collect();
    let draw = &mut Draw(0x5eed_0f7e);
    let mut list: Vec<Record> = base[..3_000].to_vec();
    for at in 0..600 {
        let elsewhere = &base[(at * 7 + 1_000) % 3_000];
        list.push(again(&base[at * 3], elsewhere, draw));
        list.push(namesake(10_000 + at, &base[at * 3 + 1], &base[3_000 + at], draw));
    }
    for at in 0..10 {
        let other = placeholders(20_000 + at, &mut list[at * 3 + 2], &base[3_100 + at]);
        list.push(other);
    }
    list
}

/// The pairs that share a key or an e-mail address, as the database finds them.
fn meet(people: &[Person]) -> HashSet<(usize, usize)> {
    let mut blocks: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (at, person) in people.iter().enumerate() {
        let keys = person.keys().into_iter().map(|key| key.to_be_bytes().to_vec());
        for key in keys.chain(person.emails.iter().cloned()) {
            blocks.entry(key).or_default().push(at);
        }
    }
    let pairs = |block: Vec<usize>| {
        let all = block.clone();
        block.into_iter().flat_map(move |one| all.clone().into_iter().map(move |two| (one, two)).collect::<Vec<_>>())
    };
    blocks.into_values().flat_map(pairs).filter(|(one, two)| one < two).collect()
}

#[test]
fn on_a_list_with_known_truth_most_are_found_and_few_wrongly() {
    let list = list();
    let people: Vec<Person> = list.iter().map(Record::person).collect();
    let met = meet(&people);
    let found: HashSet<(usize, usize)> = met
        .iter()
        .copied()
        .filter(|(one, two)| compare(&people[*one], &people[*two]).is_some_and(|likeness| likeness.score >= LIKELY))
        .collect();
    let mut by_who: HashMap<usize, Vec<usize>> = HashMap::new();
    list.iter().enumerate().for_each(|(at, record)| by_who.entry(record.who).or_default().push(at));
    let truth: HashSet<(usize, usize)> =
        by_who.into_values().filter(|places| places.len() == 2).map(|places| (places[0], places[1])).collect();
    assert_eq!(truth.len(), 600);
    let right = found.intersection(&truth).count();
    let (recall, precision) = (right as f64 / truth.len() as f64, right as f64 / found.len() as f64);
    println!("{} pairs met, {} found, recall {recall:.3}, precision {precision:.3}", met.len(), found.len());
    for (one, two) in truth.difference(&found).take(if recall < 0.8 { 20 } else { 0 }) {
        println!(
            "missed: {:?}\n        {:?}\n  {:?}",
            people[*one],
            people[*two],
            compare(&people[*one], &people[*two])
        );
    }
    for (one, two) in found.difference(&truth).take(if precision < 0.95 { 20 } else { 0 }) {
        println!("wrong: {:?}\n       {:?}\n  {:?}", people[*one], people[*two], compare(&people[*one], &people[*two]));
    }
    assert!(recall >= 0.80, "recall {recall}");
    assert!(precision >= 0.95, "precision {precision}");
    assert!(met.len() < 20 * list.len(), "blocks keep it near-linear: {} pairs of {} people", met.len(), list.len());
}

#[test]
fn what_is_certain_is_never_wrong() {
    let list = list();
    let people: Vec<Person> = list.iter().map(Record::person).collect();
    let certain = meet(&people)
        .into_iter()
        .filter(|(one, two)| compare(&people[*one], &people[*two]).is_some_and(|likeness| likeness.certain))
        .collect::<Vec<_>>();
    assert!(certain.len() >= 200, "{} are certain", certain.len());
    for (one, two) in certain {
        assert_eq!(list[one].who, list[two].who, "{:?} {:?}", people[one], people[two]);
    }
}
