//! The `=` of a type. That of a built-in type is found whatever the search path
//! is; that of an extension's type only if its schema is on it, and otherwise
//! another one may be found in silence: that of text for `citext`.

use crate::{Base, NamedType, Schema, TypeRef, TypeShape};

/// How two values of a type are compared, whatever the session's search path is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Equality {
    /// The schema of the operator as SQL writes it; absent: `pg_catalog`.
    schema: Option<String>,
}

impl Equality {
    /// That of a type. An extension's operators are where its types are.
    #[must_use]
    pub fn of(schema: &Schema, data_type: &TypeRef) -> Self {
        match &data_type.shape {
            TypeShape::Base(
                Base::Citext | Base::Hstore | Base::Ltree | Base::Vector(_) | Base::Other(_),
            ) => Self { schema: qualifier(&data_type.sql) },
            TypeShape::Named(name) => match schema.named_type(name) {
                Some(NamedType::Domain { base, .. }) => Self::of(schema, base),
                _ => Self::default(),
            },
            // Those of arrays, ranges, enums and rows are for all of their kind.
            _ => Self::default(),
        }
    }

    /// That of an expression of the catalogue, by the cast it ends with.
    #[must_use]
    pub fn of_expression(expression: &str) -> Self {
        const NAMES: [&str; 4] = [".citext", ".hstore", ".ltree", ".vector"];
        let bare = expression.trim().trim_end_matches(')');
        let cast = bare.rsplit_once("::").map_or("", |(_, cast)| cast);
        let is_one = NAMES.iter().any(|name| cast.ends_with(name));
        Self { schema: is_one.then(|| qualifier(cast)).flatten() }
    }

    /// The operator, to be written between its operands.
    #[must_use]
    pub fn operator(&self) -> String {
        match &self.schema {
            None => "=".to_owned(),
            Some(schema) => format!("OPERATOR({schema}.=)"),
        }
    }

    /// Whether two values are the same, two NULLs included.
    #[must_use]
    pub fn same(&self, left: &str, right: &str) -> String {
        match &self.schema {
            None => format!("{left} IS NOT DISTINCT FROM {right}"),
            Some(_) => format!(
                "COALESCE({left} {} {right}, {left} IS NULL AND {right} IS NULL)",
                self.operator()
            ),
        }
    }

    /// Whether two values differ; NULL is a value.
    #[must_use]
    pub fn differ(&self, left: &str, right: &str) -> String {
        match &self.schema {
            None => format!("{left} IS DISTINCT FROM {right}"),
            Some(_) => format!("NOT {}", self.same(left, right)),
        }
    }
}

/// The schema of a qualified name, as it is written: `ext` of `ext.vector(3)`.
fn qualifier(name: &str) -> Option<String> {
    let mut quoted = false;
    let dot = name.char_indices().find_map(|(at, letter)| {
        quoted ^= letter == '"';
        (letter == '.' && !quoted).then_some(at)
    })?;
    Some(name[..dot].to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::TableName;

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
    fn operators_of_extensions_are_qualified_and_no_others() {
        let domain = TableName::new("public".to_owned(), "mail".to_owned());
        let citext = base("\"my.ext\".citext", Base::Citext);
        let over = NamedType::Domain {
            base: citext.clone(),
            not_null: false,
            default: None,
            checks: Vec::new(),
        };
        let types = BTreeMap::from([(Schema::entry(&domain), over)]);
        let schema = Schema { types, ..Schema::default() };
        let named = TypeRef { shape: TypeShape::Named(domain), ..base("public.mail", Base::Text) };
        let listed = TypeRef {
            shape: TypeShape::Array(Box::new(citext.clone())),
            ..base("\"my.ext\".citext[]", Base::Text)
        };
        for (data_type, expected) in [
            (base("text", Base::Text), "="),
            (base("numeric(10,2)", Base::Numeric), "="),
            (citext, "OPERATOR(\"my.ext\".=)"),
            (named, "OPERATOR(\"my.ext\".=)"),
            (listed, "="),
            (base("ext.vector(3)", Base::Vector(Some(3))), "OPERATOR(ext.=)"),
            (base("ext.cube", Base::Other("ext.cube".to_owned())), "OPERATOR(ext.=)"),
        ] {
            assert_eq!(Equality::of(&schema, &data_type).operator(), expected);
        }
        for (expression, expected) in [
            ("lower(email)", "="),
            ("((email)::ext.citext)", "OPERATOR(ext.=)"),
            ("(kind)::public.mood", "="),
        ] {
            assert_eq!(Equality::of_expression(expression).operator(), expected);
        }
    }

    #[test]
    fn nulls_are_values_where_that_is_asked() {
        let own = Equality::default();
        assert_eq!(own.same("a", "b"), "a IS NOT DISTINCT FROM b");
        let other = Equality { schema: Some("ext".to_owned()) };
        assert_eq!(
            other.differ("a", "b"),
            "NOT COALESCE(a OPERATOR(ext.=) b, a IS NULL AND b IS NULL)"
        );
    }
}
