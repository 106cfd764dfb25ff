//! Lists: seek paging with sealed cursors.
//!
//! A cursor holds the sort key of the last row shown, ending in its id, so a row that does not change between pages
//! appears exactly once. It is sealed and bound to path, query and audience: it can't be read, altered or carried over
//! to another query or a caller who sees other rows.

use actix_web::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Answer, Code, Problem};
use super::sealed::Sealer;
use crate::say;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How many rows a page holds: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u16> for Limit {
    type Error = &'static str;

    fn try_from(n: u16) -> Result<Self, Self::Error> {
        if (1..=100).contains(&n) { Ok(Self(n)) } else { Err("expected a number from 1 to 100") }
    }
}

impl Limit {
    /// One more than asked for: the surplus row only tells that there is a next page.
    pub const fn probe(self) -> i64 {
        self.0 as i64 + 1
    }

    /// Rows to show.
    pub const fn rows(self) -> usize {
        self.0 as usize
    }
}

/// Seals and opens the cursors of one list for one caller.
pub struct Cursors<'a> {
    sealer: &'a Sealer,
    context: String,
}

impl<'a> Cursors<'a> {
    /// Binds to `path`, to all of `query` but the page asked for, and to `audience`, which tells who sees which rows.
    pub fn new(sealer: &'a Sealer, path: &str, query: &str, audience: &str) -> Self {
        let chooses = |pair: &&str| !pair.starts_with("limit=") && !pair.starts_with("cursor=") && !pair.is_empty();
        let mut pairs: Vec<&str> = query.split('&').filter(chooses).collect();
        pairs.sort_unstable();
        Self { sealer, context: format!("cursor\n{path}\n{audience}\n{}", pairs.join("&")) }
    }

    /// The cursors of a request, for an audience.
    pub fn of(sealer: &'a Sealer, req: &HttpRequest, audience: &str) -> Self {
        Self::new(sealer, req.path(), req.query_string(), audience)
    }

    /// Opens a cursor the caller sent.
    ///
    /// # Errors
    /// 400 `invalid_cursor` for one that is altered, of another query, or of another audience.
    pub fn open<K: DeserializeOwned>(&self, cursor: Option<&str>) -> Answer<Option<K>> {
        let Some(cursor) = cursor else { return Ok(None) };
        let key = URL_SAFE_NO_PAD
            .decode(cursor)
            .ok()
            .and_then(|sealed| self.sealer.open(&self.context, &sealed).ok())
            .and_then(|plain| serde_json::from_slice(&plain).ok());
        key.map(Some).ok_or_else(|| {
            Problem::new(Code::InvalidCursor).and_field(
                "/cursor",
                "invalid_cursor",
                say!(
                    "Con trỏ chỉ dùng được với đúng truy vấn và tài khoản đã nhận nó; hãy bắt đầu lại từ trang đầu.",
                    "A cursor works only with the query and account that received it; start again from the first page.",
                ),
            )
        })
    }

    /// Cuts the surplus row off and seals the key of the last row shown.
    ///
    /// # Errors
    /// 500 when the operating system gives no random bytes.
    pub fn page<R, T, K: Serialize>(
        &self,
        mut rows: Vec<R>,
        limit: Limit,
        key: impl Fn(&R) -> K,
        view: impl FnMut(R) -> T,
    ) -> Answer<Page<T>> {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next_cursor = match rows.last() {
            Some(last) if more => Some(self.at(&key(last))?),
            _ => None,
        };
        Ok(Page { items: rows.into_iter().map(view).collect(), next_cursor })
    }

    /// The cursor of a place: the same one for the same place.
    ///
    /// # Errors
    /// 500 when the key can't be written.
    pub fn at<K: Serialize>(&self, key: &K) -> Answer<String> {
        let plain = serde_json::to_vec(key).map_err(Problem::internal)?;
        let sealed = self.sealer.seal_same(&self.context, &plain).map_err(Problem::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sealed::KeyRing;

    fn sealer() -> Sealer {
        Sealer::new(KeyRing::parse(&KeyRing::generate_text("k").unwrap()).unwrap())
    }

    #[test]
    fn a_cursor_is_bound_to_list_query_and_audience() {
        let sealer = sealer();
        let cursors = Cursors::new(&sealer, "/experts", "q=an", "agencies");
        let page = cursors.page(vec![1, 2, 3], Limit(2), |n| *n, |n| n).unwrap();
        assert_eq!(page.items, [1, 2]);
        let cursor = page.next_cursor.unwrap();
        let next = Cursors::new(&sealer, "/experts", "limit=5&q=an&cursor=x", "agencies");
        assert_eq!(next.open::<i32>(Some(&cursor)).unwrap(), Some(2), "the page size may change on the way");
        for other in [
            Cursors::new(&sealer, "/experts", "q=anh", "agencies"),
            Cursors::new(&sealer, "/experts", "q=an", "public"),
            Cursors::new(&sealer, "/accounts", "q=an", "agencies"),
        ] {
            assert_eq!(other.open::<i32>(Some(&cursor)).unwrap_err().code(), Code::InvalidCursor);
        }
        assert_eq!(cursors.open::<i32>(Some("rubbish")).unwrap_err().code(), Code::InvalidCursor);
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let sealer = sealer();
        let page = Cursors::new(&sealer, "/x", "", "").page(vec![1, 2], Limit(2), |n| *n, |n| n).unwrap();
        assert_eq!((page.items.len(), page.next_cursor), (2, None));
        assert!(Limit::try_from(0).is_err() && Limit::try_from(101).is_err());
    }
}
