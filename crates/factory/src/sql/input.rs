//! The type to which a text is cast so that a column takes it.
//!
//! An explicit cast to `varchar(3)`, `char(3)` or `bit(3)` cuts what is too
//! long without a word (manual, "Character Types"). So lengths are left to the
//! column, which refuses. Precision and scale stay: they round in both places
//! alike, and a comparison must see the rounded value.

use seedbed_schema::{Base, TypeRef, TypeShape};

/// The type of `$1::text::TYPE`.
pub(crate) fn input(data_type: &TypeRef) -> String {
    match &data_type.shape {
        TypeShape::Base(Base::Varchar) => "pg_catalog.varchar".to_owned(),
        TypeShape::Base(Base::Bpchar) => "pg_catalog.bpchar".to_owned(),
        TypeShape::Base(Base::Bit | Base::Varbit) => "pg_catalog.varbit".to_owned(),
        TypeShape::Array(element) => {
            let base = input(element);
            // Dimensions are not part of a type: `int[][]` is `int[]`.
            if base.ends_with("[]") { base } else { format!("{base}[]") }
        }
        _ => data_type.sql.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(sql: &str, base: Base) -> TypeRef {
        TypeRef {
            sql: sql.to_owned(),
            shape: TypeShape::Base(base),
            length: None,
            precision: None,
            scale: None,
            has_default: false,
        }
    }

    #[test]
    fn lengths_are_left_to_the_column() {
        let array = TypeRef {
            shape: TypeShape::Array(Box::new(base("character varying(3)", Base::Varchar))),
            ..base("character varying(3)[]", Base::Varchar)
        };
        for (data_type, expected) in [
            (base("character varying(40)", Base::Varchar), "pg_catalog.varchar"),
            (base("character(3)", Base::Bpchar), "pg_catalog.bpchar"),
            (base("bit(8)", Base::Bit), "pg_catalog.varbit"),
            (base("numeric(10,2)", Base::Numeric), "numeric(10,2)"),
            (array, "pg_catalog.varchar[]"),
        ] {
            assert_eq!(input(&data_type), expected);
        }
    }
}
