//! Text compared with text: parts, wildcards, regular expressions.
//!
//! In: what was asked for. Out: [`Pattern`] over a value, [`RowPattern`] over a row's bytes.
//!
//! **Invariant**: matching takes time in proportion to the text, whatever was asked for, and
//! allocates nothing; what a regular expression may cost to prepare is bounded.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use super::error::Problem;
use super::lines::Lines;
use super::values::Texts;

/// The most that a compiled regular expression may take, in bytes. Some of 4 MB and more do not fit into the
/// search's cache, and are then searched for step by step: `(?:x?){80000}[\x01-\x08]` took 11 s for a log of 7 kB.
const MAX_REGEX_BYTES: usize = 2 << 20;

/// The most that the search may cache for it, in bytes.
const MAX_CACHE_BYTES: usize = 4 << 20;

/// How deeply groups of a regular expression may be nested.
const MAX_REGEX_DEPTH: u32 = 100;

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Holds it, ASCII letter case ignored. In lower case.
    Holds(Vec<u8>),
    /// Is it as a whole with `*` and `?`, ASCII letter case ignored. In lower case.
    Wildcard(Vec<u8>),
    /// Is it, byte for byte.
    Is(Vec<u8>),
    /// Is it, ASCII letter case ignored.
    IsInAnyCase(Vec<u8>),
    /// Matches it.
    Regex(Regex),
}

impl Pattern {
    /// The forgiving match: holds the text, or is it with `*` and `?`. An empty text is only itself.
    ///
    /// Errors: too long to be prepared.
    pub(super) fn forgiving(text: &str) -> Result<Self, Problem> {
        let is_wildcard = has_wildcard(text);
        match (text.is_ascii(), is_wildcard) {
            _ if text.is_empty() => Ok(Self::Is(Vec::new())),
            // Any value there is: what is missing is the empty text.
            _ if text.bytes().all(|byte| byte == b'*') => Ok(Self::Wildcard(b"?*".to_vec())),
            (true, false) => Ok(Self::Holds(text.to_ascii_lowercase().into())),
            (true, true) => Ok(Self::Wildcard(text.to_ascii_lowercase().into())),
            (false, false) => regex(&regex::escape(text), true).map(Self::Regex),
            (false, true) => regex(&wildcard_regex(text), true).map(Self::Regex),
        }
    }

    /// The forgiving match of a session's id: with a number behind it, `08DE2A1B3C4D5E6F~2`, it is one
    /// session, and `~2` is not the beginning of `~20`.
    ///
    /// Errors: too long to be prepared.
    pub(super) fn forgiving_id(text: &str) -> Result<Self, Problem> {
        let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let has_number = text.rsplit_once('~').is_some_and(|(_, number)| is_number(number));
        match has_number && !has_wildcard(text) {
            true => Self::forgiving(&format!("*{text}")),
            false => Self::forgiving(text),
        }
    }

    /// Whether the value is meant.
    pub(super) fn is_match(&self, value: &[u8]) -> bool {
        match self {
            Self::Holds(part) => holds(value, part),
            Self::Wildcard(wildcard) => is_like(value, wildcard),
            Self::Is(whole) => value == &whole[..],
            Self::IsInAnyCase(whole) => value.eq_ignore_ascii_case(whole),
            Self::Regex(regex) => matches(regex, value),
        }
    }

    /// Tells the numbers of the values that are meant.
    pub(super) fn find_texts(&self, values: Texts<'_>, found: &mut dyn FnMut(usize)) {
        match self {
            Self::Holds(part) => values.find_holding(part, found),
            _ => values.iter().enumerate().filter(|(_, value)| self.is_match(value)).for_each(|(nth, _)| found(nth)),
        }
    }

    /// Whether all that counts is what the value holds, wherever it stands.
    pub(super) fn is_of_parts(&self) -> bool {
        matches!(self, Self::Holds(_))
    }
}

