//! `GET /experts/suggest`: what a search may be, while it is typed.

use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::store::{self, Audience};
use super::{ExpertCard, hint};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::experts::policy::SearchExperts;
use crate::fields::{DEFAULT_SCHEME, store as field_store};
use crate::http::params::Params;
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;
use crate::kernel::text::fold;
use crate::kernel::words::words;

/// Suggestions of each kind, at most.
const EACH: i64 = 5;
/// Fields that are looked through for the best: a scheme has some hundred, and few words fit more of them.
const FIELDS: i64 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuggestQuery {
    /// Beginnings of words, with or without accents; all must be found.
    #[param(example = "lam ng", max_length = 200)]
    q: Option<String>,
}

/// What is suggested.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SuggestionKind {
    /// A person.
    Name,
    /// A specialty people have.
    Specialty,
    /// A field of science and technology.
    Field,
}

/// A suggestion.
#[derive(Debug, Serialize, ToSchema)]
struct Suggestion {
    /// What it is.
    kind: SuggestionKind,
    /// What to show, and for a specialty to search for.
    #[schema(example = "Lâm nghiệp")]
    text: String,
    /// Of a person: the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Of a person or a field: the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BKHCN-2008:404")]
    code: Option<String>,
    /// Of a person: what tells namesakes apart. Of a field: the one above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Of a specialty: how many people have it, of those you may know of.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
}

/// Suggest searches
///
/// People, specialties and fields with words that begin like those typed: at most five of each, people first. Only of what
/// you may see.
#[utoipa::path(
    tag = "experts",
    params(SuggestQuery),
    security((), ("session" = ["experts.search"])),
    responses((status = 200, description = "Suggestions; none without a word", body = Page<Suggestion>)),
)]
#[get("/experts/suggest")]
pub(super) async fn suggest_experts(
    permit: Permit<SearchExperts>,
    query: Params<SuggestQuery>,
    req: HttpRequest,
) -> Answer {
    let (words, scope) = (words(query.0.q.as_deref())?, permit.scope());
    let mut items = Vec::new();
    if !words.is_empty() {
        let mut conn = permit.read().await?;
        let ids = store::named(&mut conn, scope, &words, EACH).await?;
        let (mut people, vocabulary) = store::cards(&conn, &permit.state().vocabularies, scope, &ids).await?;
        let specialties = store::specialties(&mut conn, Audience::of(scope.reach), &words, EACH).await?;
        let phrase = words.join(" ");
        let filter = field_store::Filter { scheme: DEFAULT_SCHEME.to_owned(), words, ..field_store::Filter::default() };
        let mut suggested = field_store::list(&mut conn, filter, FIELDS).await?;
        // what begins as typed, then what says little else
        suggested.sort_by_key(|row| (!fold(&row.name_vi).starts_with(&phrase), row.name_vi.chars().count()));
        suggested.truncate(usize::try_from(EACH).unwrap_or(usize::MAX));
        let above: Vec<&str> = suggested.iter().map(|row| row.code.as_str()).collect();
        let above = field_store::with_ancestors(&mut conn, &above).await?;
        drop(conn);
        let person = |id: &Uuid| {
            let whole = people.remove(id)?;
            let card = ExpertCard::new(whole.row, whole.fields, &vocabulary);
            let hint = hint(&card);
            let (id, code) = (Some(card.id), Some(card.code));
            Some(Suggestion { kind: SuggestionKind::Name, text: card.full_name, id, code, hint, count: None })
        };
        items.extend(ids.iter().filter_map(person));
        items.extend(specialties.into_iter().map(|known| Suggestion {
            kind: SuggestionKind::Specialty,
            text: known.label,
            id: None,
            code: None,
            hint: None,
            count: Some(known.people),
        }));
        items.extend(suggested.into_iter().map(|row| {
            let parent = above.iter().find(|other| Some(&other.code) == row.parent_code.as_ref());
            Suggestion {
                kind: SuggestionKind::Field,
                text: row.name_vi,
                id: None,
                code: Some(format!("{}:{}", row.scheme, row.code)),
                hint: parent.map(|parent| parent.name_vi.clone()),
                count: None,
            }
        }));
    }
    let cache = if scope.reach == Reach::Public { "public" } else { "private" };
    fresh_page(&req, cache, &Page { items, next_cursor: None })
}
