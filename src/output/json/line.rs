//! Records as JSON in one line, written without a serializer between.
//!
//! In: the shapes of [`json`](super). Out: bytes.
//!
//! A serializer took 30 % of the instructions by which a log becomes NDJSON. Nearly all strings of a session
//! are printable ASCII without quotes: where that is seen, for many bytes at once, they are valid UTF-8, need
//! no escape of JSON's, and hide no character.
//!
//! **Invariant**: what is written is, byte for byte, what `serde_json` makes of the same shapes and
//! [`escape_json`] then makes of that.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::output::escape::escape_json;
use crate::output::finding::{EvidenceRecord, FindingRecord, StepRecord};

use super::{
    AuthRecord, CertificateRecord, FileRecord, HandOver, MailRecord, ProxiedRecord, Record, StartTlsRecord, Text,
};

/// What can be written as JSON.
pub(in crate::output) trait Line {
    /// Appends it.
    fn append(&self, out: &mut Vec<u8>);
}

/// Writes a shape as an object: its fields under their names, and the last one only where it is wanted.
///
/// A shape is taken apart as a whole, so a field that is not written does not compile.
macro_rules! object {
    ($shape:ty { $first:ident $(, $field:ident)* $(; $last:ident if $is_wanted:expr)? }) => {
        impl Line for $shape {
            fn append(&self, out: &mut Vec<u8>) {
                let Self { $first $(, $field)* $(, $last)? } = self;
                out.extend_from_slice(concat!("{\"", stringify!($first), "\":").as_bytes());
                $first.append(out);
                $(
                    out.extend_from_slice(concat!(",\"", stringify!($field), "\":").as_bytes());
                    $field.append(out);
                )*
                $(
                    if $is_wanted($last) {
                        out.extend_from_slice(concat!(",\"", stringify!($last), "\":").as_bytes());
                        $last.append(out);
                    }
                )?
                out.push(b'}');
            }
        }
    };
}

object!(Record<'_> {
    schema, id, session_id, log, server, connector, role, start, end, duration_ms, local, local_ip, local_port,
    remote, remote_ip, remote_port, lines, opened, closed, disconnect, files, banner, helo, extensions,
    extensions_tls, starttls, auth, mail, proxied, tarpit_ms, verdict, findings; again if |again: &bool| *again
});
object!(FileRecord<'_> { path, first_line, last_line });
object!(StartTlsRecord<'_> {
    outcome, offered, error, protocol, cipher, cipher_bits, mac, key_exchange, key_exchange_bits, certificate,
    client_certificate, domain_capabilities, status
});
object!(CertificateRecord { subject, issuer, serial, thumbprint, not_before, not_after, names });
object!(AuthRecord<'_> { outcome, mechanism, user, error, attempts, failures, permissions });
object!(MailRecord<'_> {
    attempted, accepted, senders, recipients, recipients_rejected, message_ids, internal_ids, bytes
});
object!(FindingRecord<'_> { rule, severity, message, evidence; steps if |steps: &[StepRecord]| !steps.is_empty() });
object!(EvidenceRecord<'_> { path, line });
object!(StepRecord { kind, purpose, command });

impl Line for ProxiedRecord<'_> {
    fn append(&self, out: &mut Vec<u8>) {
        match &self.0[..] {
            [] => append_null(out),
            [one] => one.append(out),
            several => several.append(out),
        }
    }
}

impl Line for HandOver<'_> {
    fn append(&self, out: &mut Vec<u8>) {
        let (key, whom, session_id) = match self {
            Self::To { to, session_id } => (&b"{\"to\":"[..], to, session_id),
            Self::For { for_ip, session_id } => (&b"{\"for_ip\":"[..], for_ip, session_id),
        };
        out.extend_from_slice(key);
        whom.append(out);
        out.extend_from_slice(b",\"session_id\":");
        session_id.append(out);
        out.push(b'}');
    }
}

impl<T: Line> Line for Option<T> {
    fn append(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.append(out),
            None => append_null(out),
        }
    }
}

impl<T: Line> Line for [T] {
    fn append(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            value.append(out);
        }
        out.push(b']');
    }
}

impl<T: Line> Line for Vec<T> {
    fn append(&self, out: &mut Vec<u8>) {
        self[..].append(out);
    }
}

impl Line for Text<'_> {
    fn append(&self, out: &mut Vec<u8>) {
        append_text(&self.0, out);
    }
}

impl Line for &str {
    fn append(&self, out: &mut Vec<u8>) {
        append_text(self.as_bytes(), out);
    }
}

impl Line for String {
    fn append(&self, out: &mut Vec<u8>) {
        append_text(self.as_bytes(), out);
    }
}

impl Line for Cow<'_, str> {
    fn append(&self, out: &mut Vec<u8>) {
        append_text(self.as_bytes(), out);
    }
}

