//! What has to happen chunk by chunk, in order: names, joins, repeats, line numbers.
//!
//! In: the grouped rows of one chunk after the other. Out: [`Rebuilt`]: which sessions ended there.
//!
//! **Invariant**: does little, for all other workers wait for it: one look-up a session, none a row.

use std::borrow::Cow;

use hashbrown::HashMap;
use memchr::memrchr;

use crate::record::Field;
use crate::record::header::Schema;
use crate::record::value::split_connector;
use crate::session::assemble::{Piece, Pieces, TextEnd};
use crate::session::join::cutting::Gathered;
use crate::session::join::leaving::Left;
use crate::session::join::{Done, Joiner, Key, Life, Place};
use crate::session::seen::{Fingerprint, Seen, ServerIndex, Sighting};
use crate::session::{FileId, OriginId, Position, Session};

use super::catalogue::{LogFile, Role};
use super::dispatch::Job;
use super::prepare::{Desk, Part, Prepared};
use super::{Account, MalformedPlace};

/// The sessions that ended in a chunk.
pub(super) struct Rebuilt {
    /// Lines of the file before the chunk.
    pub(super) base_line: u64,
    /// Where the chunk starts in its file, if it can be read by itself.
    pub(super) offset: Option<u64>,
    /// Sessions that lie within the chunk, in the order of their last rows.
    pub(super) wholes: Vec<Whole>,
    /// Sessions that were joined, in the order in which they ended.
    pub(super) joined: Vec<Joined>,
    /// No session that comes later begins before this.
    pub(super) open_from: Position,
    /// The chunk's lines.
    pub(super) account: Account,
}

/// A session that lies within the chunk.
pub(super) struct Whole {
    /// An index into the chunk's pieces.
    pub(super) piece: usize,
    pub(super) ordinal: u32,
    pub(super) position: Position,
    pub(super) origin: OriginId,
}

/// A session whose rows were put together.
pub(super) struct Joined {
    pub(super) life: Life,
    ordinal: u32,
    origin: OriginId,
    /// Whether it was handed over before, with fewer rows.
    pub(super) is_again: bool,
}

/// A session that goes on.
pub(super) struct Going<'a> {
    life: Cow<'a, Life>,
    origin: OriginId,
}

impl Going<'_> {
    /// Lends it as a session, its rows put together in `gathered`.
    pub(super) fn to_session<'a>(&self, gathered: &'a mut Gathered) -> Session<'a> {
        self.life.to_session(self.life.ordinal_told().unwrap_or(1), self.origin, gathered)
    }
}

impl Rebuilt {
    /// Puts the sessions in the order of their first rows.
    pub(super) fn sort(&mut self) {
        self.wholes.sort_unstable_by_key(|whole| whole.position);
        self.joined.sort_by_key(Joined::position);
    }
}

impl Joined {
    /// Lends it as a session, its rows put together in `gathered`.
    pub(super) fn into_session(self, gathered: &mut Gathered) -> Session<'_> {
        self.life.into_session(self.ordinal, self.origin, gathered)
    }

    /// Where its first row stood.
    pub(super) fn position(&self) -> Position {
        self.life.position()
    }
}

/// Where rows come from: what keeps sessions of one id apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    server: Vec<u8>,
    connector: Vec<u8>,
    role: Option<Role>,
}

/// How far a file was read: to the end of its last whole line.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// In bytes.
    pub(super) offset: u64,
    /// In lines.
    pub(super) n_lines: u64,
    /// The header in force there.
    pub(super) schema: Schema,
}

/// What is known of the input up to a chunk.
#[derive(Default)]
pub(super) struct Rebuilder {
    joiner: Joiner,
    seen: Seen,
    origins: HashMap<Origin, OriginId>,
    servers: HashMap<Vec<u8>, ServerIndex>,
    server_of_origin: Vec<ServerIndex>,
    base_line: u64,
    schema: Schema,
    next_position: Position,
    /// How far each file was read, where this is asked for.
    pub(super) reached: Option<HashMap<FileId, Reached>>,
}

