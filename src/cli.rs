//! The command line: from what was typed to an exit code.
//!
//! In: arguments, environment, terminals. Out: an exit code.
//!
//! **Invariant**: the only reader of environment, terminal state and clock, and the only one that
//! picks an exit code.

mod args;
mod config;
mod filtering;
mod destination;
mod progress;
mod reading;
mod listing;
mod interrupt;
mod looking;
mod following;
mod sessions;
mod lines;
mod show;
mod patterns;
mod summary;
mod check;
mod fields;
mod explain;
mod completions;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command, Shape};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Sessions were found; every limit held.
    Found = 0,
    /// None was; a limit was broken.
    Nothing = 1,
    /// Something could not be done.
    Error = 2,
    /// Someone interrupted it.
    Interrupted = 130,
}

/// What keeps a command from its answer.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// No path was named, and standard input is a terminal.
    #[error("nothing to read: name files or folders, or `-` to type a log in")]
    NothingToRead,
    /// `check` without any limit.
    #[error("nothing to check: give --policy FILE, --deny RULE, --max RULE=N or --severity LEVEL")]
    NoLimit,
    /// The policy cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    ReadPolicy {
        /// Where it lies.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The policy is wrong.
    #[error("{}:{source}", path.display())]
    Policy {
        /// Where it lies.
        path: PathBuf,
        /// Where in it, and why.
        source: crate::policy::file::PolicyError,
    },
    /// An answer without end, and a file that is written at the end.
    #[error(
        "--follow prints as rows come, and --output writes when all is read: leave --output out, and write `> FILE`"
    )]
    FollowIntoFile,
    /// What was typed or configured cannot be understood: lines that are fit to be shown.
    #[error("{0}")]
    Explained(String),
    /// Whoever read the answer has gone.
    #[error("the reader of the answer has gone")]
    ReaderGone,
    /// The answer cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    fn write(path: Option<&Path>, source: io::Error) -> Self {
        match (source.kind(), path) {
            (io::ErrorKind::BrokenPipe, None) => Self::ReaderGone,
            (_, path) => Self::Write { path: path.unwrap_or(Path::new("standard output")).to_owned(), source },
        }
    }
}

/// Runs the program on its arguments.
pub fn run() -> ExitCode {
    interrupt::listen();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.kind() == clap::error::ErrorKind::InvalidUtf8 => {
            complain(&no_utf8());
            return ExitCode::from(Exit::Error as u8);
        }
        Err(error) => {
            // Help that was asked for goes to stdout with 0, anything else to stderr with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(&args) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(Error::ReaderGone) => ExitCode::SUCCESS,
        Err(Error::Explained(text)) => {
            complain(&text);
            ExitCode::from(Exit::Error as u8)
        }
        Err(error) => {
            complain(&crate::output::escape::visible(error.to_string().as_bytes()));
            if matches!(error, Error::NothingToRead) {
                let _ = write!(io::stderr(), "\n{}", Args::command().render_help());
            }
            ExitCode::from(Exit::Error as u8)
        }
    }
}

fn dispatch(args: &Args) -> Result<Exit, Error> {
    let Some(command) = &args.command else { return looking::run(&args.looking) };
    match command {
        Command::Demo { ascii } => looking::demo(*ascii),
        Command::Sessions { format, listing, following, common } => {
            sessions::run(*format, *listing, *following, common)
        }
        Command::Lines { format, null, listing, following, common } => {
            lines::run(*format, *null, *listing, *following, common)
        }
        Command::Show { id, format, common } => show::run(id, *format, common),
        Command::Patterns { format, top, common } => patterns::run(*format, *top, common),
        Command::Summary { format, top, common } => summary::run(*format, *top, common),
        Command::Check { format, limits, common } => check::run(*format, limits, common),
        Command::Fields { format, config } => fields::run(*format, config.as_deref()),
        Command::Explain { words } => explain::run(words),
        Command::Schema { of } => print(schema(*of).as_bytes()),
        Command::Completions { shell } => completions::run(*shell),
        Command::Man => {
            let mut text = Vec::new();
            let rendered = clap_mangen::Man::new(Args::command()).render(&mut text);
            rendered.map_err(|error| Error::write(None, error))?;
            print(&text)
        }
    }
}

fn schema(of: Shape) -> &'static str {
    match of {
        Shape::Session => crate::output::json::RECORD_SCHEMA,
        Shape::Patterns => crate::output::patterns::PATTERNS_SCHEMA,
    }
}

fn print(text: &[u8]) -> Result<Exit, Error> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.flush());
    written.map(|()| Exit::Found).map_err(|error| Error::write(None, error))
}

/// Says which arguments are not UTF-8. Paths need not be, so one of them may be right.
fn no_utf8() -> String {
    let odd = std::env::args_os().skip(1).filter(|argument| argument.to_str().is_none());
    let odd: Vec<String> =
        odd.map(|argument| format!("`{}`", crate::output::escape::visible(argument.as_encoded_bytes()))).collect();
    let remedy = r"only paths can be other than UTF-8; a filter finds a byte of a row by `/(?-u:\xff)/`";
    format!("this is not UTF-8: {}\n{remedy}", odd.join(", "))
}

/// Says something on standard error. Whoever closed it does not want to hear it.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "heloscope: {text}");
}
