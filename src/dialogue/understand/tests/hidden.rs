//! What is hidden of the rows that hold credentials.
//!
//! **Invariant**: cases are rows, and what is shown of those that hold a secret.

use super::super::super::secret::{to_open_context, to_open_data};
use super::*;

/// What is shown of the rows that hold a secret: data and context.
#[track_caller]
fn check_hidden(rows: &str, expected: &[&str]) {
    let first = u32::from(!rows.trim_start().starts_with('+'));
    let (text, rows, facts) = understood_rows(rows, first);
    let session =
        Session { text: text.as_bytes(), rows: &rows, ordinal: 1, position: Position(0), origin: OriginId(0) };
    let shown = |(index, row): (usize, &Row)| {
        let parts = [to_open_data(&session, &facts, index, row), to_open_context(&session, &facts, index, row)];
        String::from_utf8(parts.join(&b'|')).unwrap()
    };
    let is_meant = |(index, _): &(usize, &Row)| facts.secrets.iter().any(|secret| secret.row as usize == *index);
    assert_eq!(rows.iter().enumerate().filter(is_meant).map(shown).collect::<Vec<_>>(), expected);
}

#[test]
fn credentials_are_hidden() {
    check_hidden("+\n< AUTH PLAIN AGFsaWNlAHB3\n> 235 2.7.0 ok", &["AUTH PLAIN <hidden>|"]);
    check_hidden("+\n< auth login   dXNlcg==  \n> 334 UGFzc3dvcmQ6\n< cHc=", &["auth login   <hidden>|", "<hidden>|"]);
    check_hidden(
        "+\n< X-EXPS NTLM TlRM\n> 334 VGxSTQ==\n< TlRN",
        &["X-EXPS NTLM <hidden>|", "334 <hidden>|", "<hidden>|"],
    );
    check_hidden(
        "+\n< X-EXPS EXCHANGEAUTH SHA256 c2hh\n> 235 ok\n< X-EXPS EXCHANGEAUTH SHA256",
        &["X-EXPS EXCHANGEAUTH SHA256 <hidden>|"],
    );
    // Without waiting, and behind a refusal.
    check_hidden(
        "+\n< AUTH LOGIN\n< dXNlcg==\n< \"a,b\"\n> 504 5.7.4 no\n< more\n< QUIT\n< strange",
        &["<hidden>|"; 3],
    );
    // A mechanism that is none.
    check_hidden("+\n< AUTH AGFsaWNlAHB3\n> 504 5.7.4 no", &["AUTH <hidden>|"]);
    check_hidden("+\n< AUTH=AGFsaWNlAHB3\n> 504 5.7.4 no", &["AUTH<hidden>|"]);
}

#[test]
fn what_exchange_says_again_is_hidden() {
    check_hidden(
        "+\n< AUTH LOGIN\n> 535 no\n< cGFzc3dvcmQ=\n* Tarpit for '0.00:00:05' due to '500 'cGFzc3dvcmQ=''|, cGFzc3dvcmQ=\n> 500 5.3.3 no 'cGFzc3dvcmQ=', cGFzc3dvcmQ=",
        &[
            "<hidden>|",
            "Tarpit for '0.00:00:05' due to '500 '<hidden>''|, <hidden>",
            "500 5.3.3 no '<hidden>', <hidden>|",
        ],
    );
}

#[test]
fn what_is_no_secret_is_shown() {
    check_hidden(
        "+\n< strange\n< AUTH LOGIN\n> 334 <authentication response>\n> 334 VXNlcm5hbWU6\n> 235 ok\n< XSESSIONPARAMS A=1",
        &[],
    );
    check_hidden("+\n< AUTH PLAIN =\n> 334 \n< *\n> 501 5.7.0 no\n< AUTH NTLM\n> 504 no", &[]);
    // In a session whose head is cut off, strange words may answer a challenge that was cut off.
    check_hidden("< cHc=\n> 235 ok\n< strange", &["<hidden>|"]);
    check_hidden("> 250 ok\n< RSET\n< strange", &[]);
}
