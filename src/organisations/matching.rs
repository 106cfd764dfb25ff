//! Which organisation a workplace written as text may be: a score from 0 to 1 with the reasons for it.
//!
//! What differs only in spelling is the same name; what names another province or another number is another body, however
//! similar the rest. An officer decides; an accepted spelling is remembered and asks nobody again.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::Kind;
use super::names::WORKPLACE;
use super::policy::MatchWorkplaces;
use super::store::{self, Candidate};
use super::view::{OrganisationRef, ProvinceName};
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::params::Params;
use crate::kernel::clock::today;
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::text::{accent_key, display, fold};
use crate::reference::check_as_of;
use crate::reference::places::Places;
use crate::say;

/// From here on a candidate is proposed by itself.
pub const SURE: f64 = 0.9;
/// Below this a candidate is not worth showing.
pub const POSSIBLE: f64 = 0.6;
/// Most candidates shown for one text.
const SHOWN: usize = 5;
/// Longest text.
pub const MAX_CHARS: usize = 300;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_candidates);
}

/// Abbreviations as folded words between blanks, and what they stand for.
const WRITTEN_OUT: [(&str, &str); 31] = [
    (" dhqghn ", " dai hoc quoc gia ha noi "),
    (" dhqg ", " dai hoc quoc gia "),
    (" tphcm ", " ho chi minh "),
    (" hcm ", " ho chi minh "),
    (" hcmc ", " ho chi minh "),
    (" dh ", " dai hoc "),
    (" cd ", " cao dang "),
    (" hv ", " hoc vien "),
    (" bvdk ", " benh vien da khoa "),
    (" bv ", " benh vien "),
    (" ubnd ", " uy ban nhan dan "),
    (" hdnd ", " hoi dong nhan dan "),
    (" ubmttq ", " uy ban mat tran to quoc "),
    (" mttq ", " mat tran to quoc "),
    (" lhh ", " lien hiep cac hoi khoa hoc ky thuat "),
    (" kh cn ", " khoa hoc cong nghe "),
    (" khcn ", " khoa hoc cong nghe "),
    (" kh kt ", " khoa hoc ky thuat "),
    (" khkt ", " khoa hoc ky thuat "),
    (" kh dt ", " ke hoach dau tu "),
    (" khdt ", " ke hoach dau tu "),
    (" gd dt ", " giao duc dao tao "),
    (" gddt ", " giao duc dao tao "),
    (" nn mt ", " nong nghiep moi truong "),
    (" nn ptnt ", " nong nghiep phat trien nong thon "),
    (" tn mt ", " tai nguyen moi truong "),
    (" tt tt ", " thong tin truyen thong "),
    (" gtvt ", " giao thong van tai "),
    (" trung hoc pho thong ", " thpt "),
    (" cty ", " cong ty "),
    (" ks benh tat ", " kiem soat benh tat "),
];

/// Words that people write or leave out as they like: the administrative level, "and".
const LEFT_OUT: [&str; 4] = [" tỉnh ", " thành phố ", " tp ", " và "];

/// What is compared: folded words, abbreviations written out, administrative levels and "và" left out, y as i.
pub fn match_key(text: &str) -> String {
    let mut accented = format!(" {} ", accent_key(text));
    for word in LEFT_OUT {
        while accented.contains(word) {
            accented = accented.replace(word, " ");
        }
    }
    let mut words = format!(" {} ", fold(&accented));
    for (short, long) in WRITTEN_OUT {
        if words.contains(short) {
            words = words.replace(short, long);
        }
    }
    let key = words.trim().replace('y', "i");
    // a text of signs or levels alone is compared as it is
    if key.is_empty() { fold(text) } else { key }
}

/// One reason for a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    /// An officer accepted this spelling before.
    AcceptedBefore,
    /// The same name.
    SameName,
    /// The same name but for abbreviations, "tỉnh", i and y.
    SameSpelling,
    /// The same name with the name of the province added.
    NameAndProvince,
    /// The same abbreviation.
    Abbreviation,
    /// Similar words.
    SimilarWords,
    /// A name it bore earlier.
    FormerName,
    /// The name of a body whose place it took.
    Predecessor,
    /// In the same province.
    SameProvince,
    /// In another province.
    OtherProvince,
    /// Other numbers.
    OtherNumber,
}

