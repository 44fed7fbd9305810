//! Taking every trace of ours out of a dump while `pg_dump` writes it.
//!
//! *Invariant*: what is left is, byte for byte, what `pg_dump` would have
//! written had we never been there. Each entry of a dump is a comment with a
//! name and the statements below it, so a statement goes together with the
//! comment before it, and with the blank lines after it that end the entry.

use seedbed_api::{Failure, Kind, Result};

use crate::Traces;
use crate::split::{Head, Lexer, Piece, Pieces};

/// Strips a dump that arrives in parts.
pub struct Stripper {
    pieces: Pieces,
    hand: Hand,
}

/// What decides about each piece.
struct Hand {
    traces: Traces,
    /// The trigger whose entry was just taken out, as long as nothing follows.
    taken: Option<String>,
}

impl Stripper {
    /// A stripper of these traces. `pg_dump` must leave their schemas out by
    /// itself, which keeps its settings between entries as they would be.
    #[must_use]
    pub fn new(traces: Traces) -> Self {
        Self { pieces: Pieces::default(), hand: Hand { traces, taken: None } }
    }

    /// Takes the next part of the dump and appends to `out` what stays of it.
    ///
    /// # Errors
    /// `Kind::Recipe` if a statement is not UTF-8; `Kind::Config` if the dump
    /// names the database, whose name is ours.
    pub fn feed(&mut self, part: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let Self { pieces, hand } = self;
        pieces.feed(part, &mut |piece| hand.take(piece, out))
    }

    /// The dump ends here.
    ///
    /// # Errors
    /// As [`Stripper::feed`]; `Kind::Recipe` if it is cut off.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        let Self { pieces, mut hand } = self;
        pieces.finish(&mut |piece| hand.take(piece, out))
    }
}

impl Hand {
    fn take(&mut self, piece: Piece<'_>, out: &mut Vec<u8>) -> Result<()> {
        match piece {
            Piece::Data(data) => out.extend_from_slice(data),
            Piece::Rest(rest) => out.extend_from_slice(self.after(rest).as_bytes()),
            Piece::Statement { before, text, head } => {
                if head.has(0, &["CREATE", "DATABASE"]) {
                    return Err(names_the_database());
                }
                if let Some(name) = self.trigger_of_ours(&head) {
                    if self.taken.is_none() {
                        // It ends the entry before ours.
                        out.extend_from_slice(leading_blanks(before).as_bytes());
                    }
                    self.taken = Some(name);
                    return Ok(());
                }
                out.extend_from_slice(self.after(before).as_bytes());
                match self.with_cache(text, &head) {
                    Some((start, cache, end)) => {
                        for part in [start, cache, end] {
                            out.extend_from_slice(part.as_bytes());
                        }
                    }
                    None => out.extend_from_slice(text.as_bytes()),
                }
            }
        }
        Ok(())
    }

    /// What stays of the text after an entry.
    fn after<'t>(&mut self, text: &'t str) -> &'t str {
        match self.taken.take() {
            Some(_) => &text[leading_blanks(text).len()..],
            None => text,
        }
    }

    /// The trigger that a statement is about, if it is one of ours.
    fn trigger_of_ours(&self, head: &Head<'_>) -> Option<String> {
        let at = (1..3).find(|at| head.is(*at, "TRIGGER") && (*at == 1 || head.is_one(1, KINDS)));
        if head.is(0, "CREATE") {
            let execute = head.find(at?, &["EXECUTE", "FUNCTION"])?;
            let ours = self.traces.schemas.contains(&head.name(execute + 2)?);
            return if ours { head.name(at? + 1) } else { None };
        }
        if head.is(0, "DROP") {
            // Before its CREATE, with `--clean`.
            let guarded = head.has(at? + 1, &["IF", "EXISTS"]);
            let name = head.name(at? + if guarded { 3 } else { 1 })?;
            return self.traces.triggers.contains(&name).then_some(name);
        }
        // In the entry of its CREATE: enabled always, given to its owner.
        let last = head.tokens.len().checked_sub(2)?;
        let at = at.or_else(|| head.is(last, "TRIGGER").then_some(last))?;
        let name = head.name(at + 1)?;
        (head.is(0, "ALTER") && self.taken.as_ref() == Some(&name)).then_some(name)
    }

    /// A statement that makes a sequence whose CACHE we changed: what stands
    /// before the number, the number it was, what stands after it.
    fn with_cache<'t>(&self, text: &'t str, head: &Head<'_>) -> Option<(&'t str, &str, &'t str)> {
        let is_sequence = head.is(0, "CREATE") && (1..3).any(|at| head.is(at, "SEQUENCE"));
        let is_identity = head.is(0, "ALTER") && head.find(2, &["AS", "IDENTITY"]).is_some();
        if self.traces.caches.is_empty() || !(is_sequence || is_identity) {
            return None;
        }
        // The outline leaves out what is in parentheses.
        let mut tokens = Vec::new();
        let mut lexer = Lexer::new(text);
        while let Ok(Some(token)) = lexer.next() {
            tokens.push(token);
        }
        let all = Head { text, tokens: &tokens };
        let words: &[&str] = if is_identity { &["SEQUENCE", "NAME"] } else { &["SEQUENCE"] };
        let at = all.find(1, words)? + words.len();
        let name = (all.name(at)?, all.name(at + 2)?);
        let number = all.find(at + 3, &["CACHE"])? + 1;
        let was = self.traces.caches.get(&name).filter(|_| all.at(number) == "1")?;
        let token = tokens.get(number)?;
        Some((&text[..token.start], was, &text[token.end..]))
    }
}

