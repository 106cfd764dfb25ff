//! Nobody is entered twice: who is in the bank for certain is refused, to who may know.

use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Person, like};
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::experts::store;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// As many resemble nobody.
const MOST_NAMED: usize = 50;

/// The experts of whom an officer says that somebody is another person.
///
/// # Errors
/// 422 for a key that is nobody's, or too many of them.
pub(in crate::experts) async fn named(conn: &mut Conn, scope: &Scope, keys: &[String]) -> Answer<Vec<Uuid>> {
    if keys.len() > MOST_NAMED {
        return Err(Problem::field(
            "/not_the_same",
            "too_many",
            say!("Tối đa {MOST_NAMED} chuyên gia.", "At most {MOST_NAMED} experts."),
        ));
    }
    let mut ids = Vec::with_capacity(keys.len());
    for key in keys {
        let found = store::find(conn, scope, key.trim()).await;
        let id = found.map_err(|problem| unknown_key(problem, key))?.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn unknown_key(problem: Problem, key: &str) -> Problem {
    if problem.code() != Code::NotFound {
        return problem;
    }
    let key: String = key.chars().take(40).collect();
    Problem::field(
        "/not_the_same",
        "unknown_reference",
        say!("Không có chuyên gia `{key}`.", "There is no expert `{key}`."),
    )
}

/// Refuses a person who is in the bank for certain. For the Union only: it names the record.
///
/// # Errors
/// 409 with the record and what is the same.
pub(in crate::experts) async fn refuse_known(tx: &mut Conn, sealer: &Sealer, person: &Person) -> Answer<()> {
    // two who enter one person at once: the second one waits, and finds the first
    sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(person.name_hash()).execute(tx).await?;
    let found = like(tx, sealer, std::slice::from_ref(person)).await?;
    let Some(known) = found.into_iter().flatten().find(|candidate| candidate.likeness.certain) else { return Ok(()) };
    let (code, id) = (known.code, known.id);
    let problem = Problem::new(Code::Conflict).existing(format!("/api/v1/experts/{id}")).detail(say!(
        "Người này đã có trong ngân hàng ({code}). Sửa hồ sơ đó; nếu là người khác, gửi lại với ?not_the_same={code}.",
        "The person is in the bank already ({code}). Correct that record; if it is somebody else, send ?not_the_same={code}.",
    ));
    let same = known.likeness.evidence.iter().filter(|item| item.weight > 0.0);
    Err(same.fold(problem, |problem, item| problem.and_field("", "same_person", item.kind.words())))
}
