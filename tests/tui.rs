//! The screen without a terminal: keys in, cells out.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use heloscope::output::time::Zone;
use heloscope::tui::bindings::{Action, BINDINGS, Keymap};
use heloscope::tui::headless::Headless;
use heloscope::tui::key::Key;
use heloscope::tui::message::{Ending, Message, Mouse};
use heloscope::tui::model::{Focus, Phase};
use heloscope::tui::settings::Settings;
use heloscope::tui::table::View;
use heloscope::tui::theme::{Glyphs, Theme};
use proptest::prelude::*;

fn sample(name: &str) -> Vec<PathBuf> {
    vec![Path::new("samples").join(name)]
}

fn open(name: &str, size: (u16, u16)) -> Headless {
    Headless::open(&sample(name), Settings::default(), size)
}

/// The screen of all samples after these keys.
fn drive(name: &str, size: (u16, u16), keys: &str) -> String {
    let mut screen = open(name, size);
    screen.press(keys);
    screen.screen()
}

#[track_caller]
fn check_title(name: &str, keys: &str, title: &str) {
    let screen = drive(name, (120, 40), keys);
    let shown = screen.lines().nth(3).unwrap_or_default();
    assert!(shown.contains(title), "{keys}: {shown}");
}

#[test]
fn screens_at_every_size() {
    for (name, size) in
        [("80x24", (80, 24)), ("120x40", (120, 40)), ("20x5", (20, 5)), ("1x1", (1, 1)), ("0x0", (0, 0))]
    {
        insta::assert_snapshot!(format!("tui_{name}"), drive("auth-rejected.log", size, ""));
    }
}

#[test]
fn screens_of_every_view() {
    for (name, keys) in [
        ("sessions", ""),
        ("findings", "2"),
        ("clients", "3"),
        ("networks", "3s"),
        ("users", "4"),
        ("tls", "5"),
        ("patterns", "6"),
        ("help", "?"),
        ("timeline", "t<space><right>"),
        ("fault", "/auth:faild"),
        ("raw", "<enter>r"),
    ] {
        insta::assert_snapshot!(format!("tui_view_{name}"), drive("", (110, 30), keys));
    }
}

#[test]
fn a_filter_is_understood_as_it_is_typed() {
    let n_all = open("", (120, 40)).model.roster.len();
    let mut screen = open("", (120, 40));
    screen.press("/auth:failed<enter>");
    let n_failed = screen.model.answer.seats.len();
    assert!(n_failed > 10 && n_failed < n_all);
    check_title("", "/auth:failed", &format!("Sessions  {n_failed} of {n_all}"));
    // What is not understood leaves what was.
    check_title("", "/auth:failed or", &format!("Sessions  {n_failed} of {n_all}"));
    check_title("", "/auth:failed<esc>", &format!("Sessions  {n_all}"));
    check_title("", "/auth:failed<enter><esc>", &format!("Sessions  {n_all}"));
    check_title("", "/au<tab>fa<tab>", &format!("Sessions  {n_failed} of {n_all}"));
    check_title("", "/@fa<tab><enter>", &format!(" of {n_all}"));
    // What only rows tell is searched in them.
    for text in ["LogonDenied", "from:*@contoso.com", "cert:mail.contoso.com"] {
        check_title("", &format!("/{text}<enter>"), &format!(" of {n_all}"));
    }
}

#[test]
fn a_time_of_day_is_one_of_the_last_day_in_the_logs() {
    let settings = Settings { filter: "after:10:00".to_owned(), ..Settings::default() };
    let begun = Headless::open(&sample(""), settings, (120, 40));
    let mut typed = open("", (120, 40));
    typed.press("/after:10:00<enter>");
    let n_shown = typed.model.answer.seats.len();
    assert!(n_shown > 0 && n_shown < typed.model.roster.len());
    assert_eq!(begun.model.answer.seats.len(), n_shown);
}

#[test]
fn history_brings_filters_back() {
    let mut screen = open("", (120, 40));
    screen.press("/auth:failed<enter>/<ctrl+u>port:25<enter>");
    assert_eq!(screen.model.filter.text, "port:25");
    screen.press("/<up><up><enter>");
    assert_eq!(screen.model.filter.text, "auth:failed");
}

