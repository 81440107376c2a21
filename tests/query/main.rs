//! The filter language: what is understood, what is not, and how it is printed.

use heloscope::output::syntax::to_syntax_text;
use heloscope::query::expression::Expression;
use heloscope::query::field::FIELDS;
use heloscope::query::saved::{SavedFilter, SavedFilters};
use proptest::prelude::*;

mod slips;

fn saved() -> SavedFilters {
    let mut saved = SavedFilters::default();
    for (name, text) in [
        ("mine", "user:alice -@tls"),
        ("broken", "auth:faild"),
        ("outer", "@broken or x"),
        ("loop", "@pool"),
        ("pool", "x or @loop"),
    ] {
        saved.add(SavedFilter { name: name.into(), text: text.into(), origin: Some("heloscope.toml:3".into()) });
    }
    saved
}

fn parse(text: &str) -> Result<Expression, String> {
    Expression::parse(text, &saved()).map_err(|error| to_syntax_text(&error))
}

/// What is wrong with each of the texts. Where a term is suggested, it is one that is understood.
#[track_caller]
fn wrong(texts: &[&str]) -> String {
    let told = texts.iter().map(|text| match parse(text) {
        Ok(expression) => format!("{text}: understood as {expression:?}\n"),
        Err(error) => {
            for term in suggested_terms(&error) {
                assert!(parse(term).is_ok(), "{text}: {term} is suggested");
            }
            error + "\n"
        }
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Whole terms that an error suggests, not names or values alone.
fn suggested_terms(error: &str) -> impl Iterator<Item = &str> {
    let suggested = error.lines().filter_map(|line| line.split_once("did you mean `")?.1.strip_suffix("`?"));
    suggested.filter(|term| term.contains([':', '=', '~', '<', '>', '/']))
}

#[test]
fn words_that_are_unknown() {
    insta::assert_snapshot!(wrong(&[
        "starttsl:failed",
        "x größe:1",
        "CN=mail",
        "starttls:fail",
        "auth:zzz",
        "tls:1.4",
        "rule:auth-credential-rejected",
        "verdict:fine",
        "@fail",
        "@fabrikam.com",
    ]), @r###"
    no field is called `starttsl`
      starttsl:failed
      ^^^^^^^^
    did you mean `starttls`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    no field is called `größe`
      x größe:1
        ^^^^^
    `heloscope fields` lists them; to search for the text, put it in quotes

    no field is called `CN`
      CN=mail
      ^^
    did you mean `cert`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    `fail` is no value of `starttls`
      starttls:fail
               ^^^^
    expected not-attempted, refused, failed, succeeded, unknown
    did you mean `failed`?

    `zzz` is no value of `auth`
      auth:zzz
           ^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown

    `1.4` is no value of `tls`
      tls:1.4
          ^^^
    expected none, unknown, ssl3, 1.0, 1.1, 1.2, 1.3
    did you mean `1.3`?

    no rule is called `auth-credential-rejected`
      rule:auth-credential-rejected
           ^^^^^^^^^^^^^^^^^^^^^^^^
    did you mean `auth-credentials-rejected`?
    `heloscope fields` lists them; `rule:auth-*` means all of a family

    `fine` is no value of `verdict`
      verdict:fine
              ^^^^
    expected ok, failed, incomplete, probe

    no filter is saved as `@fail`
      @fail
      ^^^^^
    did you mean `@failed`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    no filter is saved as `@fabrikam.com`
      @fabrikam.com
      ^^^^^^^^^^^^^
    `heloscope fields` lists them; to search for the text, put it in quotes
    "###);
}

#[test]
fn values_that_cannot_be() {
    insta::assert_snapshot!(wrong(&[
        "ip:10.0.0.0/33",
        "ip:10.1",
        "local:2001:db8::/129",
        "port:99999",
        "failures>=many",
        "bytes>10parsec",
        "code:5",
        "code>5xx",
        "duration>30",
        "after:yesterday",
        "before:08:30,09:30",
        "tls<none",
        "severity>=fatal",
    ]), @r###"
    `/33` is no length of a network
      ip:10.0.0.0/33
         ^^^^^^^^^^^
    expected 0 to 32 for an address of version 4

    `10.1` is no address
      ip:10.1
         ^^^^
    expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*
    did you mean `10.1.*`?

    `/129` is no length of a network
      local:2001:db8::/129
            ^^^^^^^^^^^^^^
    expected 0 to 128 for an address of version 6

    `99999` is no port
      port:99999
           ^^^^^
    expected 0 to 65535

    `many` is no number
      failures>=many
                ^^^^
    expected a whole number

    `10parsec` is no size
      bytes>10parsec
            ^^^^^^^^
    expected a number of bytes, alone or with kB, MB, GB (k, M, G are the same), KiB, MiB or GiB

    `5` is no reply code
      code:5
           ^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5
    did you mean `code:5xx`?

    `5xx` is no reply code
      code>5xx
           ^^^
    expected a code from 200 to 599

    `30` is no length of time
      duration>30
               ^^
    expected a number with ms, s, m, h or d: 30s
    did you mean `30s`?

    `yesterday` is no time
      after:yesterday
            ^^^^^^^^^
    expected 2026-11-23, 2026-11-23T08:30, 08:30 (the last day in the logs), or -2h (before now)
    for a day before now, `-24h`

    `before` takes one time
      before:08:30,09:30
                   ^^^^^

    `none` is neither more nor less than any other
      tls<none
          ^^^^
    expected ssl3, 1.0, 1.1, 1.2, 1.3
    for the sessions that have it, `tls:none`

    `fatal` is no value of `severity`
      severity>=fatal
                ^^^^^
    expected note, warning, error
    did you mean `error`?
    "###);
}

#[test]
fn replies_and_endpoints_that_cannot_be() {
    insta::assert_snapshot!(wrong(&[
        "code:6xx",
        "code:535,100",
        "code>=600",
        "code:3.1.1",
        "local:192.0.2.5:25",
        "ip:[2001:db8::7]:4096",
        "ip=192.0.2.5:99999",
    ]), @r###"
    `6xx` is no reply code
      code:6xx
           ^^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5

    `100` is no reply code
      code:535,100
               ^^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5

    `600` is no reply code
      code>=600
            ^^^
    expected a code from 200 to 599

    `3.1.1` is no reply code
      code:3.1.1
           ^^^^^
    expected 535, 5xx, 5.7.3, 5.7.x; the first number is 2, 3, 4 or 5

    `192.0.2.5:25` is no address
      local:192.0.2.5:25
            ^^^^^^^^^^^^
    expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*
    the port has a field of its own; did you mean `local:192.0.2.5 port:25`?

    `[2001:db8::7]:4096` is no address
      ip:[2001:db8::7]:4096
         ^^^^^^^^^^^^^^^^^^
    expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*
    a client's port is found as text; did you mean `ip:2001:db8::7 "[2001:db8::7]:4096"`?

    `192.0.2.5:99999` is no address
      ip=192.0.2.5:99999
         ^^^^^^^^^^^^^^^
    expected an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or 10.1.*
    "###);
}

#[test]
fn operators_that_do_not_fit() {
    insta::assert_snapshot!(wrong(&["helo<3", "failures~3", "after>08:30", "auth~fail", "port=25,587", "helo:/mfp.*/"]), @r###"
    `helo` cannot be asked with `<`
      helo<3
      ^^^^^
    expected `:`, `=`, `!=`, `~`
    for example `helo:mfp*`

    `failures` cannot be asked with `~`
      failures~3
      ^^^^^^^^^
    expected `:`, `=`, `!=`, `<`, `<=`, `>`, `>=`
    for example `failures>=3`

    `after` cannot be asked with `>`
      after>08:30
      ^^^^^^
    expected `:`
    for example `after:2026-11-23T08:30`

    `auth` cannot be asked with `~`
      auth~fail
      ^^^^^
    expected `:`, `=`, `!=`
    for example `auth:failed,rejected`

    only `:` takes several values
      port=25,587
             ^
    expected one value
    did you mean `port:25,587`?

    `:` takes no regular expression
      helo:/mfp.*/
           ^^^^^^^
    did you mean `helo~/mfp.*/`?
    "###);
}

#[test]
fn what_is_missing() {
    insta::assert_snapshot!(wrong(&["", "   ", "auth:", "auth:failed,", "auth:failed, or x", "not", "x or", "or x", "x and and y", "= 3"]), @r###"
    the filter is empty
    expected a field, a word, or /regex/

    the filter is empty
    expected a field, a word, or /regex/

    a value is missing
      auth:
           ^
    expected a value; put it in quotes if it is an odd one

    a value is missing
      auth:failed,
                  ^
    expected a value; put it in quotes if it is an odd one

    `or` is no value of `auth`
      auth:failed, or x
                   ^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown

    the filter ends too early
      not
         ^
    expected a field, a word, or /regex/

    the filter ends too early
      x or
          ^
    expected a field, a word, or /regex/

    this does not go here
      or x
      ^
    expected a field, a word, or /regex/

    this does not go here
      x and and y
            ^
    expected a field, a word, or /regex/

    a field is missing before this
      = 3
      ^
    to search for the text, put it in quotes
    "###);
}

#[test]
fn what_is_never_closed_or_never_opened() {
    insta::assert_snapshot!(wrong(&[
        "(auth:failed",
        "x (auth:failed or (y)",
        "auth:failed)",
        "()",
        "\"never closed",
        "user:\"never closed",
        "/never closed",
    ]), @r###"
    this bracket is never closed
      (auth:failed
      ^
    expected a closing `)`
    where it belongs to a value or a text, put all of that in quotes

    this bracket is never closed
      x (auth:failed or (y)
        ^
    expected a closing `)`
    where it belongs to a value or a text, put all of that in quotes

    this bracket was never opened
      auth:failed)
                 ^
    where it belongs to a value or a text, put all of that in quotes

    this does not go here
      ()
       ^
    expected a field, a word, or /regex/

    this quote is never closed
      "never closed
      ^
    expected a closing `"`

    this quote is never closed
      user:"never closed
           ^
    expected a closing `"`

    this regular expression is never closed
      /never closed
      ^
    expected a closing `/`
    to search for the text, put it in quotes
    "###);
}

#[test]
fn what_is_no_word() {
    insta::assert_snapshot!(wrong(&["helo:a\"b\"", "/a/x", "mfp*", "//", "\"\""]), @r###"
    this stands too close
      helo:a"b"
            ^
    expected a blank, or quotes around the whole value

    this stands too close
      /a/x
         ^
    expected a blank, or quotes around the whole value

    `*` stands for something in the value of a field only
      mfp*
      ^^^^
    a text is found wherever it stands: `"mfp"`
    to search for a `*`, put it in quotes

    nothing to search for: every row holds it
      //
      ^^
    expected a text

    nothing to search for: every row holds it
      ""
      ^^
    expected a text
    "###);
}

#[test]
fn regular_expressions_that_are_none_or_too_large() {
    insta::assert_snapshot!(wrong(&["/[a/", "helo~\"(\"", "user~*x", "/(a{1000}){1000}/", "/\\w{9999}/"]), @r###"
    this is no regular expression: unclosed character class
      /[a/
      ^^^^
    to search for the text as it is, put it in quotes

    this is no regular expression: unclosed group
      helo~"("
           ^^^
    `helo:` takes a text, with * and ? for the whole value

    this is no regular expression: repetition operator missing expression
      user~*x
           ^^
    `user:` takes a text, with * and ? for the whole value

    this regular expression is too large
      /(a{1000}){1000}/
      ^^^^^^^^^^^^^^^^^
    what is repeated counts as often as it is: `(a{1000}){1000}` is a million
    `\w` holds the letters of all languages: `(?-u:\w)` holds those of ASCII
    to search for the text as it is, put it in quotes

    this regular expression is too large
      /\w{9999}/
      ^^^^^^^^^^
    what is repeated counts as often as it is: `(a{1000}){1000}` is a million
    `\w` holds the letters of all languages: `(?-u:\w)` holds those of ASCII
    "###);
}

#[test]
fn hostile_text_is_shown_escaped_with_the_caret_in_place() {
    insta::assert_snapshot!(wrong(&[
        "\"\u{1b}[31mx\u{202e}\" auth:\u{7}\u{1b}]0;title",
        "组织 größe auth:faild x",
        "a\tb starttsl:x",
        &format!("{} auth:faild {}", "word ".repeat(40), "word ".repeat(40)),
    ]), @r###"
    `\x07\x1b]0;title` is no value of `auth`
      "\x1b[31mx\u{202e}" auth:\x07\x1b]0;title
                               ^^^^^^^^^^^^^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown

    `faild` is no value of `auth`
      组织 größe auth:faild x
                      ^^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown
    did you mean `failed`?

    no field is called `starttsl`
      a\x09b starttsl:x
             ^^^^^^^^
    did you mean `starttls`?
    `heloscope fields` lists them; to search for the text, put it in quotes

    `faild` is no value of `auth`
      …ord word word word word word word word word word word  auth:faild word word word word word word word word word word word word…
                                                                   ^^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown
    did you mean `failed`?
    "###);
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nested(64)).is_ok());
    for text in [
        nested(65),
        nested(30_000),
        "(".repeat(65_000),
        "not ".repeat(16_000) + "x",
        "-".repeat(65_000),
        "-(".repeat(30_000),
        "x ".repeat(40_000),
        "\"".repeat(65_000),
        "a(b)".repeat(16_000) + "(",
    ] {
        assert!(parse(&text).is_err(), "{}", &text[..20]);
    }
    let wide = vec!["auth:failed"; 4000].join(" or ");
    assert!(parse(&wide).is_ok());
}

#[test]
fn what_is_searched_for_is_bounded_together() {
    let all = |n: usize, of: &dyn Fn(usize) -> String| (0..n).map(of).collect::<Vec<_>>().join(" or ");
    // Each of these is within its bound, but all of them would take gigabytes.
    let large = |at: usize| format!(r"/\pL{{40}}x{at}/");
    assert!(parse(&all(2, &large)).is_ok());
    let is_too_large =
        |error: &str| error.starts_with("up to here, what the filter searches for is too large together");
    for text in [
        all(100, &large),
        all(100, &|at| format!(r"helo~/\pL{{40}}x{at}/")),
        all(100, &|at| format!(r"-(x /\pL{{40}}x{at}/i)")),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(is_too_large(&error), "{error}");
    }
    // What comes to nothing is a step all the same, and has to be read; so are words and spaces.
    for text in [
        all(100, &|_| r"/[^\s\S]{100000}/".into()),
        format!("/[{}]/i", r"\pL".repeat(15_000)),
        format!("/x{}/i", r"\pL{0}".repeat(8000)),
        format!("/[{}]/i", r"[^\pL]".repeat(8000)),
    ] {
        assert!(parse(&text).unwrap_err().contains("too large"), "{}", &text[..20]);
    }
    // Its states do not fit where searching is fast.
    assert!(parse(r"/(?:x?){80000}[\x01-\x08]/").is_err());
    // The first that is too much is shown.
    let error = Expression::parse(&all(100, &large), &saved()).unwrap_err();
    assert!(error.query[error.at.clone()].starts_with(r"/\pL{40}x"), "{error:?}");
    assert!(error.at.start > 10 * large(0).len());
    let several = vec![format!("user:{}", "a".repeat(60_000)); 100];
    assert!(is_too_large(&Expression::parse_all(&several, &saved()).unwrap_err().problem));
    assert_eq!(Expression::parse_all(&several[..10], &saved()).map(|all| all.len()), Ok(10));
    let mut saved = SavedFilters::default();
    saved.add(SavedFilter { name: "long".into(), text: format!("user:{}", "a".repeat(60_000)), origin: None });
    assert!(Expression::parse(&all(10, &|_| "@long".into()), &saved).is_ok());
    assert!(is_too_large(&Expression::parse(&all(100, &|_| "@long".into()), &saved).unwrap_err().problem));
    saved.add(SavedFilter { name: "wide".into(), text: "/(?:)/".to_owned() + &" ".repeat(60_000), origin: None });
    assert!(is_too_large(&Expression::parse(&all(400, &|_| "@wide".into()), &saved).unwrap_err().problem));
    assert!(is_too_large(&parse(&("user:ä".to_owned() + &",ä".repeat(20_999))).unwrap_err()));
    assert!(parse(&all(100, &|at| format!(r"/user\d+{at}@\w+/"))).is_ok());
}

#[test]
fn saved_filters_name_where_they_fail() {
    insta::assert_snapshot!(wrong(&["@broken", "x @outer", "@loop"]), @r###"
    `faild` is no value of `auth` (in `@broken`, heloscope.toml:3)
      auth:faild
           ^^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown
    did you mean `failed`?

    `faild` is no value of `auth` (in `@broken`, heloscope.toml:3)
      auth:faild
           ^^^^^
    expected not-attempted, succeeded, rejected, failed, abandoned, unknown
    did you mean `failed`?

    `@loop` uses itself (in `@pool`, heloscope.toml:3)
      x or @loop
           ^^^^^
    @loop -> @pool -> @loop
    "###);
}

#[test]
fn saved_filters_cannot_multiply_without_end() {
    let mut saved = SavedFilters::default();
    for level in 0..15 {
        let text = format!("@l{} @l{}", level + 1, level + 1).replace("@l15", "auth:failed");
        saved.add(SavedFilter { name: format!("l{level}"), text, origin: None });
    }
    let error = Expression::parse("@l0", &saved).unwrap_err();
    assert!(error.problem.contains("more than 20000 terms"), "{}", error.problem);
    for level in 0..40 {
        saved.add(SavedFilter { name: format!("c{level}"), text: format!("@c{}", level + 1), origin: None });
    }
    assert!(Expression::parse("@c0", &saved).unwrap_err().problem.contains("within one another"));
}

#[test]
fn what_is_built_in_is_understood() {
    for filter in SavedFilters::default().iter() {
        assert!(parse(&filter.text).is_ok(), "{}", filter.text);
    }
    for entry in &FIELDS {
        assert_eq!(parse(entry.example).expect(entry.example).to_string(), entry.example);
    }
}

/// Texts that mean the same as the second one, which is how they are printed.
#[test]
fn spellings() {
    for (text, printed) in [
        ("auth:failed AND user:alice", "auth:failed user:alice"),
        ("NOT a b", "-a b"),
        ("not (a or b) c", "-(a or b) c"),
        ("a or b c or d", "a or b c or d"),
        ("((a))", "a"),
        ("(a b) c", "(a b) c"),
        ("port: 25, 587", "port:25,587"),
        ("helo=\"from:x\" helo=\"cn:x\"", "helo=\"from:x\" helo=cn:x"),
        ("failures >= 3", "failures>=3"),
        ("end:Remote(ConnectionReset)", "end:\"Remote(ConnectionReset)\""),
        ("(end:Remote(TimedOut))", "end:\"Remote(TimedOut)\""),
        ("foo(bar or baz)", "foo (bar or baz)"),
        ("connector:\"client \\\"x\\\" frontend\"", "connector:\"client \\\"x\\\" frontend\""),
        ("helo~\"^a/b$\"", "helo~/^a\\/b$/"),
        ("helo~^(a|b),c$", "helo~/^(a|b),c$/"),
        ("/a\\/b\\d/i", "/a\\/b\\d/i"),
        ("198.51.100.7:58556", "\"198.51.100.7:58556\""),
        ("\"or\" \"not\"", "\"or\" \"not\""),
        ("order oregano notes", "order oregano notes"),
        ("--a", "--a"),
        ("@failed -@tls", "@failed -@tls"),
        ("after:-2h", "after:-2h"),
        ("auth:failed\u{a0}port:\u{2003}25\tx\ny", "auth:failed port:25 x y"),
        ("bytes>10M duration>1min", "bytes>10M duration>1min"),
    ] {
        assert_eq!(parse(text).expect(text).to_string(), printed, "{text}");
    }
}

/// Any text that could be a value.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.*?@-]{1,8}", "[ -~]{0,10}", "\\PC{0,6}", Just("or".to_owned()), Just("a\\/b\\\\".to_owned())]
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A term that is understood, as text.
fn term() -> impl Strategy<Value = String> {
    let example = prop::sample::select(FIELDS.as_slice()).prop_map(|entry| entry.example.to_owned());
    let names = prop::sample::select(vec!["helo", "user", "end", "connector", "cert", "file"]);
    let operator = prop::sample::select(vec![":", "=", "!=", " : "]);
    let text = (names, operator, prop::collection::vec(value(), 1..3)).prop_map(|(name, operator, values)| {
        let n_values = if operator.contains(':') { values.len() } else { 1 };
        let values: Vec<String> = values[..n_values].iter().map(|value| quoted(value)).collect();
        format!("{name}{operator}{}", values.join(", "))
    });
    let rows = value().prop_filter("not empty", |text| !text.is_empty()).prop_map(|text| quoted(&text));
    let regex = "[a-z/^$.]{1,6}".prop_map(|pattern| format!("/{}/i", pattern.replace('/', "\\/")));
    let by_regex = "[a-z /^$.]{1,6}".prop_map(|pattern| format!("helo~{}", quoted(&pattern)));
    prop_oneof![example, text, rows, regex, by_regex, Just("@mine".to_owned()), Just("word".to_owned())]
}

/// A query that is understood, as text.
fn query() -> impl Strategy<Value = String> {
    term().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("( {} )", parts.join(" OR "))),
            inner.clone().prop_map(|part| format!("not {part}")),
            inner.prop_map(|part| format!("-{part}")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(text in query()) {
        let expression = parse(&text).expect(&text);
        let printed = expression.to_string();
        let again = parse(&printed).expect(&printed);
        prop_assert_eq!(&again, &expression, "{} printed as {}", text, printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn any_text_is_a_query_or_an_error_within_it(text in "[a-z:=<>~!()\"/,@ *?.0-9\\\\é\u{1b}-]{0,40}|\\PC{0,40}") {
        if let Err(error) = Expression::parse(&text, &saved()) {
            let of_saved = error.saved.is_some();
            prop_assert!(of_saved || error.query == text);
            prop_assert!(error.query.get(error.at.clone()).is_some());
            let shown = to_syntax_text(&error);
            prop_assert!(!shown.chars().any(|next| next.is_control() && next != '\n'), "{:?}", shown);
        }
    }
}
