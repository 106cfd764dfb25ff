//! Meters, by the generic cell rate algorithm (ITU-T I.371): a meter holds the instant until which it is "full"; an attempt
//! moves it one interval ahead and is refused when that would lie more than `burst` intervals ahead of now.
//!
//! Now is the database's, which all instances share.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Double, Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::Conn;
use crate::db::schema::sign_in_meters;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// How many failures a meter takes at once, and how long it needs to forget one.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Failures in a row that are let through.
    pub burst: i32,
    /// Seconds until one of them is forgotten.
    pub seconds: i32,
}

impl Rate {
    /// The whole seconds until a meter takes an attempt again, when it is full; `ahead` is how far it lies ahead of now.
    fn wait(self, ahead: TimeDelta) -> Option<i64> {
        let left = ahead - TimeDelta::seconds(i64::from(self.seconds) * i64::from(self.burst - 1));
        let whole = left.num_seconds();
        (left > TimeDelta::zero()).then(|| if left > TimeDelta::seconds(whole) { whole + 1 } else { whole })
    }
}

/// A meter: whose attempts it counts (a keyed hash), and at which rate it forgets them.
#[derive(Debug)]
pub struct Meter {
    subject: Vec<u8>,
    rate: Rate,
}

impl Meter {
    /// The meter of a subject.
    pub const fn new(subject: Vec<u8>, rate: Rate) -> Self {
        Self { subject, rate }
    }

    /// Counts an attempt; the seconds to wait when the meter is full.
    async fn count(&self, conn: &mut Conn) -> Answer<Option<i64>> {
        let counted = diesel::sql_query(
            "INSERT INTO sign_in_meters AS m (subject, full_at) VALUES ($1, now() + make_interval(secs => $2)) \
             ON CONFLICT (subject) DO UPDATE SET full_at = greatest(m.full_at, now()) + make_interval(secs => $2) \
             WHERE greatest(m.full_at, now()) + make_interval(secs => $2) <= now() + make_interval(secs => $2 * $3)",
        )
        .bind::<Binary, _>(&self.subject)
        .bind::<Double, _>(f64::from(self.rate.seconds))
        .bind::<Integer, _>(self.rate.burst)
        .execute(conn)
        .await?;
        if counted == 1 {
            return Ok(None);
        }
        Ok(Some(levels(conn, [self]).await?.wait(self).unwrap_or(1)))
    }

