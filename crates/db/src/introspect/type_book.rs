//! Types: what each is made of, and which of them a schema has to describe.

use std::collections::{BTreeMap, HashSet};

use seedbed_api::Result;
use seedbed_schema::{Attribute, Base, NamedType, Schema, TableName, TypeRef, TypeShape};

use super::answer::Row;
use super::catalog::Catalog;
use super::key;

/// A row of `pg_type`, with its range's.
pub(super) struct TypeRow {
    name: TableName,
    kind: char,
    element: u32,
    base: u32,
    base_modifier: i32,
    /// What a domain is over, or a range's subtype.
    part_sql: String,
    not_null: bool,
    has_default: bool,
    pub default: Option<String>,
    collation: u32,
    relation: u32,
    subtype: u32,
    /// Whether people defined it, and not by a table or an extension.
    by_people: bool,
}

/// Types by their numbers. Named ones that were referred to are remembered.
pub(super) struct TypeBook<'a> {
    catalog: &'a Catalog,
    wanted: Vec<u32>,
    known: HashSet<u32>,
}

impl TypeRow {
    pub(super) fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            name: TableName::new(row.text()?, row.text()?),
            kind: row.letter()?,
            element: row.number()?,
            base: row.number()?,
            base_modifier: row.number()?,
            part_sql: row.text()?,
            not_null: row.flag(),
            has_default: row.flag(),
            default: row.maybe(),
            collation: row.number()?,
            relation: row.number()?,
            subtype: row.number_or_zero()?,
            by_people: row.flag(),
        })
    }

    fn is_named(&self) -> bool {
        matches!(self.kind, 'c' | 'd' | 'e')
    }
}

impl<'a> TypeBook<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        let own = catalog.types.iter().filter(|(_, row)| row.by_people && row.is_named());
        let wanted: Vec<u32> = own.map(|(oid, _)| *oid).collect();
        Self { catalog, known: wanted.iter().copied().collect(), wanted }
    }

    /// A type with its modifier, which the server writes as `sql`.
    pub(super) fn reference(&mut self, oid: u32, modifier: i32, sql: &str) -> TypeRef {
        let row = self.catalog.types.get(&oid);
        let shape = match row {
            Some(row) => self.shape(oid, row, modifier, sql),
            // Made after the types were read.
            None => TypeShape::Base(Base::Other(sql.to_owned())),
        };
        let limits = Limits::of(&shape, modifier);
        TypeRef {
            sql: sql.to_owned(),
            shape,
            length: limits.length,
            precision: limits.precision,
            scale: limits.scale,
            has_default: row.is_some_and(|row| row.has_default),
        }
    }

    fn shape(&mut self, oid: u32, row: &TypeRow, modifier: i32, sql: &str) -> TypeShape {
        match row.kind {
            'c' | 'd' | 'e' => {
                if self.known.insert(oid) {
                    self.wanted.push(oid);
                }
                TypeShape::Named(row.name.clone())
            }
            'r' | 'm' => {
                let part = Box::new(self.reference(row.subtype, -1, &row.part_sql));
                if row.kind == 'r' { TypeShape::Range(part) } else { TypeShape::Multirange(part) }
            }
            // The modifier of an array is that of its elements. Vectors such as
            // `int2vector` have elements and are no arrays.
            _ => match sql.strip_suffix("[]") {
                Some(element) if row.element != 0 => {
                    TypeShape::Array(Box::new(self.reference(row.element, modifier, element)))
                }
                _ => TypeShape::Base(base(&row.name, modifier, sql)),
            },
        }
    }

    /// Whether a domain, or one it is over, refuses NULL.
    pub(super) fn refuses_null(&self, oid: u32) -> bool {
        self.domains(oid).any(|row| row.not_null)
    }

    /// The collation of the type a domain is over in the end.
    pub(super) fn base_collation(&self, oid: u32) -> u32 {
        let base = self.domains(oid).last().map_or(oid, |row| row.base);
        self.catalog.types.get(&base).map_or(0, |row| row.collation)
    }

    /// A domain, the one it is over, and so on.
    fn domains(&self, oid: u32) -> impl Iterator<Item = &'a TypeRow> {
        let types = &self.catalog.types;
        let domain = |oid: u32| types.get(&oid).filter(|row| row.kind == 'd');
        std::iter::successors(domain(oid), move |row| domain(row.base))
    }

    /// Describes the types people defined, those that were referred to, and
    /// those that these are made of.
    pub(super) fn describe(mut self) -> BTreeMap<String, NamedType> {
        let mut described = BTreeMap::new();
        while let Some(oid) = self.wanted.pop() {
            if let Some(row) = self.catalog.types.get(&oid) {
                described.insert(Schema::entry(&row.name), self.named(oid, row));
            }
        }
        described
    }

    fn named(&mut self, oid: u32, row: &TypeRow) -> NamedType {
        match row.kind {
            'e' => NamedType::Enum(self.catalog.labels.get(&oid).cloned().unwrap_or_default()),
            'd' => {
                let conditions = self.catalog.conditions.get(&oid);
                let conditions = conditions.map(Vec::as_slice).unwrap_or_default();
                NamedType::Domain {
                    base: self.reference(row.base, row.base_modifier, &row.part_sql),
                    not_null: self.refuses_null(oid),
                    default: row.default.clone(),
                    checks: key::checks(self.catalog, conditions),
                }
            }
            _ => {
                let columns = self.catalog.columns.get(&row.relation).into_iter().flatten();
                let attributes = columns.map(|column| Attribute {
                    name: column.name.clone(),
                    data_type: self.reference(column.type_oid, column.modifier, &column.type_sql),
                });
                NamedType::Composite(attributes.collect())
            }
        }
    }
}

