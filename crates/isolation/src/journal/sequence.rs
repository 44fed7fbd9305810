//! Sequences: what they were at a mark and how they get there again. They are
//! not transactional and leave no trace in the journal, so all are compared at
//! every rewind.
//!
//! One that was called is compared by `pg_sequence_last_value`, in bulk. One
//! that never was has no such value; it is read directly, or a
//! `setval(s, n, false)` would go unseen.

use std::collections::HashMap;
use std::sync::Arc;

use seedbed_api::{Failure, Kind, Result};
use seedbed_db::{Call, Prepared, Session, Value};

use super::catalog::fields;

const NOW: &str = "SELECT array_agg(q.rel) FILTER (WHERE v.last IS NOT NULL), \
      array_agg(v.last) FILTER (WHERE v.last IS NOT NULL), \
      string_agg(q.rel::text, ',') FILTER (WHERE v.last IS NULL) \
    FROM seedbed_journal.sequence q \
    CROSS JOIN LATERAL (SELECT pg_sequence_last_value(q.rel) AS last OFFSET 0) v";
const RESET: &str = "SELECT setval(u.rel::regclass, u.last, true) \
    FROM unnest($1::oid[], $2::bigint[]) u(rel, last) \
    WHERE pg_sequence_last_value(u.rel) IS DISTINCT FROM u.last";

/// The state of every sequence at a mark.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sequences {
    /// Those that were called, and their last values.
    called: [Value; 2],
    /// Those that were not, by their OIDs, and the values they stand at.
    uncalled: Option<(Arc<str>, Value)>,
}

/// What a control connection needs for sequences.
pub(super) struct SequenceReader {
    names: HashMap<String, String>,
    now: Prepared,
    reset: Prepared,
    /// Statements for sequences that were not called, by their OIDs.
    uncalled: HashMap<Arc<str>, Uncalled>,
}

struct Uncalled {
    read: Prepared,
    reset: Prepared,
}

impl SequenceReader {
    /// Reads what was baked.
    pub(super) async fn open(session: &Session) -> Result<Self> {
        let mut names = HashMap::new();
        for row in session.rows("SELECT rel::text, name FROM seedbed_journal.sequence").await? {
            let [rel, name] = fields(row)?;
            names.insert(rel.unwrap_or_default(), name.unwrap_or_default());
        }
        let [now, reset] = fields(session.prepare(&[NOW, RESET]).await?)?;
        Ok(Self { names, now, reset, uncalled: HashMap::new() })
    }

    /// The call whose row [`SequenceReader::read`] takes.
    pub(super) fn now(&self) -> Call<'_> {
        Call { statement: &self.now, parameters: Vec::new() }
    }

    /// The state now. `None` if a sequence was called meanwhile.
    pub(super) async fn read(
        &mut self,
        session: &Session,
        row: Vec<Value>,
    ) -> Result<Option<Sequences>> {
        let [rels, lasts, uncalled] = fields(row)?;
        let called = [rels, lasts];
        let Some(oids) = uncalled.as_text() else {
            return Ok(Some(Sequences { called, uncalled: None }));
        };
        let (oids, statements) = self.uncalled(session, oids).await?;
        let call = Call { statement: &statements.read, parameters: Vec::new() };
        let row = session.pipeline(&[call]).await?.pop().and_then(|mut answer| answer.rows.pop());
        let [values, any_called] = fields(row.unwrap_or_default())?;
        if any_called.as_text() == Some("true") {
            return Ok(None);
        }
        Ok(Some(Sequences { called, uncalled: Some((oids, values)) }))
    }

    /// Calls that bring every sequence back. They take effect at once, also
    /// if the transaction around them fails.
    pub(super) fn reset<'a>(&'a self, to: &'a Sequences) -> Vec<Call<'a>> {
        let mut calls = Vec::new();
        if !to.called[0].is_null() {
            let parameters = to.called.iter().collect();
            calls.push(Call { statement: &self.reset, parameters });
        }
        if let Some((oids, values)) = &to.uncalled
            && let Some(statements) = self.uncalled.get(oids)
        {
            calls.push(Call { statement: &statements.reset, parameters: vec![values] });
        }
        calls
    }

    /// Makes sure that [`SequenceReader::reset`] knows the statements.
    pub(super) async fn learn(&mut self, session: &Session, to: &Sequences) -> Result<()> {
        if let Some((oids, _)) = &to.uncalled {
            self.uncalled(session, oids).await?;
        }
        Ok(())
    }

    async fn uncalled(&mut self, session: &Session, oids: &str) -> Result<(Arc<str>, &Uncalled)> {
        let key: Arc<str> = oids.into();
        if !self.uncalled.contains_key(&key) {
            let statements = self.prepare(session, oids).await?;
            self.uncalled.insert(Arc::clone(&key), statements);
        }
        let known = self.uncalled.get(&key);
        let known = known.ok_or_else(|| Failure::new(Kind::Bug, "a statement vanished"))?;
        Ok((key, known))
    }

    async fn prepare(&self, session: &Session, oids: &str) -> Result<Uncalled> {
        let branches: Result<Vec<String>> = oids
            .split(',')
            .enumerate()
            .map(|(index, oid)| {
                let name = self.names.get(oid).ok_or_else(|| {
                    Failure::new(Kind::Bug, format!("the sequence {oid} was not baked"))
                })?;
                let nth = index + 1;
                Ok(format!(
                    "SELECT {nth} AS nth, {oid}::oid AS rel, last_value, is_called FROM {name}"
                ))
            })
            .collect();
        let all = branches?.join(" UNION ALL ");
        let read = format!(
            "SELECT array_agg(u.last_value ORDER BY u.nth), bool_or(u.is_called)::text FROM ({all}) u"
        );
        let reset = format!(
            "SELECT setval(u.rel::regclass, ($1::bigint[])[u.nth], false) FROM ({all}) u \
             WHERE u.is_called OR u.last_value <> ($1::bigint[])[u.nth]"
        );
        let [read, reset] = fields(session.prepare(&[read, reset]).await?)?;
        Ok(Uncalled { read, reset })
    }
}
