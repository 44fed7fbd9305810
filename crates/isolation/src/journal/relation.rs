//! The statements that undo the changes of one table. They are made when the
//! journal is baked, kept beside it, and parsed once per control connection,
//! when the table is first touched.

use seedbed_api::Result;
use seedbed_db::{Prepared, Session, quote_literal};

use super::catalog::{Table, fields};
use super::wear::TableWear;

/// Larger tables without any index to narrow the search are not searched for
/// equal rows; a clone is faster.
const SEARCHED_BYTES_MAX: u32 = 32 * 1024 * 1024;

/// A journaled table as the control connection knows it.
pub(super) struct Relation {
    pub(super) name: String,
    /// Why it cannot be rewound.
    pub(super) refusal: Option<String>,
    /// Whether its keys identify rows; else rows are told apart by hash.
    pub(super) identified: bool,
    /// Whether an index narrows the search for equal rows.
    narrowed: bool,
    sql: [String; 3],
    /// Rows undone since it was last vacuumed.
    pub(super) wear: TableWear,
    prepared: Option<Statements>,
}

/// Parsed statements of a table. With a key, `remove` and `pick` take the keys
/// and `restore` the images; without, keys that narrow the search, hashes and
/// counts, and images and counts.
#[derive(Clone)]
pub(super) struct Statements {
    /// Deletes rows.
    pub(super) remove: Prepared,
    /// Inserts rows from their images.
    pub(super) restore: Prepared,
    /// Returns the images of rows as one array.
    pub(super) pick: Prepared,
}

impl Relation {
    /// Reads what was baked.
    pub(super) async fn all(session: &Session) -> Result<Vec<(String, Self)>> {
        let query = "SELECT rel::text, name, refusal, identified::text, narrowed::text, remove, restore, pick \
                     FROM seedbed_journal.relation";
        session.rows(query).await?.into_iter().map(Self::read).collect()
    }

    fn read(row: Vec<Option<String>>) -> Result<(String, Self)> {
        let [rel, name, refusal, identified, narrowed, remove, restore, pick] = fields(row)?;
        let sql = [remove, restore, pick].map(Option::unwrap_or_default);
        let relation = Self {
            name: name.unwrap_or_default(),
            refusal,
            identified: identified.as_deref() == Some("true"),
            narrowed: narrowed.as_deref() == Some("true"),
            sql,
            wear: TableWear::default(),
            prepared: None,
        };
        Ok((rel.unwrap_or_default(), relation))
    }

    /// Why it cannot be rewound. Where rows are found by looking at all of them
    /// the server is asked for the size.
    pub(super) async fn obstacle(&self, session: &Session) -> Result<Option<String>> {
        let name = &self.name;
        if let Some(why) = &self.refusal {
            return Ok(Some(format!("`{name}` was changed and {why}")));
        }
        if self.identified || self.narrowed {
            return Ok(None);
        }
        let size =
            format!("SELECT pg_relation_size({}) > {SEARCHED_BYTES_MAX}", quote_literal(name));
        let large = session.value(&size).await?.as_deref() == Some("t");
        Ok(large.then(|| format!("`{name}` was changed, is large and has no index")))
    }

    /// Its statements, parsed if need be.
    pub(super) async fn statements(&mut self, session: &Session) -> Result<Statements> {
        if let Some(prepared) = &self.prepared {
            return Ok(prepared.clone());
        }
        let [remove, restore, pick] = fields(session.prepare(&self.sql).await?)?;
        Ok(self.prepared.insert(Statements { remove, restore, pick }).clone())
    }
}

/// The row of `seedbed_journal.relation` that describes a table.
pub(super) fn describe(table: &Table) -> String {
    let Table { oid, name, key, columns, fields, refusal, .. } = table;
    let narrowed = key.is_narrow();
    let (image, kept) = (table.image("t"), table.image("x"));
    let refusal = refusal.as_deref().map_or_else(|| "NULL".to_owned(), quote_literal);
    let images = if key.identifies {
        "unnest($1::text[]) x(image)"
    } else {
        "unnest($1::text[], $2::integer[]) x(image, n) CROSS JOIN generate_series(1, x.n)"
    };
    // OFFSET 0 keeps the planner from parsing the image once for each column.
    let restore = if columns.is_empty() {
        format!("INSERT INTO {name} SELECT FROM {images}")
    } else {
        format!(
            "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {fields} \
             FROM (SELECT x.image::{name} AS r FROM {images} OFFSET 0) s"
        )
    };
    let (remove, pick) = if key.identifies {
        (
            format!("DELETE FROM ONLY {name}{}", key.among("USING")),
            format!("SELECT array_agg({image}) FROM ONLY {name}{}", key.among("CROSS JOIN")),
        )
    } else {
        // The nth of equal rows; which of them goes does not matter.
        let equal = format!(
            "(SELECT t.ctid, {image} AS image, hashtextextended({image}, 0) AS hash, \
               row_number() OVER (PARTITION BY {image}) AS nth FROM ONLY {name} t{}) s \
             JOIN unnest($2::bigint[], $3::integer[]) u(hash, n) ON u.hash = s.hash AND s.nth <= u.n",
            key.narrows()
        );
        (
            format!(
                "DELETE FROM ONLY {name} t WHERE t.ctid = ANY (ARRAY(SELECT s.ctid FROM {equal}))"
            ),
            format!("SELECT array_agg(s.image), array_agg(1) FROM {equal}"),
        )
    };
    let keep = format!(
        "INSERT INTO seedbed_journal.entry (rel, key, image) \
         SELECT {oid}, {}, {kept} FROM ONLY {name} x",
        key.of("x")
    );
    let [name, remove, restore, pick, keep] =
        [name, &remove, &restore, &pick, &keep].map(|text| quote_literal(text));
    let identified = key.identifies;
    format!(
        "({oid}, {name}, {refusal}, {identified}, {narrowed}, {remove}, {restore}, {pick}, {keep})"
    )
}