    async fn give_back(&self, conn: &mut Conn) -> Answer<()> {
        diesel::sql_query("UPDATE sign_in_meters SET full_at = full_at - make_interval(secs => $2) WHERE subject = $1")
            .bind::<Binary, _>(&self.subject)
            .bind::<Double, _>(f64::from(self.rate.seconds))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Lets an attempt through when one of its meters has room, and counts it on the first that has.
#[derive(Debug)]
pub struct Gate(pub Vec<Meter>);

/// How far meters lie ahead of now.
pub struct Levels(Vec<(Vec<u8>, TimeDelta)>);

/// Looks at meters without writing.
///
/// # Errors
/// 503 when the database is away.
pub async fn levels(mut conn: &AsyncPgConnection, meters: impl IntoIterator<Item = &Meter>) -> Answer<Levels> {
    let subjects: Vec<&[u8]> = meters.into_iter().map(|meter| meter.subject.as_slice()).collect();
    let rows: Vec<(Vec<u8>, DateTime<Utc>, DateTime<Utc>)> = sign_in_meters::table
        .filter(sign_in_meters::subject.eq_any(subjects))
        .select((sign_in_meters::subject, sign_in_meters::full_at, dsl::now.into_sql::<Timestamptz>()))
        .load(&mut conn)
        .await?;
    Ok(Levels(rows.into_iter().map(|(subject, full_at, now)| (subject, full_at - now)).collect()))
}

impl Levels {
    fn wait(&self, meter: &Meter) -> Option<i64> {
        let (_, ahead) = self.0.iter().find(|(subject, _)| *subject == meter.subject)?;
        meter.rate.wait(*ahead)
    }

    /// Refuses an attempt that one of `gates` would not let through.
    ///
    /// # Errors
    /// 429 with the longest wait. Of a gate it is the wait for the last meter: the others are shared, and whoever comes
    /// first may take what gets free there.
    pub fn check(&self, gates: &[Gate]) -> Answer<()> {
        let wait = |gate: &Gate| gate.0.iter().map(|meter| self.wait(meter)).collect::<Option<Vec<_>>>()?.pop();
        match gates.iter().filter_map(wait).max() {
            Some(wait) => Err(refused(wait)),
            None => Ok(()),
        }
    }
}

/// An attempt that was let through: the meters it was counted on.
#[derive(Debug)]
pub struct Counted(Vec<Meter>);

impl Counted {
    /// Counts an attempt at every gate, each time in one statement, so that attempts sent at once can't slip through.
    ///
    /// # Errors
    /// 429 with `Retry-After` when a gate has no room; then nothing stays counted.
    pub async fn at(conn: &mut Conn, gates: Vec<Gate>) -> Answer<Self> {
        let mut counted = Self(Vec::new());
        for gate in gates {
            let mut refusal = None;
            for meter in gate.0 {
                refusal = meter.count(conn).await?;
                if refusal.is_none() {
                    counted.0.push(meter);
                    break;
                }
            }
            if let Some(wait) = refusal {
                counted.give_back(conn).await?;
                return Err(refused(wait));
            }
        }
        Ok(counted)
    }

    /// The password was right, or it was not looked at: takes the attempt off every meter it was counted on.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn give_back(&self, conn: &mut Conn) -> Answer<()> {
        for meter in &self.0 {
            meter.give_back(conn).await?;
        }
        Ok(())
    }
}

fn refused(wait: i64) -> Problem {
    Problem::new(Code::TooManyRequests).header(actix_web::http::header::RETRY_AFTER, &wait.to_string()).detail(say!(
        "Sai mật khẩu quá nhiều lần; hãy thử lại sau {wait} giây.",
        "Too many wrong passwords; try again in {wait} seconds.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_full_when_the_next_attempt_would_lie_beyond_its_burst() {
        let (ten, one) = (Rate { burst: 10, seconds: 30 }, Rate { burst: 1, seconds: 300 });
        for (rate, ahead_ms, wait) in [
            (ten, -5_000, None),
            (ten, 0, None),
            (ten, 270_000, None),
            (ten, 270_001, Some(1)),
            (ten, 271_000, Some(1)),
            (ten, 271_001, Some(2)),
            (ten, 300_000, Some(30)),
            (one, 0, None),
            (one, 1, Some(1)),
            (one, 299_999, Some(300)),
            (one, 300_000, Some(300)),
        ] {
            assert_eq!(rate.wait(TimeDelta::milliseconds(ahead_ms)), wait, "{rate:?} {ahead_ms}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whoever_waits_as_told_gets_in_and_a_second_earlier_does_not(
            burst in 1..100_i32, seconds in 1..1_000_i32, ahead_us in -10_000_000..100_000_000_000_i64,
        ) {
            let (rate, ahead) = (Rate { burst, seconds }, TimeDelta::microseconds(ahead_us));
            if let Some(wait) = rate.wait(ahead) {
                assert_eq!(rate.wait(ahead - TimeDelta::seconds(wait)), None);
                assert!(rate.wait(ahead - TimeDelta::seconds(wait - 1)).is_some());
            }
        }
    }

    #[test]
    fn the_longest_wait_counts_and_within_a_gate_the_last_meter() {
        let rate = Rate { burst: 1, seconds: 300 };
        let gate = |subjects: &[u8]| Gate(subjects.iter().map(|name| Meter::new(vec![*name], rate)).collect());
        let levels = Levels([(1, 7), (2, 20), (3, 200)].map(|(id, s)| (vec![id], TimeDelta::seconds(s))).into());
        let waits = |gates: &[&[u8]]| {
            let gates: Vec<Gate> = gates.iter().map(|subjects| gate(subjects)).collect();
            levels.check(&gates).err().map(|problem| format!("{problem:?}"))
        };
        assert_eq!(waits(&[&[9], &[1, 9], &[9, 1]]), None, "a gate with room in one of its meters lets through");
        for (gates, wait) in [(&[&[1][..], &[2]][..], "20"), (&[&[3, 2]], "20"), (&[&[9], &[2, 3]], "200")] {
            let refusal = waits(gates).unwrap();
            assert!(refusal.contains(&format!("in {wait} seconds")), "{gates:?}: {refusal}");
        }
    }
}