/// What a row's bytes are searched for.
#[derive(Clone, Debug)]
pub(super) struct RowPattern {
    search: Search,
    lines: Option<Lines>,
}

#[derive(Clone, Debug)]
enum Search {
    /// A text without letters.
    Literal(Box<Finder<'static>>),
    /// Anything else.
    Regex(Regex),
}

impl RowPattern {
    /// The text, letter case ignored. A quote in it may stand doubled, as it does in quoted fields.
    ///
    /// Errors: too long to be prepared.
    pub(super) fn text(text: &str) -> Result<Self, Problem> {
        let has_case = !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_alphabetic());
        let pattern = Self::regex(&regex::escape(text).replace('"', "\"\"?"), true)
            .map_err(|_| Problem::new("this text is too long to be searched for"))?;
        let is_plain = text.is_ascii() && !text.contains('"');
        if has_case || !is_plain {
            let lines = pattern.lines.map(|lines| if is_plain { lines.of_text(text) } else { lines });
            return Ok(Self { search: pattern.search, lines });
        }
        let finder = Finder::new(text.as_bytes()).into_owned();
        Ok(Self { search: Search::Literal(Box::new(finder)), ..pattern })
    }

    /// The regular expression.
    ///
    /// Errors: not a regular expression, or too large.
    pub(super) fn regex(pattern: &str, ignores_case: bool) -> Result<Self, Problem> {
        let search = Search::Regex(regex(pattern, ignores_case)?);
        Ok(Self { search, lines: Lines::new(pattern, ignores_case) })
    }

    /// Whether the row has it.
    pub(super) fn is_match(&self, row: &[u8]) -> bool {
        match &self.search {
            Search::Literal(finder) => finder.find(row).is_some(),
            Search::Regex(regex) => matches(regex, row),
        }
    }

    /// What finds the lines of rows that have it, in a text of many.
    pub(super) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
    }

    /// Whether it is a text without letters.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.search, Search::Literal(_))
    }
}

/// Prepares a regular expression over bytes that need not be UTF-8.
///
/// Errors: not a regular expression, or too large.
pub(super) fn regex(pattern: &str, ignores_case: bool) -> Result<Regex, Problem> {
    builder(pattern)
        .unicode(!is_ascii_literal(pattern))
        .case_insensitive(ignores_case)
        .nest_limit(MAX_REGEX_DEPTH)
        .build()
        .map_err(|error| explain(&error))
}

/// Reads a regular expression as [`regex()`] does, and does not prepare it; `None` where it is none.
pub(super) fn to_hir(pattern: &str, ignores_case: bool) -> Option<Hir> {
    let mut parser = ParserBuilder::new()
        .utf8(false)
        .unicode(!is_ascii_literal(pattern))
        .case_insensitive(ignores_case)
        .nest_limit(MAX_REGEX_DEPTH)
        .build();
    parser.parse(pattern).ok()
}

/// Whether the text has a match. `is_match` of the crate says the same, but its fastest way gives up
/// where a literal within the expression is met often: `[^,]*,[^,]*x` took 17 times as long (regex
/// 1.13, 2026-11).
fn matches(regex: &Regex, text: &[u8]) -> bool {
    regex.shortest_match(text).is_some()
}

/// What prepares a regular expression, and the bounds of what it may cost.
pub(super) fn builder(pattern: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_REGEX_BYTES).dfa_size_limit(MAX_CACHE_BYTES);
    builder
}

/// Whether the expression is ASCII text as it is: without Unicode it ignores ASCII letter case only, and
/// is searched faster.
fn is_ascii_literal(pattern: &str) -> bool {
    pattern.is_ascii() && is_plain(pattern)
}

