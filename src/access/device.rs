//! Devices an account signed in on, known again by a token they keep ("device cookies", OWASP: Slow Down Online Guessing
//! Attacks with Device Cookies).
//!
//! A device token is no authenticator: with it a wrong password is as wrong as without. It only gives the attempts of the
//! device a meter of their own (`throttle`), so that what others do, also behind the same address, does not concern it.
//! Whoever steals one gains that meter, for that one account.
//!
//! It is sealed and nothing is kept of it, so it holds on every instance. The sealing keys seal it, not the signing keys:
//! they stay in the ring after a rotation, and with them the tokens people have.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::redacted::Redacted;
use crate::kernel::sealed::Sealer;

/// Days a device is known after its last sign-in.
const DAYS: i64 = 180;

/// Lets people and secret scanners tell what it is.
const PREFIX: &str = "ebd_";

/// A device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device(Uuid);

impl Device {
    /// One that was never seen before.
    pub fn unseen() -> Self {
        Self(new_id())
    }

    /// What its meter is named by.
    pub const fn id(&self) -> Uuid {
        self.0
    }

    /// The token that makes the device known for `username`, good for 180 days from `at`.
    ///
    /// Bound to the user name, not to the id of the account: user names never change, and a token can be checked without
    /// a look whether there is such an account, at the same cost for everybody.
    ///
    /// # Errors
    /// 500 when the operating system gives no random bytes.
    pub fn token(&self, sealer: &Sealer, username: &str, at: DateTime<Utc>) -> Answer<Redacted<String>> {
        let plain = serde_json::to_vec(&(self.0, at.timestamp())).map_err(Problem::internal)?;
        let sealed = sealer.seal(&context(username), &plain).map_err(Problem::internal)?;
        Ok(Redacted::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed))))
    }

    /// The device of a token, if it is ours, for `username`, whole and in time. Why not is nobody's business.
    pub fn recognise(sealer: &Sealer, username: &str, token: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let plain = sealer.open(&context(username), &sealed).ok()?;
        let (id, at): (Uuid, i64) = serde_json::from_slice(&plain).ok()?;
        (DateTime::from_timestamp(at, 0)? + TimeDelta::days(DAYS) > now()).then_some(Self(id))
    }
}

fn context(username: &str) -> String {
    format!("device\n{username}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sealed::KeyRing;

    fn sealer(text: &str) -> Sealer {
        Sealer::new(KeyRing::parse(text).unwrap())
    }

    #[test]
    fn a_device_is_known_again_for_its_user_name_and_for_its_time_only() {
        let sealer = sealer(&KeyRing::generate_text("k").unwrap());
        let device = Device::unseen();
        let days_ago = |days| device.token(&sealer, "an", now() - TimeDelta::days(days)).unwrap().into_inner();
        let good = days_ago(0);
        assert_eq!(Device::recognise(&sealer, "an", &good), Some(device));
        assert_eq!(Device::recognise(&sealer, "an", &days_ago(DAYS - 1)), Some(device));
        assert_eq!(Device::recognise(&sealer, "an", &days_ago(DAYS)), None);
        assert_eq!(Device::recognise(&sealer, "binh", &good), None);
        for cut in 0..good.len() {
            assert_eq!(Device::recognise(&sealer, "an", &good[..cut]), None);
        }
        for at in 0..good.len() {
            let mut altered = good.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Device::recognise(&sealer, "an", std::str::from_utf8(&altered).unwrap()), None, "{at}");
        }
        for other in ["", "ebd_", "ebd_AAAA", "ebr_00", "ebd_đ"] {
            assert_eq!(Device::recognise(&sealer, "an", other), None, "{other}");
        }
    }

    #[test]
    fn a_new_key_leaves_the_tokens_good_and_another_ring_does_not() {
        let old = KeyRing::generate_text("k1").unwrap();
        let rotated = sealer(&format!("{},{old}", KeyRing::generate_text("k2").unwrap()));
        let device = Device::unseen();
        let token = device.token(&sealer(&old), "an", now()).unwrap();
        assert_eq!(Device::recognise(&rotated, "an", token.expose()), Some(device));
        let other = sealer(&KeyRing::generate_text("k1").unwrap());
        assert_eq!(Device::recognise(&other, "an", token.expose()), None);
    }

    #[test]
    fn what_was_sealed_for_something_else_is_no_device() {
        let sealer = sealer(&KeyRing::generate_text("k").unwrap());
        let plain = serde_json::to_vec(&(new_id(), now().timestamp())).unwrap();
        let sealed = sealer.seal("cursor\n/experts", &plain).unwrap();
        assert_eq!(Device::recognise(&sealer, "an", &format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed))), None);
    }
}