#[test]
fn what_is_typed_behind_a_filter_is_a_term_of_its_own() {
    let mut screen = open("", (120, 40));
    screen.press("/auth:failed<enter>");
    let number = screen.model.filter.number;
    screen.press("/");
    assert_eq!(screen.model.prompt.as_ref().expect("a line").text, "auth:failed ");
    // A blank makes no other query of it, and no other line to remember.
    screen.press("  <enter>");
    assert_eq!((screen.model.filter.text.as_str(), screen.model.filter.number), ("auth:failed", number));
    assert_eq!(screen.model.filter.history, ["auth:failed"]);
    screen.press("/port:587<enter>");
    assert_eq!(screen.model.filter.text, "auth:failed port:587");
    assert!(screen.model.filter.fault.is_none());
    screen.press("<esc>");
    assert_eq!(screen.model.filter.text, "auth:failed");
    screen.press("/user:x<esc>");
    assert_eq!(screen.model.filter.text, "auth:failed");
    screen.take(Message::Paste("port:25".into()));
    assert_eq!(screen.model.filter.text, "auth:failed port:25");
    // What was typed before is gone through without an end.
    screen.press("<esc>/<up><down>helo:x");
    assert_eq!(screen.model.filter.text, "auth:failed helo:x");
}

#[test]
fn a_row_of_every_table_is_a_filter() {
    for (keys, view) in [("2", View::Findings), ("3", View::Clients), ("4", View::Users), ("5", View::Tls)] {
        let mut screen = open("", (120, 40));
        screen.press(keys);
        assert_eq!(screen.model.view, view);
        let table = screen.model.table().expect("a table").clone();
        assert!(!table.rows.is_empty());
        let at = table.columns.iter().position(|column| column.name == "sessions").expect("a count");
        for (row, expected) in table.rows.iter().enumerate().take(6) {
            screen.press(keys);
            screen.press("g");
            screen.press(&"j".repeat(row));
            screen.press("<enter>");
            assert_eq!(screen.model.view, View::Sessions);
            let n_shown = screen.model.answer.seats.len().to_string();
            assert_eq!(n_shown, expected.cells[at], "{expected:?} {}", screen.model.filter.text);
            screen.press("<esc>");
            assert!(screen.model.filter.text.is_empty());
        }
    }
}

#[test]
fn certificates_show_who_presents_them() {
    let mut screen = open("", (120, 60));
    screen.press("5");
    let table = screen.model.table().expect("a table").clone();
    let first = table.rows.iter().position(|row| row.cells[0] == "certificate").expect("a certificate");
    let count = |cell: &str| cell.replace(',', "").parse::<u64>().expect("a count");
    let (mut n_presented, mut n_certificates, mut n_places) = (0, 0, 0);
    for (at, row) in table.rows.iter().enumerate().skip(first) {
        match row.cells[0].as_str() {
            "certificate" => {
                assert_eq!(n_presented, 0, "all sessions of a certificate were presented somewhere");
                (n_presented, n_certificates) = (count(&row.cells[2]), n_certificates + 1);
            }
            _ => {
                assert!(row.cells[1].starts_with("  EX") || row.cells[1].starts_with("  HUB"), "{row:?}");
                (n_presented, n_places) = (n_presented - count(&row.cells[2]), n_places + 1);
            }
        }
        screen.press(&format!("5g{}<enter>", "j".repeat(at)));
        assert_eq!(screen.model.answer.seats.len() as u64, count(&row.cells[2]), "{}", screen.model.filter.text);
        screen.press("<esc>");
    }
    assert_eq!(n_presented, 0);
    assert!(n_certificates > 3 && n_places > n_certificates, "{n_certificates} at {n_places}");
}

