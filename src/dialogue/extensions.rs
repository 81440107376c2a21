//! The extensions that the server offers in its reply to EHLO.
//!
//! In: the rows of the reply. Out: each extension, keyword and arguments.
//!
//! **Invariant**: the lines may stand in one row, joined by spaces, or in a row each.

use crate::session::Session;

use super::reply::parse_reply;

/// The keywords that Exchange offers, each with what follows it: the shorter ones first.
const KEYWORDS: [(&[u8], Arguments); 38] = [
    (b"DSN", Arguments::None),
    (b"SIZE", Arguments::Number),
    (b"AUTH", Arguments::Words),
    (b"VRFY", Arguments::None),
    (b"HELP", Arguments::None),
    (b"ETRN", Arguments::None),
    (b"TURN", Arguments::None),
    (b"XRDST", Arguments::None),
    (b"XOORG", Arguments::None),
    (b"XATTR", Arguments::None),
    (b"XADRC", Arguments::None),
    (b"X-EXPS", Arguments::Words),
    (b"XPROXY", Arguments::None),
    (b"XEXCH50", Arguments::None),
    (b"XSHADOW", Arguments::None),
    (b"STARTTLS", Arguments::None),
    (b"8BITMIME", Arguments::None),
    (b"CHUNKING", Arguments::None),
    (b"SMTPUTF8", Arguments::None),
    (b"XPROXYTO", Arguments::None),
    (b"XSYSPROBE", Arguments::None),
    (b"XORIGFROM", Arguments::None),
    (b"XQDISCARD", Arguments::None),
    (b"PIPELINING", Arguments::None),
    (b"BINARYMIME", Arguments::None),
    (b"XPROXYFROM", Arguments::None),
    (b"XFASTINDEX", Arguments::None),
    (b"XQUEDISCARD", Arguments::None),
    (b"XMESSAGEVALUE", Arguments::None),
    (b"X-ANONYMOUSTLS", Arguments::None),
    (b"XSHADOWREQUEST", Arguments::None),
    (b"XEXTENDEDPROPS", Arguments::None),
    (b"XSESSIONPARAMS", Arguments::None),
    (b"XMESSAGECONTEXT", Arguments::Words),
    (b"XSESSIONMDBGUID", Arguments::None),
    (b"X-MESSAGECONTEXT", Arguments::Words),
    (b"X-XSESSIONMDBGUID", Arguments::None),
    (b"ENHANCEDSTATUSCODES", Arguments::None),
];

/// What follows a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arguments {
    None,
    /// One number, which may be missing.
    Number,
    /// All words up to the next keyword.
    Words,
}

fn keyword(word: &[u8]) -> Option<Arguments> {
    // Old clients were served `AUTH=LOGIN` beside `AUTH LOGIN`.
    if word.len() > 5 && word[..5].eq_ignore_ascii_case(b"AUTH=") {
        return Some(Arguments::Words);
    }
    // Few are of the same length, and the first letter tells most of those apart.
    let first = word.first()?.to_ascii_uppercase();
    let (from, to) = (*STARTS.get(word.len())?, *STARTS.get(word.len() + 1)?);
    let is_it = |known: &[u8]| known[0] == first && known.eq_ignore_ascii_case(word);
    let known = KEYWORDS[from..to].iter().find(|(known, _)| is_it(known))?;
    Some(known.1)
}

/// For each length how many keywords are shorter: there those of that length start.
const STARTS: [usize; LONGEST + 2] = {
    let mut starts = [0; LONGEST + 2];
    let mut length = 0;
    while length < starts.len() {
        while starts[length] < KEYWORDS.len() && KEYWORDS[starts[length]].0.len() < length {
            starts[length] += 1;
        }
        length += 1;
    }
    starts
};
const LONGEST: usize = KEYWORDS[KEYWORDS.len() - 1].0.len();

/// Returns each extension that the rows offer, for example `SIZE 37748736` and `AUTH NTLM LOGIN`.
///
/// Shape: Exchange 2010 logs a row a line, later versions one row with the lines joined by spaces.
pub fn read_extensions<'a>(session: &Session<'a>, rows: &[u32]) -> Vec<&'a [u8]> {
    if rows.is_empty() {
        return Vec::new();
    }
    // More than Exchange offers, so that it need not grow.
    let mut extensions = Vec::with_capacity(32);
    for offered in rows.iter().filter_map(|row| offered(session, *row, rows.len() > 1)) {
        match offered {
            Offered::Line(text) => extensions.extend(line_extension(text)),
            Offered::Joined(text) => joined_extensions(text, &mut extensions),
        }
    }
    extensions
}

/// Appends bytes by which replies are told apart: of rows with equal bytes [`read_extensions`] reads the same.
///
/// The greeting, which the first row opens with, is left out, for it names the client: what stands before
/// the first keyword is not read.
pub(crate) fn append_offer(session: &Session<'_>, rows: &[u32], bytes: &mut Vec<u8>) {
    let Some((first, further)) = rows.split_first() else { return };
    match offered(session, *first, !further.is_empty()) {
        Some(Offered::Line(text)) => {
            bytes.push(b'-');
            bytes.extend_from_slice(line_extension(text).unwrap_or_default());
        }
        Some(Offered::Joined(text)) => bytes.extend_from_slice(&text[first_keyword_at(text)..]),
        None => bytes.push(b'-'),
    }
    for row in further.iter().filter_map(|row| session.rows.get(*row as usize)) {
        // No row holds one.
        bytes.push(b'\n');
        bytes.extend_from_slice(session.as_data(row).as_inner());
    }
}