/// What is known of one name when it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Kind of the name, as in the register.
    pub kind: &'a str,
    /// The name, folded.
    pub key: &'a str,
    /// Its [`match_key`].
    pub match_key: &'a str,
    /// The [`match_key`] of the name its body, or the one that took its place, bears today.
    pub body_key: &'a str,
    /// The province of its body today.
    pub province: Option<i32>,
}

/// A text to be judged.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As written.
    pub text: String,
    /// Its [`match_key`].
    pub key: String,
    /// The province it was given with, as of today.
    pub province: Option<i32>,
}

impl Asked {
    /// Prepares a text.
    pub fn new(text: &str, province: Option<i32>) -> Self {
        Self { text: text.to_owned(), key: match_key(text), province }
    }
}

/// Judges a name. `provinces` are the match keys of province names, with the province each means today.
pub fn judge(asked: &Asked, known: Known<'_>, provinces: &[(String, i32)]) -> (f64, Vec<MatchReason>) {
    let mut reasons = Vec::new();
    let named: Vec<i32> = provinces_in(&asked.key, provinces);
    let with_province = || {
        let there = |(key, id): &(String, i32)| {
            known.province == Some(*id) && format!("{} {key}", known.match_key) == asked.key
        };
        // of several that became one, each by its name
        provinces.iter().any(there)
    };
    let mut score = if known.kind == WORKPLACE && known.match_key == asked.key {
        reasons.push(MatchReason::AcceptedBefore);
        1.0
    } else if known.kind == "short" {
        reasons.push(MatchReason::Abbreviation);
        if known.key == fold(&asked.text) { 0.85 } else { 0.0 }
    } else if known.key == fold(&asked.text) {
        reasons.push(MatchReason::SameName);
        1.0
    } else if known.match_key == asked.key {
        reasons.push(MatchReason::SameSpelling);
        0.97
    } else if with_province() {
        reasons.push(MatchReason::NameAndProvince);
        0.95
    } else {
        reasons.push(MatchReason::SimilarWords);
        similarity(&asked.key, known.match_key, provinces)
    };
    let whole = score >= SURE;
    let other_named = {
        let mut theirs = provinces_in(known.match_key, provinces);
        theirs.extend(provinces_in(known.body_key, provinces));
        let foreign = |mine: &[i32], theirs: &[i32]| !mine.is_empty() && mine.iter().all(|id| !theirs.contains(id));
        // of a body whose place nobody knows, too: a text that names one means a body that is known to be there
        foreign(&named, &theirs) && known.province.is_none_or(|id| !named.contains(&id)) && !whole
    };
    if other_named {
        reasons.push(MatchReason::OtherProvince);
        score = score.min(0.4);
    } else if let Some((asked, known)) = asked.province.zip(known.province) {
        reasons.push(if asked == known { MatchReason::SameProvince } else { MatchReason::OtherProvince });
        if asked != known {
            score = score.min(if whole { 0.8 } else { 0.5 });
        }
    }
    if numbers(&asked.key) != numbers(known.match_key) && !whole {
        reasons.push(MatchReason::OtherNumber);
        score = score.min(0.5);
    }
    ((score * 100.0).round() / 100.0, reasons)
}

fn provinces_in(key: &str, provinces: &[(String, i32)]) -> Vec<i32> {
    let key = format!(" {key} ");
    provinces.iter().filter(|(name, _)| key.contains(&format!(" {name} "))).map(|(_, id)| *id).collect()
}

fn numbers(key: &str) -> Vec<&str> {
    let mut numbers: Vec<&str> = key.split(' ').filter(|word| word.bytes().any(|b| b.is_ascii_digit())).collect();
    numbers.sort_unstable();
    numbers
}

