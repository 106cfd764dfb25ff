//! The search keys of an expert: what the words of a query are compared with.

use super::model::Draft;
use super::vocabulary::Vocabulary;
use crate::kernel::name::sort_key;
use crate::kernel::text::{accent_key, fold};
use crate::organisations::matching::match_key;

/// Derived columns. Each key has a blank before and after, so that `' % word% '` finds the start of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the columns")]
pub struct Keys {
    pub name_sort: Vec<u8>,
    pub name_key: String,
    pub topic_key: String,
    pub work_key: String,
    pub workplace_key: Option<String>,
    pub search_key: String,
    pub accent_key: String,
    pub standing: i16,
}

impl Keys {
    /// Derives them.
    pub fn of(draft: &Draft, vocabulary: &Vocabulary) -> Self {
        let mut topics: Vec<&str> = draft.specialties.iter().map(String::as_str).collect();
        for field in &draft.fields {
            // The broadest level says too little: "Khoa học tự nhiên" would match every second person.
            let path = vocabulary.field_path(&field.scheme, &field.code);
            topics.extend(
                path.into_iter()
                    .skip_while(|row| row.level == 1 && row.code != field.code)
                    .map(|row| row.name_vi.as_str()),
            );
        }
        let work: Vec<&str> = [&draft.workplace, &draft.position].into_iter().flatten().map(String::as_str).collect();
        let name = [draft.name.full.as_str()];
        let key = |parts: &[&str], fold: fn(&str) -> String| {
            let folded: Vec<String> = parts.iter().map(|part| fold(part)).collect();
            format!(" {} ", folded.join(" , "))
        };
        let all: Vec<&str> = name.iter().chain(&topics).chain(&work).copied().collect();
        Self {
            name_sort: sort_key(&draft.name),
            name_key: key(&name, fold),
            topic_key: key(&topics, fold),
            work_key: key(&work, fold),
            workplace_key: draft.workplace.as_deref().map(match_key),
            search_key: key(&all, fold),
            accent_key: key(&all, accent_key),
            standing: vocabulary.standing(draft.academic_rank.as_deref(), draft.degree.as_deref()),
        }
    }
}
