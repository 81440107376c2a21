//! Writes a made-up corpus of SMTP receive logs, and beside it the truth about every session in it.
//!
//! ```text
//! cargo run --release --example corpus -- --size 1GB --seed 1 OUT
//! ```
//!
//! In flow a size and a seed, out flow `OUT/EX01/FrontEnd/...` (or `OUT/all.log`), `OUT/truth.ndjson` and
//! `OUT/account.json`. The truth is ordered by server, start of the session and id; its records are those of the
//! session record with `verdict` null and `findings` empty. In the account every line of the logs is one of `rows`,
//! `directives`, `blank`, `malformed` and `foreign_rows`; `bytes` and `files` leave out the `skipped_files`.
//!
//! The program, in the order of the flow:
//! - `chance`: the stream of random numbers; `text`: how Exchange writes values
//! - `site`, `offers`, `peer`: servers, connectors and certificates; their EHLO replies; who calls at them
//! - `truth`: what rows amount to; `scene`: rows being said, each with its effect
//! - `story`: what happens in a session, and how often
//! - `archive`, `folder`, `ledger`: files and line numbers; headers and oddities; the order of the truth
//! - `handover`, `flight`, `traffic`: what front ends pass on; one session in flight; many of them at a time
//! - `decoy`: logs of other kinds
//!
//! **Invariant**: the same seed and options give the same bytes, and memory does not grow with the corpus.

mod archive;
mod chance;
mod decoy;
mod flight;
mod folder;
mod handover;
mod ledger;
mod offers;
mod peer;
mod scene;
mod site;
mod story;
mod text;
mod traffic;
mod truth;

use archive::{Archive, Layout};
use chance::Chance;
use clap::Parser;
use folder::{Folder, LAG_MS, Quirk};
use handover::Handovers;
use ledger::Ledger;
use site::{Generation, Role, Server};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use text::{DAY_MS, HOUR_MS};
use traffic::{Outlets, Plan};

/// Writes a made-up corpus of SMTP receive logs and the truth about it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Size of all logs together, as 500KB, 20MB or 1GB (decimal).
    #[arg(long, default_value = "100MB", value_parser = parse_size)]
    size: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Size at which a file is closed and the next one begun.
    #[arg(long, default_value = "10MB", value_parser = parse_size)]
    file_size: u64,
    /// Write everything, server after server, into OUT/all.log.
    #[arg(long)]
    one_file: bool,
    /// Number of servers; of two or more the last is an Exchange 2010.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    servers: u8,
    /// Folder for the corpus; it must be empty or not there yet.
    out: PathBuf,
}

/// 2026-11-23T08:00:00Z: the hour of the first hourly files.
const FIRST_HOUR_MS: i64 = 1_795_420_800_000;

/// Parses `1GB`, `20MB`, `500KB`, `123B` or a bare number of bytes.
fn parse_size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match &upper[digits.len()..] {
        "GB" => 1_000_000_000,
        "MB" => 1_000_000,
        "KB" => 1_000,
        "B" | "" => 1,
        other => return Err(format!("unknown unit {other}, expected B, KB, MB or GB")),
    };
    let number: u64 = digits.trim().parse().map_err(|error| format!("{digits}: {error}"))?;
    number.checked_mul(unit).ok_or_else(|| format!("{text} is too large"))
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let layout = if arguments.one_file { Layout::OneFile } else { Layout::Tree };
    let mut archive = Archive::create(&arguments.out, layout)?;
    let servers = site::found(arguments.servers);
    let partner = site::partner_certificate();
    let mut truth = BufWriter::with_capacity(1 << 20, File::create(archive.beside("truth.ndjson"))?);
    for server in &servers {
        let parts = write_server(&arguments, server, &partner, &mut archive)?;
        ledger::merge(&parts, &mut truth)?;
    }
    truth.flush()?;
    archive.finish()?;
    if layout == Layout::Tree {
        decoy::write(&mut archive, "EX01", FIRST_HOUR_MS)?;
    }
    let mut account = File::create(archive.beside("account.json"))?;
    writeln!(account, "{:#}", archive.account.to_json())
}

/// Writes the roles of one server, one after the other, and returns their parts of the truth.
fn write_server(
    arguments: &Arguments,
    server: &Server,
    partner: &site::Certificate,
    archive: &mut Archive,
) -> io::Result<Vec<PathBuf>> {
    let share = arguments.size / u64::from(arguments.servers);
    let start_ms = start_of(server, share);
    let mut parts: Vec<PathBuf> = Vec::new();
    for (nth_role, role) in (0_u8..).zip(&server.roles) {
        let part = archive.beside(&format!("truth-{}-{nth_role}.part", server.name));
        // The hub hears of the sessions that the front end, written before it, hands over.
        let handovers = parts.first().map_or_else(|| Ok(Handovers::default()), |path| Handovers::from_part(path))?;
        let lane = u64::from(server.number) << 8 | u64::from(nth_role) << 1;
        let chance =
            |side: u64| Chance::from_seed(arguments.seed.wrapping_mul(0x1_0000_0001).wrapping_add(lane | side));
        let quirks = quirks(arguments.servers, server.number, nth_role);
        let outlets = Outlets {
            folder: Folder::new(server, role, arguments.file_size, quirks, chance(1)),
            ledger: Ledger::create(&part)?,
            archive: &mut *archive,
            handovers,
        };
        let budget = share * role.share / 100;
        let plan = Plan { server, role, partner, has_folders: !arguments.one_file, start_ms, budget };
        traffic::run(plan, outlets, chance(0))?;
        parts.push(part);
    }
    Ok(parts)
}

/// Returns when a server's logs begin: a little before its first hour or, where they last shorter than that, so that
/// the end of the hour falls into them.
fn start_of(server: &Server, share: u64) -> i64 {
    let (period_end_ms, longest_ms) = match server.generation {
        Generation::Exchange2010 => (FIRST_HOUR_MS - FIRST_HOUR_MS.rem_euclid(DAY_MS), 2 * HOUR_MS),
        Generation::Exchange2013 => (FIRST_HOUR_MS + HOUR_MS, HOUR_MS + LAG_MS / 2),
    };
    let lasts_ms = |role: &Role| traffic::foresee_ms(role, share * role.share / 100, period_end_ms - HOUR_MS / 2);
    let shortest_ms = server.roles.iter().map(lasts_ms).min().unwrap_or(longest_ms);
    period_end_ms - (shortest_ms / 5 * 2).min(longest_ms)
}

/// Returns the odd files of a folder, by their number in it.
fn quirks(n_servers: u8, server: u8, nth_role: u8) -> Vec<(u32, Quirk)> {
    match (server, nth_role) {
        (1, 1) => vec![(1, Quirk::ByteOrderMark), (2, Quirk::NoHeader)],
        (1, 0) if n_servers == 1 => vec![(2, Quirk::LineFeed)],
        (2, 0) => vec![(1, Quirk::LineFeed)],
        _ => Vec::new(),
    }
}
