//! What Exchange notes down for itself: the information rows.
//!
//! In: the data and the context of a row marked `*`. Out: a [`Notice`].
//!
//! **Invariant**: both columns are looked at, for text moves between them from version to version;
//! what is not known is [`Notice::Other`].

use std::sync::LazyLock;

use memchr::memmem::{Finder, find};

use super::facts::{Protocol, Span};

/// What an information row says. Spans lie in the session's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The rights of the session, as a list of words.
    Permissions(Span),
    /// The account that was authenticated.
    Authenticated(Span),
    /// A certificate in one row, or the head of one that takes a row a property.
    Certificate(Owner),
    /// A property of the certificate that was named last.
    CertificateProperty,
    /// TLS came up: the text that names protocol and algorithms.
    Negotiated(Span),
    /// TLS did not come up: the word for it.
    NegotiationFailed(Span),
    /// Domain capabilities and the peer's certificate status.
    DomainCapabilities(Span),
    /// A login failed.
    LoginFailed {
        /// The mechanism, where the row names it.
        mechanism: Option<Span>,
        /// The word for it.
        error: Span,
    },
    /// Who tried to log in.
    UserName(Span),
    /// The back end that a client session is to be handed to.
    ProxyDestination(Span),
    /// The client session was handed over: its user.
    ProxySetUp(Span),
    /// A delay.
    Tarpit {
        /// Its length in milliseconds.
        millis: u64,
        /// Whether it is due to back pressure.
        is_pressure: bool,
    },
    /// Anything else.
    Other,
}

/// Whose certificate a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Exchange's own.
    Server,
    /// The peer's.
    Client,
}

/// Says what an information row is.
///
/// Source: the vocabulary of information rows; the sentences are Exchange's own.
pub fn parse_notice(text: &[u8], data: Span, context: Span) -> Notice {
    match parse_sentence(text, context, data) {
        Notice::Other => parse_sentence(text, data, context),
        notice => notice,
    }
}

/// Reads a sentence; `payload` is what the other column holds.
fn parse_sentence(text: &[u8], sentence: Span, payload: Span) -> Notice {
    let words = sentence.of(text);
    let after = |opening: &[u8]| sentence.part(opening.len(), words.len());
    match words.first() {
        Some(b'S') if words == b"Set Session Permissions" => Notice::Permissions(payload),
        Some(b'S') if words.starts_with(b"Sending certificate") => Notice::Certificate(Owner::Server),
        Some(b'S') => match after_opening(words, b"Setting up client proxy session to destination(s): ") {
            Some(at) => Notice::ProxyDestination(trimmed(text, sentence.part(at, words.len()))),
            None => Notice::Other,
        },
        Some(b'a') if words == b"authenticated" => Notice::Authenticated(trimmed(text, payload)),
        Some(b'R') if words.starts_with(b"Remote certificate") || words.starts_with(b"Received certificate") => {
            Notice::Certificate(Owner::Client)
        }
        Some(b'C') if words.starts_with(b"Certificate ") => Notice::CertificateProperty,
        Some(b'T') => parse_t(text, sentence),
        Some(b'I') => parse_login_failure(text, sentence),
        Some(b'U') => match words.get(..5) {
            Some(b"User ") if words.starts_with(b"User Name:") => Notice::UserName(trimmed(text, after(b"User Name:"))),
            Some(b"Usern") if words.starts_with(b"Username:") => Notice::UserName(trimmed(text, after(b"Username:"))),
            _ => Notice::Other,
        },
        Some(b'P') => parse_proxy_set_up(text, sentence),
        _ => Notice::Other,
    }
}

fn after_opening(words: &[u8], opening: &[u8]) -> Option<usize> {
    words.starts_with(opening).then_some(opening.len())
}

