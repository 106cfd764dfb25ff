//! Why an expert was found: which words of the query stand where. Pure, so that people can trust it.

use serde::Serialize;
use utoipa::ToSchema;

use super::view::ExpertCard;
use crate::kernel::text::fold;

/// A place that holds words of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// `name`, `specialty`, `field`, `workplace` or `position`.
    #[serde(rename = "in")]
    #[schema(example = "specialty")]
    pub place: &'static str,
    /// The text there.
    #[schema(example = "Quản lý rừng bền vững")]
    pub text: String,
}

/// The places of a card where folded `words` begin a word, the most telling first: those that hold every word of the
/// query or, when none does, those that hold some.
///
/// `field_paths` are the names of each field of the card and of those above it, from the top down; they count too.
pub fn reasons(card: &ExpertCard, words: &[String], field_paths: &[Vec<String>]) -> Vec<Reason> {
    let places = places(card, field_paths);
    let held = |text: &str| {
        let folded = format!(" {} ", fold(text));
        words.iter().filter(|word| folded.contains(&format!(" {word}"))).count()
    };
    let counted: Vec<(usize, Reason)> = places.into_iter().map(|reason| (held(&reason.text), reason)).collect();
    let whole = counted.iter().any(|(count, _)| *count == words.len());
    let enough = if whole { words.len() } else { 1 };
    counted.into_iter().filter(|(count, _)| !words.is_empty() && *count >= enough).map(|(_, reason)| reason).collect()
}

fn places(card: &ExpertCard, field_paths: &[Vec<String>]) -> Vec<Reason> {
    let reason = |place, text: &str| Reason { place, text: text.to_owned() };
    let mut places = vec![reason("name", &card.full_name)];
    places.extend(card.specialties.iter().map(|text| reason("specialty", text)));
    places.extend(field_paths.iter().map(|path| reason("field", &path.join(" › "))));
    places.extend(card.workplace.iter().map(|text| reason("workplace", text)));
    places.extend(card.position.iter().map(|text| reason("position", text)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_matches_are_given_before_partial_ones() {
        let card = ExpertCard {
            full_name: "Hoàng Thanh Lâm".into(),
            specialties: vec!["Chọn giống cây lâm nghiệp".into(), "Làm giàu rừng".into()],
            workplace: Some("Chi cục Kiểm lâm".into()),
            ..ExpertCard::default()
        };
        let paths = [vec!["Lâm nghiệp".to_owned(), "Lâm sinh".to_owned()]];
        for (words, expected) in [
            (vec!["lam", "nghiep"], vec!["specialty Chọn giống cây lâm nghiệp", "field Lâm nghiệp › Lâm sinh"]),
            (vec!["kiem", "rung"], vec!["specialty Làm giàu rừng", "workplace Chi cục Kiểm lâm"]),
            (vec!["hoa"], vec!["name Hoàng Thanh Lâm"]),
            (vec![], vec![]),
        ] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            let seen: Vec<String> =
                reasons(&card, &words, &paths).iter().map(|r| format!("{} {}", r.place, r.text)).collect();
            assert_eq!(seen, expected);
        }
    }
}
