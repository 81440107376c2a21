//! Certificates as the log writes them down.
//!
//! In: the rows that tell of one certificate. Out: [`Certificate`].
//!
//! **Invariant**: a part that is missing or redacted is `None`; nothing is guessed from the rest.

use crate::record::value::Timestamp;
use crate::session::Session;

/// A certificate, as far as the log tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// `CN=mail.contoso.com`.
    pub subject: Option<Vec<u8>>,
    /// `CN=R3, O=Example CA, C=US`.
    pub issuer: Option<Vec<u8>>,
    /// Hexadecimal digits.
    pub serial: Option<Vec<u8>>,
    /// Forty hexadecimal digits.
    pub thumbprint: Option<Vec<u8>>,
    /// Valid from.
    pub not_before: Option<Timestamp>,
    /// Valid to.
    pub not_after: Option<Timestamp>,
    /// The names that it is for.
    pub names: Vec<Vec<u8>>,
}

/// Reads the certificate that the rows tell of: one row with all of it, or a row a property.
///
/// Where several are told of, the last one counts.
pub fn read_certificate(session: &Session<'_>, rows: &[u32]) -> Option<Certificate> {
    let mut certificate: Option<Certificate> = None;
    for &index in rows {
        let row = session.rows.get(index as usize)?;
        let (data, context) = (session.as_data(row).to_value(), session.as_context(row).to_value());
        match property_of(&context).or_else(|| property_of(&data).map(|_| Property::Head)) {
            Some(Property::Head) if data.trim_ascii().is_empty() || property_of(&data).is_some() => {
                certificate = Some(Certificate::default());
            }
            Some(Property::Head) => certificate = Some(parse_row(&data)),
            Some(property) => set(certificate.get_or_insert_default(), property, &data),
            None => {}
        }
    }
    certificate.filter(|certificate| *certificate != Certificate::default())
}

/// What a row tells of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    /// The whole of it, or that properties follow.
    Head,
    Subject,
    Issuer,
    Serial,
    Thumbprint,
    NotBefore,
    NotAfter,
    Names,
}

fn property_of(context: &[u8]) -> Option<Property> {
    const OPENINGS: [(&[u8], Property); 11] = [
        (b"Sending certificate", Property::Head),
        (b"Remote certificate", Property::Head),
        (b"Received certificate", Property::Head),
        (b"Certificate subject alternate names", Property::Names),
        (b"Certificate alternate names", Property::Names),
        (b"Certificate subject", Property::Subject),
        (b"Certificate issuer", Property::Issuer),
        (b"Certificate serial", Property::Serial),
        (b"Certificate thumbprint", Property::Thumbprint),
        (b"Certificate not before", Property::NotBefore),
        (b"Certificate not after", Property::NotAfter),
    ];
    let opens =
        |opening: &[u8]| context.len() >= opening.len() && context[..opening.len()].eq_ignore_ascii_case(opening);
    OPENINGS.iter().find(|(opening, _)| opens(opening)).map(|(_, property)| *property)
}

fn set(certificate: &mut Certificate, property: Property, data: &[u8]) {
    let value = data.trim_ascii();
    let text = (!value.is_empty()).then(|| value.to_vec());
    match property {
        Property::Head => {}
        Property::Subject => certificate.subject = text,
        Property::Issuer => certificate.issuer = text,
        Property::Serial => certificate.serial = text,
        Property::Thumbprint => certificate.thumbprint = text,
        Property::NotBefore => certificate.not_before = Timestamp::parse(value),
        Property::NotAfter => certificate.not_after = Timestamp::parse(value),
        Property::Names => certificate.names = split_names(value),
    }
}

/// Reads a certificate that stands in one row.
///
/// Shape: `{subject} {issuer} {serial} {thumbprint} {not before} {not after} {name;name;…}`, read
/// from the right, for subject and issuer hold spaces; redacted rows lack parts.
/// Source: context `Sending certificate Subject Issuer name Serial number Thumbprint …`.
fn parse_row(data: &[u8]) -> Certificate {
    let mut certificate = Certificate::default();
    let mut rest = data.trim_ascii();
    let mut take = |is_part: fn(&[u8], &[u8]) -> bool| {
        let (before, word) = split_last(rest);
        let taken = is_part(word, split_last(before).1).then_some(word);
        if taken.is_some() {
            rest = before;
        }
        taken
    };
    certificate.names = take(is_names).map(split_names).unwrap_or_default();
    certificate.not_after = take(is_time).and_then(Timestamp::parse);
    certificate.not_before = take(is_time).and_then(Timestamp::parse);
    if certificate.not_before.is_none() {
        // One time alone is the first that is written.
        certificate.not_before = certificate.not_after.take();
    }
    certificate.thumbprint = take(|word, _| is_thumbprint(word)).map(<[u8]>::to_vec);
    let is_serial = if certificate.thumbprint.is_some() { is_number } else { is_long_number };
    certificate.serial = take(is_serial).map(<[u8]>::to_vec);
    (certificate.subject, certificate.issuer) = split_subject(rest);
    certificate
}