/// The sentences that begin with T: TLS and tarpits.
fn parse_t(text: &[u8], sentence: Span) -> Notice {
    const FAILED: &[u8] = b"TLS negotiation failed with error ";
    let words = sentence.of(text);
    if words.starts_with(b"Tarpit for ") {
        let is_pressure = find(words, b"Back Pressure").is_some();
        return match parse_tarpit(words) {
            Some(millis) => Notice::Tarpit { millis, is_pressure },
            None if is_pressure => Notice::Tarpit { millis: 0, is_pressure },
            None => Notice::Other,
        };
    }
    if is_negotiated(words) {
        return Notice::Negotiated(sentence);
    }
    match after_opening(words, FAILED) {
        Some(at) => Notice::NegotiationFailed(trimmed(text, sentence.part(at, words.len()))),
        None if words.starts_with(b"TlsDomainCapabilities=") => Notice::DomainCapabilities(sentence),
        None => Notice::Other,
    }
}

/// `TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded …`.
fn is_negotiated(words: &[u8]) -> bool {
    let Some(rest) = words.strip_prefix(b"TLS protocol ") else { return false };
    let name_end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    rest[name_end..].starts_with(b" negotiation succeeded")
}

/// `Inbound AUTH LOGIN failed because of LogonDenied`, `Inbound authentication failed because of …`.
fn parse_login_failure(text: &[u8], sentence: Span) -> Notice {
    const BECAUSE: &[u8] = b" failed because of ";
    const NAMED: &[u8] = b"Inbound AUTH ";
    let words = sentence.of(text);
    let Some(at) = find(words, BECAUSE).filter(|_| words.starts_with(b"Inbound ")) else { return Notice::Other };
    let mechanism = words.starts_with(NAMED).then(|| trimmed(text, sentence.part(NAMED.len(), at)));
    let error = trimmed(text, sentence.part(at + BECAUSE.len(), words.len()));
    Notice::LoginFailed { mechanism: mechanism.filter(|span| !span.is_empty()), error }
}

/// `Proxy session was successfully set up. Session foruser@contoso.com will now be proxied`.
fn parse_proxy_set_up(text: &[u8], sentence: Span) -> Notice {
    const OPENING: &[u8] = b"Proxy session was successfully set up.";
    const USER: &[u8] = b"Session for";
    let words = sentence.of(text);
    if !words.starts_with(OPENING) {
        return Notice::Other;
    }
    let from = find(words, USER).map_or(words.len(), |at| at + USER.len());
    let to = find(words, b" will now be proxied").unwrap_or(words.len());
    Notice::ProxySetUp(trimmed(text, sentence.part(from, to)))
}

/// Takes the white space off both ends.
pub(super) fn trimmed(text: &[u8], span: Span) -> Span {
    let words = span.of(text);
    let from = words.len() - words.trim_ascii_start().len();
    span.part(from, from + words.trim_ascii().len())
}

/// A delay that is longer was never waited for: the row is damaged or made up.
const LONGEST_TARPIT_MILLIS: u64 = 86_400_000;

/// Reads the length of a delay.
///
/// Shape: `Tarpit for '0.00:00:05' due to '…'`, a time span `d.hh:mm:ss[.fff]`, the days optional.
/// Units: milliseconds.
/// Errors: none; what is no time span, or longer than a day, gives `None`.
pub fn parse_tarpit(words: &[u8]) -> Option<u64> {
    let span = quoted_after(words, b"Tarpit for ")?;
    let (days, clock) =
        match memchr::memchr(b'.', span).filter(|at| memchr::memchr(b':', span).is_some_and(|colon| *at < colon)) {
            Some(at) => (number(&span[..at])?, &span[at + 1..]),
            None => (0, span),
        };
    let (clock, fraction) = match memchr::memchr(b'.', clock) {
        Some(at) => (&clock[..at], &clock[at + 1..]),
        None => (clock, &b""[..]),
    };
    let mut parts = clock.split(|&byte| byte == b':').map(number);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let whole = days.saturating_mul(86_400).saturating_add(hours.saturating_mul(3600));
    let whole = whole.saturating_add(minutes.saturating_mul(60)).saturating_add(seconds);
    let millis = whole.saturating_mul(1000).saturating_add(millis(fraction));
    Some(millis).filter(|millis| *millis <= LONGEST_TARPIT_MILLIS)
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| {
        digits.iter().fold(0_u64, |value, byte| value.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    })
}

