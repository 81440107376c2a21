//! One line of a protocol log as named fields, borrowed from the bytes it stands in.
//!
//! In: the bytes of one line and the [`header::Schema`] in force. Out: a [`Record`], or why the
//! line is none ([`Malformed`]).
//!
//! **Invariant**: every line is exactly one of record, directive, blank, malformed; any bytes are
//! accepted and nothing here returns an error.

pub mod header;
pub mod line;
pub mod scan;
pub mod value;

use std::borrow::Cow;

use value::split_connector;

/// What a row is about, as its event column says.
///
/// Source: the `event` column of the protocol log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Marker {
    /// `+`: the connection was made.
    Connect = b'+',
    /// `-`: the connection has ended.
    Disconnect = b'-',
    /// `>`: sent by Exchange. In a receive log, the server's reply.
    Sent = b'>',
    /// `<`: received by Exchange. In a receive log, the client's command.
    Received = b'<',
    /// `*`: information.
    Information = b'*',
}

impl Marker {
    /// Reads the one byte of the event column.
    #[inline]
    pub fn parse(byte: u8) -> Option<Self> {
        match byte {
            b'+' => Some(Self::Connect),
            b'-' => Some(Self::Disconnect),
            b'>' => Some(Self::Sent),
            b'<' => Some(Self::Received),
            b'*' => Some(Self::Information),
            _ => None,
        }
    }
}

/// One field as it stands in the line, quotes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Field<'a>(pub &'a [u8]);

impl<'a> Field<'a> {
    /// Returns the value's bytes: outer quotes taken off, doubled quotes made single.
    ///
    /// Borrowed unless a doubled quote stands inside.
    pub fn to_value(self) -> Cow<'a, [u8]> {
        match self.is_quoted() {
            true => undouble(self.as_inner()),
            false => Cow::Borrowed(self.0),
        }
    }

    /// Returns the bytes between the outer quotes, or the whole field where there are none.
    /// Doubled quotes stay doubled.
    pub fn as_inner(self) -> &'a [u8] {
        match self.0 {
            [b'"', inner @ .., b'"'] | [b'"', inner @ ..] => inner,
            whole => whole,
        }
    }

    /// Whether the field opens with a quote.
    pub fn is_quoted(self) -> bool {
        self.0.first() == Some(&b'"')
    }
}

/// Makes doubled quotes single; borrowed where there are none.
pub fn undouble(inner: &[u8]) -> Cow<'_, [u8]> {
    if !memchr::memchr_iter(b'"', inner).any(|at| inner.get(at + 1) == Some(&b'"')) {
        return Cow::Borrowed(inner);
    }
    let mut value = Vec::with_capacity(inner.len());
    let mut after_quote = false;
    for &byte in inner {
        if byte == b'"' && after_quote {
            after_quote = false;
            continue;
        }
        after_quote = byte == b'"';
        value.push(byte);
    }
    Cow::Owned(value)
}

/// The nine fields of a row, borrowed.
///
/// Source: the `#Fields` directive of the protocol log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// `date-time`, UTC.
    pub time: Field<'a>,
    /// `connector-id`: `SERVER\Connector name`.
    pub connector: Field<'a>,
    /// `session-id`: sixteen hexadecimal digits, as a rule.
    pub session_id: Field<'a>,
    /// `sequence-number`, from 0 within the session.
    pub sequence: u32,
    /// `local-endpoint`: `ip:port`.
    pub local: Field<'a>,
    /// `remote-endpoint`: `ip:port`.
    pub remote: Field<'a>,
    /// `event`.
    pub marker: Marker,
    /// `data`: the command, the reply, the payload.
    pub data: Field<'a>,
    /// `context`: free text.
    pub context: Field<'a>,
}

impl<'a> Record<'a> {
    /// The server as the connector names it, and the connector's own name. Outer quotes are off,
    /// doubled ones single.
    pub fn connector_parts(&self) -> (Option<Cow<'a, [u8]>>, Cow<'a, [u8]>) {
        match self.connector.to_value() {
            Cow::Borrowed(whole) => {
                let (server, name) = split_connector(whole);
                (server.map(Cow::Borrowed), Cow::Borrowed(name))
            }
            Cow::Owned(whole) => {
                let (server, name) = split_connector(&whole);
                (server.map(|server| Cow::Owned(server.to_vec())), Cow::Owned(name.to_vec()))
            }
        }
    }
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Malformed {
    /// Fewer columns than the header names.
    TooFewColumns,
    /// More columns than the header names.
    TooManyColumns,
    /// The first column is no timestamp.
    NoTimestamp,
    /// The session id is empty.
    NoSessionId,
    /// The sequence number is no number, or larger than 32 bits hold.
    NoSequence,
    /// The event is none of `+ - > < *`.
    NoEvent,
    /// The line is longer than a chunk can be.
    TooLong,
}

impl Malformed {
    /// Says it in words, for a message that names the place.
    pub fn as_text(self) -> &'static str {
        match self {
            Self::TooFewColumns => "fewer columns than the header names",
            Self::TooManyColumns => "more columns than the header names",
            Self::NoTimestamp => "the first column is no timestamp",
            Self::NoSessionId => "no session id",
            Self::NoSequence => "the sequence number is no 32-bit number",
            Self::NoEvent => "the event is none of + - > < *",
            Self::TooLong => "longer than a line can be",
        }
    }
}
