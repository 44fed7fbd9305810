//! Understands what the server sends. No input or output: bytes go in in
//! pieces of any size, a [`Reply`] comes out when the server is ready again.

use std::{io, mem};

use bytes::BytesMut;
use postgres_protocol::message::backend::{
    CommandCompleteBody, DataRowBody, ErrorResponseBody, Header, Message,
};
use tokio_postgres::fallible_iterator::FallibleIterator as _;

use crate::{Answer, Complaint, Value};

/// A buffer that had to hold more than this is given back afterwards.
const KEPT_BYTES: usize = 64 * 1024;

/// One side of the conversation.
#[derive(Default)]
pub(crate) struct Machine {
    /// Received and not understood yet.
    input: BytesMut,
    /// The most that was in it during one train.
    peak: usize,
    underway: Option<Underway>,
    /// What the server said unasked before it hung up.
    parting: Option<Complaint>,
}

/// A train that was sent, and what came back of it so far.
#[derive(Default)]
struct Underway {
    reply: Reply,
    rows: Vec<Vec<Value>>,
    keeps_rows: bool,
    wants_data: bool,
    is_done: bool,
}

/// What came back of a train.
#[derive(Default)]
pub(crate) struct Reply {
    /// One for each statement that ran to its end.
    pub(crate) answers: Vec<Answer>,
    /// Why the first one that did not was refused.
    pub(crate) complaint: Option<Complaint>,
    /// Whether data was asked for (`COPY … FROM STDIN`).
    pub(crate) took_data: bool,
    /// Whether data came that nobody wants (`COPY … TO STDOUT`).
    pub(crate) gave_data: bool,
}

impl Machine {
    /// Starts with what was received already.
    pub(crate) fn new(input: BytesMut) -> Self {
        Self { input, ..Self::default() }
    }

    /// A train is about to be sent. Without `keeps_rows` they are only counted.
    pub(crate) fn begin(&mut self, keeps_rows: bool) {
        self.peak = 0;
        self.underway = Some(Underway { keeps_rows, ..Underway::default() });
    }

    /// Whether an answer is awaited.
    pub(crate) fn is_underway(&self) -> bool {
        self.underway.is_some()
    }

    /// Whether the server waits for data of a COPY.
    pub(crate) fn wants_data(&self) -> bool {
        self.underway.as_ref().is_some_and(|underway| underway.wants_data)
    }

    /// All data of a COPY was handed over.
    pub(crate) fn data_ended(&mut self) {
        if let Some(underway) = &mut self.underway {
            underway.wants_data = false;
        }
    }

    /// Where received bytes go, at the end; [`Machine::advance`] takes them.
    pub(crate) fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// What the server complained of, if the connection has ended.
    pub(crate) fn last_complaint(&mut self) -> Option<Complaint> {
        let underway = self.underway.as_mut();
        underway.and_then(|underway| underway.reply.complaint.take()).or(self.parting.take())
    }

    /// The whole reply, once.
    pub(crate) fn take_reply(&mut self) -> Option<Reply> {
        if !self.underway.as_ref().is_some_and(|underway| underway.is_done) {
            return None;
        }
        if self.peak > KEPT_BYTES {
            // A copy of the little that is left lets go of the large buffer.
            self.input = BytesMut::from(&self.input[..]);
        }
        self.underway.take().map(|underway| underway.reply)
    }

    /// Understands what has arrived.
    ///
    /// # Errors
    /// Whatever is no message of the protocol, or none that fits. Then nothing
    /// that comes later has a meaning.
    pub(crate) fn advance(&mut self) -> io::Result<()> {
        self.peak = self.peak.max(self.input.len());
        while let Some(message) = next(&mut self.input)? {
            match message {
                Message::NoticeResponse(_)
                | Message::NotificationResponse(_)
                | Message::ParameterStatus(_) => {}
                message => match &mut self.underway {
                    Some(underway) if !underway.is_done => underway.take(message)?,
                    _ => match message {
                        Message::ErrorResponse(body) => self.parting = Some(complaint(&body)?),
                        _ => return Err(out_of_turn()),
                    },
                },
            }
        }
        Ok(())
    }
}