fn millis(fraction: &[u8]) -> u64 {
    let digit =
        |at: usize| fraction.get(at).filter(|byte| byte.is_ascii_digit()).map_or(0, |byte| u64::from(byte - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

/// Returns what stands in single quotes behind `name`.
pub fn quoted_after<'a>(words: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    // Mostly it stands first, and a search has its price.
    let at = if words.starts_with(name) { 0 } else { find(words, name)? };
    let rest = words[at + name.len()..].strip_prefix(b"'")?;
    Some(&rest[..memchr::memchr(b'\'', rest)?])
}

/// What TLS settled on. Words are Exchange's own, `CALG_` taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Negotiation<'a> {
    /// `AES_256`.
    pub cipher: Option<&'a [u8]>,
    /// The cipher's strength in bits.
    pub cipher_bits: Option<u32>,
    /// `SHA_384`.
    pub mac: Option<&'a [u8]>,
    /// `ECDH_EPHEM`.
    pub key_exchange: Option<&'a [u8]>,
    /// The key exchange's strength in bits.
    pub key_exchange_bits: Option<u32>,
}

/// Reads the protocol of `TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded …`.
///
/// Source: `SP_PROT_…` of Schannel; documentation has it with a hyphen after `PROT`.
pub fn parse_protocol(words: &[u8]) -> Option<Protocol> {
    const NAMES: [(&[u8], Protocol); 5] = [
        (b"TLS1_2", Protocol::Tls12),
        (b"TLS1_3", Protocol::Tls13),
        (b"TLS1_1", Protocol::Tls11),
        (b"TLS1_0", Protocol::Tls10),
        (b"SSL3", Protocol::Ssl3),
    ];
    let name = words.strip_prefix(b"TLS protocol SP_PROT")?;
    let name = name.get(1..)?;
    // Schannel's own name of TLS 1.0 bears no minor number: `SP_PROT_TLS1_SERVER`.
    let plain = (name.starts_with(b"TLS1_S") || name.starts_with(b"TLS1_C")).then_some(Protocol::Tls10);
    NAMES.iter().find(|(known, _)| name.starts_with(known)).map(|(_, protocol)| *protocol).or(plain)
}

/// Reads the algorithms of the row that says that TLS came up.
pub fn parse_negotiation(words: &[u8]) -> Negotiation<'_> {
    let (cipher, cipher_bits) = algorithm(words, &CIPHER);
    let (mac, _) = algorithm(words, &HASH);
    let (key_exchange, key_exchange_bits) = algorithm(words, &KEY_EXCHANGE);
    Negotiation { cipher, cipher_bits, mac, key_exchange, key_exchange_bits }
}

/// Searches that are made for every session with TLS, prepared once.
static CIPHER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"encryption algorithm "));
static HASH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"hash algorithm "));
static KEY_EXCHANGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"key exchange algorithm "));

