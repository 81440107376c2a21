//! What was typed.
//!
//! In: the command line. Out: [`Args`].
//!
//! **Invariant**: records and checks words, does nothing; [`cli`](super) resolves them.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::Styles;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::output::time::Zone;
use crate::policy::Limit;

const EXAMPLES: &str = "\
Examples:
  heloscope logs                                   look through them on a screen
  heloscope sessions samples                       every session, one row each
  heloscope lines --format raw logs > case.log     the rows, put back together: a log again
  heloscope show EX01/08DE2A1B3C4D5E6F logs        one session: why it failed, what to do
  heloscope summary logs                           one screen: outcomes, what was found and why, who took part
  heloscope check logs --severity error            for CI: exit code 1 where any session failed
  heloscope explain LogonDenied                    what a rule, a reply or a word of the log means

Filters choose sessions; `heloscope fields` lists what they can ask for:
  heloscope sessions -f 'auth:failed ip:198.51.100.0/24' logs
  heloscope lines -f 'starttls:failed or tls<1.2' --since 08:30 logs
  heloscope sessions -c -f 'code:5xx -user:alice' logs

Where Exchange keeps the logs:
  Windows, on the server   C:\\Program Files\\Microsoft\\Exchange Server\\V15\\TransportRoles\\Logs
                           \\\\EX01\\c$\\Program Files\\Microsoft\\Exchange Server\\V15\\TransportRoles\\Logs
  a copy on Linux          /srv/logs/EX01/FrontEnd/ProtocolLog/SmtpReceive

Exit codes: 0 sessions found, 1 none, 2 an error; of check: 0 held, 1 broken, 2 could not tell.";

const CHECK_HELP: &str = "\
A policy:
  severity = \"error\"                # no session with an error
  deny = [\"certificate-*\"]          # nor with any of these
  [max]                             # so many sessions, or so much of them
  connection-timed-out = 20
  \"auth-*\" = \"2.5%\"
  [[connector]]                     # the same for the sessions of some connectors
  name = 'Client Frontend *'        # of any server, or with it: 'EX01\\*'
  deny = [\"auth-in-clear\"]

A session counts once for a limit, whatever was found in it. `heloscope explain` lists the rules.

Exit codes: 0 every limit held, 1 one was broken, 2 could not tell: no session was read, the filter
let none through, a file could not be read, a limit names a connector without sessions, or the
policy is wrong.";

/// Reads Exchange SMTP receive protocol logs, rebuilds every session, and says which failed at
/// STARTTLS or AUTH.
#[derive(Debug, Parser)]
#[command(
    name = "heloscope",
    version,
    about,
    after_help = EXAMPLES,
    styles = Styles::plain(),
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true
)]
pub(super) struct Args {
    /// What to do; without it the sessions are looked through on a screen.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// How to look.
    #[command(flatten)]
    pub(super) looking: Looking,
}

