//! Throttling of failed sign-ins, in the database, so that it survives restarts and holds over all instances.
//!
//! An attempt is counted before the password is checked and given back when it was right, so that attempts sent at once
//! can't slip through. What it is counted on depends on where it comes from:
//!
//! - From a device the account signed in on (its [`Device`] token says so): on the device, and on all devices of the account
//!   together, lest many tokens of one account be many guesses.
//! - From a place where the account signed in: on the account from there alone.
//! - From elsewhere: on the account from there, on the address, and on the account. When the account's meter is full, the
//!   account is under attack, and each strange place has one attempt in five minutes.
//!
//! So nobody can lock a colleague out for long. Attackers elsewhere leave the owner's devices and places alone, and at a new
//! place one mistake costs five minutes at most; attackers behind the owner's own address leave the owner's devices alone.
//! The price: that many guesses each address of an attack has.

mod meter;

use std::net::IpAddr;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub use meter::{Counted, Rate};
use meter::{Gate, Meter, levels};

use super::address::network;
use super::device::Device;
use crate::db::schema::{sign_in_meters, sign_in_places};
use crate::db::{Conn, Db};
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// The rates of the meters.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What is the caller's own: an account from one address, on a device, in a session.
    pub own: Rate,
    /// An address, over all accounts that never signed in from there.
    pub address: Rate,
    /// An account, over all addresses it never signed in from.
    pub account: Rate,
    /// An account under attack, from one address it never signed in from.
    pub under_attack: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            own: Rate { burst: 10, seconds: 30 },
            address: Rate { burst: 50, seconds: 5 },
            account: Rate { burst: 50, seconds: 20 },
            under_attack: Rate { burst: 1, seconds: 300 },
        }
    }
}

/// Days a place where an account signed in is remembered.
const PLACE_DAYS: i64 = 90;

/// Who wants to sign in, as they say.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The user name, folded; there need not be such an account.
    pub username: &'a str,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The token an earlier sign-in gave the device.
    pub device_token: Option<&'a str>,
}

/// An attempt to sign in that was let through.
pub struct Attempt {
    counted: Counted,
    place: Vec<u8>,
    /// The device it comes from: the one its token names, else a new one.
    pub device: Device,
    /// True when the account signed in on this device or at this place before.
    pub familiar: bool,
}

/// What the keyed hashes here are for.
const PURPOSE: &str = "sign-in";

/// The keyed hash a meter or place is kept under.
fn subject(sealer: &Sealer, kind: &str, value: &str) -> Vec<u8> {
    sealer.keyed_hash(PURPOSE, &format!("{kind}\n{value}"))
}

fn here(username: &str, address: Option<IpAddr>) -> String {
    format!("{username}\n{}", address.map(network).unwrap_or_default())
}

/// Counts an attempt to sign in, or refuses it.
///
/// # Errors
/// 429 with `Retry-After`; the same for a user name that does not exist.
pub async fn attempt(conn: &mut Conn, sealer: &Sealer, limits: &Limits, claim: &Claim<'_>) -> Answer<Attempt> {
    let device = claim.device_token.and_then(|token| Device::recognise(sealer, claim.username, token));
    let here = here(claim.username, claim.address);
    // also under older keys: a new key must not make strangers of everybody
    let places = sealer.keyed_hashes(PURPOSE, &format!("place\n{here}"));
    let mut gates = match &device {
        Some(device) => device_gates(sealer, limits, claim.username, device),
        None => strange_gates(sealer, limits, claim),
    };
    let line: &AsyncPgConnection = conn;
    // the same two questions, in one round trip, whoever asks
    let (known, levels) = tokio::try_join!(known(line, &places), levels(line, gates.iter().flat_map(|gate| &gate.0)))?;
    if known && device.is_none() {
        gates.truncate(1);
    }
    // Looked at before anything is written: refusing must cost next to nothing, or refusals are an attack of their own.
    levels.check(&gates)?;
    let counted = Counted::at(conn, gates).await?;
    let familiar = known || device.is_some();
    let place = subject(sealer, "place", &here);
    Ok(Attempt { counted, place, device: device.unwrap_or_else(Device::unseen), familiar })
}