/// `CALG_AES_256 with strength 256 bits` behind `name`.
fn algorithm<'a>(words: &'a [u8], name: &Finder<'_>) -> (Option<&'a [u8]>, Option<u32>) {
    let Some(at) = name.find(words) else { return (None, None) };
    let rest = &words[at + name.needle().len()..];
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b',')).unwrap_or(rest.len());
    let word = rest[..end].strip_prefix(b"CALG_").unwrap_or(&rest[..end]);
    let bits = rest[end..].strip_prefix(b" with strength ").map(|bits| {
        let length = bits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        &bits[..length]
    });
    let bits = bits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    ((!word.is_empty()).then_some(word), bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, context: &str, expected: &str) {
        let text = format!("{data}{context}");
        let whole = Span { start: 0, end: u32::try_from(text.len()).unwrap(), is_quoted: false };
        let notice = parse_notice(text.as_bytes(), whole.part(0, data.len()), whole.part(data.len(), text.len()));
        let of = |span: Span| String::from_utf8_lossy(span.of(text.as_bytes())).into_owned();
        let said = match notice {
            Notice::Permissions(span) => format!("permissions {}", of(span)),
            Notice::Authenticated(span) => format!("authenticated {}", of(span)),
            Notice::NegotiationFailed(span) => format!("failed {}", of(span)),
            Notice::LoginFailed { mechanism, error } => format!("login {:?} {}", mechanism.map(of), of(error)),
            Notice::UserName(span) => format!("user {}|", of(span)),
            Notice::ProxyDestination(span) => format!("to {}", of(span)),
            Notice::ProxySetUp(span) => format!("proxied {}", of(span)),
            Notice::DomainCapabilities(_)
            | Notice::Negotiated(_)
            | Notice::Certificate(_)
            | Notice::CertificateProperty
            | Notice::Tarpit { .. }
            | Notice::Other => format!("{notice:?}").split(['(', ' ']).next().unwrap().to_owned(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn ok_notices() {
        check(
            "SMTPSubmit AcceptRoutingHeaders",
            "Set Session Permissions",
            "permissions SMTPSubmit AcceptRoutingHeaders",
        );
        check("CONTOSO\\alice ", "authenticated", "authenticated CONTOSO\\alice");
        check("", "Inbound AUTH LOGIN failed because of LogonDenied", "login Some(\"LOGIN\") LogonDenied");
        check("Inbound authentication failed because of LogonDenied", "", "login None LogonDenied");
        check("", "User Name: alice@contoso.com  ", "user alice@contoso.com|");
        check("", "Username: alice", "user alice|");
        check("", "TLS negotiation failed with error SocketError", "failed SocketError");
        check(
            "",
            "Proxy session was successfully set up. Session foralice@contoso.com will now be proxied",
            "proxied alice@contoso.com",
        );
        check("", "Setting up client proxy session to destination(s): EX02.contoso.com", "to EX02.contoso.com");
        check("Tarpit for '0.00:00:05' due to '535 5.7.3'", "", "Tarpit");
        check("", "TlsDomainCapabilities='None'; Status='NoRemoteCertificate'", "DomainCapabilities");
        check("", "Certificate subject", "CertificateProperty");
    }

    #[test]
    fn odd_notices() {
        check("", "", "Other");
        check("Tarpit", "Tarpit for soon", "Other");
        check("S", "P", "Other");
        check("Tarpit for '9999.00:00:00' due to '550 5.1.1 User unknown'", "", "Other");
        // The length is absurd; that the server is short of resources is not.
        check("Tarpit for '9999.00:00:00' due to 'Back Pressure'", "", "Tarpit");
    }

    #[test]
    fn tarpits() {
        assert_eq!(parse_tarpit(b"Tarpit for '0.00:00:05'"), Some(5000));
        assert_eq!(parse_tarpit(b"Tarpit for '0.02:03:04.567' due to 'x'"), Some(7_384_567));
        assert_eq!(parse_tarpit(b"Tarpit for '00:00:05'"), Some(5000));
        assert_eq!(parse_tarpit(b"Tarpit for '1.00:00:00'"), Some(86_400_000));
        for absurd in ["1.00:00:00.001", "1.02:03:04", "99999999999999999999.00:00:00", "0.99999999999999999999:00:00"]
        {
            assert_eq!(parse_tarpit(format!("Tarpit for '{absurd}' due to 'x'").as_bytes()), None, "{absurd}");
        }
        assert_eq!(parse_tarpit(b"Tarpit for '5'"), None);
        assert_eq!(parse_tarpit(b"Tarpit for ''"), None);
    }

    #[test]
    fn negotiations() {
        let words = b"TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 bits and key exchange algorithm CALG_ECDH_EPHEM with strength 384 bits";
        let negotiation = parse_negotiation(words);
        assert_eq!(parse_protocol(words), Some(Protocol::Tls12));
        assert_eq!(negotiation.cipher, Some(&b"AES_256"[..]));
        assert_eq!((negotiation.cipher_bits, negotiation.key_exchange_bits), (Some(256), Some(384)));
        assert_eq!((negotiation.mac, negotiation.key_exchange), (Some(&b"SHA_384"[..]), Some(&b"ECDH_EPHEM"[..])));
        assert_eq!(parse_protocol(b"TLS protocol SP_PROT-TLS1_0_CLIENT negotiation"), Some(Protocol::Tls10));
        assert_eq!(parse_protocol(b"TLS protocol SP_PROT_NEW"), None);
        assert_eq!(parse_negotiation(b""), Negotiation::default());
    }
}