/// How sessions are looked through on a screen.
#[derive(Debug, ClapArgs)]
pub(super) struct Looking {
    /// On the screen Enter prints the session's id and quits: heloscope show $(heloscope --pick logs) logs
    #[arg(long)]
    pub(super) pick: bool,
    /// On the screen, follow files that grow, and new ones
    #[arg(short = 'F', long)]
    pub(super) follow: bool,
    /// On the screen, draw with ASCII alone
    #[arg(long)]
    pub(super) ascii: bool,
    /// Where to read and how
    #[command(flatten)]
    pub(super) common: Common,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look through a made-up set of sessions on the screen
    Demo {
        /// Draw with ASCII alone
        #[arg(long)]
        ascii: bool,
    },
    /// List the sessions, one row each
    Sessions {
        /// The shape of a row
        #[arg(long, value_enum, default_value_t = SessionsFormat::Text)]
        format: SessionsFormat,
        /// What to list
        #[command(flatten)]
        listing: Listing,
        /// Whether to go on
        #[command(flatten)]
        following: Following,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// Print the log rows, session by session
    Lines {
        /// The shape of a row
        #[arg(long, value_enum, default_value_t = LinesFormat::Text)]
        format: LinesFormat,
        /// End each session with a NUL byte; where a client sent one, `--format raw` has it in a row too
        #[arg(short = '0', long = "null", conflicts_with_all = ["count", "files_with_matches"])]
        null: bool,
        /// What to list
        #[command(flatten)]
        listing: Listing,
        /// Whether to go on
        #[command(flatten)]
        following: Following,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// Show one session as a conversation
    Show {
        /// The session: `EX01/08DE2A1B3C4D5E6F`, or the part behind the slash
        id: String,
        /// The shape
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// Show what only many sessions tell: guessing, changes, certificates, old clients
    Patterns {
        /// The shape
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// How many entries of each list; text shows 3 unless told, JSON all
        #[arg(long, value_name = "N")]
        top: Option<usize>,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// Sum up what was read: outcomes, what was found and why, who took part
    Summary {
        /// The shape
        #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
        format: SummaryFormat,
        /// Entries of every list; otherwise text holds what fits a screen, other shapes 10
        #[arg(long, value_name = "N")]
        top: Option<usize>,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// Hold what was found against limits: for CI
    #[command(after_help = CHECK_HELP)]
    Check {
        /// The shape
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
        /// The limits
        #[command(flatten)]
        limits: Limits,
        /// Where to read and how
        #[command(flatten)]
        common: Common,
    },
    /// List what filters can ask for: fields, their values, saved filters
    Fields {
        /// The shape
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// The file of saved filters, if not the usual one: heloscope.toml in ~/.config, on Windows in
        /// %APPDATA%
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Say what a rule, a reply or a word of the log means, and what to do about it
    Explain {
        /// A rule, `535`, `"535 5.7.3"`, `LogonDenied`, a whole row; without one, the list of rules
        #[arg(value_name = "WORD")]
        words: Vec<String>,
    },
    /// Print the JSON Schema of a session, or of what another command prints
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = Shape::Session)]
        of: Shape,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Target,
    },
    /// Print the manual page
    Man,
}

/// What may be found.
#[derive(Debug, ClapArgs)]
pub(super) struct Limits {
    /// A file of limits, also by connector (TOML)
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// No session may have this; `*` stands for anything: --deny 'certificate-*'
    #[arg(long, value_name = "RULE", value_parser = Limit::parse_deny)]
    pub(super) deny: Vec<Limit>,
    /// So many sessions may have this, or so much of them: --max auth-missing=20 --max 'auth-*=1%'
    #[arg(long, value_name = "RULE=N", value_parser = Limit::parse_max)]
    pub(super) max: Vec<Limit>,
    /// No session may have anything so grave, or graver: error, warning, note
    #[arg(long, value_name = "LEVEL", value_parser = Limit::parse_severity)]
    pub(super) severity: Option<Limit>,
    /// Where there are no sessions, say that the limits held
    #[arg(long)]
    pub(super) allow_empty: bool,
}

/// Where to read and how: the same for every command that reads.
#[derive(Debug, ClapArgs)]
pub(super) struct Common {
    /// Files, folders, patterns; `-` is standard input
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Worker threads, at most 256; 0 is one a core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=256))]
    pub(super) threads: u16,
    /// When to use colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// The zone of times in text: UTC, local, server, or an offset such as +02:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = parse_zone, allow_hyphen_values = true)]
    pub(super) tz: Zone,
    /// Write to a file, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Do not say what was skipped
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Which sessions
    #[command(flatten)]
    pub(super) filtering: Filtering,
}

/// Which sessions: the same for every command that reads.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Filters")]
pub(super) struct Filtering {
    /// Only sessions that match, such as `auth:failed ip:10.0.0.0/8`; of several, all must match
    #[arg(
        short,
        long,
        value_name = "QUERY",
        allow_hyphen_values = true,
        long_help = filter_help()
    )]
    pub(super) filter: Vec<String>,
    /// Only sessions that start at this time or later: 2026-11-23, 2026-11-23T08:30, 08:30 (the last
    /// day in the logs), -2h (before now); UTC
    ///
    /// Which day 08:30 is taken on is said. Of standard input, which cannot be looked at from its end, it is
    /// the day of the first row.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// Only sessions that start before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
    /// The file of saved filters, if not the usual one: heloscope.toml in ~/.config, on Windows in
    /// %APPDATA%
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// What is listed of the sessions.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Listing {
    /// Print only how many sessions match
    #[arg(short, long)]
    pub(super) count: bool,
    /// Print only the files that hold rows of sessions that match
    #[arg(short = 'l', long, conflicts_with_all = ["count", "limit"])]
    pub(super) files_with_matches: bool,
    /// Stop after so many sessions
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) limit: Option<u64>,
}

/// Whether it goes on as long as files are written.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(super) struct Following {
    /// Go on: print what is there, then each session when it closes, from files that grow and from new
    /// ones; Ctrl-C prints those that are open, and ends
    #[arg(short = 'F', long, conflicts_with_all = ["count", "files_with_matches"], long_help = FOLLOW_HELP)]
    pub(super) follow: bool,
    /// With --follow, how often to look: at least 0.05
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_interval, requires = "follow")]
    pub(super) poll_interval: Duration,
}

