//! The sessions of one batch, and how they are put there.
//!
//! In: [`Case`]s. Out: a [`Sheet`].
//!
//! **Invariant**: a sheet holds sessions in the order of their first rows and never changes.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use soa_rs::Soa;

use crate::diagnosis::{Rule, Severity, Verdict};
use crate::dialogue::facts::Span;
use crate::dialogue::notice::parse_negotiation;
use crate::dialogue::reply::parse_reply;
use crate::ingest::{Case, ChunkPlace, Role};
use crate::query::subject::Subject;
use crate::record::Marker;
use crate::record::value::Timestamp;
use crate::session::FileId;

use super::Place;
use super::entry::{Entry, Millis, Start};
use super::names::{NameId, NameMaker, Names};

/// The clients' ends, as texts and as addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    pub(super) texts: Vec<NameId>,
    pub(super) ips: Vec<Option<IpAddr>>,
}

/// What clients connect to; many sessions share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) server: NameId,
    pub(super) connector: NameId,
    pub(super) banner: NameId,
    pub(super) local: NameId,
    pub(super) local_ip: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) role: Option<Role>,
    pub(super) offset_minutes: Option<i32>,
}

/// The sessions of one batch.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub(super) entries: Soa<Entry>,
    /// Session ids, client names and users lie apart from each other and from all other texts: a query asks
    /// for one kind, and nearly every session has another.
    pub(super) ids: Names,
    pub(super) helos: Names,
    pub(super) users: Names,
    pub(super) names: Names,
    pub(super) hosts: Hosts,
    pub(super) posts: Vec<Post>,
    /// The files of the input, by number.
    pub(super) files: Arc<[PathBuf]>,
    /// Where the chunk stands in which the sessions ended, and how many bytes it has.
    pub(super) chunk: Option<(ChunkPlace, u64)>,
    /// Where those begin that came before, with fewer rows.
    again: Vec<Place>,
    n_failed: usize,
    span: Option<(Timestamp, Timestamp)>,
    newest: Option<Timestamp>,
}

impl Sheet {
    /// Where those of the sessions begin that came before, with fewer rows.
    pub fn again(&self) -> &[Place] {
        &self.again
    }

    /// How many sessions there are, in the order of their first rows.
    pub fn n_sessions(&self) -> usize {
        self.entries.len()
    }

    /// The files of the input that were known when it was made.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How many of the sessions failed.
    pub fn n_failed(&self) -> usize {
        self.n_failed
    }

    /// When the first of the sessions began, and the last.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        self.span
    }

    /// The time of the last row of all.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// The servers; one may come more than once.
    pub fn servers(&self) -> impl Iterator<Item = &[u8]> {
        self.posts.iter().filter_map(|post| self.names.get(post.server))
    }

    /// How far east of UTC the servers say they are, in minutes; one may come more than once.
    pub fn offsets(&self) -> impl Iterator<Item = i32> {
        self.posts.iter().filter_map(|post| post.offset_minutes)
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
            + [&self.ids, &self.helos, &self.users, &self.names].map(Names::size).iter().sum::<usize>()
            + self.hosts.texts.capacity() * size_of::<NameId>()
            + self.hosts.ips.capacity() * size_of::<Option<IpAddr>>()
            + self.posts.capacity() * size_of::<Post>()
    }
}

/// A sheet in the making.
#[derive(Debug, Default)]
pub struct SheetMaker {
    entries: Vec<Entry>,
    ids: NameMaker,
    helos: NameMaker,
    users: NameMaker,
    names: NameMaker,
    hosts: Hosts,
    /// Which host a text is, by the text's number.
    host_of: Vec<u32>,
    posts: Vec<Post>,
    again: Vec<Place>,
    scratch: Vec<u8>,
}

