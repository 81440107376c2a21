//! Values of a log as PowerShell literals.
//!
//! In: any text, some of it chosen by the client. Out: one literal that PowerShell reads as exactly
//! that text.
//!
//! **Invariant**: nothing within the value is ever run, and a literal holds no character that steers
//! a terminal or hides from the reader.

use std::fmt::Write;

/// Returns the text as a literal.
///
/// Shape: `'EX01\Client Frontend (new) ''x'''`. PowerShell takes curly single quotes for quotes too,
/// so they are doubled like the straight one. Where a character would steer the terminal or not be
/// seen, the literal is in double quotes and the character a number: `"a$([char]0x1B)b"`.
/// Source: `about_Quoting_Rules`, and PowerShell's tokenizer for the curly quotes.
pub fn quote(text: &str) -> String {
    if text.chars().any(is_unseen) { quote_double(text) } else { quote_single(text) }
}

fn quote_single(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        if is_single_quote(character) {
            literal.push(character);
        }
        literal.push(character);
    }
    literal.push('\'');
    literal
}

fn quote_double(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 16);
    literal.push('"');
    for character in text.chars() {
        let code = u32::from(character);
        // Writing into a string cannot fail.
        let _ = match character {
            _ if is_unseen(character) && code > 0xffff => {
                write!(literal, "$([char]::ConvertFromUtf32(0x{code:X}))")
            }
            _ if is_unseen(character) => write!(literal, "$([char]0x{code:02X})"),
            '`' | '$' => write!(literal, "`{character}"),
            _ if is_double_quote(character) => write!(literal, "`{character}"),
            _ => write!(literal, "{character}"),
        };
    }
    literal.push('"');
    literal
}

fn is_single_quote(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}'..='\u{201b}')
}

fn is_double_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}'..='\u{201e}')
}

/// Whether a reader would not see the character as one: anything but letters, digits and the signs
/// and spaces that keyboards have.
fn is_unseen(character: char) -> bool {
    let is_filler = matches!(character, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}');
    let is_seen = matches!(character, ' '..='~')
        || is_single_quote(character)
        || is_double_quote(character)
        || matches!(character, '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' | '\u{2010}'..='\u{2015}' | '\u{2026}' | '\u{20ac}')
        || (character.is_alphanumeric() && !is_filler);
    !is_seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a literal as PowerShell's tokenizer does; `None` where it ends early or is no literal.
    fn read(literal: &str) -> Option<String> {
        let characters: Vec<char> = literal.chars().collect();
        let first = *characters.first()?;
        let mut text = String::new();
        let mut at = 1;
        loop {
            let character = *characters.get(at)?;
            let next = characters.get(at + 1).copied();
            if is_single_quote(first) && is_single_quote(character) {
                if !next.is_some_and(is_single_quote) {
                    break;
                }
                text.push(next?);
                at += 2;
            } else if is_double_quote(first) && is_double_quote(character) {
                break;
            } else if is_double_quote(first) && character == '`' {
                text.push(next?);
                at += 2;
            } else if is_double_quote(first) && character == '$' {
                let rest: String = characters[at..].iter().collect();
                let body = rest.strip_prefix("$([char]")?;
                let (digits, is_far) = match body.strip_prefix("::ConvertFromUtf32(0x") {
                    Some(digits) => (digits, true),
                    None => (body.strip_prefix("0x")?, false),
                };
                let length = digits.find(')')?;
                text.push(char::from_u32(u32::from_str_radix(&digits[..length], 16).ok()?)?);
                at += rest.find(')')? + 1 + usize::from(is_far);
            } else {
                text.push(character);
                at += 1;
            }
        }
        (at + 1 == characters.len()).then_some(text)
    }

    #[test]
    fn ok_names() {
        assert_eq!(quote("EX01\\Client Frontend EX01"), "'EX01\\Client Frontend EX01'");
        assert_eq!(quote("EX01\\Client Frontend (new) 'x'"), "'EX01\\Client Frontend (new) ''x'''");
        assert_eq!(quote("EX01\\组织内 SMTP 发送连接器 "), "'EX01\\组织内 SMTP 发送连接器 '");
        assert_eq!(quote("EX01\\Größe, €"), "'EX01\\Größe, €'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn odd_names() {
        assert_eq!(quote("a$(Remove-Item C:\\)`\"b"), "'a$(Remove-Item C:\\)`\"b'");
        assert_eq!(quote("it\u{2019}s \u{2018}x\u{2018}"), "'it\u{2019}\u{2019}s \u{2018}\u{2018}x\u{2018}\u{2018}'");
        assert_eq!(quote("\u{201c}a\u{201d}"), "'\u{201c}a\u{201d}'");
        assert_eq!(quote("a\u{1b}[31m$x`\"\u{201d}'"), "\"a$([char]0x1B)[31m`$x```\"`\u{201d}'\"");
        assert_eq!(quote("a\u{202e}b\r\n"), "\"a$([char]0x202E)b$([char]0x0D)$([char]0x0A)\"");
        assert_eq!(quote("a\u{e0001}"), "\"a$([char]::ConvertFromUtf32(0xE0001))\"");
        assert_eq!(quote("a\u{fffd}"), "\"a$([char]0xFFFD)\"");
        // What must not be taken for one literal by the reader above.
        for broken in ["'a'b'", "\"a\"; b\"", "'a", "'a\u{2019} ; b'"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_as_it_was(text in any::<String>()) {
            prop_assert_eq!(read(&quote(&text)), Some(text));
        }

        #[test]
        fn quotes_of_all_kinds(text in "[a'\"`$(){}\u{2018}-\u{201f}\u{1b}\u{202e};|&\n ]{0,20}") {
            prop_assert_eq!(read(&quote(&text)), Some(text));
        }
    }
}
