//! Sealing of restricted personal values: XChaCha20-Poly1305 with a key id per value, and keyed hashes for exact match.
//!
//! A sealed value is `key-id length (1 byte) | key id | nonce (24 bytes) | ciphertext and tag`. The context (table and
//! row) is authenticated with it, so a value copied into another row does not open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::problem::{Answer, Problem};

const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;

/// Why a key ring or a sealed value could not be used. Never holds key material or plain text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The text of a key ring has another form.
    #[error("a key ring is written `id:base64-of-32-bytes`, the newest first, separated by commas: {0}")]
    KeyRing(&'static str),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The value was sealed with a key this ring does not hold.
    #[error("sealed with key `{0}`, which is not in the key ring")]
    UnknownKey(String),
    /// The value is cut, altered, from another row, or sealed with another key of the same id.
    #[error("the sealed value does not open: it was altered, moved, or sealed with another key of the same id")]
    Broken,
}

/// Named 32-byte keys; the first is used for new values, the others only open old ones.
#[derive(Clone)]
pub struct KeyRing {
    active: String,
    keys: BTreeMap<String, [u8; KEY_LEN]>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(active {}, {} keys)", self.active, self.keys.len())
    }
}

impl KeyRing {
    /// Reads `id:base64,id:base64`, newest first.
    ///
    /// # Errors
    /// [`SealError::KeyRing`] says which part is wrong, without repeating it.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut active = None;
        let mut keys = BTreeMap::new();
        for entry in text.trim().split(',') {
            let (id, key) = entry.trim().split_once(':').ok_or(SealError::KeyRing("no colon"))?;
            if id.is_empty() || id.len() > 32 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err(SealError::KeyRing("an id has 1 to 32 letters, digits or hyphens"));
            }
            let bytes = STANDARD.decode(key.trim()).unwrap_or_default();
            let key = bytes.try_into().unwrap_or([0; KEY_LEN]);
            if key == [0; KEY_LEN] {
                return Err(SealError::KeyRing("a key is 32 bytes in base64"));
            }
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(SealError::KeyRing("an id stands twice"));
            }
            active.get_or_insert_with(|| id.to_owned());
        }
        let active = active.ok_or(SealError::KeyRing("it is empty"))?;
        Ok(Self { active, keys })
    }

    /// A ring of one new random key, in the form [`KeyRing::parse`] reads.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn generate_text(id: &str) -> Result<String, SealError> {
        Ok(format!("{id}:{}", STANDARD.encode(random::<KEY_LEN>()?)))
    }

    /// The id of the key used for new values.
    pub fn active_id(&self) -> &str {
        &self.active
    }

    /// A key by id.
    pub fn get(&self, id: &str) -> Option<&[u8; KEY_LEN]> {
        self.keys.get(id)
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }
}

/// `N` random bytes from the operating system.
///
/// # Errors
/// [`SealError::Random`].
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => {
            tracing::error!(%error, "no random bytes");
            Err(SealError::Random)
        }
    }
}

/// A value as the JSON that is sealed; with room for a person's record, which is not moved about as it grows.
///
/// # Errors
/// A value that is no JSON.
pub fn plain(value: &impl Serialize) -> Answer<Vec<u8>> {
    let mut text = Vec::with_capacity(4_096);
    serde_json::to_writer(&mut text, value).map_err(Problem::internal)?;
    Ok(text)
}

/// Seals and opens values, and hashes them under a key.
#[derive(Clone)]
pub struct Sealer {
    ring: Arc<KeyRing>,
    tools: Arc<BTreeMap<String, Tools>>,
}

/// What is made of a key once, and not for each value: that takes as long as to seal a short one.
struct Tools {
    /// From which a key for each use is derived (HKDF-SHA-256), so that sealing and hashing never share one.
    keys: Hkdf<Sha256>,
    cipher: XChaCha20Poly1305,
}

impl Tools {
    fn of(key: &[u8; KEY_LEN]) -> Self {
        let keys = Hkdf::<Sha256>::new(None, key);
        let cipher = XChaCha20Poly1305::new(&derive(&keys, "seal").into());
        Self { keys, cipher }
    }

    fn hash(&self, purpose: &str, value: &[u8]) -> Vec<u8> {
        match Hmac::<Sha256>::new_from_slice(&derive(&self.keys, purpose)) {
            Ok(mut mac) => {
                mac.update(value);
                mac.finalize().into_bytes().to_vec()
            }
            // HMAC takes keys of any length; an empty hash matches nothing.
            Err(_invalid_length) => Vec::new(),
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({:?})", self.ring)
    }
}

impl Sealer {
    /// A sealer over a key ring.
    pub fn new(ring: KeyRing) -> Self {
        let tools = ring.keys.iter().map(|(id, key)| (id.clone(), Tools::of(key))).collect();
        Self { ring: Arc::new(ring), tools: Arc::new(tools) }
    }

    /// The ring.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Seals `plain` for `context` (say `expert_restricted/<id>`).
    ///
    /// # Errors
    /// [`SealError::Random`]; [`SealError::Broken`] when the value is too long to seal (2^38 bytes).
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.seal_with(random::<NONCE_LEN>()?, context, plain)
    }