const FOLLOW_HELP: &str = "\
Go on: print what is there, then each session when it closes, from files that grow and from new ones; Ctrl-C \
prints those that are open, and ends with 130.

A session of which rows come after it was printed is printed again, marked: with the word `again` in text, \
\"again\": true in NDJSON, a last column in CSV, a row with `=` in `lines`; not in `lines --format raw`, where \
heloscope itself drops rows that stand twice. With -n N it ends after N sessions. Standard input is read to its \
end. Files that shrink, are replaced, renamed or deleted are named on standard error. To keep what is printed, \
write `> FILE`: -o would write nothing before the end.";

fn filter_help() -> String {
    format!(
        "Only sessions that match; of several filters, all must match.\n\n{}",
        crate::output::fields::to_help_text()
    )
}

/// What completions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    /// bash
    Bash,
    /// Elvish
    Elvish,
    /// fish
    Fish,
    /// `PowerShell`, on any system
    #[value(name = "powershell")]
    PowerShell,
    /// zsh
    Zsh,
    /// What the scripts ask: the words of a line on standard input, the last one begun
    #[value(hide = true)]
    Words,
}

impl Target {
    /// The shell; `None` for what its script asks.
    pub(super) fn to_shell(self) -> Option<Shell> {
        match self {
            Self::Bash => Some(Shell::Bash),
            Self::Elvish => Some(Shell::Elvish),
            Self::Fish => Some(Shell::Fish),
            Self::PowerShell => Some(Shell::PowerShell),
            Self::Zsh => Some(Shell::Zsh),
            Self::Words => None,
        }
    }
}

/// Shapes of the list of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SessionsFormat {
    /// Columns for eyes, or words for a pipe
    Text,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
}

/// Shapes of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LinesFormat {
    /// `id time C|S|*|+|- text`
    Text,
    /// The rows' own bytes under a header: a log again
    Raw,
}

/// Shapes of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For eyes
    Text,
    /// One JSON object
    Json,
}

/// What a JSON Schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shape {
    /// A session, as `sessions --format ndjson` prints it
    Session,
    /// What `patterns --format json` prints
    Patterns,
}

/// Shapes of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SummaryFormat {
    /// For eyes
    Text,
    /// One JSON object
    Json,
    /// A page of Markdown, such as a CI job shows
    Markdown,
}

/// Shapes of what a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For eyes
    Text,
    /// One JSON object
    Json,
    /// JUnit XML: a limit is a test
    Junit,
    /// A page of Markdown, such as a CI job shows
    Markdown,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Reads so many seconds, with fractions.
fn parse_interval(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "expected seconds from 0.05 to 86400, such as 0.5".into())
}

/// Reads a zone.
fn parse_zone(text: &str) -> Result<Zone, String> {
    match text.to_ascii_lowercase().as_str() {
        "utc" | "z" => return Ok(Zone::Utc),
        "local" => return Ok(Zone::Local),
        "server" => return Ok(Zone::Server),
        _ => {}
    }
    parse_offset(text).map(Zone::Fixed).ok_or_else(|| "expected UTC, local, server, or an offset such as +02:00".into())
}

/// Reads `+02:00`, `-0330`, `+2` as minutes east of UTC, less than a day.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 && rest.is_ascii() => rest.split_at(2),
        None => (rest, "00"),
    };
    let number = |digits: &str, most: i32| -> Option<i32> {
        let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|value| is_number && *value <= most)
    };
    Some(sign * (number(hours, 23)? * 60 + number(minutes, 59)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn intervals() {
        assert_eq!(parse_interval("0.05"), Ok(Duration::from_millis(50)));
        assert_eq!(parse_interval("86400"), Ok(Duration::from_secs(86_400)));
        for text in ["", "0", "0.049", "-1", "NaN", "inf", "86401", "1s"] {
            assert!(parse_interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones() {
        assert_eq!(parse_zone("UTC"), Ok(Zone::Utc));
        assert_eq!(parse_zone("+02:00"), Ok(Zone::Fixed(120)));
        assert_eq!(parse_zone("-0330"), Ok(Zone::Fixed(-210)));
        assert_eq!(parse_zone("+2"), Ok(Zone::Fixed(120)));
        for text in ["", "+", "2", "+24:00", "+02:60", "+2:0:0", "Mars", "+é1:0"] {
            assert!(parse_zone(text).is_err(), "{text}");
        }
    }
}
