//! Access tokens: JWTs of 15 minutes, with algorithm, issuer, audience and expiry pinned and a key id for rotation.
//!
//! A token only names the session or the client; what it may do is read from the database at each request, so a
//! withdrawal or change of role counts at once.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::redacted::Redacted;
use crate::kernel::sealed::{KeyRing, random};

const ISSUER: &str = "expert-bank";
const AUDIENCE: &str = "expert-bank/api/v1";
/// Lifetime of an access token in seconds.
pub const LIFETIME: i64 = 15 * 60;

/// Whom a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Bearer {
    /// A session of an account.
    Session {
        /// The account.
        sub: Uuid,
        /// The session.
        sid: Uuid,
    },
    /// A machine client.
    Client {
        /// The client.
        sub: Uuid,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    #[serde(flatten)]
    bearer: Bearer,
}

/// Signs and verifies access tokens.
#[derive(Clone)]
pub struct Tokens {
    ring: KeyRing,
}

impl Tokens {
    /// Tokens signed with the ring's newest key and verified with any of it.
    pub const fn new(ring: KeyRing) -> Self {
        Self { ring }
    }

    /// A token for `bearer`, from now.
    ///
    /// # Errors
    /// 500 when signing fails.
    pub fn issue(&self, bearer: Bearer) -> Answer<String> {
        self.issue_at(bearer, now())
    }

    fn issue_at(&self, bearer: Bearer, at: DateTime<Utc>) -> Answer<String> {
        let kid = self.ring.active_id();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.to_owned());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: at.timestamp(),
            exp: (at + TimeDelta::seconds(LIFETIME)).timestamp(),
            jti: new_id(),
            bearer,
        };
        let key = self.ring.get(kid).map(|key| EncodingKey::from_secret(key));
        let key = key.ok_or_else(|| Problem::internal("no signing key"))?;
        jsonwebtoken::encode(&header, &claims, &key).map_err(Problem::internal)
    }

    /// Whom a token names, if it is ours, whole and in time. Why not is nobody's business.
    pub fn verify(&self, token: &str) -> Option<Bearer> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = DecodingKey::from_secret(self.ring.get(header.kid.as_deref()?)?);
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Some(jsonwebtoken::decode::<Claims>(token, &key, &rules).ok()?.claims.bearer)
    }
}

/// An opaque secret of 256 bits (refresh token, reset token, client secret), given out once and kept as its hash.
pub struct Opaque {
    /// What the caller gets.
    pub text: Redacted<String>,
    /// What is stored.
    pub hash: Vec<u8>,
}

impl Opaque {
    /// A new one; `prefix` lets people and secret scanners tell what it is.
    ///
    /// # Errors
    /// 500 when the operating system gives no random bytes.
    pub fn new(prefix: &str) -> Answer<Self> {
        let text = format!("{prefix}_{}", hex::encode(random::<32>().map_err(Problem::internal)?));
        let hash = Self::hash(&text);
        Ok(Self { text: Redacted::new(text), hash })
    }

    /// The stored form. A plain hash is enough: the text has 256 random bits, nothing can be guessed.
    pub fn hash(text: &str) -> Vec<u8> {
        Sha256::digest(text.as_bytes()).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    use serde_json::json;

    fn tokens(id: &str) -> Tokens {
        Tokens::new(KeyRing::parse(&KeyRing::generate_text(id).unwrap()).unwrap())
    }

    fn bearer() -> Bearer {
        Bearer::Session { sub: new_id(), sid: new_id() }
    }

    fn signed(tokens: &Tokens, alg: Algorithm, claims: &serde_json::Value) -> String {
        let mut header = Header::new(alg);
        header.kid = Some("k".into());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(tokens.ring.get("k").unwrap())).unwrap()
    }

    #[test]
    fn our_token_names_its_bearer() {
        let (tokens, bearer) = (tokens("k"), bearer());
        assert_eq!(tokens.verify(&tokens.issue(bearer).unwrap()), Some(bearer));
    }

    #[test]
    fn a_foreign_altered_cut_or_late_token_names_nobody() {
        let (ours, bearer) = (tokens("k"), bearer());
        let good = ours.issue(bearer).unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let none = B64.encode(json!({"alg": "none", "typ": "JWT", "kid": "k"}).to_string());
        let payload: serde_json::Value = serde_json::from_slice(&B64.decode(parts[1]).unwrap()).unwrap();
        let with = |key: &str, value: serde_json::Value| {
            let mut claims = payload.clone();
            claims[key] = value;
            claims
        };
        let without = |key: &str| {
            let mut claims = payload.clone();
            claims.as_object_mut().unwrap().remove(key);
            claims
        };
        let altered = B64.encode(with("sub", json!(new_id())).to_string());
        let late = ours.issue_at(bearer, now() - TimeDelta::seconds(LIFETIME + 1)).unwrap();
        let bad = [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{altered}.{}", parts[0], parts[2]),
            tokens("k").issue(bearer).unwrap(),
            tokens("other").issue(bearer).unwrap(),
            signed(&ours, Algorithm::HS512, &payload),
            signed(&ours, Algorithm::HS256, &with("iss", json!("someone"))),
            signed(&ours, Algorithm::HS256, &with("aud", json!("elsewhere"))),
            signed(&ours, Algorithm::HS256, &without("exp")),
            signed(&ours, Algorithm::HS256, &without("aud")),
            signed(&ours, Algorithm::HS256, &without("iss")),
            late,
            String::new(),
            "a.b.c".to_owned(),
        ];
        for (index, token) in bad.iter().enumerate() {
            assert_eq!(ours.verify(token), None, "number {index}");
        }
        for cut in 0..good.len() {
            assert_eq!(ours.verify(&good[..cut]), None);
        }
        assert_eq!(ours.verify(&signed(&ours, Algorithm::HS256, &payload)), Some(bearer), "the helper itself is right");
    }
}
