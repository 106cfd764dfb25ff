//! Many rows in one statement. `VALUES` takes a parameter for each column of each row, and PostgreSQL spends more time on
//! reading tens of thousands of them than on the rows; here the rows are one JSON document, and the statement has one text,
//! prepared once, however many there are.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Conn;

struct Insert {
    text: String,
    rows: String,
}

impl QueryFragment<Pg> for Insert {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, after) = self.text.split_once('$').unwrap_or((&self.text, ""));
        out.push_sql(before);
        out.push_bind_param::<Text, _>(&self.rows)?;
        out.push_sql(after);
        Ok(())
    }
}

impl QueryId for Insert {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// Inserts rows whose members are named as the columns of `table`; `conflict` is an `ON CONFLICT` clause or nothing.
///
/// # Errors
/// Those of the database.
pub async fn insert<R: Serialize>(
    tx: &mut Conn,
    table: &'static str,
    rows: &[R],
    conflict: &'static str,
) -> QueryResult<usize> {
    let Some(first) = rows.first() else { return Ok(0) };
    let fault = |error: serde_json::Error| Error::SerializationError(Box::new(error));
    let columns = match serde_json::to_value(first).map_err(fault)? {
        Value::Object(members) => {
            members.into_iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        }
        _ => return Err(Error::SerializationError("a row is no structure".into())),
    };
    let text = format!(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, $::json) {conflict}"
    );
    Insert { text, rows: serde_json::to_string(rows).map_err(fault)? }.execute(tx).await
}

/// Bytes as PostgreSQL reads them.
///
/// # Errors
/// Those of the serialiser.
pub fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}

/// A list of bytes as PostgreSQL reads them.
///
/// # Errors
/// Those of the serialiser.
pub fn lists_of_bytes<S: Serializer>(lists: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lists.iter().map(|bytes| hex(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}