impl Rebuilder {
    /// Takes in the chunk whose turn it is. Returns the text that its rows lie in, where it is not
    /// the chunk's own, and what ended there.
    pub(super) fn take(
        &mut self,
        job: &Job<'_>,
        text: &[u8],
        prepared: Prepared,
        desk: &mut Desk<'_>,
    ) -> (Option<Vec<u8>>, Rebuilt) {
        self.enter(job);
        let mut prepared =
            if self.schema == job.schema { prepared } else { desk.prepare_again(job, text, &self.schema) };
        let pieces = &desk.pieces;
        let (n_bytes, n_whole_bytes) = (text.len(), memrchr(b'\n', text).map_or(0, |line_end| line_end + 1));
        let text = prepared.text.as_deref().unwrap_or(text);
        let origins: Vec<OriginId> =
            pieces.connectors.iter().map(|field| self.origin(&text[field.0..field.1], job.log)).collect();
        let mut rebuilt = self.begin(job, n_bytes as u64, pieces);
        for index in pieces.by_ends() {
            let piece = &pieces.pieces[index];
            let key = Key { origin: origins[piece.connector as usize], session_key: piece.session_key };
            let position = position_of(job, piece.first);
            if let Some(fingerprint) = desk.fingerprint(index).filter(|_| !self.joiner.is_open(key)) {
                self.take_whole(key, index, piece, fingerprint, position, &mut rebuilt);
                continue;
            }
            // A whole one is copied here and now: only here it is seen that a session of its name goes on.
            let Part { cutting, marks } = prepared.parts[index].take().unwrap_or_else(|| desk.copy(text, piece));
            let place = Place { position, base_line: self.base_line, marks };
            self.joining(&mut rebuilt, |joiner, done| joiner.take(key, piece, cutting, place, done));
        }
        if job.end == TextEnd::OfFile {
            // While files still come, the rest may stand in one that comes later.
            self.joining(&mut rebuilt, if self.reached.is_some() { Joiner::settle } else { Joiner::end_file });
        }
        self.leave(job, pieces, &prepared.schema_at_end, &mut rebuilt);
        if let Some((reached, offset)) = self.reached.as_mut().zip(job.offset) {
            let n_lines = self.base_line - u64::from(n_whole_bytes < n_bytes);
            let offset = offset + n_whole_bytes as u64;
            reached.insert(job.file, Reached { offset, n_lines, schema: self.schema.clone() });
        }
        (prepared.text, rebuilt)
    }

    fn enter(&mut self, job: &Job<'_>) {
        if let Some(base_line) = job.base_line {
            self.base_line = base_line;
            self.schema = job.schema.clone();
        }
    }

    fn begin(&self, job: &Job<'_>, n_bytes: u64, pieces: &Pieces) -> Rebuilt {
        let place = |&(line, reason): &(u64, _)| {
            let path = job.log.path.clone();
            MalformedPlace { path, line: self.base_line + line, reason }
        };
        let counts = pieces.counts;
        Rebuilt {
            base_line: self.base_line,
            offset: job.offset.filter(|_| self.schema == job.log.schema),
            wholes: Vec::with_capacity(pieces.pieces.len()),
            joined: Vec::new(),
            open_from: Position(0),
            account: Account {
                bytes: n_bytes,
                lines: counts.lines,
                records: counts.records,
                directives: counts.directives,
                blank: counts.blank,
                malformed: counts.malformed,
                foreign: counts.foreign,
                pending: counts.pending,
                malformed_places: pieces.malformed.iter().map(place).collect(),
                ..Account::default()
            },
        }
    }

    fn leave(&mut self, job: &Job<'_>, pieces: &Pieces, schema_at_end: &Schema, rebuilt: &mut Rebuilt) {
        self.joiner.end_chunk();
        self.base_line += pieces.counts.lines;
        self.schema.clone_from(schema_at_end);
        self.next_position = Position((job.number + 1) << 32);
        rebuilt.account.repeated += self.joiner.take_repeated();
        rebuilt.open_from = self.joiner.open_from().unwrap_or(self.next_position).min(self.next_position);
    }

