//! Passwords: argon2id with OWASP's parameters, off the async threads, a bounded number at once.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

use crate::kernel::problem::{Answer, Problem};
use crate::kernel::redacted::Redacted;
use crate::say;

/// Shortest password in characters (NIST SP 800-63B asks for 8 at least; length is what counts).
pub const MIN_CHARS: usize = 12;
/// How long a sign-in waits for its turn to be hashed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest in characters, so that hashing can't be made expensive.
pub const MAX_CHARS: usize = 128;

/// Who waits for a password to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Someone whose account signed in there before, or is signed in.
    Familiar,
    /// Anybody.
    Strange,
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    slots: Arc<Semaphore>,
    /// Strangers wait here before they may wait for a slot, so that a crowd of them is never ahead of someone familiar.
    strangers: Arc<Semaphore>,
    /// The hash of no password, checked when there is no such user, so that both cases cost the same time.
    decoy: Arc<str>,
}

impl Passwords {
    /// At most `parallel` hashes run at once: each takes 19 MiB and a core for some tens of milliseconds.
    ///
    /// # Errors
    /// 500 when the parameters are refused or there are no random bytes.
    pub fn new(parallel: usize) -> Answer<Self> {
        // OWASP Password Storage Cheat Sheet: argon2id, m=19456 (19 MiB), t=2, p=1
        let params = Params::new(19_456, 2, 1, None).map_err(Problem::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, "there is no such user")?;
        let semaphore = || Arc::new(Semaphore::new(parallel.max(1)));
        Ok(Self { argon2, slots: semaphore(), strangers: semaphore(), decoy: decoy.into() })
    }

    /// The PHC string to store.
    ///
    /// # Errors
    /// 500 when hashing fails.
    pub async fn hash(&self, password: Redacted<String>) -> Answer<String> {
        let argon2 = self.argon2.clone();
        self.run(Turn::Familiar, move || hash(&argon2, password.expose())).await?
    }

    /// True when `password` fits `stored`; without a stored hash it takes as long and is false.
    ///
    /// # Errors
    /// 500 when the stored hash can't be read.
    pub async fn verify(&self, turn: Turn, password: Redacted<String>, stored: Option<String>) -> Answer<bool> {
        let (argon2, exists) = (self.argon2.clone(), stored.is_some());
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let fits = self.run(turn, move || {
            let parsed = PasswordHash::new(&stored).map_err(Problem::internal)?;
            Ok::<_, Problem>(argon2.verify_password(normal(password.expose()).as_bytes(), &parsed).is_ok())
        });
        Ok(fits.await?? && exists)
    }

    async fn run<T: Send + 'static>(&self, turn: Turn, work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        let Ok(slot) = tokio::time::timeout(PATIENCE, self.slot(turn)).await else {
            return Err(Problem::unavailable("too many passwords are being checked"));
        };
        let slot = slot.map_err(Problem::internal)?;
        let hashing = tokio::task::spawn_blocking(move || {
            // held by the work itself: a caller who hangs up does not make room for another hash beside this one
            let _slot = slot;
            work()
        });
        hashing.await.map_err(Problem::task)
    }

    async fn slot(&self, turn: Turn) -> Result<Vec<OwnedSemaphorePermit>, AcquireError> {
        let mut slot = Vec::with_capacity(2);
        if turn == Turn::Strange {
            slot.push(self.strangers.clone().acquire_owned().await?);
        }
        slot.push(self.slots.clone().acquire_owned().await?);
        Ok(slot)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Answer<String> {
    Ok(argon2.hash_password(normal(password).as_bytes()).map_err(Problem::internal)?.to_string())
}

/// The same password typed on another keyboard may arrive decomposed.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// The rules for a new password, at `pointer`.
///
/// # Errors
/// 422 that says which rule is broken.
pub fn check_new(pointer: &str, password: &Redacted<String>, username: &str) -> Answer<()> {
    let chars = password.expose().chars().count();
    if !(MIN_CHARS..=MAX_CHARS).contains(&chars) {
        return Err(Problem::field(
            pointer,
            "password_length",
            say!(
                "Mật khẩu dài từ {MIN_CHARS} đến {MAX_CHARS} ký tự; một câu ngắn dễ nhớ là tốt nhất.",
                "A password has {MIN_CHARS} to {MAX_CHARS} characters; a short sentence is best.",
            ),
        ));
    }
    let mut distinct: Vec<char> = password.expose().to_lowercase().chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let published = normal(password.expose()) == crate::demo::PASSWORD;
    if published || distinct.len() < 5 || password.expose().to_lowercase().contains(username) {
        return Err(Problem::field(
            pointer,
            "password_weak",
            say!(
                "Mật khẩu không được chứa tên đăng nhập, chỉ lặp lại vài ký tự, hay là mật khẩu minh họa đã công bố.",
                "A password must not contain the user name, repeat a few characters, or be the published one of the demo.",
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_passwords_are_long_and_not_the_name() {
        for (password, fault) in [
            ("chuyen-gia-demo", Some("password_weak")),
            ("rừng xanh núi cao", None),
            ("ngắn", Some("password_length")),
            ("aaaaaaaaaaaaaa", Some("password_weak")),
            ("nguyenvanan2024", Some("password_weak")),
        ] {
            let answer = check_new("/password", &Redacted::new(password.to_owned()), "nguyenvanan");
            assert_eq!(answer.err().map(|p| p.errors()[0].code), fault, "{password}");
        }
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only_also_when_typed_decomposed() {
        let passwords = Passwords::new(1).unwrap();
        let stored = passwords.hash(Redacted::new("mật khẩu dài".into())).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let decomposed: String = "mật khẩu dài".nfd().collect();
        for (password, fits) in [("mật khẩu dài".to_owned(), true), (decomposed, true), ("mat khau dai".into(), false)]
        {
            let seen = passwords.verify(Turn::Strange, Redacted::new(password), Some(stored.clone())).await.unwrap();
            assert_eq!(seen, fits);
        }
        assert!(!passwords.verify(Turn::Strange, Redacted::new("there is no such user".into()), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_of_strangers_is_not_ahead_of_someone_familiar() {
        let passwords = Passwords::new(1).unwrap();
        let check = |turn| {
            let passwords = passwords.clone();
            async move { passwords.verify(turn, Redacted::new("đoán mò".into()), None).await.unwrap() }
        };
        let crowd: Vec<_> = (0..20).map(|_| tokio::spawn(check(Turn::Strange))).collect();
        tokio::task::yield_now().await;
        check(Turn::Familiar).await;
        let done = crowd.iter().filter(|stranger| stranger.is_finished()).count();
        assert!(done <= 2, "{done} strangers went first");
        for stranger in crowd {
            assert!(!stranger.await.unwrap(), "strangers get their turn as well");
        }
    }
}
