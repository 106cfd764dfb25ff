//! Candidates as they are shown: what each part of a score says, in words.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::relevance::{Near, Source, Weighed};
use super::score::{self, Presence};
use super::store::Titles;
use super::{Candidate, Match};
use crate::consultations::model::{Case, FieldCode};
use crate::consultations::panel::{Finding, Standing, may_sit};
use crate::consultations::words::ConflictOutcome;
use crate::experts::view::ExpertCard;
use crate::experts::vocabulary::Vocabulary;
use crate::kernel::problem::{Lang, Say};
use crate::say;

/// What a part of a score is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidatePartKind {
    /// How near publications, projects and the words of the record are to title, summary and questions.
    Text,
    /// How close the fields are to those of the request.
    Fields,
    /// Degree and academic rank.
    Qualification,
    /// How much they have to do.
    Load,
    /// How long they were not asked.
    Rotation,
    /// How often they declined.
    Reliability,
    /// Whether they are there until the request is due.
    Availability,
    /// Whether they take work of this kind.
    Kind,
    /// Conflicts of interest: 0 for who has one that nobody waived. It changes no score, and who has one never counts on a panel.
    Conflicts,
}

/// What a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateEffect {
    /// Adds `weight` × `value`.
    Adds,
    /// Leaves 1 − `weight` × (1 − `value`) of what was added.
    Scales,
}

/// A field of the request, and the closest of the expert's.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateField {
    /// The field asked for.
    #[schema(example = "BKHCN-2008:40401")]
    asked: String,
    /// The expert's.
    #[schema(example = "BKHCN-2008:404")]
    own: String,
    /// Its name in Vietnamese.
    #[schema(example = "Lâm nghiệp")]
    name: String,
    /// How close, 0 to 1.
    #[schema(example = 0.6)]
    closeness: f64,
}

/// Where a document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateDocumentKind {
    /// A publication.
    Publication,
    /// A project.
    Project,
    /// The specialties.
    Specialties,
    /// The biography.
    Biography,
    /// Position and unit.
    Post,
}

/// A document that is near the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateDocument {
    /// Where it comes from.
    kind: CandidateDocumentKind,
    /// Id of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Title of the publication or project.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Year of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i16>,
    /// How near, 0 to 1.
    #[schema(example = 0.31)]
    nearness: f64,
    /// The rarest words they share, as the request spells them.
    #[schema(example = json!(["phòng hộ", "đầu nguồn"]))]
    words: Vec<String>,
}

/// A part of a score.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidatePart {
    /// What it is about.
    part: CandidatePartKind,
    /// What it does.
    effect: CandidateEffect,
    /// From 0 to 1, the best.
    #[schema(example = 0.62)]
    value: f64,
    /// How much it counts.
    #[schema(example = 0.6)]
    weight: f64,
    /// The same in words.
    words: String,
    /// Of the fields, which are close.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<CandidateField>,
    /// Of the texts, which documents are near.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<CandidateDocument>,
}

/// Somebody who may be asked for a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationCandidate {
    /// The expert.
    expert: ExpertCard,
    /// How well they fit, 0 to 1; comparable between requests.
    #[schema(example = 0.53)]
    score: f64,
    /// True for who can be asked now: there, with room, taking work of this kind, and without a conflict of interest that nobody waived.
    free: bool,
    /// Why.
    explanation: Vec<CandidatePart>,
}

/// To four digits: what is behind them says nothing. Nothing is `0`, where a sum of nothing is `-0`.
fn shown(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0 + 0.0
}

/// What it takes to tell.
pub struct Teller<'a> {
    /// The request.
    pub case: &'a Case,
    /// Names of fields and titles.
    pub vocabulary: &'a Vocabulary,
    /// Titles of documents.
    pub titles: &'a Titles,
    /// What the terms of the request weigh.
    pub weighed: &'a Weighed,
    /// How candidates stand to conflicts of interest.
    pub standings: &'a HashMap<Uuid, Standing>,
    /// Months of the window.
    pub window: u32,
    /// Today.
    pub today: chrono::NaiveDate,
    /// The language.
    pub lang: Lang,
}

