//! Whether two values of a type are the same, also for types whose `=` is
//! missing (json, xml, point) or means something else (box and circle compare
//! their areas).

use seedbed_schema::{Base, NamedType, Schema, TypeRef, TypeShape};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The values.
    Native,
    /// Their texts.
    Text,
    /// What they are as jsonb.
    Jsonb,
}

impl Comparison {
    /// How values of this type are compared.
    pub(crate) fn of(schema: &Schema, data_type: &TypeRef) -> Self {
        match &data_type.shape {
            TypeShape::Base(base) => Self::of_base(base),
            TypeShape::Array(element) => match Self::of(schema, element) {
                Self::Native => Self::Native,
                Self::Text | Self::Jsonb => Self::Text,
            },
            TypeShape::Range(_) | TypeShape::Multirange(_) => Self::Native,
            TypeShape::Named(name) => match schema.named_type(name) {
                Some(NamedType::Enum(_)) => Self::Native,
                Some(NamedType::Domain { base, .. }) => Self::of(schema, base),
                Some(NamedType::Composite(_)) | None => Self::Text,
            },
        }
    }

    fn of_base(base: &Base) -> Self {
        match base {
            Base::Json => Self::Jsonb,
            Base::Jsonpath
            | Base::Xml
            | Base::Point
            | Base::Line
            | Base::Lseg
            | Base::Box
            | Base::Path
            | Base::Polygon
            | Base::Circle
            | Base::Cid
            | Base::TxidSnapshot
            | Base::PgSnapshot
            | Base::Reg(_)
            | Base::Other(_) => Self::Text,
            _ => Self::Native,
        }
    }

    /// What is compared of an expression.
    pub(crate) fn side(self, expression: &str) -> String {
        match self {
            Self::Native => expression.to_owned(),
            Self::Text => format!("({expression})::text"),
            Self::Jsonb => format!("({expression})::jsonb"),
        }
    }
}

/// Equality; with `nulls`, two NULLs are equal. Without, an index serves it.
pub(crate) fn equal(how: Comparison, left: &str, right: &str, nulls: bool) -> String {
    let operator = if nulls { "IS NOT DISTINCT FROM" } else { "=" };
    format!("{} {operator} {}", how.side(left), how.side(right))
}

/// Whether they differ; NULL is a value.
pub(crate) fn different(how: Comparison, left: &str, right: &str) -> String {
    format!("{} IS DISTINCT FROM {}", how.side(left), how.side(right))
}