#[test]
fn patterns_say_what_they_count() {
    let mut screen = open("", (120, 40));
    screen.press("6");
    let table = screen.model.table().expect("a table").clone();
    // On a narrow screen too it is said what it is, and what came of it.
    screen.take(Message::Resize(80, 24));
    let shown = screen.screen();
    assert!(shown.contains("distributed-guessing ") && shown.contains("THEN SUCCEEDED"), "{shown}");
    let mut n_probes = 0;
    for (at, row) in table.rows.iter().enumerate() {
        let unit = match row.cells[0].as_str() {
            "probe" => "session",
            "offers changed" => "",
            _ => " refused",
        };
        assert!(row.cells[2].contains(unit) && row.cells[2].is_empty() == unit.is_empty(), "{row:?}");
        if row.cells[0] == "probe" {
            n_probes += 1;
            screen.press(&format!("6g{}<enter>", "j".repeat(at)));
            let n_shown = screen.model.answer.seats.len();
            assert_eq!(row.cells[2].split(' ').next(), Some(n_shown.to_string().as_str()), "{row:?}");
            screen.press("<esc>");
        }
    }
    assert!(n_probes > 1);
}

#[test]
fn a_cell_goes_into_the_filter_or_is_kept_out() {
    let mut screen = open("", (120, 40));
    screen.press("/user:alice<enter><right>");
    let n_before = screen.model.answer.seats.len();
    screen.press("+");
    let n_with = screen.model.answer.seats.len();
    assert!(screen.model.filter.text.starts_with("user:alice ip:"), "{}", screen.model.filter.text);
    screen.press("<esc>");
    assert_eq!(screen.model.answer.seats.len(), n_before);
    screen.press("-");
    assert!(screen.model.filter.text.contains(" -ip:"));
    assert_eq!(screen.model.answer.seats.len() + n_with, n_before);
    // Once is enough, and what was let in can be kept out.
    screen.press("<esc>++");
    let included = screen.model.filter.text.clone();
    assert_eq!(included.matches("ip:").count(), 1, "{included}");
    assert_eq!(screen.model.notice.as_ref().expect("a word").text, "the filter asks for that already");
    screen.press("-");
    assert_eq!(screen.model.filter.text, included.replace("ip:", "-ip:"));
    screen.press("<esc>");
    assert_eq!(screen.model.filter.text, included);
    // A term behind an `or` holds for all of it.
    screen.press("/<ctrl+u>user:alice or user:bob<enter>+");
    assert!(screen.model.filter.text.starts_with("(user:alice or user:bob) ip:"));
}

#[test]
fn a_cell_means_the_sessions_that_have_it() {
    let mut screen = open("", (240, 300));
    let shown = screen.screen();
    let rows: Vec<&str> = shown.lines().skip(4).take(1 + screen.model.answer.seats.len()).collect();
    for (column, next) in [("tls", "verdict"), ("verdict", "auth"), ("auth", "user")] {
        let cells = |name: &str| rows[0][..rows[0].find(&format!(" {name} ")).expect(name)].chars().count();
        let (from, to) = (cells(column), cells(next));
        let values: Vec<String> = rows
            .iter()
            .map(|row| row.chars().skip(from).take(to - from).collect::<String>().trim().to_owned())
            .collect();
        let n_before = rows[0][..rows[0].find(&format!(" {column} ")).expect(column)].split_whitespace().count();
        screen.press(&format!("{}{}", "h".repeat(12), "l".repeat(n_before)));
        let mut seen = std::collections::BTreeSet::new();
        for (row, value) in values[1..].iter().enumerate().filter(|(_, value)| seen.insert(*value)) {
            screen.press(&format!("g{}+", "j".repeat(row)));
            let n_same = values[1..].iter().filter(|other| *other == value).count();
            assert_eq!(screen.model.answer.seats.len(), n_same, "{column} {value}: {}", screen.model.filter.text);
            screen.press("<esc>");
        }
        assert!(seen.len() > 2, "{column}: {seen:?}");
    }
}

#[test]
fn the_selection_stays_on_its_session() {
    let messages = heloscope::tui::headless::read(&sample(""));
    let mut screen = Headless::open(&[], Settings::default(), (120, 40));
    let (sheets, rest): (Vec<_>, Vec<_>) =
        messages.into_iter().partition(|message| matches!(message, Message::Sheet(..)));
    let n_first = sheets.len() / 2;
    let mut sheets = sheets.into_iter().rev();
    for message in rest {
        screen.take(message);
    }
    for sheet in sheets.by_ref().take(n_first) {
        screen.take(sheet);
    }
    screen.press("Gkk");
    let id = |screen: &Headless| screen.model.session().expect("a session").id().to_vec();
    let (selected, height) = (id(&screen), screen.model.cursor().at - screen.model.cursor().top);
    for sheet in sheets {
        screen.take(sheet);
        assert_eq!(id(&screen), selected);
        assert_eq!(screen.model.loaded().expect("its rows").id.as_bytes(), selected);
    }
    assert_eq!(screen.model.answer.seats.len(), screen.model.roster.len());
    assert_eq!(screen.model.cursor().at - screen.model.cursor().top, height);
}

