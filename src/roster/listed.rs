//! One session of a roster, as lists and queries see it.
//!
//! In: a [`Sheet`] and a place on it. Out: values.
//!
//! **Invariant**: answers as the [`Case`](crate::ingest::Case) would that it was made from, but for
//! what is not held; a query that asks for that says so.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::diagnosis::{Rule, Severity, Verdict};
use crate::dialogue::facts::{Auth, Protocol, StartTls};
use crate::ingest::Role;
use crate::query::asking::{BLOCK, Block, NO_NUMBER, each};
use crate::query::field::Field;
use crate::query::subject::{Subject, Test, any_form_of_id, is_path_of};
use crate::query::values::Values;
use crate::record::value::Timestamp;
use crate::session::{FileId, Position};

use super::Place;
use super::entry::EntryRef;
use super::names::NameId;
use super::sheet::{Post, REPLY_BYTES, Sheet, decode_files, decode_finding, decode_reply};

/// One session of a roster.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) at: usize,
}

impl<'a> Listed<'a> {
    /// What is held of it.
    #[inline]
    fn entry(&self) -> EntryRef<'a> {
        self.sheet.entries.idx(self.at)
    }

    fn post(&self) -> &'a Post {
        &self.sheet.posts[*self.entry().post as usize]
    }

    fn name(&self, id: NameId) -> Option<&'a [u8]> {
        self.sheet.names.get(id)
    }

    /// Where its first row stands.
    pub fn place(&self) -> Place {
        *self.entry().first_row
    }

    /// Where its last row stands.
    pub fn last_place(&self) -> Place {
        *self.entry().last_row
    }

    /// The files that its rows stand in.
    pub fn files(&self) -> impl Iterator<Item = FileId> + 'a {
        decode_files(self.name(*self.entry().files).unwrap_or_default())
    }

    /// Its place in the order of reading.
    pub fn position(&self) -> Position {
        *self.entry().position
    }

    /// What `show` takes.
    pub fn id(&self) -> &'a [u8] {
        self.sheet.ids.get(*self.entry().id).unwrap_or_default()
    }

    /// The server, or the log's folder.
    pub fn server_name(&self) -> &'a [u8] {
        self.name(self.post().server).unwrap_or_default()
    }

    /// The connector's own name.
    pub fn connector_name(&self) -> &'a [u8] {
        self.name(self.post().connector).unwrap_or_default()
    }

    /// The client's address as it stands in the log.
    pub fn client(&self) -> &'a [u8] {
        self.name(self.sheet.hosts.texts[*self.entry().host as usize]).unwrap_or_default()
    }

    /// What the client called itself.
    pub fn client_name(&self) -> Option<&'a [u8]> {
        self.sheet.helos.get(*self.entry().helo)
    }

    /// The user of the last AUTH.
    pub fn user_name(&self) -> Option<&'a [u8]> {
        self.sheet.users.get(*self.entry().user)
    }

    /// The mechanism of the last AUTH.
    pub fn mechanism_name(&self) -> Option<&'a [u8]> {
        self.name(*self.entry().mechanism)
    }

    /// The cipher.
    pub fn cipher_name(&self) -> Option<&'a [u8]> {
        self.name(*self.entry().cipher)
    }

    /// Subject and thumbprint of the certificate that Exchange presented.
    pub fn certificate(&self) -> Option<(&'a [u8], &'a [u8])> {
        let text = self.name(*self.entry().certificate)?;
        let at = memchr::memchr(0, text)?;
        Some((&text[..at], &text[at + 1..]))
    }

    /// The findings, the gravest first.
    pub fn findings(&self) -> impl Iterator<Item = (Rule, Severity)> + 'a {
        self.name(*self.entry().findings).unwrap_or_default().chunks_exact(2).filter_map(decode_finding)
    }

    /// Messages accepted and attempted.
    pub fn mail_counts(&self) -> (u32, u32) {
        (*self.entry().accepted, *self.entry().attempted)
    }

    /// How far east of UTC the server says it is, in minutes.
    pub fn server_offset(&self) -> Option<i32> {
        self.post().offset_minutes
    }
}

