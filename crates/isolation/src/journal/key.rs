//! What finds a row again: the columns of a unique key, or one indexed column
//! that narrows the search for rows equal to an image.
//!
//! A key travels as text, that of an array where it has several columns, made
//! under pinned settings; the equality operator is the one of the index, so
//! that the index serves the search.

/// Columns in the order of their index; may be empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    pub(super) columns: Vec<KeyColumn>,
    /// Whether equal keys mean the same row.
    pub(super) identifies: bool,
}

/// One column, ready to be put into SQL.
#[derive(Clone, Debug)]
pub(super) struct KeyColumn {
    /// Quoted name.
    pub(super) name: String,
    /// Qualified type with its modifiers.
    pub(super) type_name: String,
    /// `OPERATOR(schema.=)`.
    pub(super) equals: String,
    /// Whether the type is an array, which `= ANY` would take apart.
    pub(super) is_array: bool,
}

impl Key {
    /// The key of a row named `row`, as `text`.
    pub(super) fn of(&self, row: &str) -> String {
        let texts: Vec<String> =
            self.columns.iter().map(|column| format!("{row}.{}::text", column.name)).collect();
        match texts.as_slice() {
            [] => "NULL::text".to_owned(),
            [text] => text.clone(),
            texts => format!("ARRAY[{}]::text", texts.join(", ")),
        }
    }

    /// The rows of `t` whose keys are in `$1`, an array, as the tail of
    /// `DELETE FROM ONLY …` (with `USING`) or `SELECT … FROM ONLY …` (with
    /// `CROSS JOIN`).
    pub(super) fn among(&self, join: &str) -> String {
        if let [column] = self.columns.as_slice()
            && !column.is_array
        {
            return format!(" t WHERE {}", any(column));
        }
        let one = self.columns.len() == 1;
        let equal: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, KeyColumn { name, type_name, equals, .. })| {
                let text =
                    if one { "k.k".to_owned() } else { format!("(k.k::text[])[{}]", index + 1) };
                format!("t.{name} {equals} {text}::{type_name}")
            })
            .collect();
        format!(
            " t {join} (SELECT DISTINCT k FROM unnest($1::text[]) k) k(k) WHERE {}",
            equal.join(" AND ")
        )
    }

    /// A condition that leaves out only rows of `t` whose keys are not in `$1`.
    pub(super) fn narrows(&self) -> String {
        match self.columns.as_slice() {
            [column] if !column.is_array => {
                format!(" WHERE {} OR t.{} IS NULL", any(column), column.name)
            }
            // The parameter keeps its type.
            _ => " WHERE $1::text[] IS NOT NULL".to_owned(),
        }
    }

    /// Whether [`Key::narrows`] leaves anything out.
    pub(super) fn is_narrow(&self) -> bool {
        matches!(self.columns.as_slice(), [column] if !column.is_array)
    }
}

fn any(KeyColumn { name, type_name, equals, .. }: &KeyColumn) -> String {
    format!("t.{name} {equals} ANY ($1::text[]::{type_name}[])")
}