/// What a row of the reply offers.
enum Offered<'a> {
    /// One line.
    Line(&'a [u8]),
    /// All of them, joined by spaces.
    Joined(&'a [u8]),
}

fn offered<'a>(session: &Session<'a>, row: u32, has_row_a_line: bool) -> Option<Offered<'a>> {
    let data = session.as_data(session.rows.get(row as usize)?).as_inner();
    let reply = parse_reply(data)?;
    let text = &data[reply.text_at..];
    Some(if has_row_a_line || reply.is_continued { Offered::Line(text) } else { Offered::Joined(text) })
}

fn first_keyword_at(text: &[u8]) -> usize {
    let mut at = 0;
    for word in text.split(|&byte| byte == b' ') {
        if keyword(word).is_some() {
            return at;
        }
        at += word.len() + 1;
    }
    text.len()
}

/// Whether the rows offer STARTTLS.
pub fn is_starttls_offered(session: &Session<'_>, rows: &[u32]) -> bool {
    offers_starttls(read_extensions(session, rows))
}

/// Whether STARTTLS is among the extensions.
pub fn offers_starttls<'a>(extensions: impl IntoIterator<Item = &'a [u8]>) -> bool {
    extensions.into_iter().any(|extension| extension.eq_ignore_ascii_case(b"STARTTLS"))
}

/// Whether the text is of a reply to EHLO: the greeting with what may follow it, or a line that
/// offers an extension.
pub fn is_offer(text: &[u8]) -> bool {
    let mut words = text.split(|&byte| byte == b' ');
    let arguments = words.next().and_then(keyword);
    match (arguments, words.next()) {
        (Some(arguments), Some(_)) => arguments != Arguments::None,
        (Some(_), None) => true,
        (None, second) => second.is_some_and(|word| word.eq_ignore_ascii_case(b"Hello")),
    }
}

/// A line of its own is an extension, but for the first, which greets.
fn line_extension(text: &[u8]) -> Option<&[u8]> {
    let mut words = text.split(|&byte| byte == b' ');
    let first = words.next()?;
    let is_greeting = words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"Hello")) && keyword(first).is_none();
    let line = text.trim_ascii();
    (!is_greeting && !line.is_empty()).then_some(line)
}

/// Splits lines that were joined by spaces: at each keyword, and at each word that cannot be an
/// argument of the keyword before it.
fn joined_extensions<'a>(text: &'a [u8], extensions: &mut Vec<&'a [u8]>) {
    let mut open: Option<(usize, usize, Arguments)> = None;
    let mut at = 0;
    for word in text.split(|&byte| byte == b' ') {
        let (start, end) = (at, at + word.len());
        at = end + 1;
        if word.is_empty() {
            continue;
        }
        let as_keyword = keyword(word);
        open = match (open, as_keyword) {
            (Some((from, _, Arguments::Words)), None) => Some((from, end, Arguments::Words)),
            (Some((from, _, Arguments::Number)), None) if word.iter().all(u8::is_ascii_digit) => {
                Some((from, end, Arguments::None))
            }
            (Some((from, to, _)), arguments) => {
                extensions.push(&text[from..to]);
                Some((start, end, arguments.unwrap_or(Arguments::None)))
            }
            // The greeting comes before the first keyword.
            (None, arguments) => arguments.map(|arguments| (start, end, arguments)),
        };
    }
    extensions.extend(open.map(|(from, to, _)| &text[from..to]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut extensions = Vec::new();
        joined_extensions(text.as_bytes(), &mut extensions);
        let read: Vec<_> = extensions.iter().map(|extension| std::str::from_utf8(extension).unwrap()).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn ok_joined() {
        check(
            "mail.contoso.com Hello [192.0.2.20] SIZE 37748736 PIPELINING STARTTLS AUTH NTLM LOGIN X-EXPS GSSAPI NTLM 8BITMIME XNEW CHUNKING",
            &[
                "SIZE 37748736",
                "PIPELINING",
                "STARTTLS",
                "AUTH NTLM LOGIN",
                "X-EXPS GSSAPI NTLM",
                "8BITMIME",
                "XNEW",
                "CHUNKING",
            ],
        );
    }

    #[test]
    fn odd_joined() {
        check("mail.contoso.com Hello [192.0.2.20]", &[]);
        check("SIZE", &["SIZE"]);
        check("SIZE DSN", &["SIZE", "DSN"]);
        check("  AUTH=LOGIN  AUTH LOGIN ", &["AUTH=LOGIN", "AUTH LOGIN"]);
    }

    #[test]
    fn keywords_are_found_by_their_length() {
        for (index, (known, arguments)) in KEYWORDS.iter().enumerate() {
            assert!(index == 0 || KEYWORDS[index - 1].0.len() <= known.len());
            assert!(keyword(known) == Some(*arguments) && keyword(&known.to_ascii_lowercase()) == Some(*arguments));
            assert!(keyword(&known[1..]).is_none() && keyword(&[known, &b"Q"[..]].concat()).is_none());
        }
        assert!(keyword(b"").is_none() && keyword(&[b'X'; 1000]).is_none() && keyword(b"AUTH=").is_none());
    }

    #[test]
    fn lines() {
        assert_eq!(line_extension(b"mail.contoso.com Hello [192.0.2.20]"), None);
        assert_eq!(line_extension(b"AUTH NTLM LOGIN"), Some(&b"AUTH NTLM LOGIN"[..]));
        assert_eq!(line_extension(b""), None);
    }
}
