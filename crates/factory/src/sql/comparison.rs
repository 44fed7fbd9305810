//! Whether two values of a type are the same, also for types whose `=` is
//! missing (json, xml, point) or means something else (box and circle compare
//! their areas).

use seedbed_schema::{Base, Equality, NamedType, Schema, TypeRef, TypeShape};

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The values.
    Native(Equality),
    /// Their texts.
    Text,
    /// What they are as jsonb.
    Jsonb,
}

impl Comparison {
    /// How values of this type are compared.
    pub(crate) fn of(schema: &Schema, data_type: &TypeRef) -> Self {
        let native = || Self::native(schema, data_type);
        match &data_type.shape {
            TypeShape::Base(base) => Self::of_base(base).unwrap_or_else(native),
            TypeShape::Array(element) => match Self::of(schema, element) {
                Self::Native(_) => native(),
                Self::Text | Self::Jsonb => Self::Text,
            },
            TypeShape::Range(_) | TypeShape::Multirange(_) => native(),
            TypeShape::Named(name) => match schema.named_type(name) {
                Some(NamedType::Enum(_)) => native(),
                Some(NamedType::Domain { base, .. }) => Self::of(schema, base),
                Some(NamedType::Composite(_)) | None => Self::Text,
            },
        }
    }

    /// As values, by the type's own `=`: what is in an index has one.
    pub(crate) fn native(schema: &Schema, data_type: &TypeRef) -> Self {
        Self::Native(Equality::of(schema, data_type))
    }

    fn of_base(base: &Base) -> Option<Self> {
        Some(match base {
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
            _ => return None,
        })
    }

    /// What is compared of an expression.
    pub(crate) fn side(&self, expression: &str) -> String {
        match self {
            Self::Native(_) => expression.to_owned(),
            Self::Text => format!("({expression})::text"),
            Self::Jsonb => format!("({expression})::jsonb"),
        }
    }
}

impl Comparison {
    /// What compares the sides.
    fn equality(&self) -> Equality {
        match self {
            Self::Native(own) => own.clone(),
            Self::Text | Self::Jsonb => Equality::default(),
        }
    }
}

/// Equality; with `nulls`, two NULLs are equal. Without, an index serves it.
pub(crate) fn equal(how: &Comparison, left: &str, right: &str, nulls: bool) -> String {
    let (left, right, equality) = (how.side(left), how.side(right), how.equality());
    if nulls {
        equality.same(&left, &right)
    } else {
        format!("{left} {} {right}", equality.operator())
    }
}

/// Whether they differ; NULL is a value.
pub(crate) fn different(how: &Comparison, left: &str, right: &str) -> String {
    how.equality().differ(&how.side(left), &how.side(right))
}