/// One device forgets slower than all together, so whoever stole one token can't fill the meter of the others.
fn device_gates(sealer: &Sealer, limits: &Limits, username: &str, device: &Device) -> Vec<Gate> {
    let device = subject(sealer, "device", &format!("{username}\n{}", device.id()));
    let devices = subject(sealer, "devices", username);
    vec![Gate(vec![Meter::new(device, limits.own)]), Gate(vec![Meter::new(devices, limits.account)])]
}

/// The gates of a strange place; the first is the only one of a known place.
fn strange_gates(sealer: &Sealer, limits: &Limits, claim: &Claim<'_>) -> Vec<Gate> {
    let (here, network) = (here(claim.username, claim.address), claim.address.map(network).unwrap_or_default());
    let meter = |kind: &str, value: &str, rate| Meter::new(subject(sealer, kind, value), rate);
    vec![
        Gate(vec![meter("pair", &here, limits.own)]),
        Gate(vec![meter("address", &network, limits.address)]),
        Gate(vec![meter("account", claim.username, limits.account), meter("under attack", &here, limits.under_attack)]),
    ]
}

impl Attempt {
    /// The password was not looked at.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn give_back(&self, conn: &mut Conn) -> Answer<()> {
        self.counted.give_back(conn).await
    }

    /// The password was right: gives the attempt back and remembers the place.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn succeeded(&self, tx: &mut Conn) -> Answer<()> {
        self.counted.give_back(tx).await?;
        remember(tx, &self.place).await
    }
}

/// Counts an attempt of someone signed in to name the current password, or refuses it: a stolen session must not be a way
/// to guess it. On the session, and on all of the account together, lest many sessions be many guesses; so a thief can't
/// keep the owner from changing the password after a new sign-in.
///
/// # Errors
/// 429 with `Retry-After`.
pub async fn confirm(
    conn: &mut Conn,
    sealer: &Sealer,
    limits: &Limits,
    account: Uuid,
    session: Uuid,
) -> Answer<Counted> {
    let meter = |kind: &str, id: Uuid, rate| Gate(vec![Meter::new(subject(sealer, kind, &id.to_string()), rate)]);
    let gates = vec![meter("session", session, limits.own), meter("sessions", account, limits.account)];
    levels(conn, gates.iter().flat_map(|gate| &gate.0)).await?.check(&gates)?;
    Counted::at(conn, gates).await
}

/// Lets the owner of an account in from here whatever goes on elsewhere, as after a sign-in.
///
/// # Errors
/// 503 when the database is away.
pub async fn welcome(tx: &mut Conn, sealer: &Sealer, username: &str, address: Option<IpAddr>) -> Answer<()> {
    remember(tx, &subject(sealer, "place", &here(username, address))).await
}

async fn remember(tx: &mut Conn, place: &[u8]) -> Answer<()> {
    diesel::insert_into(sign_in_places::table)
        .values((sign_in_places::place.eq(place), sign_in_places::last_seen.eq(now())))
        .on_conflict(sign_in_places::place)
        .do_update()
        .set(sign_in_places::last_seen.eq(now()))
        .execute(tx)
        .await?;
    Ok(())
}

async fn known(mut conn: &AsyncPgConnection, places: &[Vec<u8>]) -> Answer<bool> {
    let recent = sign_in_places::last_seen.gt(now() - TimeDelta::days(PLACE_DAYS));
    let found = sign_in_places::table.filter(sign_in_places::place.eq_any(places).and(recent));
    Ok(diesel::select(diesel::dsl::exists(found.select(sign_in_places::place))).get_result(&mut conn).await?)
}

/// Forgets meters that are empty again and places nobody signs in from any more.
///
/// # Errors
/// 503 when the database is away.
pub async fn forget_old(db: &Db) -> Answer<usize> {
    let mut conn = db.conn().await?;
    let empty = sign_in_meters::table.filter(sign_in_meters::full_at.lt(diesel::dsl::now));
    let meters = diesel::delete(empty).execute(&mut conn).await?;
    let old = sign_in_places::table.filter(sign_in_places::last_seen.lt(now() - TimeDelta::days(PLACE_DAYS)));
    Ok(meters + diesel::delete(old).execute(&mut conn).await?)
}
