//! The server's words.
//!
//! In: the data of a row that the server sent. Out: [`Reply`], [`Accepted`].
//!
//! **Invariant**: any bytes are accepted; what opens with no code is no reply.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A reply, or one line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `535`.
    pub code: u16,
    /// `5.7.3`; all zero where there is none.
    pub status: (u8, u16, u16),
    /// Whether further lines of the same reply follow: `250-`.
    pub is_continued: bool,
    /// Where the text after the code starts.
    pub text_at: usize,
}

impl Reply {
    /// Whether it refuses: 4xx or 5xx.
    pub fn is_refusal(&self) -> bool {
        (400..600).contains(&self.code)
    }
}

/// Reads the code and the enhanced status that open a reply.
///
/// Shape: `535 5.7.3 Authentication unsuccessful`, `250-SIZE 37748736`, `250  mail.contoso.com …`.
/// Units: `text_at` counts bytes from the start of `data`.
/// Source: RFC 5321 section 4.2, RFC 3463 section 2.
#[inline]
pub fn parse_reply(data: &[u8]) -> Option<Reply> {
    let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = data else { return None };
    let is_continued = match rest.first() {
        None | Some(b' ') => false,
        Some(b'-') => true,
        Some(_) => return None,
    };
    let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    let text_at = match rest {
        [_, b' ', more @ ..] => 5 + more.iter().take_while(|byte| **byte == b' ').count(),
        _ => data.len().min(4),
    };
    Some(Reply { code, status: parse_status(&data[text_at..]).unwrap_or_default(), is_continued, text_at })
}

#[inline]
fn parse_status(text: &[u8]) -> Option<(u8, u16, u16)> {
    let digit = |byte: u8| u16::from(byte - b'0');
    match *text {
        // What nearly all replies bear, read without a loop.
        [class @ b'0'..=b'9', b'.', subject @ b'0'..=b'9', b'.', detail @ b'0'..=b'9', b' ', ..] => {
            Some((class - b'0', digit(subject), digit(detail)))
        }
        [b'0'..=b'9', b'.', ..] => parse_any_status(text),
        _ => None,
    }
}

fn parse_any_status(text: &[u8]) -> Option<(u8, u16, u16)> {
    let class = text[0] - b'0';
    let (subject, rest) = short_number(&text[2..])?;
    let (detail, rest) = short_number(rest.strip_prefix(b".")?)?;
    matches!(rest.first(), None | Some(b' ')).then_some((class, subject, detail))
}

/// Reads at most three digits.
fn short_number(text: &[u8]) -> Option<(u16, &[u8])> {
    let length = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[..length].iter().fold(0, |value, byte| value * 10 + u16::from(byte - b'0'));
    (length > 0).then_some((value, &text[length..]))
}

/// Searches that are made for every message, prepared once.
static INTERNAL_ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"InternalId="));
static BYTES_IN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" bytes in "));

/// What an accepting reply names. Each place counts bytes from the start of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The message id, brackets kept.
    pub message_id: Option<(usize, usize)>,
    /// The value of `InternalId=`.
    pub internal_id: Option<(usize, usize)>,
    /// The size in bytes; 0 where none is named.
    pub bytes: u64,
}

/// Reads the reply that accepts a message.
///
/// Shape: `250 2.6.0 <id> [InternalId=1, Hostname=h] 11511 bytes in 0.102, 109,173 KB/sec Queued
/// mail for delivery`; a front end leaves the size out. The rate depends on the server's locale and
/// is not read.
pub fn parse_accepted(text: &[u8]) -> Accepted {
    parse_usual_accepted(text).unwrap_or_else(|| parse_any_accepted(text))
}

/// Reads the reply where every part stands in its usual place, without a search.
fn parse_usual_accepted(text: &[u8]) -> Option<Accepted> {
    let id = memchr::memchr(b'<', text)?;
    let id_end = id + memchr::memchr(b'>', &text[id..])? + 1;
    let digits_in = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let internal = id_end + text[id_end..].strip_prefix(b" [InternalId=").map(|_| b" [InternalId=".len())?;
    let internal_end = internal + digits_in(&text[internal..]);
    let size = internal_end + memchr::memchr(b']', text[internal_end..].strip_prefix(b",")?)? + 3;
    let size_end = size + digits_in(text.get(size..)?);
    let is_usual = text[size - 1] == b' ' && size_end > size && text[size_end..].starts_with(b" bytes in ");
    is_usual.then(|| Accepted {
        message_id: Some((id, id_end)),
        internal_id: Some((internal, internal_end)),
        bytes: number_before(&text[..size_end]),
    })
}

