//! How alike two people are: rules over values, without a database.
//!
//! Each thing that two records share or contradict each other in has a weight; their sum becomes a score from 0 to 1. A name
//! alone is never enough, for in these provinces names are shared by hundreds.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::person::{NameWords, Person, is_whole};
use crate::kernel::partial_date::{PartialDate, Precision};
use crate::kernel::problem::Say;
use crate::say;

/// From here on two records are taken for one person, unless somebody says otherwise.
pub const LIKELY: f64 = 0.7;
/// Below this a pair is not worth a look.
pub const POSSIBLE: f64 = 0.4;

/// The sum of weights at which one in two pairs is one person, and how fast the score rises there.
const EVEN: f64 = 4.2;
const STEEPNESS: f64 = 1.2;

/// One thing that speaks for or against two records being one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// The same name.
    SameName,
    /// The same name, typed without accents on one side.
    SameNameWithoutAccents,
    /// The same words of the name in another order.
    SwappedName,
    /// A name whose initials stand for the other's words.
    Initials,
    /// The same family and given name; middle names are left out on one side.
    MiddleNameLeftOut,
    /// The name of one is a former or other name of the other.
    OtherName,
    /// The same letters with other accents.
    OtherAccents,
    /// Another name.
    DifferentName,
    /// The same full birth date.
    SameBirthDate,
    /// The same month of birth.
    SameBirthMonth,
    /// The same year of birth.
    SameBirthYear,
    /// Birth dates that differ by a slip: day and month exchanged, or one number.
    SimilarBirthDate,
    /// Other birth dates.
    DifferentBirthDate,
    /// The other gender.
    DifferentGender,
    /// The same workplace.
    SameWorkplace,
    /// Similar names of workplaces.
    SimilarWorkplace,
    /// Other workplaces.
    DifferentWorkplace,
    /// The same e-mail address.
    SameEmail,
    /// The same phone number.
    SamePhone,
    /// The same publications, by DOI.
    SameDoi,
    /// The same publications, by title.
    SameTitle,
    /// The same degree.
    SameDegree,
    /// The same field.
    SameField,
    /// No field in common.
    DifferentFields,
    /// The same specialty.
    SameSpecialty,
    /// The same province.
    SameProvince,
    /// Another province.
    DifferentProvince,
}

impl EvidenceKind {
    /// In words, for people.
    pub fn words(self) -> Say {
        match self {
            Self::SameName => say!("Trùng họ tên.", "The same name."),
            Self::SameNameWithoutAccents => {
                say!("Trùng họ tên, một bên viết không dấu.", "The same name, typed without accents on one side.",)
            }
            Self::SwappedName => say!("Trùng họ tên, khác thứ tự.", "The same words of the name in another order."),
            Self::Initials => say!("Họ tên viết tắt khớp nhau.", "The initials of one name stand for the other."),
            Self::MiddleNameLeftOut => {
                say!("Trùng họ và tên, một bên bỏ tên đệm.", "The same name, one without a middle name.")
            }
            Self::OtherName => say!("Trùng tên cũ hoặc tên khác.", "The same as a former or other name."),
            Self::OtherAccents => say!("Tên chỉ khác dấu.", "Names that differ in accents alone."),
            Self::DifferentName => say!("Khác họ tên.", "Another name."),
            Self::SameBirthDate => say!("Trùng ngày sinh.", "The same birth date."),
            Self::SameBirthMonth => say!("Trùng tháng sinh.", "The same month of birth."),
            Self::SameBirthYear => say!("Trùng năm sinh.", "The same year of birth."),
            Self::SimilarBirthDate => {
                say!("Ngày sinh gần giống, có thể viết nhầm.", "Birth dates that differ by a slip.")
            }
            Self::DifferentBirthDate => say!("Khác ngày sinh.", "Other birth dates."),
            Self::DifferentGender => say!("Khác giới tính.", "The other gender."),
            Self::SameWorkplace => say!("Cùng nơi công tác.", "The same workplace."),
            Self::SimilarWorkplace => say!("Nơi công tác gần giống.", "Similar names of workplaces."),
            Self::DifferentWorkplace => say!("Khác nơi công tác.", "Other workplaces."),
            Self::SameEmail => say!("Trùng địa chỉ thư điện tử.", "The same e-mail address."),
            Self::SamePhone => say!("Trùng số điện thoại.", "The same phone number."),
            Self::SameDoi => say!("Có công trình trùng mã DOI.", "Publications with the same DOI."),
            Self::SameTitle => say!("Có công trình trùng tên.", "Publications of the same title."),
            Self::SameDegree => say!("Cùng học vị.", "The same degree."),
            Self::SameField => say!("Cùng lĩnh vực.", "The same field."),
            Self::DifferentFields => say!("Không có lĩnh vực chung.", "No field in common."),
            Self::SameSpecialty => say!("Cùng chuyên môn.", "The same specialty."),
            Self::SameProvince => say!("Cùng tỉnh.", "The same province."),
            Self::DifferentProvince => say!("Khác tỉnh.", "Another province."),
        }
    }

