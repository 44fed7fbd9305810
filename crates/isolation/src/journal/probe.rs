//! What the journal does not see, how the journal itself is, and who else is
//! inside a transaction.

use seedbed_api::Result;
use seedbed_db::Value;

use super::catalog::fields;
use super::sessions::SessionInfo;

/// A journal larger than this is not undone; a clone is faster.
const JOURNAL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The row of `probe.sql`.
pub(super) struct Probe {
    /// Changes whenever something did that no trigger sees.
    pub(super) vitals: String,
    /// Why the journal says that the database cannot be rewound.
    pub(super) spoiled: Option<String>,
    /// Whether a prepared transaction was left.
    pub(super) prepared: bool,
    /// Size of the journal.
    pub(super) bytes: u64,
    /// Whether the journal holds anything from before the mark.
    pub(super) older: bool,
    /// Whether it holds anything from after the mark.
    pub(super) newer: bool,
    /// Other sessions inside a transaction.
    pub(super) others: Vec<SessionInfo>,
}

impl Probe {
    /// Reads the row.
    pub(super) fn read(row: Option<Vec<Value>>) -> Result<Self> {
        let [vitals, spoiled, prepared, bytes, older, newer, others] =
            fields(row.unwrap_or_default())?;
        let is = |value: &Value| value.as_text() == Some("true");
        Ok(Self {
            vitals: vitals.as_text().unwrap_or_default().to_owned(),
            spoiled: spoiled.as_text().map(str::to_owned),
            prepared: is(&prepared),
            bytes: bytes.as_text().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX),
            older: is(&older),
            newer: is(&newer),
            others: SessionInfo::read_list(&others)?,
        })
    }

    /// Why the database cannot be rewound to a mark with these vitals.
    pub(super) fn obstacle(&self, vitals_at_mark: &str) -> Option<String> {
        if let Some(what) = &self.spoiled {
            return Some(format!("the schema or what a rewind relies on was changed: {what}"));
        }
        if self.prepared {
            return Some("a prepared transaction is open".to_owned());
        }
        if self.vitals != vitals_at_mark {
            return Some(
                "a large object, an event trigger or a setting of the database was changed"
                    .to_owned(),
            );
        }
        (self.bytes > JOURNAL_BYTES_MAX).then(|| {
            let megabytes = self.bytes / (1024 * 1024);
            format!("too much was changed: the journal has {megabytes} MB")
        })
    }
}