impl Subject for Listed<'_> {
    fn ip(&self) -> Option<IpAddr> {
        self.sheet.hosts.ips[*self.entry().host as usize]
    }

    fn local_ip(&self) -> Option<IpAddr> {
        self.post().local_ip
    }

    fn port(&self) -> Option<u16> {
        self.post().port
    }

    fn server(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.server_name())
    }

    fn connector(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.connector_name())
    }

    fn role(&self) -> Option<Role> {
        self.post().role
    }

    fn any_file(&self, test: Test<'_>) -> bool {
        let paths = self.files().filter_map(|file| self.sheet.files.get(file.0 as usize));
        paths.into_iter().any(|path| is_path_of(path, test))
    }

    fn any_id(&self, test: Test<'_>) -> bool {
        any_form_of_id(self.id(), self.server_name(), *self.entry().ordinal, test)
    }

    fn helo(&self) -> Option<Cow<'_, [u8]>> {
        self.client_name().map(Cow::Borrowed)
    }

    fn banner(&self) -> Option<Cow<'_, [u8]>> {
        self.name(self.post().banner).map(Cow::Borrowed)
    }

    fn starttls(&self) -> StartTls {
        *self.entry().starttls
    }

    fn protocol(&self) -> Option<Protocol> {
        *self.entry().protocol
    }

    fn cipher(&self) -> Option<Cow<'_, [u8]>> {
        self.cipher_name().map(Cow::Borrowed)
    }

    /// Not held.
    fn any_certificate_text(&self, _test: Test<'_>) -> bool {
        false
    }

    fn auth(&self) -> Auth {
        *self.entry().auth
    }

    fn mechanism(&self) -> Option<Cow<'_, [u8]>> {
        self.mechanism_name().map(Cow::Borrowed)
    }

    fn user(&self) -> Option<Cow<'_, [u8]>> {
        self.user_name().map(Cow::Borrowed)
    }

    fn any_error(&self, test: Test<'_>) -> bool {
        match [self.name(*self.entry().auth_error), self.name(*self.entry().tls_error)] {
            [None, None] => test(b""),
            words => words.into_iter().flatten().any(test),
        }
    }

    fn failures(&self) -> u32 {
        *self.entry().failures
    }

    /// Not held.
    fn any_sender(&self, _test: Test<'_>) -> bool {
        false
    }

    /// Not held.
    fn any_recipient(&self, _test: Test<'_>) -> bool {
        false
    }

    /// Not held.
    fn any_message_id(&self, _test: Test<'_>) -> bool {
        false
    }

    fn mails(&self) -> u32 {
        *self.entry().accepted
    }

    fn bytes(&self) -> u64 {
        *self.entry().bytes
    }

    fn lines(&self) -> u64 {
        u64::from(*self.entry().lines)
    }

    fn any_reply(&self, test: &mut dyn FnMut(u16, (u8, u16, u16)) -> bool) -> bool {
        let coded = self.name(*self.entry().replies).unwrap_or_default();
        coded.chunks_exact(REPLY_BYTES).map(decode_reply).any(|(code, status)| test(code, status))
    }

    fn any_finding(&self, test: &mut dyn FnMut(&str, Severity) -> bool) -> bool {
        self.findings().any(|(rule, severity)| test(rule.name(), severity))
    }

    fn verdict(&self) -> Verdict {
        *self.entry().verdict
    }

    fn end(&self) -> Option<Cow<'_, [u8]>> {
        self.name(*self.entry().end).map(Cow::Borrowed)
    }

    fn duration_ms(&self) -> Option<u64> {
        self.entry().duration_ms.get()
    }

    fn tarpit_ms(&self) -> u64 {
        u64::from(*self.entry().tarpit_ms)
    }

    fn start(&self) -> Option<Timestamp> {
        self.entry().start.get()
    }

    /// Not held.
    fn any_row(&self, _test: Test<'_>) -> bool {
        false
    }
}

/// Protocols are numbered behind the outcomes of STARTTLS, by which a session goes that has none.
const BEHIND_OUTCOMES: u32 = 1 << 8;

/// Sessions of a sheet that follow each other, as many as are asked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) first: usize,
}