    /// Beside a name, one of these is needed before anybody is taken for somebody else.
    const fn tells_namesakes_apart(self) -> bool {
        use EvidenceKind as E;
        matches!(
            self,
            E::SameBirthDate
                | E::SameBirthMonth
                | E::SameBirthYear
                | E::SimilarBirthDate
                | E::SameWorkplace
                | E::SimilarWorkplace
                | E::SameEmail
                | E::SamePhone
                | E::SameDoi
                | E::SameTitle
        )
    }

    const fn contradicts(self) -> bool {
        matches!(self, Self::DifferentBirthDate | Self::DifferentGender | Self::DifferentName)
    }
}

/// A piece of evidence with its weight: above 0 it speaks for one person, below 0 against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "said above")]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub weight: f64,
}

/// How alike two people are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// From 0 to 1.
    pub score: f64,
    /// What speaks for it and against, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// True when nobody needs to look: what is the same is never shared by two people, and nothing contradicts it.
    pub certain: bool,
}

/// Compares two people; none when they are not worth a look. The order of the two does not matter.
pub fn compare(a: &Person, b: &Person) -> Option<Likeness> {
    let mut evidence = vec![names(a, b)];
    evidence.extend(births(a.born, b.born));
    evidence.extend(gender(a, b));
    evidence.extend(workplaces(a, b));
    evidence.extend(contacts(a, b));
    evidence.extend(works(a, b));
    evidence.extend(expertise(a, b));
    if !evidence.iter().any(|item| item.kind.tells_namesakes_apart()) {
        return None;
    }
    let sum: f64 = evidence.iter().map(|item| item.weight).sum();
    let score = 1.0 / (1.0 + (-STEEPNESS * (sum - EVEN)).exp());
    if score < POSSIBLE {
        return None;
    }
    let certain = is_certain(&evidence);
    evidence.sort_by(|one, two| two.weight.abs().total_cmp(&one.weight.abs()).then(one.kind.cmp(&two.kind)));
    Some(Likeness { score: (score * 1_000.0).round() / 1_000.0, evidence, certain })
}

/// An address belongs to one person; so do a name, a birth date and one thing more. Initials may be another's.
fn is_certain(evidence: &[Evidence]) -> bool {
    use EvidenceKind as E;
    let has = |kinds: &[E]| evidence.iter().any(|item| kinds.contains(&item.kind));
    if evidence.iter().any(|item| item.kind.contradicts()) {
        return false;
    }
    let named = has(&[E::SameName, E::SameNameWithoutAccents, E::SwappedName, E::OtherName]);
    let shortened = has(&[E::Initials, E::MiddleNameLeftOut]);
    let more = has(&[E::SameWorkplace, E::SamePhone, E::SameDoi, E::SameTitle]);
    let born = has(&[E::SameBirthDate, E::SameBirthMonth, E::SameBirthYear]);
    (named && has(&[E::SameEmail]))
        || (named && has(&[E::SameBirthDate]) && more)
        || (named && born && has(&[E::SamePhone]))
        || (shortened && born && has(&[E::SameEmail]))
}

const fn item(kind: EvidenceKind, weight: f64) -> Evidence {
    Evidence { kind, weight }
}

/// The best that any two of their names say; that of a name not borne today counts less.
fn names(a: &Person, b: &Person) -> Evidence {
    let mut best = item(EvidenceKind::DifferentName, -4.0);
    for (at, one) in a.names.iter().enumerate() {
        for (of, two) in b.names.iter().enumerate() {
            let Some(found) = name(one, two) else { continue };
            let is_other = at > 0 || of > 0;
            let found = if is_other { item(EvidenceKind::OtherName, found.weight - 0.4) } else { found };
            if found.weight > best.weight {
                best = found;
            }
        }
    }
    best
}