fn split_last(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_end();
    match memchr::memrchr(b' ', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (&[], text),
    }
}

fn is_time(word: &[u8], _: &[u8]) -> bool {
    Timestamp::parse(word).is_some()
}

/// A list of names, which nothing but its place behind a time or a number tells from the last word
/// of a distinguished name.
fn is_names(word: &[u8], before: &[u8]) -> bool {
    let is_placed = is_time(before, b"") || is_long_number(before, b"");
    is_placed && !(word.is_empty() || is_time(word, b"") || word.contains(&b'=') || is_long_number(word, b""))
}

fn is_thumbprint(word: &[u8]) -> bool {
    word.len() == 40 && is_hex(word)
}

fn is_hex(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit)
}

/// A serial number, where a thumbprint behind it tells that one stands there.
fn is_number(word: &[u8], _: &[u8]) -> bool {
    word.len() >= 2 && is_hex(word)
}

/// A number that is long enough to be no word: `CN=Contoso CA` ends in two hexadecimal digits.
fn is_long_number(word: &[u8], _: &[u8]) -> bool {
    word.len() >= 16 && is_hex(word)
}

fn split_names(value: &[u8]) -> Vec<Vec<u8>> {
    value
        .split(|&byte| byte == b';')
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Splits `CN=a, O=b CN=c, O=d` where the second distinguished name starts: at a ` KEY=` that no
/// comma precedes. Where several do, the last ` CN=` is taken, as issuers open with theirs.
fn split_subject(text: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let text = text.trim_ascii();
    let some = |part: &[u8]| (!part.is_empty()).then(|| part.to_vec());
    match issuer_at(text, b" CN=")
        .or_else(|| [&b" OU="[..], b" O=", b" E="].iter().find_map(|key| issuer_at(text, key)))
    {
        Some(at) => (some(text[..at].trim_ascii()), some(text[at..].trim_ascii())),
        None => (some(text), None),
    }
}

fn issuer_at(text: &[u8], key: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(text, key).filter(|&at| at > 0 && text[at - 1] != b',').last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(part: Option<&Vec<u8>>) -> &str {
        part.map_or("-", |part| std::str::from_utf8(part).unwrap())
    }

    #[track_caller]
    fn check(row: &str, expected: &str) {
        let read = parse_row(row.as_bytes());
        let names: Vec<_> = read.names.iter().map(|name| std::str::from_utf8(name).unwrap()).collect();
        let said = format!(
            "{} | {} | {} | {} | {} {} | {}",
            text(read.subject.as_ref()),
            text(read.issuer.as_ref()),
            text(read.serial.as_ref()),
            text(read.thumbprint.as_ref()),
            read.not_before.is_some(),
            read.not_after.is_some(),
            names.join(" ")
        );
        assert_eq!(said, expected);
    }

    const PRINT: &str = "434AC224C8459924B26521298CE8834C514856AB";
    const TIMES: &str = "2026-08-12T10:39:24.000Z 2027-02-10T09:39:23.000Z";

    #[test]
    fn ok_rows() {
        check(
            &format!(
                " CN=mail.contoso.com CN=R3, O=Example CA, C=US 0404C0F032C2760F {PRINT} {TIMES} mail.contoso.com;autodiscover.contoso.com"
            ),
            &format!(
                "CN=mail.contoso.com | CN=R3, O=Example CA, C=US | 0404C0F032C2760F | {PRINT} | true true | mail.contoso.com autodiscover.contoso.com"
            ),
        );
        check(
            &format!(" CN=EX01 CN=EX01 40A1 {PRINT} {TIMES} EX01;EX01.contoso.com"),
            &format!("CN=EX01 | CN=EX01 | 40A1 | {PRINT} | true true | EX01 EX01.contoso.com"),
        );
        check(
            &format!(" CN=a, OU=x, O=y OU=Root, O=Example CA 40A1 {PRINT} {TIMES} a"),
            &format!("CN=a, OU=x, O=y | OU=Root, O=Example CA | 40A1 | {PRINT} | true true | a"),
        );
    }

    #[test]
    fn odd_rows() {
        check("", "- | - | - | - | false false | ");
        check(" CN=mail.contoso.com", "CN=mail.contoso.com | - | - | - | false false | ");
        check(" CN=a CN=Example Root CA", "CN=a | CN=Example Root CA | - | - | false false | ");
        check(" CN=a CN=Example Root", "CN=a | CN=Example Root | - | - | false false | ");
        check(&format!(" CN=a CN=Contoso CA {TIMES} mail"), "CN=a | CN=Contoso CA | - | - | true true | mail");
        check(&format!(" CN=a CN=b {PRINT} mail"), &format!("CN=a | CN=b | - | {PRINT} | false false | mail"));
        check(&format!(" CN=a CN=b 40A1 {PRINT} {TIMES}"), &format!("CN=a | CN=b | 40A1 | {PRINT} | true true | "));
    }
}