/// Whether the expression is literal text, so that Unicode cannot matter but for letter case.
fn is_plain(pattern: &str) -> bool {
    let mut escaped = false;
    pattern.bytes().all(|byte| {
        let is_plain = match (escaped, byte) {
            (true, byte) => !byte.is_ascii_alphanumeric(),
            (false, b'[' | b'(' | b'.' | b'{') => false,
            (false, _) => true,
        };
        escaped = !escaped && byte == b'\\';
        is_plain
    })
}

/// Says that something is too large, and what makes it so.
pub(super) fn too_large(what: &str) -> Problem {
    Problem::new(what)
        .help("what is repeated counts as often as it is: `(a{1000}){1000}` is a million")
        .help("`\\w` holds the letters of all languages: `(?-u:\\w)` holds those of ASCII")
}

/// Says what is wrong with a regular expression, in one line.
fn explain(error: &regex::Error) -> Problem {
    match error {
        regex::Error::CompiledTooBig(_) => too_large("this regular expression is too large"),
        error => {
            let text = error.to_string();
            let why =
                text.lines().rev().find_map(|line| line.trim().strip_prefix("error: ")).unwrap_or("cannot be read");
            Problem::new(format!("this is no regular expression: {why}"))
        }
    }
}

/// Whether a text is a wildcard for the whole value.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The regular expression that a wildcard with other than ASCII text stands for.
fn wildcard_regex(text: &str) -> String {
    let mut pattern = String::from("^");
    for character in text.chars() {
        match character {
            '*' => pattern.push_str("(?s-u:.)*"),
            '?' => pattern.push_str("(?s:.)"),
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

/// Whether the value holds the part, which is in lower case and not empty.
fn holds(value: &[u8], part: &[u8]) -> bool {
    let Some((&first, rest)) = part.split_first() else { return true };
    let Some(last_start) = value.len().checked_sub(part.len()) else { return false };
    let starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), &value[..=last_start]);
    starts.into_iter().any(|at| value[at + 1..=at + rest.len()].eq_ignore_ascii_case(rest))
}

/// Whether the value is what the wildcard, in lower case, stands for. `?` is one character.
fn is_like(value: &[u8], wildcard: &[u8]) -> bool {
    let (mut at, mut asked) = (0, 0);
    // Where to go on after the last `*` if what follows it does not fit.
    let mut retry: Option<(usize, usize)> = None;
    while at < value.len() {
        match wildcard.get(asked) {
            Some(b'*') => {
                asked += 1;
                let rest = &wildcard[asked..];
                // What follows the last `*` can stand at the end alone.
                if !rest.iter().any(|byte| matches!(byte, b'*' | b'?')) {
                    let tail = value[at..].len().checked_sub(rest.len()).map(|length| &value[at + length..]);
                    return tail.is_some_and(|tail| tail.eq_ignore_ascii_case(rest));
                }
                retry = Some((at, asked));
                continue;
            }
            Some(b'?') => {
                at += character_length(&value[at..]);
                asked += 1;
                continue;
            }
            Some(byte) if *byte == value[at].to_ascii_lowercase() => {
                at += 1;
                asked += 1;
                continue;
            }
            _ => {}
        }
        let Some((from, after_star)) = retry else { return false };
        (at, asked) = (from + 1, after_star);
        retry = Some((at, after_star));
    }
    wildcard[asked..].iter().all(|byte| *byte == b'*')
}

/// How many bytes the first character has; a byte that begins none counts as one.
fn character_length(text: &[u8]) -> usize {
    1 + text.iter().skip(1).take(3).take_while(|byte| text[0] >= 0xc0 && **byte & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(asked: &str, value: &str, expected: bool) {
        assert_eq!(Pattern::forgiving(asked).unwrap().is_match(value.as_bytes()), expected, "{asked} {value}");
    }

    #[test]
    fn ok_values() {
        check("alice", "ALICE@contoso.com", true);
        check("@contoso.com", "alice@Contoso.COM", true);
        check("alicf", "alice", false);
        check("mfp*", "MFP-3", true);
        check("mfp*", "the mfp", false);
        check("*@contoso.com", "a@contoso.com", true);
        check("*@contoso.com", "a@contoso.com.example", false);
        check("pc-??", "pc-17", true);
        check("pc-??", "pc-170", false);
        check("*a*b*", "xxaxxbxx", true);
        check("", "", true);
        check("", "x", false);
        check("*", "", false);
        check("*", "x", true);
    }

    #[test]
    fn ids() {
        let check = |asked: &str, id: &str, expected: bool| {
            assert_eq!(Pattern::forgiving_id(asked).unwrap().is_match(id.as_bytes()), expected, "{asked} {id}");
        };
        check("08DE2A1B3C4D5E6F", "EX01/08DE2A1B3C4D5E6F~2", true);
        check("08de2a1b3c4d5e6f~2", "EX01/08DE2A1B3C4D5E6F~2", true);
        check("08DE2A1B3C4D5E6F~2", "EX01/08DE2A1B3C4D5E6F~20", false);
        check("08DE2A1B3C4D5E6F~2", "EX01/08DE2A1B3C4D5E6F", false);
        check("*~2", "08DE2A1B3C4D5E6F~2", true);
        check("~x", "a~xb", true);
    }

    #[test]
    fn odd_values() {
        check("größe", "GRÖSSE Größe", true);
        check("GRÖ*", "größe", true);
        check("gr?ße", "größe", true);
        check("gr?sse", "größe", false);
        check("?", "ö", true);
        check("组?", "组织", true);
        let hostile = Pattern::forgiving(&"*a".repeat(200)).unwrap();
        assert!(!hostile.is_match(&vec![b'b'; 50_000]));
    }

    #[test]
    fn rows() {
        let check = |asked: &str, row: &str| RowPattern::text(asked).unwrap().is_match(row.as_bytes());
        assert!(check("logondenied", "because of LogonDenied"));
        assert!(check("535 5.7.3", "535 5.7.3 Authentication"));
        assert!(check("\"pc\"", "EHLO \"\"PC\"\""));
        assert!(check("a.b", "a.B") && !check("a.b", "axb"));
        assert!(check("组织", "x组织x"));
        assert!(!check("k", "\u{212a}"), "the Kelvin sign is no k");
    }

    #[test]
    fn hostile_regular_expressions() {
        assert!(regex("(a+)+$", false).unwrap().find(&vec![b'a'; 20_000]).is_some());
        assert!(!regex("(a|a)*b", false).unwrap().is_match(&vec![b'a'; 100_000]));
        for pattern in ["(a{1000}){1000}", "(((a{100}){100}){100}){100}", r"\w{5000}\d{5000}", "a**{9999999}"] {
            assert!(regex(pattern, true).is_err(), "{pattern}");
        }
        assert!(regex(&"(".repeat(50_000), false).is_err());
        assert!(regex(&format!("{}a{}", "(".repeat(5000), ")".repeat(5000)), false).is_err());
        assert!(regex(r"(?-u)\xff", false).unwrap().is_match(b"a\xffb"));
    }

    proptest! {
        #[test]
        fn holding_is_what_lower_case_holds(value in "[a-cA-C]{0,12}", part in "[a-cA-C]{1,3}") {
            let expected = value.to_lowercase().contains(&part.to_lowercase());
            prop_assert_eq!(Pattern::forgiving(&part).unwrap().is_match(value.as_bytes()), expected);
        }

        #[test]
        fn wildcards_are_what_their_regex_says(value in "[abä]{0,8}", wildcard in "[abä*?]{1,6}") {
            prop_assume!(has_wildcard(&wildcard) && !wildcard.bytes().all(|byte| byte == b'*'));
            let twin = regex(&wildcard_regex(&wildcard), true).unwrap();
            prop_assert_eq!(Pattern::forgiving(&wildcard).unwrap().is_match(value.as_bytes()), twin.is_match(value.as_bytes()));
        }
    }
}