impl SheetMaker {
    /// Puts a session on the sheet.
    pub fn take(&mut self, case: &Case<'_>) {
        let (facts, session) = (case.facts, case.session);
        let entry = Entry {
            position: session.position,
            start: Start::new(facts.start),
            duration_ms: Millis::new(case.duration_ms()),
            bytes: facts.mail.bytes,
            first_row: place(session.first()),
            last_row: place(session.last()),
            tarpit_ms: u32::try_from(facts.tarpit_ms).unwrap_or(u32::MAX),
            id: self.id(case),
            host: self.host(case),
            post: self.post(case),
            ordinal: session.ordinal,
            helo: number(&mut self.helos, case, facts.helo),
            cipher: self.cipher(case),
            mechanism: self.span(case, facts.auth.mechanism),
            user: number(&mut self.users, case, facts.auth.user),
            auth_error: self.span(case, facts.auth.error),
            tls_error: self.span(case, facts.tls.error),
            end: self.optional(Subject::end(case)),
            files: self.files(case),
            replies: self.replies(case),
            findings: self.findings(case),
            certificate: self.certificate(case),
            failures: facts.auth.failures,
            accepted: facts.mail.accepted,
            attempted: facts.mail.attempted,
            lines: u32::try_from(session.rows.len()).unwrap_or(u32::MAX),
            starttls: facts.tls.outcome,
            auth: facts.auth.outcome,
            protocol: facts.tls.protocol,
            verdict: case.verdict(),
        };
        if case.is_again {
            self.again.push(entry.first_row);
        }
        self.entries.push(entry);
    }

    /// Ends the sheet. `files` are the paths of the input, by number; `chunk` is where the chunk stands
    /// in which the sessions ended, and how many bytes it has.
    pub fn into_sheet(self, files: Arc<[PathBuf]>, chunk: Option<(ChunkPlace, u64)>) -> Sheet {
        let Self { mut entries, ids, helos, users, names, mut hosts, mut posts, again, .. } = self;
        entries.sort_by_key(|entry| entry.position);
        hosts.texts.shrink_to_fit();
        hosts.ips.shrink_to_fit();
        posts.shrink_to_fit();
        let n_failed = entries.iter().filter(|entry| entry.verdict == Verdict::Failed).count();
        let starts = || entries.iter().filter_map(|entry| entry.start.get());
        let span = starts().min().zip(starts().max());
        let newest = entries.iter().filter_map(Entry::end).max();
        let mut columns: Soa<Entry> = Soa::with_capacity(entries.len());
        columns.extend(entries);
        let [ids, helos, users, names] = [ids, helos, users, names].map(NameMaker::into_names);
        Sheet { entries: columns, ids, helos, users, names, hosts, posts, files, chunk, again, n_failed, span, newest }
    }

    fn optional(&mut self, text: Option<Cow<'_, [u8]>>) -> NameId {
        text.map_or(NameId::NONE, |text| self.names.number(&text))
    }

    fn span(&mut self, case: &Case<'_>, span: Option<Span>) -> NameId {
        number(&mut self.names, case, span)
    }

    fn id(&mut self, case: &Case<'_>) -> NameId {
        self.scratch.clear();
        case.append_id(&mut self.scratch);
        self.ids.number(&self.scratch)
    }

    fn cipher(&mut self, case: &Case<'_>) -> NameId {
        let words = case.facts.tls.negotiation.map(|span| span.of(case.session.text));
        self.optional(words.and_then(|words| parse_negotiation(words).cipher).map(Cow::Borrowed))
    }

    fn host(&mut self, case: &Case<'_>) -> u32 {
        let remote = case.remote();
        let text = self.names.number(remote.host);
        let Some(index) = text.index() else { return 0 };
        if self.host_of.len() <= index {
            self.host_of.resize(index + 1, u32::MAX);
        }
        if self.host_of[index] == u32::MAX {
            self.host_of[index] = u32::try_from(self.hosts.texts.len()).unwrap_or(u32::MAX);
            self.hosts.texts.push(text);
            self.hosts.ips.push(remote.ip);
        }
        self.host_of[index]
    }

