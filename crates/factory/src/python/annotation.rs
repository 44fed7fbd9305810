//! What a column takes from Python, and what it gives: the types of the Python
//! client, whose `text.py` and `value.py` this follows.

use seedbed_schema::{Base, Column, NamedType, Schema, TypeRef, TypeShape};

use super::identifier::literal;

/// The types of a column, without NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    /// What may be passed.
    pub(super) taken: String,
    /// What a row holds.
    pub(super) given: String,
}

/// Whatever the client can write as text.
pub(super) const ANYTHING: &str = "_Any";

impl Annotation {
    fn new(taken: impl Into<String>, given: impl Into<String>) -> Self {
        Self { taken: taken.into(), given: given.into() }
    }

    pub(super) fn of(schema: &Schema, column: &Column) -> Self {
        of_type(schema, &column.data_type)
    }
}

fn of_type(schema: &Schema, data_type: &TypeRef) -> Annotation {
    match &data_type.shape {
        TypeShape::Base(base) => of_base(base),
        // Its elements are not separated by commas.
        TypeShape::Array(of) if of.shape == TypeShape::Base(Base::Box) => {
            Annotation::new("_str | _Sequence[_str]", "_str")
        }
        TypeShape::Array(of) => {
            let Annotation { taken, given } = of_type(schema, of);
            Annotation::new(format!("_str | _Sequence[{taken}]"), format!("_list[{given}]"))
        }
        TypeShape::Range(_) | TypeShape::Multirange(_) => Annotation::new(ANYTHING, "_str"),
        TypeShape::Named(name) => match schema.named_type(name) {
            Some(NamedType::Enum(labels)) if !labels.is_empty() => {
                let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
                let one = format!("_Literal[{}]", labels.join(", "));
                Annotation::new(format!("{one} | _Enum"), one)
            }
            // A row holds the server's text of it.
            Some(NamedType::Domain { base, .. }) => {
                Annotation::new(of_type(schema, base).taken, "_str")
            }
            _ => Annotation::new(ANYTHING, "_str"),
        },
    }
}

fn of_base(base: &Base) -> Annotation {
    let (taken, given) = match base {
        Base::Bool => ("_bool", "_bool"),
        Base::Int2 | Base::Int4 | Base::Int8 | Base::Oid => ("_int", "_int"),
        Base::Float4 | Base::Float8 => ("_float | _Decimal", "_float"),
        Base::Numeric => ("_Decimal | _float | _str", "_Decimal"),
        Base::Money => ("_Decimal | _float | _str", "_str"),
        Base::Text | Base::Varchar | Base::Bpchar | Base::Name | Base::Char | Base::Citext => {
            ("_str | _Enum", "_str")
        }
        Base::Bytea => ("_bytes | _bytearray", "_bytes"),
        // `date` is what `datetime` derives from.
        Base::Date | Base::Timestamp => ("_date | _str", given_moment(base)),
        Base::Timestamptz => ("_date | _str", "_datetime"),
        Base::Time | Base::Timetz => ("_time | _str", "_time"),
        // Months are no timedelta.
        Base::Interval => ("_timedelta | _str", "_timedelta | _str"),
        Base::Uuid => ("_UUID | _str", "_UUID"),
        Base::Json | Base::Jsonb => (ANYTHING, ANYTHING),
        _ => (ANYTHING, "_str"),
    };
    Annotation::new(taken, given)
}

fn given_moment(base: &Base) -> &'static str {
    if *base == Base::Date { "_date" } else { "_datetime" }
}
