//! Many rows in one statement. `VALUES` takes a parameter for each column of each row, and PostgreSQL spends more time on
//! reading tens of thousands of them than on the rows; here the rows are one JSON document, or an array a column where they come by
//! the thousands, and the statement has one text, prepared once, however many there are.

use std::io::Write;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::serialize::{self, IsNull, Output, ToSql};
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
        // in the list of what is selected the arrays are read side by side; as a table each would be kept in full first
        let (names, arrays) = (names.join(", "), vec!["unnest($)"; N].join(", "));
        let text = format!("INSERT INTO {table} ({names}) SELECT {arrays} {conflict}");
        values.iter().any(|column| !column.is_empty()).then_some(Self { text, values })
    }

    /// As [`Insert::of`], for rows that come by the thousands: a column is an array of what PostgreSQL reads, who has less work
    /// with it than with a document.
    pub fn of_rows<R: Row>(table: &str, rows: &[R], conflict: &str) -> Vec<Self> {
        rows.chunks(MOST).map(|rows| Self::written(table, rows, conflict)).collect()
    }

    fn written<R: Row>(table: &str, rows: &[R], conflict: &str) -> Self {
        let columns = rows.first().map(Row::columns).unwrap_or_default();
        let mut values: Vec<Vec<Option<String>>> = columns.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        rows.iter().for_each(|row| row.put(&mut values));
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let casts: Vec<String> = columns.iter().map(|(_, of)| format!("unnest($)::{of}")).collect();
        let text = format!("INSERT INTO {table} ({}) SELECT {} {conflict}", names.join(", "), casts.join(", "));
        Self { text, values: values.into_iter().map(Column::Written).collect() }
    }

    /// Sends it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn run(&self, tx: &mut Conn) -> QueryResult<usize> {
        self.execute(tx).await
    }
}

fn fault(error: serde_json::Error) -> Error {
    Error::SerializationError(Box::new(error))
}

fn no_structure() -> Error {
    Error::SerializationError("a row is no structure".into())
}

/// A row whose members are named as the columns of its table; [`row!`](crate::row) implements it.
pub trait Row {
    /// The columns in the order of [`Row::put`], each with its type.
    fn columns(&self) -> Vec<(&'static str, &'static str)>;

    /// Adds each member to the values of its column.
    fn put(&self, columns: &mut [Vec<Option<String>>]);
}

/// A value of a column, as PostgreSQL reads it.
pub trait Written {
    /// The name of its type.
    const TYPE: &'static str;

    /// None for `NULL`.
    fn written(&self) -> Option<String>;
}