/// What the names of bodies of one kind begin with, as [`match_key`] has it; the longest that fits counts. Bodies that begin
/// differently are different, whatever follows: "Sở Y tế" is no "Trường Cao đẳng Y tế".
const HEADS: [&str; 41] = [
    "truong dai hoc",
    "dai hoc",
    "truong cao dang",
    "truong trung cap",
    "truong chinh tri",
    "truong thpt",
    "truong",
    "hoc vien",
    "benh vien",
    "phong kham",
    "trung tam",
    "vien",
    "phan vien",
    "bao tang",
    "thu vien",
    "cong ti",
    "cong ti co phan",
    "cong ti tnhh",
    "tap doan",
    "tong cong ti",
    "ngan hang",
    "hop tac xa",
    "van phong",
    "ui ban nhan dan",
    "ui ban mat tran to quoc",
    "hoi dong nhan dan",
    "tinh ui",
    "so",
    "bo",
    "cuc",
    "tong cuc",
    "chi cuc",
    "ban",
    "thanh tra",
    "hoi",
    "hiep hoi",
    "lien hiep",
    "lien minh",
    "lien doan",
    "bao",
    "dai phat thanh",
];

/// Splits what a name begins with off it.
fn split_head(key: &str) -> (Option<&'static str>, &str) {
    let begins = |head: &&&str| key.strip_prefix(**head).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let Some(head) = HEADS.iter().filter(begins).max_by_key(|head| head.len()) else { return (None, key) };
    // people write "Đại học" and "Trường Đại học" for one and the same
    let kind = if *head == "dai hoc" { "truong dai hoc" } else { head };
    (Some(kind), key[head.len()..].trim_start())
}

/// How similar two names are that differ in more than spelling; below [`SURE`]. What is particular to a name counts most:
/// what is left without the kind of body and the names of provinces.
fn similarity(a: &str, b: &str, provinces: &[(String, i32)]) -> f64 {
    let ((kind, own), (other_kind, other)) = (split_head(a), split_head(b));
    let particular = |text: &str| {
        let mut text = format!(" {text} ");
        for (name, _) in provinces {
            text = text.replace(&format!(" {name} "), " ");
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let same_kind = kind == other_kind;
    let particular = shared_words(&particular(own), &particular(other));
    let similar = 0.89 * (0.65 * particular + if same_kind { 0.2 } else { 0.0 } + 0.15 * trigrams(a, b));
    let differs = kind.is_some() && other_kind.is_some() && !same_kind;
    similar.min(if differs { 0.5 } else { 1.0 })
}

/// Dice's coefficient over words, each counted as often as it stands; a word with one wrong letter counts nearly whole.
fn shared_words(a: &str, b: &str) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a == b { 1.0 } else { 0.0 };
    }
    let (a, mut rest): (Vec<&str>, Vec<&str>) = (a.split(' ').collect(), b.split(' ').collect());
    let total = as_f64(a.len() + rest.len());
    let mut shared = 0.0;
    let mut open = Vec::new();
    for word in a {
        match rest.iter().position(|other| *other == word) {
            Some(at) => {
                rest.swap_remove(at);
                shared += 1.0;
            }
            None => open.push(word),
        }
    }
    for word in open {
        if let Some(at) = rest.iter().position(|other| nearly_equal(word, other)) {
            rest.swap_remove(at);
            shared += 0.8;
        }
    }
    2.0 * shared / total
}

fn as_f64(n: usize) -> f64 {
    // lengths of names: far below what f64 holds exactly
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// True for words of four letters or more that begin with the same letter and differ by one put in, left out, changed, or
/// two swapped.
fn nearly_equal(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().min(b.len()) < 4 || a.len().abs_diff(b.len()) > 1 || a.first() != b.first() {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (left, right) = (a.len() - head - tail, b.len() - head - tail);
    left.max(right) <= 1 || (left == 2 && right == 2 && a[head] == b[head + 1] && a[head + 1] == b[head])
}

/// Similarity over groups of three letters, as pg_trgm has it: shared groups by all groups.
fn trigrams(a: &str, b: &str) -> f64 {
    let groups = |text: &str| -> std::collections::BTreeSet<[char; 3]> {
        text.split(' ')
            .flat_map(|word| {
                let padded: Vec<char> = "  ".chars().chain(word.chars()).chain(" ".chars()).collect();
                padded.windows(3).map(|w| [w[0], w[1], w[2]]).collect::<Vec<_>>()
            })
            .collect()
    };
    let (a, b) = (groups(a), groups(b));
    let shared = a.intersection(&b).count();
    as_f64(shared) / as_f64((a.len() + b.len() - shared).max(1))
}

/// A candidate with its judgement.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The living body.
    pub candidate: Candidate,
    /// 0 to 1.
    pub score: f64,
    /// Why.
    pub reasons: Vec<MatchReason>,
}

/// The living bodies each text may be, the likeliest first, at most five.
///
/// # Errors
/// 503 when the database is away.
pub async fn judge_all(conn: &mut Conn, asked: &[Asked], places: &Places, day: NaiveDate) -> Answer<Vec<Vec<Judged>>> {
    let provinces = province_keys(places, day);
    let keys: Vec<&str> = asked.iter().map(|asked| asked.key.as_str()).collect();
    let mut best: Vec<HashMap<Uuid, Judged>> = vec![HashMap::new(); asked.len()];
    for (at, candidate) in store::candidates(conn, &keys, day).await? {
        let Some((asked, best)) = asked.get(at).zip(best.get_mut(at)) else { continue };
        let judged = judge_candidate(asked, candidate, places, &provinces, day);
        let better = best.get(&judged.candidate.id).is_none_or(|known| known.score < judged.score);
        if judged.score >= POSSIBLE && better {
            best.insert(judged.candidate.id, judged);
        }
    }
    let sorted = best.into_iter().map(|best| {
        let mut judged: Vec<Judged> = best.into_values().collect();
        judged.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.candidate.name.cmp(&b.candidate.name)));
        judged.truncate(SHOWN);
        judged
    });
    Ok(sorted.collect())
}