/// What two names say of each other.
fn name(a: &NameWords, b: &NameWords) -> Option<Evidence> {
    use EvidenceKind as E;
    // four words are borne by far fewer people than two
    let telling = match a.folded.len().max(b.folded.len()) {
        0 => return None,
        1 | 2 => -0.5,
        3 => 0.0,
        _ => 0.4,
    };
    if a.folded == b.folded {
        let found = match () {
            () if a.accented == b.accented => item(E::SameName, 3.0),
            () if a.is_bare() || b.is_bare() => item(E::SameNameWithoutAccents, 2.7),
            () => item(E::OtherAccents, 0.9),
        };
        return Some(item(found.kind, found.weight + telling));
    }
    if same_words(a, b) {
        // accents that differ are another name in any order
        let weight = if a.is_bare() || b.is_bare() || same_accents(a, b) { 2.6 } else { 0.9 };
        return Some(item(if weight > 1.0 { E::SwappedName } else { E::OtherAccents }, weight + telling));
    }
    if initials(&a.folded, &b.folded) || initials(&b.folded, &a.folded) {
        return Some(item(E::Initials, 1.6));
    }
    let accents_agree = a.is_bare() || b.is_bare() || ends_agree(a, b);
    (accents_agree && middle_left_out(&a.folded, &b.folded)).then(|| item(E::MiddleNameLeftOut, 1.6))
}

fn same_words(a: &NameWords, b: &NameWords) -> bool {
    sorted(a.folded.iter()) == sorted(b.folded.iter())
}

fn same_accents(a: &NameWords, b: &NameWords) -> bool {
    sorted(a.accented.split(' ')) == sorted(b.accented.split(' '))
}

fn sorted<T: Ord>(words: impl Iterator<Item = T>) -> Vec<T> {
    let mut words: Vec<T> = words.collect();
    words.sort_unstable();
    words
}

fn ends_agree(a: &NameWords, b: &NameWords) -> bool {
    let ends = |name: &NameWords| {
        let mut words = name.accented.split(' ');
        (words.next().map(str::to_owned), words.next_back().map(str::to_owned))
    };
    ends(a) == ends(b)
}

/// True when some words of `short` are initials of words of `long`, and the others, at least one of them whole, are words of
/// it; in the same order, or with the given name before the others.
fn initials(short: &[String], long: &[String]) -> bool {
    if short.len() != long.len() || short.len() < 2 || !short.iter().any(|word| is_whole(word)) {
        return false;
    }
    let mut turned = short.to_vec();
    turned.rotate_left(1);
    let stands_for = |words: &[String]| {
        let fits = |(one, two): (&String, &String)| one == two || (!is_whole(one) && two.starts_with(one.as_str()));
        words.iter().zip(long).all(fits)
    };
    stands_for(short) || stands_for(&turned)
}

/// True when first and last word are the same and the middle of the longer name holds that of the shorter one.
fn middle_left_out(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if short.len() == long.len() || short.len() < 2 {
        return false;
    }
    let ends = short.first() == long.first() && short.last() == long.last();
    ends && short.iter().all(|word| long.contains(word))
}

fn births(a: Option<PartialDate>, b: Option<PartialDate>) -> Option<Evidence> {
    use EvidenceKind as E;
    let (a, b) = (a?, b?);
    if let (Some(one), Some(two)) = (a.day(), b.day()) {
        return Some(match () {
            // many are entered as born on the first of January when nobody knew the day
            () if one == two && is_new_year(a) => item(E::SameBirthDate, 2.3),
            () if one == two => item(E::SameBirthDate, 4.0),
            () if is_slip(a, b) => item(E::SimilarBirthDate, 1.3),
            () if a.year() == b.year() && (is_new_year(a) || is_new_year(b)) => item(E::SameBirthYear, 1.3),
            () => item(E::DifferentBirthDate, -5.0),
        });
    }
    let (first, last) = (a.first_day().max(b.first_day()), a.last_day().min(b.last_day()));
    if first > last {
        return Some(item(E::DifferentBirthDate, -5.0));
    }
    let by_year = [a, b].iter().any(|date| date.precision() == Precision::Year);
    Some(if by_year { item(E::SameBirthYear, 1.9) } else { item(E::SameBirthMonth, 2.8) })
}