#[test]
fn failures_are_found_both_ways() {
    let mut screen = open("", (80, 24));
    let failed = |screen: &Headless| {
        use heloscope::query::subject::Subject;
        screen.model.session().expect("a session").verdict() == heloscope::diagnosis::Verdict::Failed
    };
    screen.press("G");
    let last = screen.model.cursor().at;
    screen.press("N");
    assert!(failed(&screen) && screen.model.cursor().at < last);
    let at = screen.model.cursor().at;
    screen.press("Nn");
    assert_eq!(screen.model.cursor().at, at);
    screen.press("Gn");
    assert_eq!(screen.model.notice.as_ref().expect("a word").text, "no further failure");
}

#[test]
fn a_span_becomes_a_filter() {
    let mut screen = open("", (120, 40));
    screen.press("t<space><right><right><space>");
    assert!(screen.model.filter.text.starts_with("after:2026-11-23T"), "{}", screen.model.filter.text);
    assert!(screen.model.filter.text.contains(" before:2026-11-23T"));
    assert_eq!(screen.model.focus, Focus::List);
    let n_shown = screen.model.answer.seats.len();
    assert!(n_shown > 0 && n_shown < screen.model.roster.len());
}

#[test]
fn what_was_found_is_scrolled() {
    for size in [(60, 12), (80, 24), (120, 40)] {
        let mut screen = open("", size);
        screen.press("/rule:auth-in-clear<enter>n");
        assert!(screen.screen().contains("lines below") || size.1 == 12, "{}", screen.screen());
        screen.press("<tab><tab>");
        assert_eq!(screen.model.focus, Focus::Findings);
        let first = screen.screen();
        assert!(first.contains("error: ") && !first.contains(" above"), "{first}");
        screen.press("j");
        let shown = screen.screen();
        assert!(!shown.contains("error: ") && shown.contains("1 line above, "), "{shown}");
        screen.press("G");
        let last = screen.screen();
        assert!(last.contains("lines above ") && !last.contains("below"), "{last}");
        let top = screen.model.transcript.found_top;
        screen.press("j<pgdn>");
        assert_eq!(screen.model.transcript.found_top, top);
        screen.press("<pgup>");
        assert!(screen.model.transcript.found_top < top);
        screen.press("g");
        assert_eq!(screen.screen(), first);
        // Another session is read from its beginning.
        screen.press("Gn");
        assert_eq!((screen.model.focus, screen.model.transcript.found_top), (Focus::Findings, 0));
        screen.press("<tab>");
        assert_eq!(screen.model.focus, Focus::Timeline);
        screen.press("<shift+tab><shift+tab>");
        assert_eq!(screen.model.focus, Focus::Transcript);
    }
    // Where nothing was found, nothing is scrolled.
    let mut screen = open("", (120, 40));
    screen.press("/verdict:ok -rule:*<enter><tab><tab>");
    assert_eq!(screen.model.focus, Focus::Timeline);
}

