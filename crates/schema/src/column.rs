//! Columns.

use serde::{Deserialize, Serialize};

use crate::TypeRef;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its number (`attnum`); gaps are dropped columns.
    pub number: i16,
    /// Its type.
    pub data_type: TypeRef,
    /// Whether NULL is refused, by the column itself or its domain.
    pub not_null: bool,
    /// The default's expression as the server writes it.
    pub default: Option<String>,
    /// Whether the default draws from a sequence or is random and so says
    /// nothing about the row: `nextval(…)`, `gen_random_uuid()`, `uuidv7()`.
    pub surrogate: bool,
    /// Identity, if it is one.
    pub identity: Option<Identity>,
    /// The expression it is computed from, if it is generated.
    pub generated: Option<Generated>,
    /// A collation other than the type's default.
    pub collation: Option<Collation>,
    /// Its comment.
    pub comment: Option<String>,
}

/// `GENERATED … AS IDENTITY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// Explicit values need OVERRIDING SYSTEM VALUE.
    Always,
    /// Explicit values are taken.
    ByDefault,
}

/// `GENERATED ALWAYS AS (…)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// The expression as the server writes it.
    pub expression: String,
    /// Whether it is stored (virtual from PostgreSQL 18 on).
    pub stored: bool,
}

/// A collation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// Qualified and quoted.
    pub name: String,
    /// Whether only equal bytes are equal.
    pub deterministic: bool,
}

impl Column {
    /// Whether a value must be given: NOT NULL, and the database has none.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.not_null
            && self.default.is_none()
            && self.identity.is_none()
            && self.generated.is_none()
            && !self.data_type.has_default
    }

    /// Whether a value may be given at all without overriding.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.generated.is_none() && self.identity != Some(Identity::Always)
    }

    /// Whether its value identifies a row without saying anything about it.
    #[must_use]
    pub fn is_surrogate(&self) -> bool {
        self.surrogate || self.identity.is_some()
    }
}
