//! From a type to how its values are made.

use seedbed_schema::{Base, Check, NamedType, Schema, TypeRef, TypeShape};
use seedbed_values::{Generator, Natural};

use super::{Kind, Recipe, Style};
use crate::check::{Demand, Outcome, Row, Sort, Unknown, branches, narrow, parse};
use crate::moment::Clock;

/// What is text, or can be written as text.
const TEXTUAL: [Natural; 4] = [Natural::Text, Natural::Inet, Natural::Uuid, Natural::Macaddr];

/// Types within types deeper than this are given up.
const DEEPEST: usize = 12;

/// What is known of a type.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) recipe: Recipe,
    pub(crate) sort: Sort,
    /// Conditions of its domains, the outermost first; `VALUE` is the value.
    pub(crate) checks: Vec<Check>,
}

/// No value of a type can be made.
#[derive(Clone, Debug)]
pub(crate) struct Impossible(pub(crate) String);

/// How values of a type are made that are about `like`.
pub(crate) fn build(
    schema: &Schema,
    data_type: &TypeRef,
    like: Option<Generator>,
) -> Result<Built, Impossible> {
    built(schema, data_type, like, DEEPEST)
}

fn built(
    schema: &Schema,
    data_type: &TypeRef,
    like: Option<Generator>,
    depth: usize,
) -> Result<Built, Impossible> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Impossible(format!("type `{}` contains itself", data_type.sql)));
    };
    let simple = |kind, sort| Ok(Built { recipe: Recipe(kind), sort, checks: Vec::new() });
    match &data_type.shape {
        TypeShape::Base(base) => base_type(base, data_type, like),
        TypeShape::Array(element) => {
            let inner = bound(built(schema, element, like, depth)?);
            let delimiter = if element.shape == TypeShape::Base(Base::Box) { ';' } else { ',' };
            simple(
                Kind::Array(Box::new(inner.recipe), delimiter),
                Sort::Array(Box::new(inner.sort)),
            )
        }
        TypeShape::Range(element) | TypeShape::Multirange(element) => {
            let inner = bound(built(schema, element, None, depth)?);
            let multi = matches!(data_type.shape, TypeShape::Multirange(_));
            simple(Kind::Range(Box::new(inner.recipe), multi), Sort::Opaque)
        }
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Enum(labels)) => {
                if labels.is_empty() {
                    return Err(Impossible(format!("enum `{name}` has no label")));
                }
                simple(Kind::Choice(labels.clone(), None), Sort::Opaque)
            }
            Some(NamedType::Domain { base, checks, .. }) => {
                let mut inner = built(schema, base, like, depth)?;
                let own = checks.iter().filter(|check| check.enforced).cloned();
                inner.checks = own.chain(inner.checks).collect();
                Ok(inner)
            }
            Some(NamedType::Composite(attributes)) => {
                let fields = attributes
                    .iter()
                    .map(|attribute| built(schema, &attribute.data_type, None, depth))
                    .map(|inner| inner.map(|inner| bound(inner).recipe))
                    .collect::<Result<_, _>>()?;
                simple(Kind::Composite(fields), Sort::Opaque)
            }
            None => Err(Impossible(format!("type `{}` is not known", data_type.sql))),
        },
    }
}

/// Puts what is understood of a domain's conditions into the recipe, for where
/// they are no conditions of a column.
fn bound(mut built: Built) -> Built {
    let mut demand = Demand::default();
    let row = One(built.sort.clone());
    for check in std::mem::take(&mut built.checks) {
        let value = |name: &str| (name == "value").then_some(0);
        let alternatives =
            parse(&check.expression, &value).and_then(|condition| branches(&condition, &row));
        for atom in alternatives.iter().flat_map(|each| each.first()).flatten() {
            narrow(atom, 0, &row, &mut demand);
        }
    }
    if demand != Demand::default() {
        built.recipe = Recipe(Kind::Bound(Box::new(built.recipe), Box::new(demand)));
    }
    built
}

/// A row of one column that is not decided.
struct One(Sort);

impl Row for One {
    fn value(&self, _: usize) -> Outcome {
        Err(Unknown)
    }

    fn sort(&self, _: usize) -> &Sort {
        &self.0
    }

    fn is_now(&self, _: usize) -> bool {
        false
    }
}

