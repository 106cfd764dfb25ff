//! A file goes out as a stream, piece by piece.

use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::access::permit::Permit;
use crate::access::policy::Policy;
use crate::consultations::model::FileRow;
use crate::consultations::store;
use crate::kernel::precondition::is_held;
use crate::kernel::problem::{Answer, Problem};

/// Letters that need no percent sign in a header.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// How a browser is told to keep a file, never to show it.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, PLAIN))
}

/// Answers with a file, to be kept, not shown; or 304 when the caller holds it already.
pub fn sent<P: Policy>(permit: Permit<P>, req: &HttpRequest, file: FileRow) -> Answer {
    let length = u64::try_from(file.bytes).map_err(Problem::internal)?;
    let tag = format!("\"{}\"", file.sha256);
    if is_held(req, &tag) {
        let cache = (header::CACHE_CONTROL, "private, no-cache");
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).insert_header(cache).finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, file.media_type.clone()))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&file.name)))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::ETAG, tag))
        // as it is: its length is said, and most of what comes is packed already
        .insert_header(ContentEncoding::Identity)
        .no_chunking(length);
    Ok(response.streaming(Box::pin(pieces(permit, file))))
}

/// The pieces of a file, each read when the one before is on its way.
fn pieces<P: Policy>(permit: Permit<P>, file: FileRow) -> impl stream::Stream<Item = Answer<Bytes>> {
    stream::try_unfold((permit, file, 0, 0_i64), async |(permit, file, number, sent)| {
        if sent >= file.bytes {
            return Ok(None);
        }
        let piece = store::bytes_of(&mut permit.read().await?, file.id, number).await?;
        let sent = sent + i64::try_from(piece.len()).map_err(Problem::internal)?;
        Ok(Some((Bytes::from(piece), (permit, file, number + 1, sent))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_travels_in_a_header_in_two_ways() {
        assert_eq!(
            disposition("Đề án \"x\".pdf"),
            "attachment; filename=\"__ _n _x_.pdf\"; filename*=UTF-8''%C4%90%E1%BB%81%20%C3%A1n%20%22x%22.pdf"
        );
    }
}