impl Underway {
    fn take(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::ParseComplete
            | Message::BindComplete
            | Message::CloseComplete
            | Message::RowDescription(_)
            | Message::CopyDone => {}
            Message::DataRow(row) => {
                if self.keeps_rows {
                    self.rows.push(values(&row)?);
                }
            }
            Message::CommandComplete(body) => self.answer(affected(&body)?),
            Message::EmptyQueryResponse => self.answer(0),
            Message::ErrorResponse(body) => {
                self.wants_data = false;
                self.rows.clear();
                let complaint = complaint(&body)?;
                self.reply.complaint.get_or_insert(complaint);
            }
            Message::CopyInResponse(_) => {
                self.wants_data = true;
                self.reply.took_data = true;
            }
            Message::CopyOutResponse(_) | Message::CopyData(_) => self.reply.gave_data = true,
            Message::ReadyForQuery(_) => {
                self.wants_data = false;
                self.is_done = true;
            }
            _ => return Err(out_of_turn()),
        }
        Ok(())
    }

    fn answer(&mut self, affected: u64) {
        self.wants_data = false;
        self.reply.answers.push(Answer { rows: mem::take(&mut self.rows), affected });
    }
}

/// The next message, once it is there as a whole. Room for a message is made
/// as it arrives, not when its length is announced.
fn next(input: &mut BytesMut) -> io::Result<Option<Message>> {
    let Some(header) = Header::parse(input)? else { return Ok(None) };
    let length = usize::try_from(header.len()).map_err(io::Error::other)?;
    if input.len() <= length { Ok(None) } else { Message::parse(input) }
}

fn values(row: &DataRowBody) -> io::Result<Vec<Value>> {
    let bytes = row.buffer();
    let mut ranges = row.ranges();
    let mut values = Vec::with_capacity(ranges.size_hint().0);
    while let Some(range) = ranges.next()? {
        values.push(Value::of(range.map(|range| bytes[range].to_vec())));
    }
    Ok(values)
}

/// The count at the end of `INSERT 0 5`, `SELECT 3`, `COPY 7`.
fn affected(body: &CommandCompleteBody) -> io::Result<u64> {
    let count = body.tag()?.rsplit(' ').next().and_then(|word| word.parse().ok());
    Ok(count.unwrap_or(0))
}

fn complaint(body: &ErrorResponseBody) -> io::Result<Complaint> {
    let mut fields = body.fields();
    let mut complaint = Complaint::empty();
    while let Some(field) = fields.next()? {
        complaint.set(field.type_(), String::from_utf8_lossy(field.value_bytes()).into_owned());
    }
    Ok(complaint)
}

