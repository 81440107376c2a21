//! What a client says in confidence: credentials that stand in a log's rows.
//!
//! Exchange writes `334 <authentication response>` for a challenge and leaves the answers out, but an
//! initial response stands on the row of its command: `AUTH PLAIN AGFsaWNl…` is a password to whoever
//! can read base64, and an answer to NTLM can be guessed at in peace. Other programs' copies hold the
//! answers too.
//!
//! In: commands and replies as they come. Out: [`Secret`]s, and rows' values without them.
//!
//! **Invariant**: between AUTH and its 235, or the next known command, no word of the client that is
//! no command is told, nor where Exchange says it again.

use std::borrow::Cow;

use memchr::memmem;

use crate::record::undouble;
use crate::session::{Row, Session};

use super::command::Command;
use super::facts::{Facts, Span};

/// What stands in the place of a secret.
pub const HIDDEN: &str = "<hidden>";

/// A part of a row that is not to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The row, as an index into the session's rows.
    pub row: u32,
    /// Where in the session's text it lies, within one field.
    pub span: Span,
}

/// The mechanisms that are known, in upper case.
const MECHANISMS: [&[u8]; 16] = [
    b"LOGIN",
    b"PLAIN",
    b"NTLM",
    b"GSSAPI",
    b"EXCHANGEAUTH",
    b"XOAUTH2",
    b"OAUTHBEARER",
    b"CRAM-MD5",
    b"DIGEST-MD5",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-256",
    b"EXTERNAL",
    b"ANONYMOUS",
    b"NEGOTIATE",
    b"KERBEROS_V4",
    b"XAUTH",
];

/// What Exchange writes for a challenge, and the prompts of AUTH LOGIN: `Username:`, `Password:`.
const OPEN_CHALLENGES: [&[u8]; 4] = [b"<authentication response>", b"", b"VXNlcm5hbWU6", b"UGFzc3dvcmQ6"];

/// How many of the last secrets are looked for where Exchange says them again.
const N_REMEMBERED: usize = 4;

/// A shorter one is not looked for: it could be part of any word.
const MIN_ECHO_BYTES: usize = 4;

/// Follows whether the client may be saying credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confidence {
    is_login: bool,
    said: [Span; N_REMEMBERED],
    n_said: usize,
}

impl Confidence {
    /// Begins; where the session's head was cut off, it may begin in the middle of a login.
    pub(super) fn new(is_head_cut: bool) -> Self {
        Self { is_login: is_head_cut, said: [Span::default(); N_REMEMBERED], n_said: 0 }
    }

    /// Whether anything was said that could be said again.
    #[inline]
    pub(super) fn has_said(&self) -> bool {
        self.n_said > 0
    }

    /// A row of the client: its data, its command and where the command's argument starts in it.
    #[inline]
    pub(super) fn client(&mut self, facts: &mut Facts, text: &[u8], row: u32, data: Span, word: (Command, usize)) {
        match word {
            (Command::Auth, argument_at) => {
                self.is_login = true;
                let argument = data.part(argument_at, usize::MAX);
                self.hide(facts, row, text, initial_response(argument, text));
            }
            (Command::Other, _) if self.is_login => self.hide(facts, row, text, data),
            (Command::Other, _) => {}
            _ => self.is_login = false,
        }
    }

    /// A row that Exchange sent.
    #[inline]
    pub(super) fn server(&mut self, facts: &mut Facts, text: &[u8], row: u32, data: Span) {
        if !self.is_login && !self.has_said() {
            return;
        }
        match data.of(text).split_at_checked(3) {
            Some((b"235", _)) => self.is_login = false,
            Some((b"334", _)) => {
                let challenge = trimmed(data.part(4, usize::MAX), text);
                if !OPEN_CHALLENGES.contains(&challenge.of(text)) {
                    facts.secrets.push(Secret { row, span: challenge });
                }
            }
            _ => self.echo(facts, text, row, data),
        }
    }

    /// A field of any row: hides what was said before where it is said again.
    #[inline]
    pub(super) fn echo(&self, facts: &mut Facts, text: &[u8], row: u32, field: Span) {
        if !self.has_said() {
            return;
        }
        let first = facts.secrets.len();
        for said in &self.said[..self.n_said.min(N_REMEMBERED)] {
            let said = said.of(text);
            let found = memmem::find_iter(field.of(text), said);
            facts.secrets.extend(found.map(|at| Secret { row, span: field.part(at, at + said.len()) }));
        }
        facts.secrets[first..].sort_by_key(|secret| (secret.span.start, secret.span.end));
    }

