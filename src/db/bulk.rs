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
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Conn;

/// Rows a statement.
const MOST: usize = 2_000;

/// Bytes a column makes room for at once, by the length of its first value, which may be an unusual one.
const MOST_ROOM: usize = 4 << 20;

/// An insert of many rows, ready to be sent. To make it needs no database, so it can be made aside.
#[derive(Debug)]
pub struct Insert {
    /// With a dollar sign for each value.
    text: String,
    values: Vec<Bound>,
}

/// A parameter of an insert.
#[derive(Debug)]
enum Bound {
    Column(Column),
    /// All rows as one JSON document.
    Rows(String),
}

/// What PostgreSQL takes for the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as PostgreSQL's types")]
pub enum Kind {
    Bool,
    SmallInt,
    Integer,
    BigInt,
    Uuid,
    Text,
    Bytea,
    Timestamptz,
    Jsonb,
    /// Sent as text, since an array takes no arrays of different lengths.
    TextList,
    /// As a list of texts.
    ByteaList,
}

impl Kind {
    /// The number of the type of an element, as PostgreSQL's catalogue has it for good (`pg_type.dat`).
    const fn element(self) -> u32 {
        match self {
            Self::Bool => 16,
            Self::Bytea => 17,
            Self::BigInt => 20,
            Self::SmallInt => 21,
            Self::Integer => 23,
            Self::Text | Self::TextList | Self::ByteaList => 25,
            Self::Timestamptz => 1184,
            Self::Uuid => 2950,
            Self::Jsonb => 3802,
        }
    }

    /// How the values are read from the array.
    const fn read(self) -> &'static str {
        match self {
            Self::TextList => "unnest($)::text[]",
            Self::ByteaList => "unnest($)::bytea[]",
            _ => "unnest($)",
        }
    }
}

/// The values of a column, row by row, as PostgreSQL receives the elements of an array: before each its length, or -1 for `NULL`
/// (`array_recv` in `arrayfuncs.c`).
#[derive(Debug)]
pub struct Column {
    kind: Kind,
    rows: i32,
    has_null: bool,
    packed: Vec<u8>,
}

impl Column {
    const fn new(kind: Kind) -> Self {
        Self { kind, rows: 0, has_null: false, packed: Vec::new() }
    }

    /// Adds the value of the next row.
    pub fn push<T: Written + ?Sized>(&mut self, value: &T) {
        let at = self.packed.len();
        self.packed.extend(NULL);
        if value.write(&mut self.packed) {
            let length = i32::try_from(self.packed.len() - at - NULL.len()).unwrap_or(i32::MAX);
            self.packed[at..at + NULL.len()].copy_from_slice(&length.to_be_bytes());
        } else {
            self.has_null = true;
        }
        self.rows += 1;
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self.kind {
            Kind::Bool => out.push_bind_param::<Array<types::Bool>, _>(self),
            Kind::SmallInt => out.push_bind_param::<Array<types::SmallInt>, _>(self),
            Kind::Integer => out.push_bind_param::<Array<types::Integer>, _>(self),
            Kind::BigInt => out.push_bind_param::<Array<types::BigInt>, _>(self),
            Kind::Uuid => out.push_bind_param::<Array<types::Uuid>, _>(self),
            Kind::Bytea => out.push_bind_param::<Array<types::Bytea>, _>(self),
            Kind::Timestamptz => out.push_bind_param::<Array<types::Timestamptz>, _>(self),
            Kind::Jsonb => out.push_bind_param::<Array<types::Jsonb>, _>(self),
            Kind::Text | Kind::TextList | Kind::ByteaList => out.push_bind_param::<Array<types::Text>, _>(self),
        }
    }
}

/// The length of what is not there.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

impl<Element: 'static> ToSql<Array<Element>, Pg> for Column {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let element = self.kind.element().to_be_bytes();
        // one dimension, counted from 1
        let header = [
            1_i32.to_be_bytes(),
            i32::from(self.has_null).to_be_bytes(),
            element,
            self.rows.to_be_bytes(),
            1_i32.to_be_bytes(),
        ];
        out.write_all(header.as_flattened())?;
        out.write_all(&self.packed)?;
        Ok(IsNull::No)
    }
}

