//! Many rows in one statement. `VALUES` takes a parameter for each column of each row, and PostgreSQL spends more time on
//! reading tens of thousands of them than on the rows; here the rows are one JSON document, or an array a column where they come by
//! the thousands, and the statement has one text, prepared once, however many there are.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{self as types, Array};
use diesel_async::RunQueryDsl;
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::Conn;

/// Rows a statement.
const MOST: usize = 1_000;

/// An insert of many rows, ready to be sent. To make it needs no database, so it can be made aside.
#[derive(Debug)]
pub struct Insert {
    /// With a dollar sign for each value.
    text: String,
    values: Vec<Column>,
}

/// The values of a column, row by row; or all rows as one JSON document.
#[derive(Debug)]
#[expect(missing_docs, reason = "named as PostgreSQL's types")]
pub enum Column {
    Uuid(Vec<Uuid>),
    Text(Vec<String>),
    Bytea(Vec<Vec<u8>>),
    SmallInt(Vec<i16>),
    BigInt(Vec<i64>),
    Bool(Vec<bool>),
    Written(Vec<Option<String>>),
    Rows(String),
}

impl Column {
    fn is_empty(&self) -> bool {
        match self {
            Self::Uuid(values) => values.is_empty(),
            Self::Text(values) => values.is_empty(),
            Self::Bytea(values) => values.is_empty(),
            Self::SmallInt(values) => values.is_empty(),
            Self::BigInt(values) => values.is_empty(),
            Self::Bool(values) => values.is_empty(),
            Self::Written(values) => values.is_empty(),
            Self::Rows(rows) => rows.is_empty(),
        }
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Uuid(values) => out.push_bind_param::<Array<types::Uuid>, _>(values),
            Self::Text(values) => out.push_bind_param::<Array<types::Text>, _>(values),
            Self::Bytea(values) => out.push_bind_param::<Array<types::Bytea>, _>(values),
            Self::SmallInt(values) => out.push_bind_param::<Array<types::SmallInt>, _>(values),
            Self::BigInt(values) => out.push_bind_param::<Array<types::BigInt>, _>(values),
            Self::Bool(values) => out.push_bind_param::<Array<types::Bool>, _>(values),
            Self::Written(values) => out.push_bind_param::<Array<types::Nullable<types::Text>>, _>(values),
            Self::Rows(rows) => out.push_bind_param::<types::Text, _>(rows),
        }
    }
}