impl Teller<'_> {
    /// A candidate as it is shown.
    pub fn view(&self, candidate: &Candidate, expert: ExpertCard) -> ConsultationCandidate {
        ConsultationCandidate {
            expert,
            score: shown(candidate.score),
            free: candidate.facts.is_free() && self.may_sit(candidate.expert),
            explanation: self.parts(candidate).into_iter().chain([self.conflicts(candidate.expert)]).collect(),
        }
    }

    fn may_sit(&self, expert: Uuid) -> bool {
        self.standings.get(&expert).is_none_or(|standing| may_sit(standing.outcome))
    }

    /// What was found of conflicts of interest.
    fn conflicts(&self, expert: Uuid) -> CandidatePart {
        let standing = self.standings.get(&expert);
        let found: Vec<Say> = standing.into_iter().flat_map(|one| &one.findings).map(Finding::words).collect();
        let join = |lang: Lang| found.iter().map(|said| lang.of(said)).collect::<Vec<_>>().join(" ");
        let (vi, en) = (join(Lang::Vi), join(Lang::En));
        let words = match standing.map(|standing| standing.outcome) {
            Some(ConflictOutcome::Recused) => {
                say!("Đã rút khỏi việc này. {vi}", "Recused. {en}")
            }
            Some(ConflictOutcome::Waived) => say!("Lãnh đạo đã chấp thuận: {vi}", "Waived by a leader: {en}"),
            _ if found.is_empty() => say!("Không thấy xung đột lợi ích.", "No conflict of interest was found."),
            _ => Say { vi, en },
        };
        CandidatePart {
            part: CandidatePartKind::Conflicts,
            effect: CandidateEffect::Scales,
            value: if self.may_sit(expert) { 1.0 } else { 0.0 },
            weight: 0.0,
            words: self.lang.of(&words).trim().to_owned(),
            fields: Vec::new(),
            documents: Vec::new(),
        }
    }

    fn parts(&self, candidate: &Candidate) -> Vec<CandidatePart> {
        use CandidateEffect::{Adds, Scales};
        use CandidatePartKind::{Availability, Fields, Kind, Load, Qualification, Reliability, Rotation, Text};
        let parts = &candidate.explanation.parts;
        let text_weight = if parts.fields.is_some() { score::TEXT } else { 1.0 };
        let part = |part, effect, value: f64, weight: f64, words: &Say| CandidatePart {
            part,
            effect,
            value: shown(value),
            weight: shown(weight),
            words: self.lang.of(words).to_owned(),
            fields: Vec::new(),
            documents: Vec::new(),
        };
        let documents = candidate.explanation.documents.iter();
        let documents: Vec<CandidateDocument> = documents.map(|near| self.document(candidate, near)).collect();
        let fields = candidate.explanation.fields.iter().filter_map(|found| self.field(candidate, found)).collect();
        let shared = text_words(&documents);
        let mut all = vec![CandidatePart { documents, ..part(Text, Adds, parts.text, text_weight, &shared) }];
        if let Some(value) = parts.fields {
            let words = self.field_words(candidate);
            all.push(CandidatePart { fields, ..part(Fields, Adds, value, score::FIELDS, &words) });
        }
        let facts = &candidate.facts;
        let full = if parts.full { score::FULL } else { 1.0 };
        // one weight for both that the load does: the share of work, and that the measure is full
        let load_left = score::factor(parts.room, score::LOAD) * full;
        let (load_value, load_weight) = if parts.full { (0.0, 1.0 - load_left) } else { (parts.room, score::LOAD) };
        let kind_value = if parts.takes_kind { 1.0 } else { 0.0 };
        let load = &facts.load;
        let since = load.days_since_asked(self.today);
        all.extend([
            part(
                Qualification,
                Scales,
                parts.qualification,
                score::QUALIFICATION,
                &self.qualification_words(candidate),
            ),
            part(Load, Scales, load_value, load_weight, &load_words(load)),
            part(Rotation, Scales, parts.rest, score::ROTATION, &rotation_words(since)),
            part(Reliability, Scales, parts.reliability, score::RELIABILITY, &self.reliability_words(load)),
            part(Availability, Scales, parts.presence, score::AVAILABILITY, &presence_words(facts.presence)),
            part(Kind, Scales, kind_value, 1.0 - score::OTHER_KIND, &kind_words(parts.takes_kind)),
        ]);
        all
    }

    fn field(&self, candidate: &Candidate, found: &Match) -> Option<CandidateField> {
        let asked = self.case.fields.get(found.asked)?;
        let own = candidate.facts.fields().get(found.own)?;
        Some(CandidateField {
            asked: format!("{}:{}", asked.scheme, asked.code),
            own: format!("{}:{}", own.scheme, own.code),
            name: self.field_name(&own.scheme, &own.code, Lang::Vi),
            closeness: shown(found.closeness),
        })
    }

    fn field_name(&self, scheme: &str, code: &str, lang: Lang) -> String {
        let row = self.vocabulary.field(Some(scheme), code);
        let name = row.map(|row| if lang == Lang::Vi { row.name_vi.clone() } else { row.name_en.clone() });
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| code.to_owned())
    }

    fn field_words(&self, candidate: &Candidate) -> Say {
        let named = |lang: Lang| {
            let name = |found: &Match| {
                let FieldCode { scheme: asked_scheme, code: asked } = self.case.fields.get(found.asked)?;
                let own = candidate.facts.fields().get(found.own)?;
                let (wanted, has) =
                    (self.field_name(asked_scheme, asked, lang), self.field_name(&own.scheme, &own.code, lang));
                let percent = (100.0 * found.closeness).round();
                Some(if wanted == has {
                    format!("{has} ({percent}%)")
                } else {
                    format!("{has} → {wanted} ({percent}%)")
                })
            };
            candidate.explanation.fields.iter().filter_map(name).collect::<Vec<_>>().join("; ")
        };
        if !candidate.facts.disowned.is_empty() {
            return self.disowned_words(&candidate.facts.disowned);
        }
        if candidate.explanation.fields.is_empty() {
            return say!("Không có lĩnh vực nào gần với yêu cầu.", "No field is close to those asked for.");
        }
        Say {
            vi: format!("Lĩnh vực gần: {}.", named(Lang::Vi)), en: format!("Close fields: {}.", named(Lang::En))
        }
    }

    fn disowned_words(&self, fields: &[FieldCode]) -> Say {
        let names = |lang: Lang| {
            let name = |field: &FieldCode| self.field_name(&field.scheme, &field.code, lang);
            fields.iter().map(name).collect::<Vec<_>>().join("; ")
        };
        let (vi, en) = (names(Lang::Vi), names(Lang::En));
        say!("Gần đây đã từ chối vì không thuộc chuyên môn: {vi}.", "Lately declined as not their field: {en}.")
    }

    fn document(&self, candidate: &Candidate, near: &Near) -> CandidateDocument {
        use CandidateDocumentKind::{Biography, Post, Project, Publication, Specialties};
        let (title, year) = self.titles.of(candidate.expert, near.source);
        let (kind, id) = match near.source {
            Source::Publication(id) => (Publication, Some(id)),
            Source::Project(_) => (Project, None),
            Source::Specialties => (Specialties, None),
            Source::Biography => (Biography, None),
            Source::Post => (Post, None),
        };
        let words = self.weighed.words(candidate.facts.documents(), near);
        let words = words.iter().map(|word| word.to_string()).collect();
        CandidateDocument { kind, id, title, year, nearness: shown(near.cosine.into()), words }
    }

    fn qualification_words(&self, candidate: &Candidate) -> Say {
        let record = candidate.facts.record();
        let codes = [&record.academic_rank, &record.degree];
        let names = |lang: Lang| {
            let titles = codes.into_iter().flatten().filter_map(|code| self.vocabulary.title_by_code(code));
            let name = titles.map(|row| if lang == Lang::Vi { row.name_vi.clone() } else { row.name_en.clone() });
            name.collect::<Vec<_>>().join(", ")
        };
        if codes.into_iter().all(Option::is_none) {
            return say!("Chưa ghi học hàm, học vị.", "No degree or academic rank is recorded.");
        }
        Say { vi: format!("{}.", names(Lang::Vi)), en: format!("{}.", names(Lang::En)) }
    }

    fn reliability_words(&self, load: &super::Load) -> Say {
        let (window, asked, declined) = (self.window, load.asked, load.declined);
        if asked == 0 {
            return say!("Chưa được mời trong {window} tháng qua.", "Not asked in the last {window} months.");
        }
        say!(
            "Trong {window} tháng qua được mời {asked} lần, từ chối {declined} lần.",
            "Asked {asked} times in the last {window} months, declined {declined} times.",
        )
    }
}