fn judge_candidate(
    asked: &Asked,
    candidate: Candidate,
    places: &Places,
    provinces: &[(String, i32)],
    day: NaiveDate,
) -> Judged {
    let given = candidate.alias_province.map(|id| places.at(id, day));
    let province = candidate.province_id.map(|id| places.at(id, day));
    let mut candidate = candidate;
    if candidate.matched_kind == WORKPLACE {
        // Accepted spellings come from people's records, some of them hidden: they count when they are the very text, and
        // are never shown.
        candidate.matched.clone_from(&candidate.name);
        if candidate.match_key != asked.key {
            return Judged { candidate, score: 0.0, reasons: Vec::new() };
        }
    }
    let kind = match candidate.matched_kind.as_str() {
        // a spelling that was accepted for another province says nothing about this one
        WORKPLACE if given != asked.province => "other",
        kind => kind,
    };
    let body_key = match_key(&candidate.name);
    let known =
        Known { kind, key: candidate.key.trim(), match_key: &candidate.match_key, body_key: &body_key, province };
    let (mut score, mut reasons) = judge(asked, known, provinces);
    if candidate.inherited {
        reasons.push(MatchReason::Predecessor);
        score = score.min(0.92);
    } else if !candidate.current && kind != WORKPLACE {
        reasons.push(MatchReason::FormerName);
    }
    Judged { candidate, score, reasons }
}

fn province_keys(places: &Places, day: NaiveDate) -> Vec<(String, i32)> {
    places.rows().map(|(id, row)| (match_key(&row.name), places.at(id, day))).collect()
}

/// The organisations that texts certainly are: an accepted spelling, or the name of exactly one living body that is not in
/// another province. By the place of the text in `asked`.
///
/// # Errors
/// 503 when the database is away.
pub async fn resolve(conn: &mut Conn, asked: &[Asked], places: &Places) -> Answer<Vec<Option<Uuid>>> {
    let day = today();
    let keys: Vec<&str> = asked.iter().map(|asked| asked.key.as_str()).collect();
    let mut named: HashMap<String, Vec<Candidate>> = HashMap::new();
    for candidate in store::exact(conn, &keys, day).await? {
        named.entry(candidate.match_key.clone()).or_default().push(candidate);
    }
    let none = Vec::new();
    Ok(asked.iter().map(|asked| certain(asked, named.get(&asked.key).unwrap_or(&none), places, day)).collect())
}

fn certain(asked: &Asked, named: &[Candidate], places: &Places, day: NaiveDate) -> Option<Uuid> {
    let today = |id: Option<i32>| id.map(|id| places.at(id, day));
    let accepted = |c: &&Candidate| c.matched_kind == WORKPLACE && today(c.alias_province) == asked.province;
    let elsewhere = |c: &&Candidate| today(c.province_id).zip(asked.province).is_some_and(|(a, b)| a != b);
    let own = |c: &&Candidate| c.matched_kind != WORKPLACE && !c.inherited && !elsewhere(c);
    only(named.iter().filter(accepted)).or_else(|| only(named.iter().filter(own)))
}