fn parse_any_accepted(text: &[u8]) -> Accepted {
    let message_id = memchr::memchr(b'<', text).and_then(|start| {
        let length = memchr::memchr(b'>', &text[start..])?;
        Some((start, start + length + 1))
    });
    let internal_id = INTERNAL_ID.find(text).map(|at| {
        let start = at + b"InternalId=".len();
        let length = text[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        (start, start + length)
    });
    let bytes = BYTES_IN.find(text).map_or(0, |end| number_before(&text[..end]));
    Accepted { message_id, internal_id, bytes }
}

/// Reads the decimal number that ends the text, saturating.
fn number_before(text: &[u8]) -> u64 {
    let length = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = &text[text.len() - length..];
    digits.iter().fold(0_u64, |value, byte| value.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
}

/// Returns the server's offset from UTC, which ends the banner.
///
/// Shape: `mail.contoso.com Microsoft ESMTP MAIL Service ready at Wed, 13 Mar 2024 10:01:17 +0100`.
/// Units: minutes, east positive.
pub fn parse_banner_offset(text: &[u8]) -> Option<i32> {
    let [.., sign @ (b'+' | b'-'), a, b, c, d] = *text.trim_ascii_end() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    let minutes = (digit(a)? * 10 + digit(b)?) * 60 + digit(c)? * 10 + digit(d)?;
    (minutes < 24 * 60).then_some(if sign == b'-' { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read<'a> = (u16, (u8, u16, u16), bool, &'a str);

    #[track_caller]
    fn check(data: &str, expected: Option<Read<'_>>) {
        let read = parse_reply(data.as_bytes())
            .map(|reply| (reply.code, reply.status, reply.is_continued, &data[reply.text_at..]));
        assert_eq!(read, expected);
    }

    #[test]
    fn ok_replies() {
        check("535 5.7.3 No", Some((535, (5, 7, 3), false, "5.7.3 No")));
        check("250-SIZE 1", Some((250, (0, 0, 0), true, "SIZE 1")));
        check("250  mail Hello", Some((250, (0, 0, 0), false, "mail Hello")));
        check("250 2.1.10", Some((250, (2, 1, 10), false, "2.1.10")));
        check("354", Some((354, (0, 0, 0), false, "")));
    }

    #[test]
    fn odd_replies() {
        check("", None);
        check("25", None);
        check("2500 x", None);
        check("ready", None);
        check("250 2.1234.0 x", Some((250, (0, 0, 0), false, "2.1234.0 x")));
    }

    #[test]
    fn accepted() {
        let text =
            b"2.6.0 <a@b> [InternalId=42, Hostname=h] 11511 bytes in 0,102, 109,173 KB/sec Queued mail for delivery";
        let accepted = parse_accepted(text);
        assert_eq!(accepted.message_id.map(|(from, to)| &text[from..to]), Some(&b"<a@b>"[..]));
        assert_eq!(accepted.internal_id.map(|(from, to)| &text[from..to]), Some(&b"42"[..]));
        assert_eq!(accepted.bytes, 11511);
        assert_eq!(parse_accepted(b"2.6.0 <a@b> Queued mail for delivery").bytes, 0);
        assert_eq!(parse_accepted(b"x 99999999999999999999999 bytes in 1").bytes, u64::MAX);
    }

    #[test]
    fn banner_offsets() {
        assert_eq!(parse_banner_offset(b"ready at Wed, 13 Mar 2024 10:01:17 +0100"), Some(60));
        assert_eq!(parse_banner_offset(b"10:01:17 -0330 "), Some(-210));
        assert_eq!(parse_banner_offset(b"ready"), None);
    }

    #[test]
    fn the_usual_needs_no_search() {
        let text = b"2.6.0 <1@example.com> [InternalId=7, Hostname=EX01] 100 bytes in 0.102, 1,000 KB/sec Queued mail for delivery";
        assert_eq!(parse_usual_accepted(text), Some(parse_any_accepted(text)));
    }

    proptest! {
        #[test]
        fn usual_is_as_any(parts in prop::collection::vec(prop::sample::select(vec!["2.6.0 ", "<a@b>", "<", ">", " [InternalId=", "12", ", Hostname=h", ",", "]", " ", "11511", " bytes in ", "x"]), 0..12)) {
            let text = parts.concat();
            if let Some(usual) = parse_usual_accepted(text.as_bytes()) {
                prop_assert_eq!(usual, parse_any_accepted(text.as_bytes()), "{}", text);
            }
        }
    }
}