impl<'a> Stretch<'a> {
    /// The session at a place of the stretch.
    pub(super) fn listed(&self, at: usize) -> Listed<'a> {
        Listed { sheet: self.sheet, at: self.first + at }
    }

    fn number_by<T>(&self, numbers: &mut [u32; BLOCK], column: &[T], to_number: impl Fn(&T) -> u32) {
        numbers.iter_mut().zip(self.part_of(column)).for_each(|(number, one)| *number = to_number(one));
    }

    /// Its part of a column.
    fn part_of<'c, T>(&self, column: &'c [T]) -> &'c [T] {
        &column[self.first..self.first + self.n_sessions()]
    }
}

impl Block for Stretch<'_> {
    fn n_sessions(&self) -> usize {
        (self.sheet.n_sessions() - self.first).min(BLOCK)
    }

    fn nth(&self, at: usize) -> impl Subject {
        self.listed(at)
    }

    fn number(&self, field: Field, numbers: &mut [u32; BLOCK]) {
        let entries = &self.sheet.entries;
        let name = |name: &NameId| name.rank();
        match field {
            Field::Ip => self.number_by(numbers, entries.host(), |host| *host),
            Field::Local | Field::Port | Field::Server | Field::Connector | Field::Role | Field::Banner => {
                self.number_by(numbers, entries.post(), |post| *post);
            }
            Field::File => self.number_by(numbers, entries.files(), name),
            Field::Id => self.number_by(numbers, entries.id(), name),
            Field::Helo => self.number_by(numbers, entries.helo(), name),
            Field::Cipher => self.number_by(numbers, entries.cipher(), name),
            Field::Mechanism => self.number_by(numbers, entries.mechanism(), name),
            Field::User => self.number_by(numbers, entries.user(), name),
            Field::End => self.number_by(numbers, entries.end(), name),
            Field::Code => self.number_by(numbers, entries.replies(), name),
            Field::Rule | Field::Severity => self.number_by(numbers, entries.findings(), name),
            Field::StartTls => self.number_by(numbers, entries.starttls(), |outcome| *outcome as u32),
            Field::Auth => self.number_by(numbers, entries.auth(), |outcome| *outcome as u32),
            Field::Tls => {
                let both = self.part_of(entries.protocol()).iter().zip(self.part_of(entries.starttls()));
                numbers.iter_mut().zip(both).for_each(|(number, (protocol, outcome))| {
                    *number = protocol.map_or(*outcome as u32, |known| BEHIND_OUTCOMES + known as u32);
                });
            }
            Field::Verdict => self.number_by(numbers, entries.verdict(), |verdict| *verdict as u32),
            Field::Error => {
                let both = self.part_of(entries.auth_error()).iter().zip(self.part_of(entries.tls_error()));
                numbers.iter_mut().zip(both).for_each(|(number, both)| {
                    *number = match both {
                        (error, &NameId::NONE) | (&NameId::NONE, error) => error.rank(),
                        _ => NO_NUMBER,
                    };
                });
            }
            _ => {}
        }
    }

    fn values(&self, field: Field) -> Option<Values<'_>> {
        match field {
            Field::Id => Some(Values::Texts(self.sheet.ids.as_texts())),
            Field::Helo => Some(Values::Texts(self.sheet.helos.as_texts())),
            Field::User => Some(Values::Texts(self.sheet.users.as_texts())),
            Field::Ip => Some(Values::Addresses(&self.sheet.hosts.ips)),
            _ => None,
        }
    }

    fn ask_figures(&self, field: Field, asked: u64, test: impl Fn(Option<u64>) -> bool) -> Option<u64> {
        let entries = &self.sheet.entries;
        let of_small = |column: &[u32]| {
            let part = self.part_of(column);
            each(asked, |at| test(Some(part[at].into())))
        };
        match field {
            Field::Failures => Some(of_small(entries.failures())),
            Field::Mails => Some(of_small(entries.accepted())),
            Field::Lines => Some(of_small(entries.lines())),
            Field::Tarpit => Some(of_small(entries.tarpit_ms())),
            Field::Bytes => Some(each(asked, |at| test(Some(self.part_of(entries.bytes())[at])))),
            Field::Duration => Some(each(asked, |at| test(self.part_of(entries.duration_ms())[at].get()))),
            _ => None,
        }
    }
}