macro_rules! written_as_shown {
    ($($type:ty = $name:literal),+ $(,)?) => {$(
        impl Written for $type {
            const TYPE: &'static str = $name;

            fn written(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}

written_as_shown!(str = "text", i16 = "smallint", i32 = "integer", i64 = "bigint", bool = "boolean", Uuid = "uuid",);

impl Written for DateTime<Utc> {
    const TYPE: &'static str = "timestamptz";

    fn written(&self) -> Option<String> {
        Some(self.to_rfc3339())
    }
}

impl Written for [u8] {
    const TYPE: &'static str = "bytea";

    fn written(&self) -> Option<String> {
        Some(hex(self))
    }
}

impl<T: Written + ?Sized> Written for &T {
    const TYPE: &'static str = T::TYPE;

    fn written(&self) -> Option<String> {
        (**self).written()
    }
}

impl<T: Written> Written for Option<T> {
    const TYPE: &'static str = T::TYPE;

    fn written(&self) -> Option<String> {
        self.as_ref().and_then(Written::written)
    }
}

/// As `{"one","\\"two\\""}`.
macro_rules! written_as_list {
    ($($type:ty),+ $(,)?) => {$(
        impl Written for $type {
            const TYPE: &'static str = "text[]";

            fn written(&self) -> Option<String> {
                Some(list(self.iter().map(AsRef::as_ref)))
            }
        }
    )+};
}

written_as_list!([String], [&str], Vec<String>, Vec<&str>);

/// A document, written already.
#[derive(Debug, AsExpression)]
#[diesel(sql_type = types::Jsonb)]
pub struct Document(pub String);

impl Written for Document {
    const TYPE: &'static str = "jsonb";

    fn written(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

impl ToSql<types::Jsonb, Pg> for Document {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // the version of the format, then the text
        out.write_all(&[1])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl Written for Vec<u8> {
    const TYPE: &'static str = <[u8] as Written>::TYPE;

    fn written(&self) -> Option<String> {
        self.as_slice().written()
    }
}

/// A list of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Hashes<'a>(pub &'a [Vec<u8>]);

impl Written for Hashes<'_> {
    const TYPE: &'static str = "bytea[]";

    fn written(&self) -> Option<String> {
        let items: Vec<String> = self.0.iter().map(|bytes| hex(bytes)).collect();
        Some(list(items.iter().map(String::as_str)))
    }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("{");
    for item in items {
        if out.len() > 1 {
            out.push(',');
        }
        quote(item, &mut out);
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

/// The name of the type of a value.
pub const fn type_of<T: Written>(_: &T) -> &'static str {
    T::TYPE
}

/// Makes a [`Row`] of a structure. All of its members must be named; a line under the last letter, which keeps a name apart from
/// a word of the language, is no part of the column's name.
#[macro_export]
macro_rules! row {
    ($name:ty: $($member:ident),+ $(,)?) => {
        impl $crate::db::bulk::Row for $name {
            fn columns(&self) -> Vec<(&'static str, &'static str)> {
                let Self { $($member),+ } = self;
                vec![$((stringify!($member).trim_end_matches('_'), $crate::db::bulk::type_of($member))),+]
            }

            fn put(&self, columns: &mut [Vec<Option<String>>]) {
                let Self { $($member),+ } = self;
                let values = [$($crate::db::bulk::Written::written($member)),+];
                for (column, value) in columns.iter_mut().zip(values) {
                    column.push(value);
                }
            }
        }
    };
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

fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample<'a> {
        name: Option<&'a str>,
        abstract_: &'a str,
        year: Option<i16>,
        words: &'a [&'a str],
        marks: Hashes<'a>,
        lists: Document,
        ready: bool,
    }

    row!(Sample<'_>: name, abstract_, year, words, marks, lists, ready);

    #[test]
    fn rows_are_written_as_postgresql_reads_them() {
        let marks = vec![vec![0x0A, 0xFF], vec![]];
        let full = Sample {
            name: Some("Hà \"Giang\""),
            abstract_: "",
            year: Some(-7),
            words: &["a,b", "", "NULL", "c\\\"d"],
            marks: Hashes(&marks),
            lists: Document(r#"{"a":["b"]}"#.to_owned()),
            ready: true,
        };
        let empty = Sample {
            name: None,
            abstract_: "x",
            year: None,
            words: &[],
            marks: Hashes(&[]),
            lists: Document("{}".to_owned()),
            ready: false,
        };
        let inserts = Insert::of_rows("samples", &[full, empty], "ON CONFLICT DO NOTHING");
        let [insert] = inserts.as_slice() else { panic!("{inserts:?}") };
        assert_eq!(
            insert.text,
            "INSERT INTO samples (\"name\", \"abstract\", \"year\", \"words\", \"marks\", \"lists\", \"ready\") \
             SELECT unnest($)::text, unnest($)::text, unnest($)::smallint, unnest($)::text[], unnest($)::bytea[], \
             unnest($)::jsonb, unnest($)::boolean ON CONFLICT DO NOTHING"
        );
        let column = |at: usize| match &insert.values[at] {
            Column::Written(values) => values.iter().map(Option::as_deref).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        for (at, expected) in [
            [Some("Hà \"Giang\""), None],
            [Some(""), Some("x")],
            [Some("-7"), None],
            [Some(r#"{"a,b","","NULL","c\\\"d"}"#), Some("{}")],
            [Some(r#"{"\\x0aff","\\x"}"#), Some("{}")],
            [Some(r#"{"a":["b"]}"#), Some("{}")],
            [Some("true"), Some("false")],
        ]
        .iter()
        .enumerate()
        {
            assert_eq!(column(at), expected, "{at}");
        }
    }

    #[test]
    fn no_rows_are_no_statement() {
        assert!(Insert::of_rows::<Sample<'_>>("samples", &[], "").is_empty());
    }
}
