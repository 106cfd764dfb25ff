//! Throttling of failed sign-ins: per account, per address, and per account from an address; in the database, so that it
//! survives restarts and holds over all instances.
//!
//! The generic cell rate algorithm (ITU-T I.371): a meter holds the instant until which it is "full"; an attempt moves it
//! one interval ahead and is refused when that would lie more than `burst` intervals ahead of now. An attempt is counted
//! before the password is checked and given back when it was right, so that attempts sent at once can't slip through.
//!
//! Nobody can lock a colleague out for long: from a place where the account signed in before, only that place's own
//! failures count.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::Binary;
use diesel_async::RunQueryDsl;

use crate::db::schema::{sign_in_meters, sign_in_places};
use crate::db::{Conn, Db};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// How many failures a meter takes at once, and how long it needs to forget one.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Failures in a row that are let through.
    pub burst: i32,
    /// Seconds until one of them is forgotten.
    pub seconds: i64,
}

/// The rates of the three meters.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// An account from one address.
    pub pair: Rate,
    /// An address, whatever the account.
    pub address: Rate,
    /// An account from all addresses it never signed in from.
    pub account: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pair: Rate { burst: 10, seconds: 30 },
            address: Rate { burst: 50, seconds: 5 },
            account: Rate { burst: 50, seconds: 20 },
        }
    }
}

/// Days a place where an account signed in is remembered.
const PLACE_DAYS: i64 = 90;

/// An attempt that was let through.
pub struct Attempt {
    meters: Vec<(Vec<u8>, Rate)>,
    place: Vec<u8>,
}

/// Counts an attempt to sign in, or refuses it.
///
/// # Errors
/// 429 with `Retry-After`; the same for a user name that does not exist.
pub async fn attempt(
    conn: &mut Conn,
    sealer: &Sealer,
    limits: &Limits,
    username: &str,
    address: Option<IpAddr>,
) -> Answer<Attempt> {
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let subject = |kind: &str, value: &str| sealer.keyed_hash("sign-in", &format!("{kind}\n{value}"));
    let place = subject("pair", &format!("{username}\n{address}"));
    let mut meters = vec![(place.clone(), limits.pair), (subject("address", &address), limits.address)];
    if !known(conn, &place).await? {
        meters.push((subject("account", username), limits.account));
    }
    // Looked at before anything is written: refusing must cost next to nothing, or refusals are an attack of their own.
    if let Some(wait) = longest_wait(conn, &meters).await? {
        return Err(refused(wait));
    }
    for (subject, rate) in &meters {
        if let Some(wait) = count(conn, subject, *rate).await? {
            return Err(refused(wait));
        }
    }
    Ok(Attempt { meters, place })
}

impl Attempt {
    /// The password was right: gives the attempt back and remembers the place.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn succeeded(&self, tx: &mut Conn) -> Answer<()> {
        for (subject, rate) in &self.meters {
            diesel::sql_query(
                "UPDATE sign_in_meters SET full_at = full_at - make_interval(secs => $2) WHERE subject = $1",
            )
            .bind::<Binary, _>(subject)
            .bind::<diesel::sql_types::Double, _>(seconds(*rate))
            .execute(tx)
            .await?;
        }
        diesel::insert_into(sign_in_places::table)
            .values((sign_in_places::place.eq(&self.place), sign_in_places::last_seen.eq(now())))
            .on_conflict(sign_in_places::place)
            .do_update()
            .set(sign_in_places::last_seen.eq(now()))
            .execute(tx)
            .await?;
        Ok(())
    }
}

fn seconds(rate: Rate) -> f64 {
    // seconds of a rate are small: no precision is lost
    f64::from(i32::try_from(rate.seconds).unwrap_or(i32::MAX))
}

async fn known(conn: &mut Conn, place: &[u8]) -> Answer<bool> {
    let recent = sign_in_places::last_seen.gt(now() - TimeDelta::days(PLACE_DAYS));
    let found = sign_in_places::table.find(place).filter(recent);
    Ok(diesel::select(diesel::dsl::exists(found.select(sign_in_places::place))).get_result(conn).await?)
}

/// The seconds until all meters take an attempt again, when one of them is full.
async fn longest_wait(conn: &mut Conn, meters: &[(Vec<u8>, Rate)]) -> Answer<Option<i64>> {
    let subjects: Vec<&[u8]> = meters.iter().map(|(subject, _)| subject.as_slice()).collect();
    let rows = sign_in_meters::table.filter(sign_in_meters::subject.eq_any(subjects));
    let rows: Vec<(Vec<u8>, DateTime<Utc>)> =
        rows.select((sign_in_meters::subject, sign_in_meters::full_at)).load(conn).await?;
    let wait = |(subject, full_at): &(Vec<u8>, DateTime<Utc>)| {
        let (_, rate) = meters.iter().find(|(known, _)| known == subject)?;
        wait(*full_at, *rate)
    };
    Ok(rows.iter().filter_map(wait).max())
}

/// The seconds until a meter takes an attempt again, when it is full.
fn wait(full_at: DateTime<Utc>, rate: Rate) -> Option<i64> {
    let free_at = full_at - TimeDelta::seconds(rate.seconds * i64::from(rate.burst - 1));
    let left = free_at - now();
    (left > TimeDelta::zero()).then(|| left.num_seconds() + 1)
}

/// Counts an attempt; the seconds to wait when the meter is full.
async fn count(conn: &mut Conn, subject: &[u8], rate: Rate) -> Answer<Option<i64>> {
    let counted = diesel::sql_query(
        "INSERT INTO sign_in_meters AS m (subject, full_at) VALUES ($1, now() + make_interval(secs => $2)) \
         ON CONFLICT (subject) DO UPDATE SET full_at = greatest(m.full_at, now()) + make_interval(secs => $2) \
         WHERE greatest(m.full_at, now()) + make_interval(secs => $2) <= now() + make_interval(secs => $2 * $3)",
    )
    .bind::<Binary, _>(subject)
    .bind::<diesel::sql_types::Double, _>(seconds(rate))
    .bind::<diesel::sql_types::Integer, _>(rate.burst)
    .execute(conn)
    .await?;
    if counted == 1 {
        return Ok(None);
    }
    let full_at: Option<DateTime<Utc>> =
        sign_in_meters::table.find(subject).select(sign_in_meters::full_at).first(conn).await.optional()?;
    Ok(Some(full_at.and_then(|full_at| wait(full_at, rate)).unwrap_or(1)))
}

fn refused(wait: i64) -> Problem {
    Problem::new(Code::TooManyRequests).header(actix_web::http::header::RETRY_AFTER, &wait.to_string()).detail(say!(
        "Đăng nhập sai quá nhiều lần; hãy thử lại sau {wait} giây.",
        "Too many failed sign-ins; try again in {wait} seconds.",
    ))
}

/// Forgets meters that are empty again and places nobody signs in from any more.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_old(db: &Db) -> Answer<usize> {
    let mut conn = db.conn().await?;
    let empty = sign_in_meters::table.filter(sign_in_meters::full_at.lt(now()));
    let meters = diesel::delete(empty).execute(&mut conn).await?;
    let old = sign_in_places::table.filter(sign_in_places::last_seen.lt(now() - TimeDelta::days(PLACE_DAYS)));
    Ok(meters + diesel::delete(old).execute(&mut conn).await?)
}