fn out_of_turn() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server sent a message out of turn")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[tag][..], &length.to_be_bytes(), body].concat()
    }

    fn row(columns: &[Option<&[u8]>]) -> Vec<u8> {
        let mut body = u16::try_from(columns.len()).unwrap().to_be_bytes().to_vec();
        for column in columns {
            let length = column.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap());
            body.extend(length.to_be_bytes());
            body.extend(column.unwrap_or_default());
        }
        message(b'D', &body)
    }

    fn refusal(code: &str) -> Vec<u8> {
        let fields = format!("SERROR\0VERROR\0C{code}\0Mno\0Dsecret\0P7\0\0");
        message(b'E', fields.as_bytes())
    }

    fn ready() -> Vec<u8> {
        message(b'Z', b"I")
    }

    /// Feeds pieces; what came of the train.
    fn understand(pieces: &[&[u8]]) -> io::Result<Option<Reply>> {
        let mut machine = Machine::default();
        machine.begin(true);
        for piece in pieces {
            machine.input().extend_from_slice(piece);
            machine.advance()?;
        }
        Ok(machine.take_reply())
    }

    /// A reply as text.
    fn shown(reply: &Reply) -> String {
        let answers = reply.answers.iter().map(|answer| {
            let rows = answer.rows.iter().flatten().map(|value| value.as_text().unwrap_or("NULL"));
            format!("{}:{};", answer.affected, rows.collect::<Vec<_>>().join(","))
        });
        let complaint = reply.complaint.as_ref().map_or("", |complaint| complaint.code.as_str());
        format!("{}{complaint}", answers.collect::<String>())
    }

    #[test]
    fn a_reply_is_the_same_wherever_it_is_split() {
        let train = [
            message(b'1', b""),
            message(b'3', b""),
            message(b'2', b""),
            message(b'T', b"\0\0"),
            row(&[Some(b"a"), None]),
            message(b'N', b"SNOTICE\0Mlook\0\0"),
            row(&[Some(b""), Some(b"bc")]),
            message(b'C', b"SELECT 2\0"),
            message(b'S', b"TimeZone\0UTC\0"),
            message(b'I', b""),
            message(b'C', b"INSERT 0 5\0"),
            refusal("23505"),
            ready(),
        ]
        .concat();
        let expected = "2:a,NULL,,bc;0:;5:;23505";
        for at in 0..train.len() {
            let (one, two) = train.split_at(at);
            assert!(understand(&[one]).unwrap().is_none(), "whole after {at} bytes");
            assert_eq!(shown(&understand(&[one, two]).unwrap().unwrap()), expected, "{at}");
        }
        let bytes: Vec<&[u8]> = train.chunks(1).collect();
        assert_eq!(shown(&understand(&bytes).unwrap().unwrap()), expected);
    }

    #[test]
    fn data_is_wanted_until_it_ended_or_was_refused() {
        for (after, wanted) in
            [(Vec::new(), true), (refusal("22P02"), false), (message(b'C', b"COPY 1\0"), false)]
        {
            let mut machine = Machine::default();
            machine.begin(false);
            machine.input().extend(message(b'G', b"\0\0\x01\0\0"));
            machine.input().extend(after);
            machine.advance().unwrap();
            assert_eq!(machine.wants_data(), wanted);
            machine.data_ended();
            assert!(!machine.wants_data());
        }
    }

    #[test]
    fn what_is_out_of_turn_is_refused() {
        for wrong in [
            message(b'R', b"\0\0\0\0"),
            message(b's', b""),
            message(b'y', b""),
            message(b'C', b"no end"),
            message(b'D', b"\0\x02\0\0\0\x01a"),
            b"C\0\0\0\0".to_vec(),
            [ready(), ready()].concat(),
        ] {
            assert!(understand(&[&wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_reason_given_unasked_is_kept() {
        let mut machine = Machine::default();
        machine.input().extend(refusal("57P01"));
        machine.advance().unwrap();
        assert_eq!(machine.last_complaint().unwrap().code, "57P01");
        assert!(machine.last_complaint().is_none());
        machine.input().extend(ready());
        assert!(machine.advance().is_err());
    }

    #[test]
    fn a_large_answer_leaves_no_large_buffer() {
        let mut machine = Machine::default();
        machine.begin(true);
        let large = vec![b'x'; 4 * 1024 * 1024];
        machine.input().extend([row(&[Some(&large)]), ready()].concat());
        machine.advance().unwrap();
        machine.input().extend_from_slice(b"N\0");
        assert!(machine.take_reply().is_some());
        assert_eq!(machine.input()[..], b"N\0"[..]);
        assert!(machine.input().capacity() <= KEPT_BYTES);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            pieces in prop::collection::vec(
                prop_oneof![
                    any::<Vec<u8>>(),
                    (prop::sample::select(b"123AcCdDEGHIKnNRsStTZ".to_vec()), any::<Vec<u8>>())
                        .prop_map(|(tag, body)| message(tag, &body)),
                    Just(ready()),
                ],
                0..8,
            ),
            is_asked: bool,
        ) {
            let mut machine = Machine::default();
            if is_asked {
                machine.begin(true);
            }
            for piece in &pieces {
                machine.input().extend_from_slice(piece);
                if machine.advance().is_err() {
                    break;
                }
            }
            prop_assert!(machine.take_reply().is_none() || is_asked);
        }
    }
}
