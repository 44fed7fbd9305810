//! Types: built-in ones by name, and what enums, domains, composites, ranges
//! and arrays are made of.

use serde::{Deserialize, Serialize};

use crate::{Check, TableName};

/// A column's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeRef {
    /// As the server writes it, with length and precision: `character varying(40)`.
    pub sql: String,
    /// What it is made of.
    pub shape: TypeShape,
    /// The type modifier where it limits: characters of `varchar`, `char`,
    /// `bit` and `varbit`.
    pub length: Option<u32>,
    /// `numeric(precision, scale)`; fraction digits of times and intervals are
    /// `(None, scale)`.
    pub precision: Option<u32>,
    /// See `precision`; may be negative for numerics.
    pub scale: Option<i32>,
    /// Whether its domain has a default.
    pub has_default: bool,
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeShape {
    /// A type without parts.
    Base(Base),
    /// An array of it. The number of dimensions is not enforced by the server.
    Array(Box<TypeRef>),
    /// A range over it.
    Range(Box<TypeRef>),
    /// A multirange over it.
    Multirange(Box<TypeRef>),
    /// One described in [`crate::Schema::types`], by name.
    Named(TableName),
}

/// Types without parts, and a few extensions that everybody has.
#[expect(missing_docs, reason = "each is the server's own type of that name")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Base {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Money,
    Text,
    Varchar,
    /// `character(n)`
    Bpchar,
    Name,
    /// `"char"`
    Char,
    Citext,
    Bytea,
    Bit,
    Varbit,
    Date,
    Time,
    Timetz,
    Timestamp,
    Timestamptz,
    Interval,
    Uuid,
    Json,
    Jsonb,
    Jsonpath,
    Xml,
    Inet,
    Cidr,
    Macaddr,
    Macaddr8,
    Point,
    Line,
    Lseg,
    Box,
    Path,
    Polygon,
    Circle,
    Tsvector,
    Tsquery,
    Hstore,
    Ltree,
    PgLsn,
    Xid,
    Xid8,
    Cid,
    Tid,
    TxidSnapshot,
    PgSnapshot,
    /// `regclass`, `regtype`, `regproc`, `regrole` and the others of their kind.
    Reg(String),
    /// pgvector, with its number of dimensions.
    Vector(Option<u32>),
    /// Anything else, by its name as the server writes it.
    Other(String),
}

/// A type a schema defines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NamedType {
    /// Labels in their order.
    Enum(Vec<String>),
    /// A domain.
    Domain {
        /// What it is over; may be a domain again.
        base: TypeRef,
        /// Whether NULL is refused.
        not_null: bool,
        /// Its default.
        default: Option<String>,
        /// Its conditions; `VALUE` stands for the value.
        checks: Vec<Check>,
    },
    /// A composite type, or a table's row type.
    Composite(Vec<Attribute>),
}

/// A part of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: TypeRef,
}
