//! Parts that thousands of records have in common, read and written once.
//!
//! In: the rows of a reply to EHLO, or of a certificate. Out: what they tell, with its JSON.
//!
//! **Invariant**: what is shared is what would be read anew; few parts are kept, and none of long rows.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use serde::ser::{Serialize, Serializer};

use crate::diagnosis::remembered::Remembered;
use crate::dialogue::certificate::read_certificate;
use crate::dialogue::extensions::{append_offer, read_extensions};
use crate::session::Session;

use super::line::Line;
use super::{CertificateRecord, Text};

/// How long the rows of a part may be for it to be kept, in bytes: those of Exchange are much shorter.
const LONGEST_BYTES: usize = 4096;

/// A part of records.
#[derive(Debug)]
pub(in crate::output) struct Shared<T>(Rc<(T, Vec<u8>)>);

impl<T: Line> Shared<T> {
    fn new(part: T) -> Self {
        let mut json = Vec::new();
        part.append(&mut json);
        Self(Rc::new((part, json)))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T> Line for Shared<T> {
    fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.1);
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// The extensions that a reply offers.
pub(in crate::output) type Extensions = Shared<Vec<Text<'static>>>;

/// A certificate, where the log tells of one.
pub(in crate::output) type Presented = Shared<Option<CertificateRecord>>;

/// Each thread has its own, so that none waits for another.
#[derive(Default)]
struct Known {
    /// What the part at hand is read from.
    bytes: Vec<u8>,
    extensions: Remembered<Extensions>,
    certificates: Remembered<Presented>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// Returns what [`read_extensions`] reads.
pub(super) fn extensions_of(session: &Session<'_>, rows: &[u32]) -> Extensions {
    KNOWN.with_borrow_mut(|Known { bytes, extensions, .. }| {
        bytes.clear();
        append_offer(session, rows, bytes);
        recall(extensions, bytes, || {
            let texts = read_extensions(session, rows);
            texts.into_iter().map(|text| Text(text.to_vec().into())).collect()
        })
    })
}

/// Returns what [`read_certificate`] reads.
pub(super) fn certificate_of(session: &Session<'_>, rows: &[u32]) -> Presented {
    KNOWN.with_borrow_mut(|Known { bytes, certificates, .. }| {
        bytes.clear();
        for row in rows.iter().filter_map(|row| session.rows.get(*row as usize)) {
            for field in [session.as_data(row), session.as_context(row)] {
                bytes.extend_from_slice(field.0);
                // No field holds one.
                bytes.push(b'\n');
            }
        }
        recall(certificates, bytes, || read_certificate(session, rows).map(CertificateRecord::new))
    })
}

fn recall<T: Line>(known: &mut Remembered<Shared<T>>, bytes: &mut Vec<u8>, read: impl FnOnce() -> T) -> Shared<T> {
    match bytes.len() > LONGEST_BYTES {
        true => {
            bytes.clear();
            bytes.shrink_to(LONGEST_BYTES);
            Shared::new(read())
        }
        false => Shared(Rc::clone(&known.recall(bytes, || Shared::new(read())).0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::record::Marker;
    use crate::session::{FileId, OriginId, Position, Row};

    /// Calls with a session whose rows have these fields, data and context.
    fn with_session(fields: &[(String, String)], check: impl FnOnce(&Session<'_>, &[u32])) {
        let (mut text, mut rows) = (Vec::new(), Vec::new());
        let place = |text: &Vec<u8>| u32::try_from(text.len()).unwrap();
        for (data, context) in fields {
            let start = place(&text);
            text.extend_from_slice(data.as_bytes());
            let data_end = place(&text);
            text.push(b',');
            let context_at = place(&text);
            text.extend_from_slice(context.as_bytes());
            rows.push(Row {
                start,
                data: start,
                data_end,
                context: context_at,
                end: place(&text),
                sequence: 0,
                line: 1,
                file: FileId(0),
                marker: Marker::Sent,
            });
        }
        let indices: Vec<u32> = (0..).take(rows.len()).collect();
        let session = Session { text: &text, rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
        check(&session, &indices);
    }

    fn fields(words: &'static [&'static str]) -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(words), 0..6).prop_map(|words| words.concat())
    }

    const OFFERED: &[&str] = &[
        "250",
        "-",
        " ",
        " ",
        "STARTTLS",
        "SIZE",
        "12",
        "AUTH",
        "LOGIN",
        "Hello",
        "HELP",
        "mail",
        "\"",
        "a\u{e9}\u{202e}",
    ];
    const TOLD: &[&str] = &[
        "Sending certificate",
        "Certificate subject",
        "Certificate thumbprint",
        " ",
        "\"",
        ",",
        "CN=a",
        " CN=b",
        " 0123456789ABCDEF0123456789ABCDEF01234567",
        " 2026-11-23T08:29:00.000Z",
        "mail.example.com;example.com",
    ];

    #[track_caller]
    fn check(rows: &[(String, String)]) {
        with_session(rows, |session, rows| {
            let anew: Vec<_> =
                read_extensions(session, rows).into_iter().map(|text| Text(text.to_vec().into())).collect();
            let extensions = extensions_of(session, rows);
            assert_eq!(*extensions, anew);
            assert_eq!(json_of(&extensions), json_of(&anew));
            let anew = read_certificate(session, rows);
            let certificate = certificate_of(session, rows);
            assert_eq!(format!("{:?}", *certificate), format!("{:?}", anew.clone().map(CertificateRecord::new)));
            assert_eq!(json_of(&certificate), json_of(&anew.map(CertificateRecord::new)));
        });
    }

    fn json_of(part: &impl Line) -> Vec<u8> {
        let mut json = Vec::new();
        part.append(&mut json);
        json
    }

    #[test]
    fn greetings_do_not_part_what_is_the_same() {
        let offer = |text: &str| {
            let mut bytes = Vec::new();
            with_session(&[(text.to_owned(), String::new())], |session, rows| append_offer(session, rows, &mut bytes));
            bytes
        };
        let same =
            ["250  a Hello [192.0.2.1] SIZE 1 STARTTLS", "250  b Hello [2001:db8::7] SIZE 1 STARTTLS"].map(offer);
        assert_eq!(same[0], same[1]);
        assert_ne!(same[0], offer("250  a Hello [192.0.2.1] SIZE 1"));
        assert_ne!(same[0], offer("250-SIZE 1 STARTTLS"));
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let is_kept = |data: &str| {
            let rows = [(data.to_owned(), "Certificate subject".to_owned())];
            check(&rows);
            let mut is_kept = false;
            with_session(&rows, |session, rows| {
                let read = || (extensions_of(session, rows).0, certificate_of(session, rows).0);
                let (one, other) = (read(), read());
                is_kept = Rc::ptr_eq(&one.0, &other.0);
                KNOWN.with_borrow(|known| assert!(known.bytes.capacity() <= LONGEST_BYTES));
                assert_eq!(is_kept, Rc::ptr_eq(&one.1, &other.1));
            });
            is_kept
        };
        assert!(is_kept("250 SIZE 12"));
        assert!(!is_kept(&format!("250 SIZE {}", "x".repeat(LONGEST_BYTES))));
    }

    proptest! {
        // One thread asks for all of them, so each is held against what was kept of those before.
        #[test]
        fn shared_is_as_read_anew(
            offers in prop::collection::vec(prop::collection::vec(fields(OFFERED), 0..3), 1..20),
            certificates in prop::collection::vec(prop::collection::vec((fields(TOLD), fields(TOLD)), 0..3), 1..20),
        ) {
            for offer in offers {
                check(&offer.into_iter().map(|data| (format!("250{data}"), String::new())).collect::<Vec<_>>());
            }
            for rows in certificates {
                check(&rows);
            }
        }
    }
}