#[test]
fn the_timeline_shows_sessions_and_failures() {
    let row = |screen: &Headless, y: usize| screen.screen().lines().nth(y).unwrap_or_default().to_owned();
    let settings = Settings { theme: Theme::plain(), ..Settings::default() };
    let mut screen = Headless::open(&sample(""), settings, (120, 24));
    let ticks = screen.model.answer.timeline.ticks().to_vec();
    let marks = |line: &str| line.chars().skip(1).take(ticks.len()).collect::<Vec<_>>();
    let (sessions, failed) = (row(&screen, 1), row(&screen, 2));
    let most = ticks
        .iter()
        .map(|tick| (tick.sessions, tick.failed))
        .fold((0, 0), |(one, other), (sessions, failed)| (one.max(sessions), other.max(failed)));
    assert!(sessions.contains(&format!("  sessions per 30 min, peak {} at ", most.0)), "{sessions}");
    assert!(failed.contains(&format!("  failed, peak {} at ", most.1)), "{failed}");
    for (tick, (above, below)) in ticks.iter().zip(marks(&sessions).iter().zip(marks(&failed))) {
        assert_eq!((*above == '.', below == '.'), (tick.sessions == 0, tick.failed == 0), "{tick:?}");
        assert_eq!((*above == '█', below == '█'), (tick.sessions == most.0, tick.failed == most.1), "{tick:?}");
    }
    screen.press("t<left><space><right>");
    let at = screen.model.timeline.at;
    assert!(row(&screen, 1).contains(&format!("UTC {} sessions", ticks[at].sessions)), "{}", row(&screen, 1));
    assert!(row(&screen, 2).contains(&format!("{} failed, space ends the span", ticks[at].failed)));
    // What is marked stands out in both rows.
    let buffer = screen.draw();
    for y in [1, 2] {
        let is_marked = |x: &u16| buffer[(*x, y)].modifier.contains(ratatui::style::Modifier::REVERSED);
        let marked: Vec<usize> = (0..120).filter(is_marked).map(usize::from).collect();
        assert_eq!(marked, [at, at + 1]);
    }
    screen.press("<esc><esc>/-verdict:failed<enter>");
    assert!(row(&screen, 2).ends_with("  none failed"), "{}", row(&screen, 2));
    // One row tells both apart by its marks.
    screen.press("<esc>");
    screen.take(Message::Resize(120, 16));
    let both = row(&screen, 1);
    assert!(both.contains("  failed per 30 min, peak ") && both.ends_with(" (: none failed)"), "{both}");
    for (tick, mark) in ticks.iter().zip(marks(&both)) {
        assert_eq!((mark == '.', mark == ':'), (tick.sessions == 0, tick.sessions > 0 && tick.failed == 0), "{tick:?}");
    }
    screen.press("/-verdict:failed<enter>");
    assert!(row(&screen, 1).ends_with("; none failed"), "{}", row(&screen, 1));
}

#[test]
fn the_transcript_is_searched() {
    let mut screen = open("auth-rejected.log", (120, 40));
    screen.press("<enter>g/logondenied<enter>");
    let line = |screen: &Headless| screen.model.loaded().expect("rows").lines[screen.model.transcript.at].text.clone();
    assert!(line(&screen).contains("LogonDenied"));
    screen.press("n");
    assert_eq!(screen.model.notice.as_ref().expect("a word").text, "no further match");
    screen.press("/<ctrl+u><enter>gn");
    let at = screen.model.transcript.at;
    assert!(!screen.model.loaded().expect("rows").lines[at].rules.is_empty());
}

#[test]
fn a_good_session_stands_beside_a_bad_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n\
        #Date: 2026-11-23T08:00:00.000Z\r\n\
        #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";
    let mut text = head.to_owned();
    for (session, reply) in [
        ("08DE2A1B3C4D0001", "235 2.7.0 Authentication successful"),
        ("08DE2A1B3C4D0002", "535 5.7.3 Authentication unsuccessful"),
    ] {
        let rows = [
            ("+", ""),
            (">", "220 mail.contoso.com Microsoft ESMTP MAIL Service ready"),
            ("<", "EHLO pc-17"),
            (">", "250 mail.contoso.com Hello"),
            ("<", "AUTH LOGIN"),
            (">", "334 <authentication response>"),
            (">", reply),
            ("<", "QUIT"),
            (">", "221 2.0.0 Service closing transmission channel"),
            ("-", ""),
        ];
        for (number, (event, data)) in rows.iter().enumerate() {
            let minute = &session[15..];
            let _ = write!(
                text,
                "2026-11-23T08:0{minute}:00.{number:03}Z,EX01\\Client Frontend EX01,{session},{number},192.0.2.5:587,198.51.100.7:50000,{event},{data},{}\r\n",
                if *event == "-" { "Local" } else { "" },
            );
        }
    }
    let path = folder.path().join("RECV.LOG");
    std::fs::write(&path, text).expect("a log");
    let mut screen = Headless::open(&[path], Settings::default(), (120, 40));
    screen.press("nb");
    let shown = screen.screen();
    assert!(shown.contains("good: EX01/08DE2A1B3C4D0001"), "{shown}");
    let differing = shown.lines().find(|line| line.contains("535 5.7.3")).expect("the refusal");
    assert!(differing.contains("235 2.7.0"), "{differing}");
    assert_eq!(differing.matches('>').count(), 2, "{differing}");
    screen.press("<esc>");
    assert!(!screen.screen().contains("good:"));
    // Where there is none, that is said.
    let mut screen = open("auth-rejected.log", (120, 40));
    screen.press("b");
    assert!(screen.model.notice.as_ref().expect("a word").text.contains("no good session"));
    assert!(!screen.model.transcript.has_good);
}