    fn post(&mut self, case: &Case<'_>) -> u32 {
        let local = case.local();
        let post = Post {
            server: self.names.number(&case.to_server()),
            connector: self.names.number(&case.connector_parts().1),
            banner: self.span(case, case.facts.banner),
            local: self.names.number(local.host),
            local_ip: local.ip,
            port: local.port,
            role: case.role(),
            offset_minutes: case.server_offset(),
        };
        // A batch knows a handful; the one met last is the likeliest.
        let at = self.posts.iter().rposition(|known| *known == post).unwrap_or_else(|| {
            self.posts.push(post);
            self.posts.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The numbers of the files that the rows stand in, one behind the other.
    fn files(&mut self, case: &Case<'_>) -> NameId {
        let mut last = None;
        self.scratch.clear();
        for row in case.session.rows {
            if last.replace(row.file) != Some(row.file) {
                self.scratch.extend_from_slice(&row.file.0.to_le_bytes());
            }
        }
        self.names.number(&self.scratch)
    }

    /// The different replies, [`REPLY_BYTES`] each.
    fn replies(&mut self, case: &Case<'_>) -> NameId {
        self.scratch.clear();
        for row in case.session.rows.iter().filter(|row| row.marker == Marker::Sent) {
            let Some(reply) = parse_reply(case.session.as_data(row).as_inner()) else { continue };
            let coded = encode_reply(reply.code, reply.status);
            if !self.scratch.chunks_exact(REPLY_BYTES).any(|known| known == coded) {
                self.scratch.extend_from_slice(&coded);
            }
        }
        self.names.number(&self.scratch)
    }

    /// Rule and severity of each finding, a byte each.
    fn findings(&mut self, case: &Case<'_>) -> NameId {
        self.scratch.clear();
        self.scratch.extend(case.findings.iter().flat_map(|finding| [finding.rule as u8, finding.severity as u8]));
        self.names.number(&self.scratch)
    }

    /// Subject and thumbprint of the certificate that Exchange presented.
    fn certificate(&mut self, case: &Case<'_>) -> NameId {
        let rows = &case.facts.tls.certificate_rows;
        if rows.is_empty() {
            return NameId::NONE;
        }
        let certificate = crate::dialogue::certificate::read_certificate(case.session, rows);
        let parts = certificate.map(|certificate| {
            let thumbprint = certificate.thumbprint.unwrap_or_default();
            [certificate.subject.unwrap_or_default(), thumbprint].join(&b'\0')
        });
        self.optional(parts.map(Cow::Owned))
    }
}

fn number(names: &mut NameMaker, case: &Case<'_>, span: Option<Span>) -> NameId {
    span.map_or(NameId::NONE, |span| names.number(&span.to_value(case.session.text)))
}

fn place(row: &crate::session::Row) -> Place {
    Place { file: row.file, line: row.line }
}

/// How many bytes a reply's code and status take.
pub(super) const REPLY_BYTES: usize = 7;

fn encode_reply(code: u16, (class, subject, detail): (u8, u16, u16)) -> [u8; REPLY_BYTES] {
    let (code, subject, detail) = (code.to_le_bytes(), subject.to_le_bytes(), detail.to_le_bytes());
    [code[0], code[1], class, subject[0], subject[1], detail[0], detail[1]]
}

pub(super) fn decode_reply(coded: &[u8]) -> (u16, (u8, u16, u16)) {
    let pair = |at: usize| u16::from_le_bytes([coded[at], coded[at + 1]]);
    (pair(0), (coded[2], pair(3), pair(5)))
}

/// The rule and severity that two bytes stand for.
pub(super) fn decode_finding(coded: &[u8]) -> Option<(Rule, Severity)> {
    let rule = crate::diagnosis::RULES.get(usize::from(coded[0]))?.rule;
    let severity =
        [Severity::Note, Severity::Warning, Severity::Error].into_iter().find(|known| *known as u8 == coded[1])?;
    Some((rule, severity))
}

/// The files that four bytes each stand for.
pub(super) fn decode_files(coded: &[u8]) -> impl Iterator<Item = FileId> {
    coded.chunks_exact(4).map(|four| FileId(u32::from_le_bytes([four[0], four[1], four[2], four[3]])))
}
