//! `heloscope`, without a command: the screen, or the list where there is no terminal.
//!
//! In: paths and what was chosen. Out: an exit code; the picked session's id.
//!
//! **Invariant**: the screen is drawn on standard error, so that standard output is free for the id.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use crate::ingest::Options;
use crate::output::escape::visible;
use crate::query::error::nearest;
use crate::tui::message::Ending;
use crate::tui::settings::Settings;
use crate::tui::theme::{Glyphs, Theme};
use crate::tui::{Start, run as show};

use super::args::{Args, Color, Following, Listing, Looking, SessionsFormat};
use super::config::configure;
use super::filtering::{expression, now};
use super::reading::{is_dumb, options, paths, refuses_colour};
use super::{Error, Exit, complain, interrupt, sessions};

/// Looks through the sessions.
///
/// Errors: nothing to read, a filter or configuration that cannot be understood, no terminal.
pub(super) fn run(looking: &Looking) -> Result<Exit, Error> {
    let common = &looking.common;
    let paths = paths(common)?;
    find_paths(&paths)?;
    if !has_screen(looking) {
        if looking.pick {
            return Err(Error::Explained("--pick needs a terminal to show the sessions on".into()));
        }
        let listing = Listing { count: false, files_with_matches: false, limit: None };
        let following = Following { follow: looking.follow, poll_interval: Duration::from_secs(1) };
        return sessions::run(SessionsFormat::Text, listing, following, common);
    }
    let mut settings = Settings {
        zone: common.tz,
        is_picking: looking.pick,
        is_following: looking.follow,
        ..settings(common.color, looking.ascii)
    };
    configure(common.filtering.config.as_deref(), &mut settings)?;
    if let Some(expression) = expression(&common.filtering)? {
        settings.filter = expression.to_string();
    }
    look(Start { paths: paths.into_owned(), options: options(common), settings, now, until_asked }, common.quiet)
}

/// Looks through sessions that are built in.
///
/// Errors: no terminal, no folder for temporary files.
pub(super) fn demo(ascii: bool) -> Result<Exit, Error> {
    if !io::stderr().is_terminal() {
        return Err(Error::Explained("the demonstration needs a terminal".into()));
    }
    let folder = crate::tui::demo::unpack().map_err(|source| Error::Write { path: std::env::temp_dir(), source })?;
    let settings = Settings { has_hint: true, ..settings(Color::Auto, ascii) };
    let paths = vec![folder.path().to_owned()];
    look(Start { paths, options: Options::default(), settings, now, until_asked }, true)
}

fn look(start: Start, is_quiet: bool) -> Result<Exit, Error> {
    interrupt::be_patient();
    let is_picking = start.settings.is_picking;
    let shown = show(start);
    let (ending, reading) = shown.map_err(|source| Error::Write { path: "the terminal".into(), source })?;
    for error in &reading.errors {
        complain(&format!("cannot read {}", visible(error.as_bytes())));
    }
    if let Some(skipped) = reading.skipped.filter(|_| !is_quiet) {
        complain(&skipped);
    }
    match ending {
        Ending::Done if !reading.errors.is_empty() => Ok(Exit::Error),
        Ending::Interrupted => Ok(Exit::Interrupted),
        Ending::Picked(id) => super::print(format!("{id}\n").as_bytes()),
        // Whoever waits for an id gets none.
        Ending::Done if is_picking => Ok(Exit::Nothing),
        Ending::Done => Ok(Exit::Found),
    }
}

/// Waits until someone asks the program to end.
fn until_asked() {
    while !interrupt::wait(Duration::from_secs(3600)) {}
}

/// Whether there is a terminal to draw on. Without `--pick` standard output has to be one too: who
/// pipes it wants rows.
fn has_screen(looking: &Looking) -> bool {
    let has_output = looking.pick || io::stdout().is_terminal();
    io::stderr().is_terminal() && has_output && looking.common.output.is_none() && !is_dumb()
}

fn settings(color: Color, ascii: bool) -> Settings {
    let has_colour = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !refuses_colour(),
    };
    Settings {
        theme: if has_colour { Theme::coloured() } else { Theme::plain() },
        glyphs: if ascii || !knows_unicode() { Glyphs::Ascii } else { Glyphs::Unicode },
        ..Settings::default()
    }
}

/// Whether the terminal shows more than ASCII: on Unix the locale says so; a Windows console is
/// written to in UTF-16, whatever its code page.
fn knows_unicode() -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Says so before the screen is taken where none of the paths is there.
fn find_paths(paths: &[PathBuf]) -> Result<(), Error> {
    let is_pattern = |path: &PathBuf| path.to_string_lossy().contains(['*', '?', '[']);
    let is_there = |path: &PathBuf| path.as_os_str() == crate::source::STDIN || is_pattern(path) || path.exists();
    let commands: Vec<String> = <Args as clap::CommandFactory>::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    // A mistyped command is taken for a path.
    let near = paths.first().filter(|first| !is_there(first)).and_then(|first| {
        let near = nearest(&first.to_string_lossy(), commands.iter().map(String::as_str))?;
        Some(format!("\ndid you mean the command `{near}`?"))
    });
    let are_missing = near.is_some() || !paths.iter().any(is_there);
    let Some(missing) = paths.first().filter(|_| are_missing) else { return Ok(()) };
    let (name, near) = (missing.to_string_lossy(), near.unwrap_or_default());
    Err(Error::Explained(format!("cannot read {}: there is no such file or folder{near}", visible(name.as_bytes()))))
}