impl Line for bool {
    fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

/// What `serde_json` writes as fast as it can be written.
macro_rules! by_serde {
    ($($kind:ty),*) => {
        $(impl Line for $kind {
            fn append(&self, out: &mut Vec<u8>) {
                append_by_serde(self, out);
            }
        })*
    };
}

by_serde!(u8, u16, u32, u64, i64, usize, IpAddr);

fn append_by_serde(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a string or a number, written into memory");
}

fn append_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Appends bytes of a log as a string; invalid UTF-8 becomes U+FFFD.
fn append_text(text: &[u8], out: &mut Vec<u8>) {
    if !is_plain(text) {
        return append_odd_text(text, out);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

#[cold]
fn append_odd_text(text: &[u8], out: &mut Vec<u8>) {
    // Windows paths, and users with their domains.
    if text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return append_quoted(text, out);
    }
    append_any_text(text, out);
}

/// Appends printable ASCII with quotes and backslashes in it.
fn append_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The plain way, for every text that there can be.
fn append_any_text(text: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    append_by_serde(&String::from_utf8_lossy(text), out);
    escape_json(out, from);
}

/// Whether a text of JSON holds it as it is: printable ASCII but for quotes and backslashes.
///
/// Most texts are of some ten bytes, so what is left of the last sixteen is not looked at byte by byte:
/// where there are so many, the last ones are looked at twice.
fn is_plain(text: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        return are_plain(first) && are_plain(last) && text[16..].as_chunks::<16>().0.iter().all(are_plain);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        return are_plain(first) && are_plain(last);
    }
    text.iter().all(|byte| are_plain(&[*byte]))
}

/// Looks at all of them whatever the first are, so that they can be compared together.
#[inline]
fn are_plain<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(true, |are_plain, byte| are_plain & matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;
    use std::path::Path;

    use proptest::prelude::*;

    use crate::ingest::{Batch, Case, Catalogue, Options, Study, ingest};

    /// The plain way to the same bytes.
    fn to_plain(value: &impl serde::Serialize) -> String {
        let mut json = serde_json::to_vec(value).unwrap();
        escape_json(&mut json, 0);
        String::from_utf8(json).unwrap()
    }

    #[track_caller]
    fn check(value: &(impl Line + serde::Serialize)) {
        // What stands before it stays as it is, whatever it is.
        let mut line = b"\xff\"\x1b".to_vec();
        value.append(&mut line);
        let line = line.strip_prefix(b"\xff\"\x1b").unwrap();
        assert_eq!(std::str::from_utf8(line).unwrap(), to_plain(value));
    }

    fn text(bytes: &[u8]) -> Text<'_> {
        Text(Cow::Borrowed(bytes))
    }

    #[test]
    fn every_byte_at_every_place() {
        for length in 0..50 {
            check(&text(&vec![b'a'; length]));
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    assert_eq!(is_plain(&bytes), matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'));
                    check(&text(&bytes));
                }
            }
        }
    }

    #[test]
    fn odd_texts() {
        let all: String = ('\0'..=char::MAX).filter(|next| u32::from(*next) < 0x3000 || *next > '\u{d7ff}').collect();
        check(&text(all.as_bytes()));
        check(&all);
        check(&Cow::Borrowed(&all[..]));
        check(&&all[..]);
        check(&text(&[&b"x".repeat(100_000)[..], b"\xe2\x80", &b"y".repeat(100_000)].concat()));
        for odd in ["\u{2028}", "\u{202e}", "\u{e0041}", "\u{7f}", "\"\\", "\r\n\t\u{8}\u{c}\0"] {
            check(&vec![Some(odd), None, Some("plain")]);
        }
        for odd in [r"C:\Logs\RECV.LOG", r"CONTOSO\erin", r#"""\"#, r#"\"a"b\c"#] {
            check(&vec![odd]);
        }
    }

    #[test]
    fn numbers_and_hand_overs() {
        check(&vec![i64::MIN, -1, 0, i64::MAX]);
        check(&vec![0, 9, 10, u64::MAX]);
        check(&Some(u16::MAX));
        let addresses = ["192.0.2.5", "255.0.10.100", "2001:db8::7", "::ffff:192.0.2.5"];
        check(&addresses.map(|address| address.parse::<IpAddr>().unwrap()).to_vec());
        let (to, hand_over) = (Some(text(b"hub")), Some(text(b"08DE2A1B3C4D5E6F")));
        let to = HandOver::To { to, session_id: None };
        let of = HandOver::For { for_ip: None, session_id: hand_over };
        check(&ProxiedRecord(Vec::new()));
        check(&ProxiedRecord(vec![to.clone()]));
        check(&ProxiedRecord(vec![of.clone(), to]));
        check(&ProxiedRecord(vec![of]));
    }

    /// Holds each record against the plain way: as it is listed, as it comes again, and with what to do.
    struct Checking;

    impl Study for Checking {
        type Yield = u64;

        fn begin(&self) -> u64 {
            0
        }

        fn take(&self, case: &Case<'_>, n_checked: &mut u64) {
            let mut record = Record::new(case);
            check(&record);
            record.again = !record.again;
            for (shown, finding) in record.findings.iter_mut().zip(case.findings) {
                shown.advise(case, finding);
            }
            check(&record);
            *n_checked += 1;
        }
    }

    #[test]
    fn every_sample_is_written_as_serde_has_it() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let mut n_checked = 0;
        ingest(&Catalogue::build(&[samples], None), &Options::default(), &Checking, &mut |batch: Batch<u64>| {
            n_checked += batch.value;
            ControlFlow::Continue(())
        });
        assert!(n_checked > 100, "{n_checked}");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            check(&text(&bytes));
        }

        #[test]
        fn any_text(text in ".{0,40}") {
            check(&text);
        }
    }
}
