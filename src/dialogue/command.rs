//! The client's words.
//!
//! In: the data of a row that the client sent. Out: a [`Command`] and where its argument starts.
//!
//! **Invariant**: any bytes are some command; what is not known is [`Command::Other`].

/// What the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// EHLO.
    Ehlo,
    /// HELO, to which no extension is offered.
    Helo,
    /// STARTTLS or X-ANONYMOUSTLS.
    StartTls,
    /// AUTH or X-EXPS.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// BDAT.
    Bdat,
    /// QUIT.
    Quit,
    /// XPROXY or XPROXYFROM: a front end hands a client over.
    XProxy,
    /// A word of SMTP that changes nothing here: RSET, NOOP, HELP, VRFY.
    Minor,
    /// Anything else.
    Other,
}

/// Every word that is known, in upper case.
const WORDS: [(&[u8], Command); 19] = [
    (b"EHLO", Command::Ehlo),
    (b"HELO", Command::Helo),
    (b"MAIL", Command::Mail),
    (b"RCPT", Command::Rcpt),
    (b"DATA", Command::Data),
    (b"QUIT", Command::Quit),
    (b"BDAT", Command::Bdat),
    (b"AUTH", Command::Auth),
    (b"STARTTLS", Command::StartTls),
    (b"X-ANONYMOUSTLS", Command::StartTls),
    (b"X-EXPS", Command::Auth),
    (b"XPROXY", Command::XProxy),
    (b"XPROXYFROM", Command::XProxy),
    (b"RSET", Command::Minor),
    (b"NOOP", Command::Minor),
    (b"HELP", Command::Minor),
    (b"VRFY", Command::Minor),
    (b"EXPN", Command::Minor),
    (b"ETRN", Command::Minor),
];

/// Reads the first word, letter case ignored.
///
/// Units: the second value counts bytes from the start of `data` to the argument, or to its end.
/// Source: RFC 5321 section 4.1; `XPROXYFROM` and its kind as Exchange writes them.
#[inline]
pub fn parse_command(data: &[u8]) -> (Command, usize) {
    // What nearly all clients write, read without a search.
    match data {
        [b'M', b'A', b'I', b'L', b' ', b'F', ..] => (Command::Mail, 5),
        [b'R', b'C', b'P', b'T', b' ', b'T', ..] => (Command::Rcpt, 5),
        [b'E', b'H', b'L', b'O', b' ', first, ..] if !matches!(first, b' ' | b'\t') => (Command::Ehlo, 5),
        b"DATA" => (Command::Data, 4),
        b"QUIT" => (Command::Quit, 4),
        b"STARTTLS" => (Command::StartTls, 8),
        _ => parse_any_command(data),
    }
}

fn parse_any_command(data: &[u8]) -> (Command, usize) {
    let end = data.iter().take(16).position(|byte| matches!(byte, b' ' | b'\t' | b':' | b'=')).unwrap_or(data.len());
    let word = &data[..end];
    let known = WORDS.iter().find(|(known, _)| known.len() == word.len() && known.eq_ignore_ascii_case(word));
    let argument = data[end..].iter().position(|byte| !matches!(byte, b' ' | b'\t')).map_or(data.len(), |at| end + at);
    (known.map_or(Command::Other, |(_, command)| *command), argument)
}

/// Returns where the address of `MAIL FROM:<…>` or `RCPT TO:<…>` lies, brackets off.
///
/// Shape: `FROM:<a@b> SIZE=1`, a space after the colon allowed, brackets left out by some clients,
/// a local part in quotes that may hold `>`. A quote is one byte, or two where the row's field is
/// quoted itself.
/// Units: bytes from the start of `argument`.
/// Source: RFC 5321 section 4.1.1.
pub fn parse_path(argument: &[u8], quote_bytes: usize) -> (usize, usize) {
    let Some(colon) = memchr::memchr(b':', argument) else { return (argument.len(), argument.len()) };
    let start = argument[colon + 1..].iter().position(|byte| *byte != b' ').map_or(argument.len(), |at| colon + 1 + at);
    if argument.get(start) == Some(&b'<') {
        return (start + 1, closing_bracket(argument, start + 1, quote_bytes));
    }
    let length = argument[start..].iter().position(|byte| *byte == b' ').unwrap_or(argument.len() - start);
    (start, start + length)
}

