//! Marks, rewinds, and keeping what a test left.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks for a mark on the state as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MarkRequest {
    /// Identity of the test that is about to run; evidence is kept under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// A mark was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarkSet {
    /// Names the mark in a rewind.
    pub mark: String,
    /// How many other marked states are below it; the template's state is 0. A
    /// mark over nothing new stands for the same state as the one below.
    pub depth: u32,
    /// Whether the state at this mark can be built again in another database,
    /// should this one have to be replaced.
    pub redoable: bool,
}

/// Asks to go back to a mark. Marks after it are forgotten, it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rewind {
    /// The mark; the latest if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Identity of the test that has run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Keep the database as the test left it, and go on with another one.
    pub keep: bool,
}

/// The database is at the mark again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rewound {
    /// The mark it is at. Another one than was asked for only if `marks_lost`.
    pub mark: String,
    /// Whether the database was replaced: sessions have ended, pools must be
    /// emptied.
    pub replaced: bool,
    /// Whether the wanted mark could not be built again: the database is at
    /// the nearest one below that could (`mark`; at worst the template), and
    /// what was set up after it must be set up anew.
    pub marks_lost: bool,
    /// Why it was replaced, one phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Tables whose rows were touched; unknown (0) after a replacement.
    pub tables: u32,
    /// Rows deleted and inserted; unknown (0) after a replacement.
    pub rows: u64,
    /// On the rollback lane: the test committed something, which has been
    /// taken back.
    pub committed: bool,
    /// Sessions that stood in the way and were ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<InTheWay>,
    /// Sessions inside a transaction that holds nothing; left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<InTheWay>,
    /// Where the test's database is kept, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A session of the leased database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InTheWay {
    /// Process number of its backend; 0 for a prepared transaction.
    pub pid: i32,
    /// Its `application_name`.
    pub application: String,
    /// The role that connected.
    pub role: String,
    /// What it held: `transaction`, `snapshot`, `lock`, `prepared`, `nothing`.
    pub holds: String,
}

/// Asks to keep the database as it is now; the slot gets another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Identity of the test whose data it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// A database that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its name, for `seedbed kept`.
    pub name: String,
    /// URL of the database, while its server runs.
    pub url: String,
}