    /// Like [`Sealer::seal`], but the same value for the same context gives the same bytes (the nonce is a keyed hash of
    /// both): for what stands in an answer that has an `ETag`. It shows that two values are equal, and no more.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal_same(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let hash = self.keyed_hash("nonce", &format!("{context}\n{}", hex::encode(plain)));
        let nonce = hash.first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        self.seal_with(*nonce, context, plain)
    }

    fn seal_with(&self, nonce: [u8; NONCE_LEN], context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let id = self.ring.active_id();
        let cipher = &self.tools(id)?.cipher;
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let body = match cipher.encrypt(&XNonce::from(nonce), payload) {
            Ok(body) => body,
            Err(_opaque) => return Err(SealError::Broken),
        };
        let mut out = Vec::with_capacity(1 + id.len() + NONCE_LEN + body.len());
        out.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made for the same context.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], [`SealError::Broken`].
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&len, rest) = sealed.split_first().ok_or(SealError::Broken)?;
        let (id, rest) = rest.split_at_checked(usize::from(len)).ok_or(SealError::Broken)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        let id = std::str::from_utf8(id).unwrap_or_default();
        let cipher = &self.tools(id)?.cipher;
        let payload = Payload { msg: body, aad: context.as_bytes() };
        match cipher.decrypt(&XNonce::from(*nonce), payload) {
            Ok(plain) => Ok(plain),
            Err(_opaque) => Err(SealError::Broken),
        }
    }

    fn tools(&self, id: &str) -> Result<&Tools, SealError> {
        self.tools.get(id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))
    }

    /// The keyed hash (HMAC-SHA-256) of a value for one purpose, under the active key.
    pub fn keyed_hash(&self, purpose: &str, value: &(impl AsRef<[u8]> + ?Sized)) -> Vec<u8> {
        self.tools.get(&self.ring.active).map_or_else(Vec::new, |tools| tools.hash(purpose, value.as_ref()))
    }

    /// The keyed hashes of a value under every key of the ring, the active one first: what a look-up must compare with.
    pub fn keyed_hashes(&self, purpose: &str, value: &(impl AsRef<[u8]> + ?Sized)) -> Vec<Vec<u8>> {
        let others = self.tools.iter().filter(|(id, _)| **id != self.ring.active).map(|(_, tools)| tools);
        let all = self.tools.get(&self.ring.active).into_iter().chain(others);
        all.map(|tools| tools.hash(purpose, value.as_ref())).collect()
    }
}

fn derive(keys: &Hkdf<Sha256>, purpose: &str) -> [u8; KEY_LEN] {
    let mut out = [0; KEY_LEN];
    let expanded = keys.expand(purpose.as_bytes(), &mut out);
    debug_assert!(expanded.is_ok(), "32 bytes are always within HKDF's limit");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(ids: &[&str]) -> Sealer {
        let text: Vec<String> = ids.iter().map(|id| KeyRing::generate_text(id).unwrap()).collect();
        Sealer::new(KeyRing::parse(&text.join(",")).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealer = sealer(&["k1"]);
        let sealed = sealer.seal("experts/1", "0912345678".as_bytes()).unwrap();
        assert!(!sealed.windows(10).any(|w| w == b"0912345678"));
        assert_eq!(sealer.open("experts/1", &sealed).unwrap(), b"0912345678");
        assert_eq!(sealer.open("experts/2", &sealed), Err(SealError::Broken));
        for cut in 0..sealed.len() {
            assert!(sealer.open("experts/1", &sealed[..cut]).is_err());
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(sealer.open("experts/1", &altered).is_err());
        }
    }

    #[test]
    fn a_rotated_ring_opens_old_values_and_finds_old_hashes() {
        let old_text = KeyRing::generate_text("k1").unwrap();
        let old = Sealer::new(KeyRing::parse(&old_text).unwrap());
        let both = format!("{},{old_text}", KeyRing::generate_text("k2").unwrap());
        let new = Sealer::new(KeyRing::parse(&both).unwrap());
        let sealed = old.seal("c", b"v").unwrap();
        assert_eq!(new.open("c", &sealed).unwrap(), b"v");
        assert_eq!(new.ring().active_id(), "k2");
        let hashes = new.keyed_hashes("email", "a@x");
        assert_eq!(hashes, [new.keyed_hash("email", "a@x"), old.keyed_hash("email", "a@x")]);
        assert_eq!(old.open("c", &new.seal("c", b"v").unwrap()), Err(SealError::UnknownKey("k2".into())));
    }

    /// What other programs make of these keys: values that are kept must open, and be found, for ever.
    #[test]
    fn values_and_hashes_of_long_ago_are_known() {
        let ring = format!("k1:{}", STANDARD.encode((0..32).collect::<Vec<u8>>()));
        let sealer = Sealer::new(KeyRing::parse(&ring).unwrap());
        let hash = "e6305d4089d3391f87f54747f44ae4f80817df36e1399a49a38244b3657e549e";
        assert_eq!(hex::encode(sealer.keyed_hash("e-mail", "may@nhiha.example")), hash);
        let sealed = "026b31000102030405060708090a0b0c0d0e0f1011121314151617bb4d096c973d0e66e21097fc01544e768865604fca6e879c3bd9";
        assert_eq!(sealer.open("experts/1", &hex::decode(sealed).unwrap()).unwrap(), b"0912345678");
    }

    #[test]
    fn a_key_ring_says_what_is_wrong_without_repeating_it() {
        let good = KeyRing::generate_text("k").unwrap();
        for text in ["", "k", "k:", "k:AAAA", ":AAAA", "k y:AAAA", &format!("{good},{good}")] {
            let error = KeyRing::parse(text).unwrap_err();
            assert!(matches!(error, SealError::KeyRing(_)), "{text}");
            assert!(!error.to_string().contains("AAAA"));
        }
        assert!(!format!("{:?}", KeyRing::parse(&good).unwrap()).contains(&good[2..]));
    }
}