impl QueryFragment<Pg> for Insert {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for (piece, column) in pieces.zip(&self.values) {
            column.bind(&mut out)?;
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl QueryId for Insert {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Insert {
    /// Inserts of rows whose members are named as the columns of `table`; `conflict` is an `ON CONFLICT` clause or nothing.
    ///
    /// # Errors
    /// Rows that are no structures.
    pub fn of<R: Serialize>(table: &'static str, rows: &[R], conflict: &'static str) -> QueryResult<Vec<Self>> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns = match serde_json::to_value(first).map_err(fault)? {
            Value::Object(members) => {
                members.into_iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
            }
            _ => return Err(no_structure()),
        };
        let text = format!(
            "INSERT INTO {table} ({columns}) \
             SELECT {columns} FROM json_populate_recordset(NULL::{table}, $::json) {conflict}"
        );
        let insert = |rows| {
            let rows = serde_json::to_string(rows).map_err(fault)?;
            Ok(Self { text: text.clone(), values: vec![Column::Rows(rows)] })
        };
        rows.chunks(MOST).map(insert).collect()
    }

    /// The insert of rows whose columns are all scalars, which needs no document; none without rows. `conflict` as above.
    pub fn of_columns<const N: usize>(table: &str, columns: [(&str, Column); N], conflict: &str) -> Option<Self> {
        let (names, values): (Vec<&str>, Vec<Column>) = columns.into_iter().unzip();
        let (names, places) = (names.join(", "), vec!["$"; N].join(", "));
        let text = format!("INSERT INTO {table} ({names}) SELECT * FROM unnest({places}) {conflict}");
        values.iter().any(|column| !column.is_empty()).then_some(Self { text, values })
    }

    /// As [`Insert::of`], for rows that come by the thousands: a column is an array of what PostgreSQL reads, who has less work
    /// with it than with a document. `types` names the types of the columns that are no text.
    ///
    /// # Errors
    /// Rows that are no structures.
    pub fn of_written<R: Serialize>(
        table: &'static str,
        types: &[(&'static str, &'static str)],
        rows: &[R],
        conflict: &'static str,
    ) -> QueryResult<Vec<Self>> {
        rows.chunks(MOST).map(|rows| Self::written(table, types, rows, conflict)).collect()
    }

    fn written<R: Serialize>(
        table: &'static str,
        types: &[(&'static str, &'static str)],
        rows: &[R],
        conflict: &'static str,
    ) -> QueryResult<Self> {
        let mut columns: Vec<Writing> = Vec::new();
        for row in rows {
            let Value::Object(members) = serde_json::to_value(row).map_err(fault)? else { return Err(no_structure()) };
            if columns.is_empty() {
                let type_of = |name: &str| types.iter().find(|(column, _)| *column == name).map(|(_, of)| *of);
                columns = members.keys().map(|name| Writing::new(name, type_of(name), rows.len())).collect();
            }
            for (column, (_, value)) in columns.iter_mut().zip(members) {
                column.values.push(written(value, column.of));
            }
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let cast = |column: &Writing| format!("{}::{}", column.name, column.of.unwrap_or("text"));
        let casts: Vec<String> = columns.iter().map(cast).collect();
        let (names, casts, places) = (names.join(", "), casts.join(", "), vec!["$"; columns.len()].join(", "));
        let text = format!("INSERT INTO {table} ({names}) SELECT {casts} FROM unnest({places}) n ({names}) {conflict}");
        Ok(Self { text, values: columns.into_iter().map(|column| Column::Written(column.values)).collect() })
    }

    /// Sends it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn run(&self, tx: &mut Conn) -> QueryResult<usize> {
        self.execute(tx).await
    }
}

/// A column that is being written.
struct Writing {
    /// In quotes.
    name: String,
    /// Its type; none for text.
    of: Option<&'static str>,
    values: Vec<Option<String>>,
}

impl Writing {
    fn new(name: &str, of: Option<&'static str>, rows: usize) -> Self {
        Self { name: format!("\"{name}\""), of, values: Vec::with_capacity(rows) }
    }
}

fn fault(error: serde_json::Error) -> Error {
    Error::SerializationError(Box::new(error))
}

fn no_structure() -> Error {
    Error::SerializationError("a row is no structure".into())
}

/// A value as PostgreSQL reads it for a column of a type.
fn written(value: Value, of: Option<&str>) -> Option<String> {
    match value {
        Value::Null => None,
        value if of == Some("jsonb") => Some(value.to_string()),
        Value::String(text) => Some(text),
        Value::Array(items) => Some(list(&items)),
        value => Some(value.to_string()),
    }
}

/// An array as PostgreSQL reads it: `{"one","\\"two\\""}`.
fn list(items: &[Value]) -> String {
    let mut out = String::from("{");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match item {
            Value::Null => out.push_str("NULL"),
            Value::String(text) => quote(text, &mut out),
            other => quote(&other.to_string(), &mut out),
        }
    }
    out.push('}');
    out
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

/// Makes inserts and sends them; see [`Insert::of`].
///
/// # Errors
/// Those of the database.
pub async fn insert<R: Serialize>(
    tx: &mut Conn,
    table: &'static str,
    rows: &[R],
    conflict: &'static str,
) -> QueryResult<()> {
    for insert in Insert::of(table, rows, conflict)? {
        insert.run(tx).await?;
    }
    Ok(())
}

/// Bytes as PostgreSQL reads them.
///
/// # Errors
/// Those of the serialiser.
pub fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}

/// Bytes that may be missing.
///
/// # Errors
/// Those of the serialiser.
pub fn maybe_bytes<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_deref().map(hex).serialize(serializer)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_postgresql_reads_them() {
        for (value, of, told) in [
            (json!(null), None, None),
            (json!(null), Some("jsonb"), None),
            (json!("Hà \"Giang\""), None, Some("Hà \"Giang\"")),
            (json!(7), Some("smallint"), Some("7")),
            (json!(true), Some("boolean"), Some("true")),
            (json!([]), Some("text[]"), Some("{}")),
            (json!(["a,b", "", "NULL", "c\\\"d", null]), Some("text[]"), Some(r#"{"a,b","","NULL","c\\\"d",NULL}"#)),
            (json!(["a"]), Some("jsonb"), Some(r#"["a"]"#)),
            (json!("a"), Some("jsonb"), Some(r#""a""#)),
            (json!({"a": 1}), Some("jsonb"), Some(r#"{"a":1}"#)),
        ] {
            assert_eq!(written(value.clone(), of).as_deref(), told, "{value}");
        }
    }
}