fn is_new_year(date: PartialDate) -> bool {
    date.to_string().ends_with("-01-01")
}

/// Day and month exchanged, or one of the three numbers another.
fn is_slip(a: PartialDate, b: PartialDate) -> bool {
    let parts = |date: PartialDate| date.to_string().split('-').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (parts(a), parts(b));
    let exchanged = a.first() == b.first() && a.get(1) == b.get(2) && a.get(2) == b.get(1);
    let differ = |one: &String, two: &String| one.bytes().zip(two.bytes()).filter(|(x, y)| x != y).count();
    let slips: usize = a.iter().zip(&b).map(|(one, two)| differ(one, two)).sum();
    exchanged || slips == 1
}

fn gender(a: &Person, b: &Person) -> Option<Evidence> {
    let (one, two) = (a.gender.as_ref()?, b.gender.as_ref()?);
    (one != two).then(|| item(EvidenceKind::DifferentGender, -3.0))
}

fn workplaces(a: &Person, b: &Person) -> Option<Evidence> {
    use EvidenceKind as E;
    let same_body = a.workplace_id.is_some() && a.workplace_id == b.workplace_id;
    let texts = a.workplace.as_deref().zip(b.workplace.as_deref());
    if same_body || texts.is_some_and(|(one, two)| one == two && !one.is_empty()) {
        return Some(item(E::SameWorkplace, 2.1));
    }
    let (one, two) = texts?;
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<HashSet<_>>();
    let (one, two) = (words(one), words(two));
    let (common, all) = (one.intersection(&two).count(), one.union(&two).count());
    // "Khoa Lâm nghiệp, Trường Đại học Tân Trào" holds "Trường Đại học Tân Trào"
    let within = common >= 4 && common == one.len().min(two.len());
    let alike = common * 3 >= all * 2;
    Some(if within || alike { item(E::SimilarWorkplace, 1.2) } else { item(E::DifferentWorkplace, -0.5) })
}

fn contacts(a: &Person, b: &Person) -> Vec<Evidence> {
    use EvidenceKind as E;
    let shared = |one: &[Vec<u8>], two: &[Vec<u8>]| one.iter().any(|hash| two.contains(hash));
    let email = shared(&a.emails, &b.emails).then(|| item(E::SameEmail, 5.0));
    let phone = shared(&a.phones, &b.phones).then(|| item(E::SamePhone, 2.8));
    email.into_iter().chain(phone).collect()
}

/// Publications may be those of co-authors, who bear other names.
fn works(a: &Person, b: &Person) -> Vec<Evidence> {
    use EvidenceKind as E;
    let common = |one: &[String], two: &[String]| one.iter().filter(|text| two.binary_search(text).is_ok()).count();
    let (dois, titles) = (common(&a.dois, &b.dois), common(&a.titles, &b.titles));
    let weight = |first: f64, count: usize| if count > 1 { first + 1.0 } else { first };
    let doi = (dois > 0).then(|| item(E::SameDoi, weight(3.0, dois)));
    // a work with a DOI has a title as well, and counts once
    let title = (dois == 0 && titles > 0).then(|| item(E::SameTitle, weight(2.4, titles)));
    doi.into_iter().chain(title).collect()
}

/// Digits of a code that name a field of the second level.
const FIELD_DIGITS: usize = 3;

fn expertise(a: &Person, b: &Person) -> Vec<Evidence> {
    use EvidenceKind as E;
    let mut evidence = Vec::new();
    let broad = |code: &String| code.chars().take(FIELD_DIGITS).collect::<String>();
    if !a.fields.is_empty() && !b.fields.is_empty() {
        let shared = a.fields.iter().any(|one| b.fields.iter().any(|two| broad(one) == broad(two)));
        evidence.push(if shared { item(E::SameField, 0.7) } else { item(E::DifferentFields, -0.9) });
    }
    if a.specialties.iter().any(|one| b.specialties.contains(one)) {
        evidence.push(item(E::SameSpecialty, 0.7));
    }
    if a.degree.is_some() && a.degree == b.degree {
        evidence.push(item(E::SameDegree, 0.2));
    }
    if let (Some(one), Some(two)) = (a.province, b.province) {
        evidence.push(if one == two { item(E::SameProvince, 0.2) } else { item(E::DifferentProvince, -0.4) });
    }
    evidence
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