fn closing_bracket(argument: &[u8], from: usize, quote_bytes: usize) -> usize {
    match memchr::memchr2(b'>', b'"', &argument[from..]) {
        Some(at) if argument[from + at] == b'>' => return from + at,
        _ => {}
    }
    let mut is_quoted = false;
    let mut at = from;
    while at < argument.len() {
        at += match argument[at] {
            b'\\' if is_quoted && argument.get(at + 1) == Some(&b'"') => 1 + quote_bytes,
            b'\\' if is_quoted => 2,
            b'"' => {
                is_quoted = !is_quoted;
                quote_bytes
            }
            b'>' if !is_quoted => return at,
            _ => 1,
        };
    }
    // A quote that never closes hides the bracket; the first one is as good as any.
    memchr::memchr(b'>', &argument[from..]).map_or(argument.len(), |at| from + at)
}

/// Returns where the value of `NAME=value` lies among words, letter case ignored.
///
/// Units: bytes from the start of `argument`.
pub fn find_parameter(argument: &[u8], name: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    for word in argument.split(|&byte| byte == b' ') {
        if word.len() > name.len() && word[name.len()] == b'=' && word[..name.len()].eq_ignore_ascii_case(name) {
            return Some((at + name.len() + 1, at + word.len()));
        }
        at += word.len() + 1;
    }
    None
}

/// Whether a BDAT names itself the last.
pub fn is_last_chunk(argument: &[u8]) -> bool {
    argument.split(|&byte| byte == b' ').any(|word| word.eq_ignore_ascii_case(b"LAST"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &str, command: Command, argument: &str) {
        let (read, at) = parse_command(data.as_bytes());
        assert_eq!((read, &data[at..]), (command, argument));
    }

    #[test]
    fn ok_commands() {
        check("EHLO pc-17", Command::Ehlo, "pc-17");
        check("ehlo  pc-17", Command::Ehlo, "pc-17");
        check("STARTTLS", Command::StartTls, "");
        check("X-ANONYMOUSTLS", Command::StartTls, "");
        check("X-EXPS GSSAPI", Command::Auth, "GSSAPI");
        check("MAIL FROM:<a@b>", Command::Mail, "FROM:<a@b>");
        check("XPROXYFROM SID=1 IP=192.0.2.1", Command::XProxy, "SID=1 IP=192.0.2.1");
    }

    #[test]
    fn odd_commands() {
        check("", Command::Other, "");
        check("DATAX", Command::Other, "");
        check("dXNlckBjb250b3NvLmNvbQ==", Command::Other, "");
    }

    #[track_caller]
    fn check_path(argument: &str, address: &str) {
        let (start, end) = parse_path(argument.as_bytes(), 1);
        assert_eq!(&argument[start..end], address);
    }

    #[test]
    fn paths() {
        check_path("FROM:<a@contoso.com> SIZE=1", "a@contoso.com");
        check_path("FROM: <a@contoso.com>", "a@contoso.com");
        check_path("FROM:<>", "");
        check_path("TO:a@contoso.com NOTIFY=NEVER", "a@contoso.com");
        check_path("TO:<\"a>b\"@contoso.com>", "\"a>b\"@contoso.com");
        check_path("TO:<\"a@contoso.com> X", "\"a@contoso.com");
        check_path("FROM:<a@contoso.com", "a@contoso.com");
        check_path("FROM", "");
        check_path("FROM:", "");
    }

    #[test]
    fn parameters() {
        let argument = b"SID=08DE IP=192.0.2.1 PORT=5 DOMAIN=x";
        let (start, end) = find_parameter(argument, b"ip").unwrap();
        assert_eq!(&argument[start..end], b"192.0.2.1");
        assert_eq!(find_parameter(argument, b"SEQ"), None);
        assert!(is_last_chunk(b"1234 LAST") && !is_last_chunk(b"1234"));
    }
}