/// The body all of them are.
fn only<'a>(mut candidates: impl Iterator<Item = &'a Candidate>) -> Option<Uuid> {
    let first = candidates.next()?.id;
    candidates.all(|candidate| candidate.id == first).then_some(first)
}

/// What a workplace seems to be, by the words it begins with; somebody looks at it before it is entered.
pub fn kind_of(text: &str) -> Kind {
    // with accents: "hội đồng" is a council, "Hội Đông y" an association
    let text = format!("{} ", accent_key(text));
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(&format!("{word} ")));
    if begins(&["liên hiệp các hội khoa học"]) {
        Kind::Union
    } else if begins(&["hội đồng", "hội nông dân", "hội liên hiệp phụ nữ", "hội cựu chiến binh"])
    {
        Kind::Agency
    } else if begins(&["hội", "hiệp hội", "liên hiệp", "tổng hội", "liên minh"]) {
        Kind::Association
    } else if begins(&[
        "sở",
        "uỷ ban",
        "ubnd",
        "bộ",
        "cục",
        "chi cục",
        "tổng cục",
        "ban",
        "thanh tra",
        "văn phòng",
        "tỉnh uỷ",
    ]) {
        Kind::Agency
    } else {
        Kind::Institution
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CandidateQuery {
    /// The workplace as it was written.
    #[param(required, example = "Sở KH&CN tỉnh Tuyên Quang")]
    text: String,
    /// Name or code of the province it was given with.
    #[param(example = "Tuyên Quang")]
    province: Option<String>,
    /// The bodies that live on this date; today by default.
    as_of: Option<NaiveDate>,
}

/// An organisation a text may be.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateView {
    /// The organisation, as it is today.
    pub organisation: OrganisationRef,
    /// Where it is.
    pub province: Option<ProvinceName>,
    /// 0 to 1; from 0.9 on it is the one unless another is as good.
    #[schema(minimum = 0, maximum = 1, example = 0.97)]
    pub score: f64,
    /// Why.
    pub reasons: Vec<MatchReason>,
    /// The name that was compared.
    #[schema(example = "Sở Khoa học và Công nghệ Tuyên Quang")]
    pub matched_name: String,
}

impl CandidateView {
    /// The view of a judged candidate.
    pub fn new(judged: Judged, places: &Places, day: NaiveDate) -> Self {
        let Judged { candidate, score, reasons } = judged;
        Self {
            province: ProvinceName::at(places, candidate.province_id, day),
            organisation: OrganisationRef { id: candidate.id, code: candidate.code, name: candidate.name },
            score,
            reasons,
            matched_name: candidate.matched,
        }
    }
}

/// Find the organisations a workplace may be
///
/// Living bodies whose names, former names, accepted spellings or predecessors fit the text; the likeliest first, with
/// score and reasons. None means that the register has nothing like it.
#[utoipa::path(
    tag = "organisations",
    params(CandidateQuery),
    security(("session" = ["organisations.match"])),
    responses((status = 200, description = "At most five candidates", body = Page<CandidateView>)),
)]
#[get("/organisations/candidates")]
async fn list_candidates(permit: Permit<MatchWorkplaces>, query: Params<CandidateQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let text = check_text(&query.text)?;
    let mut conn = permit.read().await?;
    let (places, day) = (Places::read(&mut conn).await?, check_as_of(&mut conn, query.as_of).await?);
    let province = places.named(query.province.as_deref(), day, "/province", Code::InvalidQuery)?;
    let judged = judge_all(&mut conn, &[Asked::new(&text, province)], &places, day).await?;
    let items = judged.into_iter().flatten().map(|judged| CandidateView::new(judged, &places, day)).collect();
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

fn check_text(text: &str) -> Answer<String> {
    let text = display(text);
    let fault = |code, detail| Err(Problem::new(Code::InvalidQuery).and_field("/text", code, detail));
    if fold(&text).is_empty() {
        return fault("required", say!("Cần tên nơi công tác.", "The workplace is missing."));
    }
    if text.chars().count() > MAX_CHARS {
        return fault("too_long", say!("Tối đa {MAX_CHARS} ký tự.", "At most {MAX_CHARS} characters."));
    }
    Ok(text)
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
