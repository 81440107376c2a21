//! What is typed by those who know other languages: what is said of it, and what is suggested instead.

use super::{parse, wrong};

#[test]
fn what_is_suggested_is_understood() {
    insta::assert_snapshot!(wrong(&[
        "log*denied*",
        "*denied*",
        "*",
        "*@contoso.com",
        "auth:failed|user:alice",
        "auth:failed||rejected",
        "auth:failed|",
        "auth:failed|failures>=3",
        "user:alice|-auth:failed",
        "user:'O Brien'",
        "user:'O'",
        r"user:'a\'",
    ]), @r###"
    `*` stands for something in the value of a field only
      log*denied*
      ^^^^^^^^^^^
    did you mean `/log.*denied/i`?
    to search for a `*`, put it in quotes

    `*` stands for something in the value of a field only
      *denied*
      ^^^^^^^^
    a text is found wherever it stands: `"denied"`
    to search for a `*`, put it in quotes

    `*` stands for something in the value of a field only
      *
      ^
    every row holds it: leave it out
    to search for a `*`, put it in quotes

    `*` stands for something in the value of a field only
      *@contoso.com
      ^^^^^^^^^^^^^
    a text is found wherever it stands: `"@contoso.com"`
    to search for a `*`, put it in quotes

    `|` parts nothing
      auth:failed|user:alice
           ^^^^^^^^^^^^^^^^^
    `,` stands between values, `or` between terms: `auth:failed,rejected or user:alice`

    `|` does not part values
      auth:failed||rejected
           ^^^^^^^^^^^^^^^^
    did you mean `auth:failed,rejected`?

    `|` parts nothing
      auth:failed|
           ^^^^^^^
    `,` stands between values, `or` between terms: `auth:failed,rejected or user:alice`

    `|` parts nothing
      auth:failed|failures>=3
           ^^^^^^^^^^^^^^^^^^
    `,` stands between values, `or` between terms: `auth:failed,rejected or user:alice`

    `|` parts nothing
      user:alice|-auth:failed
           ^^^^^^^^^^^^^^^^^^
    `,` stands between values, `or` between terms: `auth:failed,rejected or user:alice`

    `'` does not hold a value together
      user:'O Brien'
           ^^
    write `user:"…"`
    to search for the text with its `'`, put it in quotes

    `'` does not hold a value together
      user:'O'
           ^^^
    did you mean `user:"O"`?
    to search for the text with its `'`, put it in quotes

    `'` does not hold a value together
      user:'a\'
           ^^^^
    write `user:"…"`
    to search for the text with its `'`, put it in quotes
    "###);
}

#[test]
fn operators_that_are_suggested_fit_the_field() {
    insta::assert_snapshot!(wrong(&[
        "duration:>30",
        "duration=>30",
        "duration==30",
        "duration=~30",
        "duration:!30",
        "auth=~failed",
        "after:==08:30",
    ]), @r###"
    `:` and an order are two operators
      duration:>30
               ^^^
    did you mean `duration>30s`?

    `=>` is no operator
      duration=>30
               ^^^
    did you mean `duration>=30s`?

    `==` is no operator
      duration==30
               ^^^
    did you mean `duration=30s`?
    to search for the text, put it in quotes

    `=~` is no operator
      duration=~30
               ^^^
    did you mean `duration=30s`?
    to search for the text, put it in quotes

    `!` stands before `=` only
      duration:!30
               ^^^
    did you mean `-duration:30s`?
    to search for the text, put it in quotes

    `=~` is no operator
      auth=~failed
           ^^^^^^^
    did you mean `auth=failed`?
    to search for the text, put it in quotes

    `:==` is no operator
      after:==08:30
            ^^^^^^^
    did you mean `after:08:30`?
    to search for the text, put it in quotes
    "###);
}

#[test]
fn what_would_find_nothing_is_named() {
    insta::assert_snapshot!(wrong(&[
        "auth.outcome:failed",
        "not StartTLS.Protocol>=TLSv1.2",
        "starttls.certificate.thumbprint:434A",
        "auth_user:alice",
        "\u{200b}user:alice",
        "-\u{feff}auth:failed",
        "user:al\u{ad}ice",
        "user:alice\u{200d}",
        "after:08:30-09:00",
        "helo~*.example",
        "/(/",
    ]), @r###"
    no field is called `auth.outcome`
      auth.outcome:failed
      ^^^^^^^^^^^^^^^^^^^
    did you mean `auth`?
    to search for the text, put it in quotes

    no field is called `StartTLS.Protocol`
      not StartTLS.Protocol>=TLSv1.2
          ^^^^^^^^^^^^^^^^^^^^^^^^^^
    did you mean `tls`?
    to search for the text, put it in quotes

    no field is called `starttls.certificate.thumbprint`
      starttls.certificate.thumbprint:434A
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    did you mean `cert`?
    to search for the text, put it in quotes

    no field is called `auth_user`
      auth_user:alice
      ^^^^^^^^^
    did you mean `user`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    U+200B stands here, which cannot be seen
      \u{200b}user:alice
      ^^^^^^^^^^^^^^^^^^
    take it out; to search for it, put the text in quotes

    U+FEFF stands here, which cannot be seen
      -\u{feff}auth:failed
       ^^^^^^^^^^^^^^^^^^^
    take it out; to search for it, put the text in quotes

    U+00AD stands here, which cannot be seen
      user:al\xadice
           ^^^^^^^^^
    take it out; to search for it, put the text in quotes

    U+200D stands here, which cannot be seen
      user:alice\u{200d}
           ^^^^^^^^^^^^^
    take it out; to search for it, put the text in quotes

    `08:30-09:00` is no time
      after:08:30-09:00
            ^^^^^^^^^^^
    expected 2026-11-23, 2026-11-23T08:30, 08:30 (the last day in the logs), or -2h (before now)
    a span has two times, `after:08:30 before:09:00`; an offset like that goes with a day

    this is no regular expression: repetition operator missing expression
      helo~*.example
           ^^^^^^^^^
    `helo:` takes a text, with * and ? for the whole value

    this is no regular expression: unclosed group
      /(/
      ^^^
    to search for the text as it is, put it in quotes
    "###);
    // Hosts whose names are like those in a record, offsets, letters that are joined, a name with a stroke.
    for text in [
        "mail.contoso.com:25",
        "auth.contoso.com:587",
        "after:2026-11-23T08:30-09:00",
        "after:08:30+02:00",
        "after:08:30-05:00",
        "user:\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
        "user:a|b",
        r"connector~/\d\\/",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_written_otherwise_elsewhere() {
    insta::assert_snapshot!(wrong(&[
        "auth:failed && user:alice",
        "auth:failed || user:alice",
        "!auth:failed",
        "user==alice",
        "user=~/alice/",
        "user:!alice",
        "user:'alice'",
        "'auth:failed",
        "helo:pc, user:alice",
        "after:2026-11-23 08:30",
        "bytes>10 MB",
        "“LogonDenied”",
        "–auth:failed",
        "198.51.100.0/24",
        "since:-2h",
        "remote-ip:10.0.0.1",
    ]), @r###"
    `&&` means nothing here
      auth:failed && user:alice
                  ^^
    side by side means and: `a b`
    to search for the text, put it in quotes

    `||` means nothing here
      auth:failed || user:alice
                  ^^
    write `a or b`
    to search for the text, put it in quotes

    a field is missing before this
      !auth:failed
      ^
    write `-a` or `not a` for what `!a` means elsewhere
    to search for the text, put it in quotes

    `==` is no operator
      user==alice
           ^^^^^^
    did you mean `user=alice`?
    to search for the text, put it in quotes

    `=~` is no operator
      user=~/alice/
           ^^^^^^^^
    did you mean `user~/alice/`?
    to search for the text, put it in quotes

    `!` stands before `=` only
      user:!alice
           ^^^^^^
    did you mean `-user:alice`?
    to search for the text, put it in quotes

    `'` does not hold a value together
      user:'alice'
           ^^^^^^^
    did you mean `user:"alice"`?
    to search for the text with its `'`, put it in quotes

    `'auth:failed` means nothing here
      'auth:failed
      ^^^^^^^^^^^^
    write "…"; around a whole filter, cmd.exe knows "…" only
    to search for the text, put it in quotes

    `user:alice` is taken for a value of `helo`
      helo:pc, user:alice
               ^^^^^^^^^^
    terms stand side by side, without a comma
    to search for the text, put it in quotes

    this is taken for a text, not for a time
      after:2026-11-23 08:30
                       ^^^^^
    did you mean `after:2026-11-23T08:30`?
    to search for the text, put it in quotes

    this is taken for a text, not for a unit
      bytes>10 MB
               ^^
    did you mean `bytes>10MB`?
    to search for the text, put it in quotes

    `“LogonDenied”` means nothing here
      “LogonDenied”
      ^^^^^^^^^^^^^
    write "…" and `-`, as they stand on the keyboard
    to search for the text, put it in quotes

    `–auth:failed` means nothing here
      –auth:failed
      ^^^^^^^^^^^^
    write "…" and `-`, as they stand on the keyboard
    to search for the text, put it in quotes

    this is taken for a text, not for a network
      198.51.100.0/24
      ^^^^^^^^^^^^^^^
    did you mean `ip:198.51.100.0/24`?
    to search for the text, put it in quotes

    no field is called `since`
      since:-2h
      ^^^^^
    did you mean `after`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    no field is called `remote-ip`
      remote-ip:10.0.0.1
      ^^^^^^^^^
    did you mean `ip`?
    `heloscope fields` lists them; to search for the text, put it in quotes
    "###);
}

#[test]
fn brackets_in_values() {
    insta::assert_snapshot!(wrong(&[
        "connector:Default (new)",
        "connector=EX01\\Default ( new ) auth:failed",
        "connector:(new)",
        "connector:Default(new server)",
        "connector:Default (new",
        "connector:new)",
    ]), @r###"
    this is taken for a text, not for a part of the value
      connector:Default (new)
                         ^^^
    did you mean `connector:"Default (new)"`?
    to search for the text, put it in quotes

    this is taken for a text, not for a part of the value
      connector=EX01\Default ( new ) auth:failed
                               ^^^
    did you mean `connector="EX01\Default ( new )"`?
    to search for the text, put it in quotes

    a value is missing
      connector:(new)
                ^
    expected a value; put it in quotes if it is an odd one
    did you mean `connector:"(new)"`?

    this bracket stands within a value
      connector:Default(new server)
                       ^
    did you mean `connector:"Default(new server)"`?
    a bracket that is none of the value has a blank before it

    this bracket is never closed
      connector:Default (new
                        ^
    expected a closing `)`
    where it belongs to a value or a text, put all of that in quotes

    this bracket was never opened
      connector:new)
                   ^
    where it belongs to a value or a text, put all of that in quotes
    "###);
    for text in [
        "user:alice (a or b)",
        "user:alice (\"new\")",
        "auth:failed (x)",
        "connector:\"Default (new)\"",
        "end:Remote(x)",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn outcomes_by_other_words() {
    insta::assert_snapshot!(wrong(&[
        "auth:none",
        "starttls:none",
        "verdict:bad",
        "severity>=critical",
        "tls:no",
    ]), @r###"
    `none` is no value of `auth`
      auth:none
           ^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown
    did you mean `not-attempted`?

    `none` is no value of `starttls`
      starttls:none
               ^^^^
    expected not-attempted, refused, failed, succeeded, unknown
    did you mean `not-attempted`?

    `bad` is no value of `verdict`
      verdict:bad
              ^^^
    expected ok, failed, incomplete, probe
    did you mean `failed`?

    `critical` is no value of `severity`
      severity>=critical
                ^^^^^^^^
    expected note, warning, error
    did you mean `error`?

    `no` is no value of `tls`
      tls:no
          ^^
    expected none, unknown, ssl3, 1.0, 1.1, 1.2, 1.3
    did you mean `none`?
    "###);
}

#[test]
fn lists_and_orders_of_other_languages() {
    insta::assert_snapshot!(wrong(&[
        "auth!:failed",
        "failures:>3",
        "port:25-587",
        "time>08:30",
        "auth:(failed or rejected)",
        "x (port:(25 OR 587))",
        "auth:failed|rejected",
        "-auth=failed,rejected",
        "auth!=failed,rejected x",
        "bytes>1,000,000",
        "failures>3,4",
        "failures=>3",
        "last:1h",
        "after:1h",
    ]), @r###"
    `!:` is no operator
      auth!:failed
      ^^^^^^^^^^^^
    did you mean `-auth:failed`?
    to search for the text, put it in quotes

    `:` and an order are two operators
      failures:>3
               ^^
    did you mean `failures>3`?

    `25-587` is no number
      port:25-587
           ^^^^^^
    expected a whole number
    did you mean `port>=25 port<=587`?

    no field is called `time`
      time>08:30
      ^^^^
    did you mean `after`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    a value is missing
      auth:(failed or rejected)
           ^
    expected a value; put it in quotes if it is an odd one
    did you mean `auth:failed,rejected`?

    a value is missing
      x (port:(25 OR 587))
              ^
    expected a value; put it in quotes if it is an odd one
    did you mean `port:25,587`?

    `|` does not part values
      auth:failed|rejected
           ^^^^^^^^^^^^^^^
    did you mean `auth:failed,rejected`?

    only `:` takes several values
      -auth=failed,rejected
                  ^
    expected one value
    did you mean `auth:failed,rejected`?

    only `:` takes several values
      auth!=failed,rejected x
                  ^
    expected one value
    did you mean `-auth:failed,rejected`?

    only `:` takes several values
      bytes>1,000,000
             ^
    expected one value
    did you mean `bytes>1000000`?

    only `:` takes several values
      failures>3,4
                ^
    expected one value

    `=>` is no operator
      failures=>3
               ^^
    did you mean `failures>=3`?

    no field is called `last`
      last:1h
      ^^^^
    did you mean `after`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    `1h` is no time
      after:1h
            ^^
    expected 2026-11-23, 2026-11-23T08:30, 08:30 (the last day in the logs), or -2h (before now)
    did you mean `-1h`?
    "###);
}

#[test]
fn values_as_they_are_copied() {
    insta::assert_snapshot!(wrong(&[
        "code:\"535 5.7.3\"",
        "code:5.7",
        "code:5*",
        "from:<>",
        "to:<alice@contoso.com>",
        "user:“alice”",
        "ip:fe80::1%eth0",
        "after:yesterday",
        "duration>30 s",
        "bytes>10 M",
    ]), @r###"
    `535 5.7.3` is no reply code
      code:"535 5.7.3"
           ^^^^^^^^^^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5
    did you mean `code:535 code:5.7.3`?

    `5.7` is no reply code
      code:5.7
           ^^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5
    did you mean `code:5.7.x`?

    `5*` is no reply code
      code:5*
           ^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5
    did you mean `code:5xx`?

    addresses stand without `<` and `>`
      from:<>
           ^^
    did you mean `from:""`?
    to search for the text, put it in quotes

    addresses stand without `<` and `>`
      to:<alice@contoso.com>
         ^^^^^^^^^^^^^^^^^^^
    did you mean `to:alice@contoso.com`?
    to search for the text, put it in quotes

    `“` does not hold a value together
      user:“alice”
           ^^^^^^^
    write "…" and `-`, as they stand on the keyboard
    to search for the text, put it in quotes

    `fe80::1%eth0` is no address
      ip:fe80::1%eth0
         ^^^^^^^^^^^^
    expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*
    addresses are compared without their zone; did you mean `ip:fe80::1`?

    `yesterday` is no time
      after:yesterday
            ^^^^^^^^^
    expected 2026-11-23, 2026-11-23T08:30, 08:30 (the last day in the logs), or -2h (before now)
    for a day before now, `-24h`

    this is taken for a text, not for a unit
      duration>30 s
                  ^
    did you mean `duration>30s`?
    to search for the text, put it in quotes

    this is taken for a text, not for a unit
      bytes>10 M
               ^
    did you mean `bytes>10M`?
    to search for the text, put it in quotes
    "###);
}