impl QueryFragment<Pg> for Insert {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = self.text.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for (piece, value) in pieces.zip(&self.values) {
            match value {
                Bound::Column(column) => column.bind(&mut out)?,
                Bound::Rows(rows) => out.push_bind_param::<types::Text, _>(rows)?,
            }
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
            Ok(Self { text: text.clone(), values: vec![Bound::Rows(rows)] })
        };
        rows.chunks(MOST).map(insert).collect()
    }

    /// As [`Insert::of`], for rows that come by the thousands: a column is an array of what PostgreSQL keeps, who has less work
    /// with it than with a document.
    pub fn of_rows<R: Row>(table: &str, rows: &[R], conflict: &str) -> Vec<Self> {
        rows.chunks(MOST).map(|rows| Self::packed(table, rows, conflict)).collect()
    }

    fn packed<R: Row>(table: &str, rows: &[R], conflict: &str) -> Self {
        let columns = rows.first().map(Row::columns).unwrap_or_default();
        let mut values: Vec<Column> = columns.iter().map(|(_, kind)| Column::new(*kind)).collect();
        for (place, row) in rows.iter().enumerate() {
            row.put(&mut values);
            if place == 0 {
                // the others are about as long as a rule
                for column in &mut values {
                    column.packed.reserve((column.packed.len() * rows.len()).min(MOST_ROOM));
                }
            }
        }
        // in the list of what is selected the arrays are read side by side; as a table each would be kept in full first
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let arrays: Vec<&str> = columns.iter().map(|(_, kind)| kind.read()).collect();
        let text = format!("INSERT INTO {table} ({}) SELECT {} {conflict}", names.join(", "), arrays.join(", "));
        Self { text, values: values.into_iter().map(Bound::Column).collect() }
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
    /// The columns in the order of [`Row::put`], each with what it keeps.
    fn columns(&self) -> Vec<(&'static str, Kind)>;

    /// Adds each member to the values of its column.
    fn put(&self, columns: &mut [Column]);
}

/// A value of a column, written as PostgreSQL receives it.
pub trait Written {
    /// What it is there.
    const KIND: Kind;

    /// Adds its bytes; false, without any, for `NULL`.
    fn write(&self, out: &mut Vec<u8>) -> bool;
}

macro_rules! written {
    ($($type:ty = $kind:ident: |$value:ident| $bytes:expr),+ $(,)?) => {$(
        impl Written for $type {
            const KIND: Kind = Kind::$kind;

            fn write(&self, out: &mut Vec<u8>) -> bool {
                let $value = self;
                out.extend_from_slice($bytes.as_ref());
                true
            }
        }
    )+};
}

written!(
    str = Text: |text| text.as_bytes(),
    String = Text: |text| text.as_bytes(),
    [u8] = Bytea: |bytes| bytes,
    Vec<u8> = Bytea: |bytes| bytes,
    bool = Bool: |yes| [u8::from(*yes)],
    i16 = SmallInt: |number| number.to_be_bytes(),
    i32 = Integer: |number| number.to_be_bytes(),
    i64 = BigInt: |number| number.to_be_bytes(),
    Uuid = Uuid: |id| id.as_bytes(),
    // microseconds since the beginning of 2000
    DateTime<Utc> = Timestamptz: |time| (time.timestamp_micros() - 946_684_800_000_000).to_be_bytes(),
);

impl<T: Written + ?Sized> Written for &T {
    const KIND: Kind = T::KIND;

    fn write(&self, out: &mut Vec<u8>) -> bool {
        (**self).write(out)
    }
}

impl<T: Written> Written for Option<T> {
    const KIND: Kind = T::KIND;

    fn write(&self, out: &mut Vec<u8>) -> bool {
        self.as_ref().is_some_and(|value| value.write(out))
    }
}

/// As `{"one","\\"two\\""}`.
macro_rules! written_as_list {
    ($($type:ty),+ $(,)?) => {$(
        impl Written for $type {
            const KIND: Kind = Kind::TextList;

            fn write(&self, out: &mut Vec<u8>) -> bool {
                list(self, out, |text, out| quote(text.as_bytes(), out));
                true
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
    const KIND: Kind = Kind::Jsonb;

    fn write(&self, out: &mut Vec<u8>) -> bool {
        // the version of the format, then the text
        out.push(1);
        out.extend_from_slice(self.0.as_bytes());
        true
    }
}

impl ToSql<types::Jsonb, Pg> for Document {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let mut bytes = Vec::with_capacity(self.0.len() + 1);
        self.write(&mut bytes);
        out.write_all(&bytes)?;
        Ok(IsNull::No)
    }
}

/// A list of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Hashes<'a>(pub &'a [Vec<u8>]);

impl Written for Hashes<'_> {
    const KIND: Kind = Kind::ByteaList;

    fn write(&self, out: &mut Vec<u8>) -> bool {
        list(self.0, out, |bytes, out| quote(hex(bytes).as_bytes(), out));
        true
    }
}

fn list<T>(items: &[T], out: &mut Vec<u8>, mut add: impl FnMut(&T, &mut Vec<u8>)) {
    out.push(b'{');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        add(item, out);
    }
    out.push(b'}');
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\');
    for piece in text.split_inclusive(is_special) {
        match piece.split_last() {
            Some((last, before)) if is_special(last) => {
                out.extend_from_slice(before);
                out.extend([b'\\', *last]);
            }
            _ => out.extend_from_slice(piece),
        }
    }
    out.push(b'"');
}

/// What a value is in PostgreSQL.
pub const fn kind_of<T: Written>(_: &T) -> Kind {
    T::KIND
}

/// Makes a [`Row`] of a structure. All of its members must be named; a line under the last letter, which keeps a name apart from
/// a word of the language, is no part of the column's name.
#[macro_export]
macro_rules! row {
    ($name:ty: $($member:ident),+ $(,)?) => {
        impl $crate::db::bulk::Row for $name {
            fn columns(&self) -> Vec<(&'static str, $crate::db::bulk::Kind)> {
                let Self { $($member),+ } = self;
                vec![$((stringify!($member).trim_end_matches('_'), $crate::db::bulk::kind_of($member))),+]
            }

            fn put(&self, columns: &mut [$crate::db::bulk::Column]) {
                let Self { $($member),+ } = self;
                let mut columns = columns.iter_mut();
                $(
                    if let Some(column) = columns.next() {
                        column.push($member);
                    }
                )+
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
             SELECT unnest($), unnest($), unnest($), unnest($)::text[], unnest($)::bytea[], unnest($), unnest($) \
             ON CONFLICT DO NOTHING"
        );
        for (at, expected) in [
            [Some("Hà \"Giang\"".as_bytes()), None],
            [Some(b"".as_slice()), Some(b"x")],
            [Some(&[0xFF, 0xF9]), None],
            [Some(br#"{"a,b","","NULL","c\\\"d"}"#), Some(b"{}")],
            [Some(br#"{"\\x0aff","\\x"}"#), Some(b"{}")],
            [Some(b"\x01{\"a\":[\"b\"]}"), Some(b"\x01{}")],
            [Some(&[1]), Some(&[0])],
        ]
        .iter()
        .enumerate()
        {
            let Bound::Column(column) = &insert.values[at] else { panic!("{at} is no column") };
            assert_eq!(unpacked(column), expected, "{at}");
            assert_eq!(column.has_null, expected.contains(&None), "{at}");
        }
    }

    fn unpacked(column: &Column) -> Vec<Option<&[u8]>> {
        let (mut values, mut rest) = (Vec::new(), column.packed.as_slice());
        while let Some((length, after)) = rest.split_first_chunk() {
            let value = usize::try_from(i32::from_be_bytes(*length)).ok().map(|length| after.split_at(length));
            rest = value.map_or(after, |(_, after)| after);
            values.push(value.map(|(value, _)| value));
        }
        assert_eq!(usize::try_from(column.rows).unwrap(), values.len());
        values
    }

    #[test]
    fn times_count_from_the_year_2000() {
        let mut out = Vec::new();
        let time: DateTime<Utc> = "2000-01-01T00:00:01.000002Z".parse().unwrap();
        assert!(time.write(&mut out));
        assert_eq!(out, 1_000_002_i64.to_be_bytes());
    }

    #[test]
    fn no_rows_are_no_statement() {
        assert!(Insert::of_rows::<Sample<'_>>("samples", &[], "").is_empty());
    }
}