fn base_type(
    base: &Base,
    data_type: &TypeRef,
    like: Option<Generator>,
) -> Result<Built, Impossible> {
    let integer = |low, high| (Kind::Integer(low, high, usual_integer(like)), Sort::Number(true));
    let moment = |clock, sort| {
        (Kind::Moment(clock, fitting(like, &[Natural::Date, Natural::Timestamp])), sort)
    };
    let words = |most| Kind::Text { most, like: fitting(like, &TEXTUAL), style: Style::Words };
    let form = |form| (Kind::Form(form), Sort::Opaque);
    let names =
        |names: &[&str]| Kind::Choice(names.iter().map(|name| (*name).to_owned()).collect(), None);
    let length = data_type.length.map(|length| length as usize);
    let (kind, sort) = match base {
        Base::Bool => (names(&["false", "true"]), Sort::Bool),
        Base::Int2 => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
        Base::Int4 => integer(i64::from(i32::MIN), i64::from(i32::MAX)),
        // What every client can hold exactly is enough.
        Base::Int8 => integer(-(1 << 53), 1 << 53),
        Base::Oid => integer(0, i64::from(i32::MAX)),
        Base::Float4 => (decimal(Some(6), Some(2), like), Sort::Float),
        Base::Float8 => (decimal(Some(15), Some(2), like), Sort::Float),
        Base::Numeric => (decimal(data_type.precision, data_type.scale, like), Sort::Number(false)),
        Base::Money => (decimal(Some(12), Some(2), like), Sort::Opaque),
        Base::Text => (words(None), Sort::Text),
        Base::Varchar => (words(length), Sort::Text),
        Base::Name => (words(Some(63)), Sort::Text),
        Base::Citext => (words(None), Sort::Citext),
        Base::Bpchar => {
            let style = if like.is_none() { Style::Code } else { Style::Words };
            let like = fitting(like, &TEXTUAL);
            (Kind::Text { most: length.or(Some(1)), like, style }, Sort::Padded)
        }
        Base::Char => (Kind::Text { most: Some(1), like: None, style: Style::Code }, Sort::Text),
        Base::Bytea => (Kind::Bytes, Sort::Bytes),
        Base::Bit => (Kind::Bits(data_type.length.unwrap_or(1)), Sort::Opaque),
        Base::Varbit => (Kind::Bits(data_type.length.unwrap_or(8)), Sort::Opaque),
        Base::Date => moment(Clock::Date, Sort::Date),
        Base::Time => moment(Clock::Time, Sort::Time),
        Base::Timetz => moment(Clock::Timetz, Sort::Time),
        Base::Timestamp => moment(Clock::Timestamp, Sort::Timestamp),
        Base::Timestamptz => moment(Clock::Timestamptz, Sort::Timestamptz),
        Base::Interval => (Kind::Span, Sort::Span),
        Base::Uuid => {
            let like = fitting(like, &[Natural::Uuid]).unwrap_or(Generator::Uuid);
            (Kind::Like(like), Sort::Opaque)
        }
        Base::Json | Base::Jsonb => (Kind::Json, Sort::Json),
        Base::Jsonpath => form("$.@@@@@@"),
        Base::Xml => form("<item>@@@@@@</item>"),
        Base::Inet => {
            (Kind::Like(fitting(like, &[Natural::Inet]).unwrap_or(Generator::Ipv6)), Sort::Opaque)
        }
        Base::Cidr => form("2001:db8:%%%%:%%%%::/64"),
        Base::Macaddr => form("02:00:%%:%%:%%:%%"),
        Base::Macaddr8 => form("02:00:%%:ff:fe:%%:%%:%%"),
        Base::Point => form("(##,##)"),
        Base::Line => form("{1,##,##}"),
        Base::Lseg => form("[(##,##),(1##,1##)]"),
        Base::Box => form("(1##,1##),(##,##)"),
        Base::Path => form("[(0,0),(##,##),(1##,1##)]"),
        Base::Polygon => form("((0,0),(1##,0),(0,1##))"),
        Base::Circle => form("<(##,##),1#>"),
        Base::Tsvector => form("'@@@@@@':1"),
        Base::Tsquery => form("'@@@@@@'"),
        Base::Hstore => form("\"@@@@\"=>\"@@@@\""),
        Base::Ltree => form("top.@@@@.@@@@"),
        Base::PgLsn => form("0/1%%%%%%"),
        Base::Xid | Base::Xid8 | Base::Cid => form("1######"),
        Base::Tid => form("(####,1#)"),
        Base::TxidSnapshot | Base::PgSnapshot => form("1###:2###:"),
        Base::Reg(name) => (Kind::Choice(catalogue(name, data_type)?, None), Sort::Opaque),
        Base::Vector(dimensions) => {
            (Kind::Vector(dimensions.unwrap_or(3).clamp(1, 16_000)), Sort::Opaque)
        }
        Base::Other(name) => {
            return Err(Impossible(format!("no value of type `{name}` is known")));
        }
    };
    Ok(Built { recipe: Recipe(kind), sort, checks: Vec::new() })
}