#[test]
fn ids_and_transcripts_are_copied() {
    let mut screen = open("auth-rejected.log", (80, 24));
    screen.press("y");
    assert!(screen.copied.as_deref().expect("an id").starts_with("EX01/"));
    screen.press("Y");
    assert!(screen.copied.as_deref().expect("a transcript").contains("535 5.7.3"));
    assert_eq!(screen.model.notice.as_ref().expect("a word").text, "transcript sent to the terminal");
}

#[test]
fn sessions_are_written_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for (ending, n_heads) in [("ndjson", 0), ("csv", 1), ("txt", 0)] {
        let path = folder.path().join(format!("out.{ending}"));
        let mut screen = open("", (80, 24));
        screen.press("/auth:failed<enter>w<ctrl+u>");
        let n_sessions = screen.model.answer.seats.len();
        screen.take(Message::Paste(path.display().to_string()));
        screen.press("<enter>");
        let notice = screen.model.notice.clone().expect("a word");
        assert!(notice.text.starts_with(&format!("{n_sessions} sessions written")), "{notice:?}");
        let written = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(written.lines().count(), n_sessions + n_heads);
        screen.press("w<ctrl+u>");
        screen.take(Message::Paste(path.display().to_string()));
        screen.press("<enter>");
        assert!(screen.model.notice.as_ref().expect("a word").text.contains("is there already"));
    }
    let path = folder.path().join("out.log");
    let mut screen = open("", (80, 24));
    screen.press("/auth:failed<enter>w<ctrl+u>");
    screen.take(Message::Paste(path.display().to_string()));
    screen.press("<enter>");
    let again = Headless::open(&[path], Settings::default(), (80, 24));
    assert_eq!(again.model.roster.len(), screen.model.answer.seats.len());
}

#[test]
fn a_path_that_cannot_be_written_to_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let missing = folder.path().join("missing");
    for (parent, what) in [(&missing, "is not there; make it, or"), (&file, "is a file;")] {
        let path = parent.join("out.csv").display().to_string();
        let mut screen = open("auth-rejected.log", (120, 40));
        screen.press("w<ctrl+u>");
        screen.take(Message::Paste(path.clone()));
        screen.press("<enter>");
        let notice = screen.model.notice.clone().expect("a word").text;
        assert_eq!(notice, format!("cannot write {path}: its folder {what} type another path"));
        // What was typed can be mended.
        screen.press("w<up>");
        assert_eq!(screen.model.prompt.as_ref().expect("a line").text, path);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1);
}

#[test]
fn what_cannot_be_read_again_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, out) = (folder.path().join("RECV1.LOG"), folder.path().join("out.csv"));
    std::fs::copy(&sample("auth-rejected.log")[0], &log).expect("a copy");
    let mut screen = Headless::open(std::slice::from_ref(&log), Settings::default(), (120, 40));
    std::fs::remove_file(log).expect("the copy");
    screen.press("z");
    assert!(screen.screen().contains("not to be read again"), "{}", screen.screen());
    screen.press("w<ctrl+u>");
    screen.take(Message::Paste(out.display().to_string()));
    screen.press("<enter>");
    let notice = screen.model.notice.clone().expect("a word");
    assert!(notice.text.contains("nothing is written, for 1 session would be missing"), "{notice:?}");
    assert!(!out.exists());
}

#[test]
fn whoever_types_can_leave_at_once() {
    for keys in ["/auth<ctrl+c>", "w<ctrl+c>", "?<ctrl+c>"] {
        let mut screen = open("auth-rejected.log", (80, 24));
        screen.press(keys);
        assert_eq!(screen.ended, Some(Ending::Interrupted), "{keys}");
    }
}