    fn hide(&mut self, facts: &mut Facts, row: u32, text: &[u8], span: Span) {
        let span = trimmed(span, text);
        // An empty response, and a login that the client takes back.
        if matches!(span.of(text), b"" | b"=" | b"*") {
            return;
        }
        facts.secrets.push(Secret { row, span });
        let said = span.of(text);
        let is_new = !self.said[..self.n_said.min(N_REMEMBERED)].iter().any(|known| known.of(text) == said);
        if said.len() >= MIN_ECHO_BYTES && is_new {
            self.said[self.n_said % N_REMEMBERED] = span;
            self.n_said += 1;
        }
    }
}

/// Returns where the mechanism lies in the argument of AUTH; `None` where its first word looks like
/// none: a client that leaves the mechanism out begins with its credentials.
pub(super) fn mechanism_of(argument: Span, text: &[u8]) -> Option<Span> {
    let words = argument.of(text);
    let length = words.iter().position(|byte| *byte == b' ').unwrap_or(words.len());
    is_mechanism(&words[..length]).then(|| argument.part(0, length))
}

/// Source: RFC 4422 section 3.1 has capital letters, digits, `-` and `_`, twenty at most.
fn is_mechanism(word: &[u8]) -> bool {
    let is_capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_".contains(byte);
    MECHANISMS.iter().any(|known| known.eq_ignore_ascii_case(word))
        || ((1..=20).contains(&word.len()) && word.iter().all(is_capital))
}

/// Returns what the argument of AUTH holds besides its mechanism, and the hash that
/// `X-EXPS EXCHANGEAUTH SHA256` names.
fn initial_response(argument: Span, text: &[u8]) -> Span {
    let Some(mechanism) = mechanism_of(argument, text) else { return argument };
    let response = trimmed(argument.part(mechanism.of(text).len(), usize::MAX), text);
    match mechanism.of(text).eq_ignore_ascii_case(b"EXCHANGEAUTH") {
        true => response.part(mechanism_of(response, text).map_or(0, |hash| hash.of(text).len()), usize::MAX),
        false => response,
    }
}

fn trimmed(span: Span, text: &[u8]) -> Span {
    let words = span.of(text);
    let from = words.len() - words.trim_ascii_start().len();
    span.part(from, from + words.trim_ascii().len())
}

/// Returns the value of a row's data, what is secret in it hidden.
pub fn to_open_data<'a>(session: &Session<'a>, facts: &Facts, index: usize, row: &Row) -> Cow<'a, [u8]> {
    let field = session.as_data(row);
    to_open_value(session.text, facts, index, (row.data, row.data_end)).unwrap_or_else(|| field.to_value())
}

/// Returns the value of a row's context, what is secret in it hidden.
pub fn to_open_context<'a>(session: &Session<'a>, facts: &Facts, index: usize, row: &Row) -> Cow<'a, [u8]> {
    let field = session.as_context(row);
    to_open_value(session.text, facts, index, (row.context, row.end)).unwrap_or_else(|| field.to_value())
}

/// Returns a row's line, what is secret in it hidden.
pub fn to_open_line<'a>(session: &Session<'a>, facts: &Facts, index: usize, row: &Row) -> Cow<'a, [u8]> {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let mut shown = Vec::new();
    let mut at = row.start;
    for span in facts.secrets.iter().filter(|secret| secret.row == index).map(|secret| secret.span) {
        // Of two that overlap the first has hidden the beginning of the second.
        if at <= span.start {
            shown.extend_from_slice(&session.text[at as usize..span.start as usize]);
            shown.extend_from_slice(HIDDEN.as_bytes());
        }
        at = at.max(span.end);
    }
    if at == row.start {
        return Cow::Borrowed(session.as_line(row));
    }
    shown.extend_from_slice(&session.text[at as usize..row.end.max(at) as usize]);
    Cow::Owned(shown)
}

/// `None` where the field holds no secret, as nearly all.
fn to_open_value<'a>(text: &[u8], facts: &Facts, index: usize, field: (u32, u32)) -> Option<Cow<'a, [u8]>> {
    if facts.secrets.is_empty() {
        return None;
    }
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let first = facts.secrets.partition_point(|secret| secret.row < index);
    let of_row = facts.secrets[first..].iter().take_while(|secret| secret.row == index);
    let within = of_row.map(|secret| secret.span).filter(|span| field.0 <= span.start && span.end <= field.1);
    let mut at = None;
    let mut shown = Vec::new();
    let mut is_quoted = false;
    for span in within {
        is_quoted = span.is_quoted;
        let from = at.unwrap_or(field.0 + u32::from(is_quoted));
        // Of two that overlap the first has hidden the beginning of the second.
        if from <= span.start {
            shown.extend_from_slice(&text[from as usize..span.start as usize]);
            shown.extend_from_slice(HIDDEN.as_bytes());
        }
        at = Some(span.end.max(from));
    }
    let rest = &text[at? as usize..field.1 as usize];
    shown.extend_from_slice(if is_quoted { rest.strip_suffix(b"\"").unwrap_or(rest) } else { rest });
    Some(Cow::Owned(if is_quoted { undouble(&shown).into_owned() } else { shown }))
}