    fn take_whole(
        &mut self,
        key: Key,
        index: usize,
        piece: &Piece,
        fingerprint: Fingerprint,
        position: Position,
        rebuilt: &mut Rebuilt,
    ) {
        match self.seen.sight(self.server_of_origin[key.origin.0 as usize], key.session_key, fingerprint) {
            Sighting::Repeat => rebuilt.account.repeated += u64::from(piece.n_rows),
            Sighting::New(ordinal) => {
                rebuilt.wholes.push(Whole { piece: index, ordinal, position, origin: key.origin });
            }
        }
    }

    /// Lets the joiner work and takes in the lives that it hands over.
    fn joining(&mut self, rebuilt: &mut Rebuilt, work: impl FnOnce(&mut Joiner, &mut Done<'_>)) {
        let (seen, servers) = (&mut self.seen, &self.server_of_origin);
        work(&mut self.joiner, &mut |key, life| {
            let (server, fingerprint) = (servers[key.origin.0 as usize], life.fingerprint());
            let told = life.ordinal_told();
            let ordinal = match told {
                Some(ordinal) => {
                    seen.amend(server, key.session_key, ordinal, fingerprint);
                    ordinal
                }
                None => match seen.sight(server, key.session_key, fingerprint) {
                    Sighting::New(ordinal) => ordinal,
                    Sighting::Repeat => {
                        rebuilt.account.repeated += life.n_rows();
                        return None;
                    }
                },
            };
            rebuilt.joined.push(Joined { life, ordinal, origin: key.origin, is_again: told.is_some() });
            Some(ordinal)
        });
    }

    /// The sessions that are open, as far as they have come, in the order of their first rows. Which of
    /// several of their name they are is told when they end.
    pub(super) fn open(&self) -> Vec<Going<'_>> {
        let mut open: Vec<Going<'_>> =
            self.joiner.open().map(|(key, life)| Going { life, origin: key.origin }).collect();
        open.sort_by_key(|going| going.life.position());
        open
    }

    /// Hands over the sessions that are closed, as far as they are known, while more of them may come.
    pub(super) fn settle(&mut self) -> Rebuilt {
        self.close(self.next_position, Joiner::settle)
    }

    /// Hands over the next of the sessions that are still open at the end of the input, and says whether
    /// these are all.
    pub(super) fn end(&mut self) -> (Rebuilt, Left) {
        let mut left = Left::Nothing;
        let rebuilt = self.close(Position(u64::MAX), |joiner, done| left = joiner.end_input(done));
        (rebuilt, left)
    }

    /// Hands over sessions when no chunk is being read.
    fn close(&mut self, open_from: Position, work: impl FnOnce(&mut Joiner, &mut Done<'_>)) -> Rebuilt {
        let mut rebuilt = Rebuilt {
            base_line: 0,
            offset: None,
            wholes: Vec::new(),
            joined: Vec::new(),
            open_from,
            account: Account::default(),
        };
        self.joining(&mut rebuilt, work);
        rebuilt.account.repeated += self.joiner.take_repeated();
        rebuilt.open_from = self.joiner.open_from().unwrap_or(open_from).min(open_from);
        rebuilt
    }

    /// Numbers the origin of a connector's rows; a log that names no server goes by its folder.
    fn origin(&mut self, connector: &[u8], file: &LogFile) -> OriginId {
        let connector = Field(connector).to_value();
        let server = match split_connector(&connector) {
            (Some(server), _) if !server.is_empty() => server.to_vec(),
            _ => file.folder.clone().into_bytes(),
        };
        let n_servers = u32::try_from(self.servers.len()).unwrap_or(u32::MAX);
        let server_index = *self.servers.entry(server.clone()).or_insert(n_servers);
        let origin = Origin { server, connector: connector.into_owned(), role: file.role };
        let next = OriginId(u32::try_from(self.origins.len()).unwrap_or(u32::MAX));
        let index = *self.origins.entry(origin).or_insert(next);
        if index == next {
            self.server_of_origin.push(server_index);
        }
        index
    }
}

fn position_of(job: &Job<'_>, first_row: u32) -> Position {
    Position((job.number << 32) | u64::from(first_row))
}
