//! What two records may have in common, as numbers: a quick look that misses nothing, before anybody is compared name by name.

use std::collections::HashSet;

use super::terms::number;
use crate::kernel::text::fold;

/// A publication or a project.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The title.
    pub title: &'a str,
    /// The DOI of a publication.
    pub doi: Option<&'a str>,
    /// As they stand on it.
    pub authors: &'a [String],
}

/// Somebody's name, and names, titles and DOIs of their works.
#[derive(Debug, Default)]
pub struct Marks(Vec<u32>);

const NAME: char = 'n';
const AUTHOR: char = 'a';
const TITLE: char = 't';
const DOI: char = 'd';

fn mark(kind: char, text: &str) -> u32 {
    number(&format!("{kind}{text}"))
}

fn titles<'a>(work: Work<'a>) -> impl Iterator<Item = u32> + use<'a> {
    let doi = work.doi.map(|doi| mark(DOI, &doi.trim().to_lowercase()));
    std::iter::once(mark(TITLE, &fold(work.title))).chain(doi)
}

impl Marks {
    /// Of a record.
    pub fn of<'a>(name: &str, works: impl IntoIterator<Item = Work<'a>>) -> Self {
        let of = |work: Work<'a>| titles(work).chain(work.authors.iter().map(|name| mark(AUTHOR, &fold(name))));
        let mut all: Vec<u32> = works.into_iter().flat_map(of).chain([mark(NAME, &fold(name))]).collect();
        all.sort_unstable();
        all.dedup();
        all.shrink_to_fit();
        Self(all)
    }

    /// Whether any of these is among them.
    pub fn meet(&self, sought: &HashSet<u32>) -> bool {
        !sought.is_empty() && self.0.iter().any(|mark| sought.contains(mark))
    }

    /// Bytes it takes.
    pub const fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }
}

/// Marks of who may have this name, or have done something together with who bears it and has these works.
pub fn sought<'a>(name: &str, works: impl IntoIterator<Item = Work<'a>>) -> impl Iterator<Item = u32> {
    let name = fold(name);
    let of = |work: Work<'a>| titles(work).chain(work.authors.iter().map(|name| mark(NAME, &fold(name))));
    let own = [mark(NAME, &name), mark(AUTHOR, &name)];
    works.into_iter().flat_map(of).chain(own)
}
