//! A file comes in as a stream, piece by piece.

use std::time::{Duration, Instant};

use actix_web::web;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::permit::Permit;
use crate::access::policy::Policy;
use crate::consultations::content::{Refused, TextCheck, endings, media_type};
use crate::consultations::store;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 20 << 20;
/// Bytes of a piece.
const PIECE: usize = 512 << 10;
/// How long an upload may stand still, and how long it may take.
const PATIENCE: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(600);

/// A file that is too large.
pub fn too_large() -> Problem {
    Problem::new(Code::PayloadTooLarge)
        .detail(say!("Mỗi tệp tối đa 20 MB; nén hoặc chia nhỏ.", "At most 20 MB a file; pack it or send it in parts."))
}

/// A file that came in, but for what stands in the database.
pub struct Received {
    pub bytes: usize,
    pub sha256: Vec<u8>,
    pub media_type: &'static str,
}

/// Keeps a file piece by piece, in memory that does not grow with it.
pub async fn receive<P: Policy>(
    permit: &Permit<P>,
    file: Uuid,
    name: &str,
    mut payload: web::Payload,
) -> Answer<Received> {
    let begun = Instant::now();
    let mut incoming = Incoming {
        permit,
        file,
        name,
        piece: Vec::with_capacity(PIECE),
        number: 0,
        bytes: 0,
        hash: Sha256::new(),
        kind: None,
        text: TextCheck::default(),
    };
    loop {
        let next = tokio::time::timeout(PATIENCE, payload.next()).await;
        let Ok(next) = next else { return Err(Problem::new(Code::RequestTimeout)) };
        let Some(came) = next else { return incoming.end().await };
        let came = came.map_err(|error| {
            tracing::debug!(%error, "an upload broke off");
            Problem::new(Code::BadRequest)
                .detail(say!("Tải lên bị đứt; gửi lại tệp.", "The upload was cut; send the file again."))
        })?;
        if begun.elapsed() > WHOLE {
            return Err(Problem::new(Code::RequestTimeout));
        }
        incoming.add(&came).await?;
    }
}

/// A file of which some came in.
struct Incoming<'a, P> {
    permit: &'a Permit<P>,
    file: Uuid,
    name: &'a str,
    piece: Vec<u8>,
    number: i32,
    bytes: usize,
    hash: Sha256,
    kind: Option<&'static str>,
    text: TextCheck,
}

impl<P: Policy> Incoming<'_, P> {
    async fn add(&mut self, came: &[u8]) -> Answer<()> {
        self.bytes += came.len();
        if self.bytes > MAX_BYTES {
            return Err(too_large());
        }
        self.hash.update(came);
        self.piece.extend_from_slice(came);
        if self.piece.len() >= PIECE { self.flush().await } else { Ok(()) }
    }

    /// Keeps a piece, after a look at what it is: the first says so, and a text is looked through to its end.
    async fn flush(&mut self) -> Answer<()> {
        let known = match self.kind {
            Some(known) => known,
            None => media_type(&self.piece, self.name).map_err(refused)?,
        };
        self.kind = Some(known);
        if known.starts_with("text/") && !self.text.goes_on(&self.piece) {
            return Err(refused(Refused::Mismatch));
        }
        store::put_chunk(&mut self.permit.read().await?, self.file, self.number, &self.piece).await?;
        self.number += 1;
        self.piece.clear();
        Ok(())
    }

    async fn end(mut self) -> Answer<Received> {
        // an empty file is none
        if !self.piece.is_empty() || self.number == 0 {
            self.flush().await?;
        }
        let media_type = self.kind.filter(|_| self.text.is_whole());
        let media_type = media_type.ok_or_else(|| refused(Refused::Mismatch))?;
        Ok(Received { bytes: self.bytes, sha256: self.hash.finalize().to_vec(), media_type })
    }
}

/// Why a file is not taken.
pub fn refused(why: Refused) -> Problem {
    let endings = endings();
    Problem::new(Code::UnsupportedMediaType).detail(match why {
        Refused::Ending => say!(
            "Chỉ nhận tệp văn phòng, PDF, ảnh, văn bản thuần, zip: {endings}.",
            "Only office documents, PDF, images, plain text and archives are taken: {endings}.",
        ),
        Refused::Mismatch => say!(
            "Nội dung tệp không đúng với đuôi tên tệp, hoặc văn bản không phải UTF-8.",
            "The content of the file is not what its name says, or the text is not UTF-8.",
        ),
    })
}