/// What a type modifier limits.
#[derive(Default)]
struct Limits {
    length: Option<u32>,
    precision: Option<u32>,
    scale: Option<i32>,
}

impl Limits {
    /// The forms of `pg_attribute.atttypmod` that the types' own functions
    /// write; -1 is no limit.
    fn of(shape: &TypeShape, modifier: i32) -> Self {
        const HEADER: i32 = 4;
        const FULL_INTERVAL: i32 = 0xffff;
        let mut limits = Self::default();
        let TypeShape::Base(base) = shape else { return limits };
        if modifier < 0 {
            return limits;
        }
        match base {
            Base::Varchar | Base::Bpchar => limits.length = u32::try_from(modifier - HEADER).ok(),
            Base::Bit | Base::Varbit => limits.length = u32::try_from(modifier).ok(),
            Base::Numeric => {
                let both = modifier - HEADER;
                limits.precision = u32::try_from((both >> 16) & 0xffff).ok();
                // Eleven bits with a sign.
                limits.scale = Some(((both & 0x7ff) ^ 0x400) - 0x400);
            }
            Base::Time | Base::Timetz | Base::Timestamp | Base::Timestamptz => {
                limits.scale = Some(modifier);
            }
            // The upper half says which fields it has.
            Base::Interval => {
                limits.scale = Some(modifier & 0xffff).filter(|scale| *scale != FULL_INTERVAL);
            }
            _ => {}
        }
        limits
    }
}

fn base(name: &TableName, modifier: i32, sql: &str) -> Base {
    let other = || Base::Other(sql.to_owned());
    if name.schema != "pg_catalog" {
        // Wherever the extension was installed.
        return match name.name.as_str() {
            "citext" => Base::Citext,
            "hstore" => Base::Hstore,
            "ltree" => Base::Ltree,
            "vector" => Base::Vector(u32::try_from(modifier).ok()),
            _ => other(),
        };
    }
    match name.name.as_str() {
        "bool" => Base::Bool,
        "int2" => Base::Int2,
        "int4" => Base::Int4,
        "int8" => Base::Int8,
        "oid" => Base::Oid,
        "float4" => Base::Float4,
        "float8" => Base::Float8,
        "numeric" => Base::Numeric,
        "money" => Base::Money,
        "text" => Base::Text,
        "varchar" => Base::Varchar,
        "bpchar" => Base::Bpchar,
        "name" => Base::Name,
        "char" => Base::Char,
        "bytea" => Base::Bytea,
        "bit" => Base::Bit,
        "varbit" => Base::Varbit,
        "date" => Base::Date,
        "time" => Base::Time,
        "timetz" => Base::Timetz,
        "timestamp" => Base::Timestamp,
        "timestamptz" => Base::Timestamptz,
        "interval" => Base::Interval,
        "uuid" => Base::Uuid,
        "json" => Base::Json,
        "jsonb" => Base::Jsonb,
        "jsonpath" => Base::Jsonpath,
        "xml" => Base::Xml,
        "inet" => Base::Inet,
        "cidr" => Base::Cidr,
        "macaddr" => Base::Macaddr,
        "macaddr8" => Base::Macaddr8,
        "point" => Base::Point,
        "line" => Base::Line,
        "lseg" => Base::Lseg,
        "box" => Base::Box,
        "path" => Base::Path,
        "polygon" => Base::Polygon,
        "circle" => Base::Circle,
        "tsvector" => Base::Tsvector,
        "tsquery" => Base::Tsquery,
        "pg_lsn" => Base::PgLsn,
        "xid" => Base::Xid,
        "xid8" => Base::Xid8,
        "cid" => Base::Cid,
        "tid" => Base::Tid,
        "txid_snapshot" => Base::TxidSnapshot,
        "pg_snapshot" => Base::PgSnapshot,
        reg if reg.starts_with("reg") => Base::Reg(reg.to_owned()),
        _ => other(),
    }
}