#[test]
fn a_session_is_picked() {
    let mut screen =
        Headless::open(&sample("auth-rejected.log"), Settings { is_picking: true, ..Settings::default() }, (80, 24));
    screen.press("<enter>");
    let id = String::from_utf8(screen.model.session().expect("a session").id().to_vec()).expect("text");
    assert_eq!(screen.ended, Some(Ending::Picked(id)));
    screen.press("q");
    assert_eq!(screen.ended, Some(Ending::Done));
    screen.press("<ctrl+c>");
    assert_eq!(screen.ended, Some(Ending::Interrupted));
}

fn header(screen: &Headless) -> String {
    screen.screen().lines().next().expect("a header").to_owned()
}

#[test]
fn the_zone_is_turned() {
    let mut screen = open("auth-rejected.log", (120, 40));
    assert!(header(&screen).contains("08:29 - 08:29 UTC"), "{}", header(&screen));
    screen.press("z");
    assert_eq!(screen.model.settings.zone, Zone::Server);
    assert!(header(&screen).contains("09:29 - 09:29 server time +01:00"), "{}", header(&screen));
    screen.press("z");
    assert_eq!(screen.model.settings.zone, Zone::Utc);
    // The zone that was asked for comes back.
    for (given, cycle) in [
        (Zone::Fixed(-210), &[Zone::Utc, Zone::Server, Zone::Fixed(-210)][..]),
        (Zone::Server, &[Zone::Utc, Zone::Server]),
        (Zone::Fixed(0), &[Zone::Server, Zone::Fixed(0)]),
        (Zone::Local, &[Zone::Utc, Zone::Server, Zone::Local]),
    ] {
        let settings = Settings { zone: given, ..Settings::default() };
        let mut screen = Headless::open(&sample("auth-rejected.log"), settings, (120, 40));
        for zone in cycle {
            screen.press("z");
            assert_eq!(screen.model.settings.zone, *zone, "{given:?}");
        }
    }
}

#[test]
fn clocks_that_differ_are_said_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(&sample("auth-rejected.log")[0]).expect("a sample");
    let other = text.replace("EX01", "EX02").replace("+0100", "-0330");
    std::fs::write(folder.path().join("one.log"), &text).expect("a log");
    std::fs::write(folder.path().join("other.log"), other).expect("a log");
    let settings = Settings { zone: Zone::Server, ..Settings::default() };
    let screen = Headless::open(&[folder.path().to_owned()], settings, (120, 40));
    assert!(header(&screen).contains("08:29 - 08:29 UTC (servers: -03:30, +01:00)"), "{}", header(&screen));
    let shown = screen.screen();
    let narrow = screen.draw_on((70, 12));
    let header: String = narrow.content()[..70].iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(header.contains("08:29 - 08:29 UTC  2 sessions"), "{header}");
    assert!(shown.contains("│09:29:00+01:00 ") && shown.contains("│04:59:00-03:30 "), "{shown}");
}

#[test]
fn the_mouse_selects() {
    let mut screen = open("", (120, 40));
    screen.take(Message::Mouse(Mouse::Click(5, 10)));
    assert_eq!(screen.model.cursor().at, 5);
    screen.take(Message::Mouse(Mouse::Wheel(1)));
    assert_eq!(screen.model.cursor().at, 8);
    screen.take(Message::Mouse(Mouse::Click(100, 9)));
    assert_eq!(screen.model.focus, Focus::Transcript);
}

#[test]
fn a_terminal_is_drawn_on_while_it_is_resized() {
    let shown = |buffer: &ratatui::buffer::Buffer| -> String {
        buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect()
    };
    for keys in ["", "<enter>", "<tab><tab>G", "t<space><right>", "2G", "?", "/auth:faild", "b"] {
        for size in [(60, 12), (80, 24), (109, 20), (240, 60), (20, 5), (1, 1), (0, 0)] {
            let mut screen = open("", (120, 40));
            screen.press(keys);
            let before = screen.draw_on(size);
            screen.take(Message::Resize(size.0, size.1));
            // The same panes are there before the message of it, whichever rows they show.
            let title = |text: &str| text.find("Sessions  ").or_else(|| text.find("Findings  "));
            assert_eq!(title(&shown(&before)), title(&shown(&screen.draw())), "{keys} at {size:?}");
            assert_eq!(shown(&before).trim().is_empty(), size.0 == 0, "{keys} at {size:?}");
        }
    }
}