/// What may stand before the word `TRIGGER` in a statement that makes one.
const KINDS: &[&str] = &["EVENT", "CONSTRAINT"];

fn leading_blanks(text: &str) -> &str {
    &text[..text.len() - text.trim_ascii_start().len()]
}

fn names_the_database() -> Failure {
    Failure::new(Kind::Config, "`--create` would write the name of a database of Seedbed's")
        .hint("seedbed dump   # without --create; CREATE DATABASE and its settings are yours")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `pg_dump` 15 writes it; lines that begin with `#` are ours.
    const DUMP: &str = r#"--
-- PostgreSQL database dump
--

SET standard_conforming_strings = on;

#DROP EVENT TRIGGER IF EXISTS seedbed_journal_ddl;
#DROP TRIGGER seedbed_journal_insert ON public.trigger;
DROP TRIGGER mine ON public.trigger;
--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f() RETURNS text
    LANGUAGE sql
    AS $$
--
-- Name: trigger seedbed_journal_insert; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER seedbed_journal_insert AFTER INSERT ON public.trigger EXECUTE FUNCTION seedbed_journal.insert_0();


$$;


--
-- Name: s; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.s
    START WITH 1
    CACHE <1|20>;


--
-- Name: t_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public."T cache"
    START WITH 1
    CACHE <1|7>
    CYCLE
);


--
-- Name: other; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE UNLOGGED SEQUENCE public.other
    CACHE 1;


--
-- Data for Name: trigger; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.trigger (a) FROM stdin;
CREATE TRIGGER seedbed_journal_insert AFTER INSERT ON x EXECUTE FUNCTION seedbed_journal.insert_0();
\.


#--
#-- Name: trigger seedbed_journal_insert; Type: TRIGGER; Schema: public; Owner: -
#--
#
#CREATE TRIGGER seedbed_journal_insert AFTER INSERT ON public.trigger REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION seedbed_journal.insert_0();
#
#ALTER TABLE public.trigger ENABLE ALWAYS TRIGGER seedbed_journal_insert;
#
#
--
-- Name: trigger mine; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER mine AFTER INSERT ON public.trigger FOR EACH ROW EXECUTE FUNCTION public.seedbed_journal();

ALTER TABLE public.trigger ENABLE ALWAYS TRIGGER mine;


#--
#-- Name: seedbed_journal_ddl; Type: EVENT TRIGGER; Schema: -; Owner: postgres
#--
#
#CREATE EVENT TRIGGER seedbed_journal_ddl ON ddl_command_end
#   EXECUTE FUNCTION seedbed_journal.note_ddl();
#
#ALTER EVENT TRIGGER seedbed_journal_ddl ENABLE ALWAYS;
#
#
#ALTER EVENT TRIGGER seedbed_journal_ddl OWNER TO postgres;
#
--
-- PostgreSQL database dump complete
--

"#;

    fn traces() -> Traces {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let cache =
            |name: &str, cache: &str| (("public".to_owned(), name.to_owned()), cache.to_owned());
        Traces {
            schemas: words(&["seedbed_journal"]),
            triggers: words(&["seedbed_journal_insert", "seedbed_journal_ddl"]),
            caches: [cache("s", "20"), cache("T cache", "7")].into(),
        }
    }

    fn strip(dump: &str, part: usize) -> Result<String> {
        let mut stripper = Stripper::new(traces());
        let mut out = Vec::new();
        for part in dump.as_bytes().chunks(part) {
            stripper.feed(part, &mut out)?;
        }
        stripper.finish(&mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_ours_goes_and_nothing_else() {
        let mut with = DUMP.replace("\n#", "\n");
        let mut without: String =
            DUMP.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
        for (mark, pinned, was) in [("<1|20>", "1", "20"), ("<1|7>", "1", "7")] {
            with = with.replace(mark, pinned);
            without = without.replace(mark, was);
        }
        for part in [1, 7, 100, with.len()] {
            let stripped = strip(&with, part).unwrap();
            assert!(stripped == without, "in parts of {part}:\n{stripped}");
        }
        assert_eq!(strip(&without, 64).unwrap(), without, "nothing is left to take out");
    }

    #[test]
    fn the_name_of_our_database_is_not_written() {
        let failure = strip("CREATE DATABASE seedbed_test_x WITH TEMPLATE = template0;", 9);
        assert_eq!(failure.unwrap_err().kind(), Kind::Config);
    }
}