/// The generator, if it writes one of these.
fn fitting(like: Option<Generator>, naturals: &[Natural]) -> Option<Generator> {
    like.filter(|generator| naturals.contains(&generator.natural()))
}

/// `numeric(precision, scale)`. A scale may be negative or, from PostgreSQL 15
/// on, greater than the precision.
fn decimal(precision: Option<u32>, scale: Option<i32>, like: Option<Generator>) -> Kind {
    let like = fitting(like, &[Natural::Numeric, Natural::Integer]);
    let scale = scale.unwrap_or(if precision.is_some() { 0 } else { 2 });
    let precision = i32::try_from(precision.unwrap_or(16)).unwrap_or(16);
    // Digits before the point; units are limited to what fits 17 digits.
    let whole = precision - scale;
    let kept = if scale > 9 && whole + 9 > 0 {
        9
    } else {
        match like {
            Some(Generator::Latitude | Generator::Longitude) => scale.min(6),
            _ => scale,
        }
    };
    let digits = u32::try_from((whole + kept).clamp(1, 17)).unwrap_or(1);
    let units = |digits: u32| 10_i128.checked_pow(digits).unwrap_or(i128::MAX);
    let (scale, step) =
        if kept < 0 { (0, units(kept.unsigned_abs())) } else { (kept.unsigned_abs(), 1) };
    let high = units(digits + if kept < 0 { kept.unsigned_abs() } else { 0 }) - step;
    let low = -high;
    let low = low + (-low).rem_euclid(step);
    Kind::Decimal { low, high, scale, step, usual: usual_decimal(like) }
}

/// Least and greatest integer that are drawn.
fn usual_integer(like: Option<Generator>) -> (i64, i64) {
    match like {
        Some(Generator::Quantity) => (1, 10),
        Some(Generator::Year) => (1990, 2023),
        Some(Generator::Month) => (1, 12),
        Some(Generator::Price | Generator::Amount) => (100, 99_900),
        _ => (1, 1_000),
    }
}

/// The same of numbers with a fraction, in hundredths.
fn usual_decimal(like: Option<Generator>) -> (i128, i128) {
    match like {
        Some(Generator::Latitude) => (-6_000, 6_000),
        Some(Generator::Longitude) => (-18_000 + 100, 18_000 - 100),
        Some(Generator::Quantity) => (100, 1_000),
        _ => (100, 99_999),
    }
}

/// Names that every server has.
fn catalogue(name: &str, data_type: &TypeRef) -> Result<Vec<String>, Impossible> {
    let names: &[&str] = match name {
        "regclass" => &["pg_class", "pg_type", "pg_attribute", "pg_index"],
        "regtype" => &["integer", "text", "boolean", "bigint"],
        "regproc" => &["now", "pg_backend_pid", "version"],
        "regprocedure" => &["now()", "lower(text)", "upper(text)"],
        "regoper" => &["|/", "||/"],
        "regoperator" => &["+(integer,integer)", "=(integer,integer)"],
        "regrole" => &["pg_monitor", "pg_read_all_stats"],
        "regnamespace" => &["pg_catalog", "information_schema"],
        "regconfig" => &["simple", "english"],
        "regdictionary" => &["simple", "english_stem"],
        "regcollation" => &["\"C\"", "\"POSIX\""],
        "regdatabase" => &["template0", "template1"],
        _ => return Err(Impossible(format!("no value of type `{}` is known", data_type.sql))),
    };
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}