fn text_words(documents: &[CandidateDocument]) -> Say {
    let mut words: Vec<&str> = Vec::new();
    for word in documents.iter().flat_map(|near| &near.words) {
        if !words.contains(&word.as_str()) {
            words.push(word);
        }
    }
    words.truncate(8);
    let (count, words) = (documents.len(), words.join(", "));
    if count == 0 {
        return say!(
            "Không tài liệu nào của chuyên gia có từ của yêu cầu.",
            "No document of the expert shares a word with the request."
        );
    }
    say!(
        "{count} tài liệu gần nhất có chung các từ hiếm: {words}.",
        "The {count} nearest documents share rare words with it: {words}."
    )
}

fn load_words(load: &super::Load) -> Say {
    let now = load.now;
    match load.cap {
        Some(cap) if now >= cap => {
            say!(
                "Đang tham gia {now} việc, bằng mức tối đa {cap} do chuyên gia nêu: hết chỗ.",
                "{now} assignments now, and takes {cap} at most: full."
            )
        }
        Some(cap) => say!("Đang tham gia {now} trên tối đa {cap} việc.", "{now} of at most {cap} assignments now."),
        None => say!("Đang tham gia {now} việc.", "{now} assignments now."),
    }
}

fn rotation_words(days: Option<i64>) -> Say {
    match days {
        None => say!("Chưa từng được mời.", "Never asked yet."),
        Some(days) => say!("Được mời lần gần nhất cách đây {days} ngày.", "Last asked {days} days ago."),
    }
}

fn presence_words(presence: Presence) -> Say {
    match presence {
        Presence::Throughout => say!("Có mặt đến hạn của yêu cầu.", "There until the request is due."),
        Presence::Partly { away, of } => {
            say!("Vắng {away} trên {of} ngày đến hạn.", "Away on {away} of the {of} days until it is due.")
        }
        Presence::Away => say!("Vắng cho đến hạn của yêu cầu.", "Away until the request is due."),
        Presence::NothingNew => say!("Hiện không nhận việc mới.", "Takes nothing new at present."),
    }
}

fn kind_words(takes: bool) -> Say {
    if takes {
        say!("Nhận loại việc này.", "Takes work of this kind.")
    } else {
        say!("Không nhận loại việc này.", "Does not take work of this kind.")
    }
}