#[test]
fn a_worker_that_breaks_down_loses_nothing() {
    let mut screen = open("", (120, 40));
    let n_before = screen.model.answer.seats.len();
    screen.take(Message::Broken("browsing broke down".into()));
    assert!(screen.screen().contains("browsing broke down"));
    screen.press("/auth:failed<enter><esc>");
    assert_eq!(screen.model.answer.seats.len(), n_before);
    assert_eq!(screen.model.reading.phase, Phase::Done);
}

#[test]
fn it_is_readable_without_colour_and_with_ascii() {
    let settings = Settings { theme: Theme::plain(), glyphs: Glyphs::Ascii, ..Settings::default() };
    let mut screen = Headless::open(&sample(""), settings, (120, 40));
    for keys in ["", "2", "3", "4", "5", "6", "?", "1<enter>", "t", "/auth:faild"] {
        screen.press(keys);
        let buffer = screen.draw();
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset));
        }
        let shown = screen.screen();
        assert!(shown.is_ascii(), "{keys}: {shown}");
        screen.press("<esc>");
    }
}

#[test]
fn hostile_text_reaches_no_cell() {
    for name in ["hostile-ehlo.log", "unicode-connector.log", ""] {
        let mut screen = open(name, (120, 40));
        for keys in ["", "<enter>", "r", "2", "3", "4", "5", "6", "1"] {
            screen.press(keys);
            for _ in 0..40 {
                screen.press("j");
                for cell in screen.draw().content() {
                    let symbol = cell.symbol();
                    let shown = heloscope::output::escape::visible(symbol.as_bytes());
                    assert_eq!(shown, symbol, "{name} {keys}");
                }
            }
        }
    }
}

#[test]
fn every_action_has_keys_and_the_help_names_them_all() {
    let mut screen = open("auth-rejected.log", (110, 60));
    screen.press("?");
    let shown = screen.screen();
    for binding in BINDINGS {
        assert!(shown.contains(binding.help), "{}", binding.name);
    }
    let keymap = Keymap::default();
    assert_eq!(keymap.key_of(Action::Quit), "q");
}

#[test]
fn wide_characters_stay_within_their_columns() {
    let screen = open("unicode-connector.log", (80, 24));
    let buffer = screen.draw();
    for y in 0..24 {
        let last = &buffer[(79, y)];
        assert!(unicode_width::UnicodeWidthStr::width(last.symbol()) <= 1);
    }
    assert!(screen.screen().lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80));
}

fn any_key() -> impl Strategy<Value = Key> {
    let written: Vec<Key> = BINDINGS
        .iter()
        .flat_map(|binding| binding.keys)
        .filter_map(|text| Key::parse(text))
        .filter(|key| *key != Key::parse("w").expect("a key"))
        .collect();
    let typed = "aut:fld@/-*\"(<>=~ 5é组";
    let typed: Vec<Key> = typed.chars().map(|letter| Key::plain(crossterm::event::KeyCode::Char(letter))).collect();
    prop_oneof![prop::sample::select(written), prop::sample::select(typed)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is pressed at whatever size, something is drawn, and the cursor is on a row.
    #[test]
    fn keys_are_mashed(keys in prop::collection::vec(any_key(), 0..40), columns in 0..130_u16, rows in 0..45_u16) {
        let mut screen = open("old-clients.log", (100, 30));
        for (at, key) in keys.iter().enumerate() {
            screen.take(Message::Key(*key));
            if at % 7 == 3 {
                screen.take(Message::Resize(columns, rows));
            }
            let shown = screen.screen();
            prop_assert_eq!(shown.lines().count(), usize::from(if screen.model.size.0 == 0 { 0 } else { screen.model.size.1 }));
            let cursor = screen.model.cursor();
            prop_assert!(cursor.at < screen.model.n_rows().max(1));
            prop_assert!(cursor.top <= cursor.at);
        }
    }
}
