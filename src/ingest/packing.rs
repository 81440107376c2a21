//! Files that hold logs in packed form.
//!
//! In: the first bytes of a file. Out: what it was packed by, and how it is unpacked.
//!
//! **Invariant**: the bytes decide; the file's name is never asked. No log begins with any of these.

/// What a file was packed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Packing {
    /// `.gz`, also within `.tar.gz` and `.tgz`.
    Gzip,
    /// `.zip`, which Explorer calls a compressed folder.
    Zip,
    /// `.7z`.
    SevenZip,
    /// `.bz2`.
    Bzip2,
    /// `.xz`.
    Xz,
    /// `.zst`.
    Zstd,
    /// `.lz4`.
    Lz4,
    /// `.rar`.
    Rar,
    /// `.cab`.
    Cabinet,
    /// `.Z`.
    Compress,
}

/// How a kind of packing is told, and undone.
struct Known {
    packing: Packing,
    magic: &'static [u8],
    name: &'static str,
    /// The command on Linux.
    linux: &'static str,
    /// The command on Windows, or the program where the system brings none.
    windows: &'static str,
}

const fn known(
    packing: Packing,
    magic: &'static [u8],
    name: &'static str,
    [linux, windows]: [&'static str; 2],
) -> Known {
    Known { packing, magic, name, linux, windows }
}

/// Source: the formats' own descriptions, as `file` knows them too.
const KNOWN: [Known; 11] = [
    known(Packing::Gzip, b"\x1f\x8b\x08", "gzip", ["`gzip -dk FILE`", "7-Zip"]),
    known(Packing::Zip, b"PK\x03\x04", "zip", ["`unzip FILE`", "`Expand-Archive FILE`"]),
    known(Packing::Zip, b"PK\x05\x06", "zip", ["`unzip FILE`", "`Expand-Archive FILE`"]),
    known(Packing::SevenZip, b"7z\xbc\xaf\x27\x1c", "7-Zip", ["`7z x FILE`", "7-Zip"]),
    known(Packing::Bzip2, b"BZh?1AY&SY", "bzip2", ["`bzip2 -dk FILE`", "7-Zip"]),
    known(Packing::Xz, b"\xfd7zXZ\x00", "xz", ["`xz -dk FILE`", "7-Zip"]),
    known(Packing::Zstd, b"\x28\xb5\x2f\xfd", "zstd", ["`zstd -d FILE`", "7-Zip"]),
    known(Packing::Lz4, b"\x04\x22\x4d\x18", "lz4", ["`lz4 -d FILE`", "`lz4 -d FILE`"]),
    known(Packing::Rar, b"Rar!\x1a\x07", "rar", ["`unrar x FILE`", "7-Zip"]),
    known(Packing::Cabinet, b"MSCF\x00\x00\x00\x00", "cab", ["`cabextract FILE`", "`expand FILE -F:* .`"]),
    known(Packing::Compress, b"\x1f\x9d", "compress", ["`uncompress FILE`", "7-Zip"]),
];

impl Packing {
    /// Says what a file was packed by that begins so; `None` where it was not.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        KNOWN.iter().find(|known| begins(head, known.magic)).map(|known| known.packing)
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.packing == self)
    }

    /// `gzip`.
    pub fn name(self) -> &'static str {
        self.known().map_or("", |known| known.name)
    }

    /// How it is undone on Linux, then on Windows.
    pub fn remedies(self) -> [&'static str; 2] {
        self.known().map_or([""; 2], |known| [known.linux, known.windows])
    }
}

/// Whether the bytes begin with the pattern, in which `?` is any byte.
fn begins(head: &[u8], pattern: &[u8]) -> bool {
    let is_it = |(byte, of): (&u8, &u8)| byte == of || *of == b'?';
    head.len() >= pattern.len() && head.iter().zip(pattern).all(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Option<&str>) {
        assert_eq!(Packing::of(head).map(Packing::name), expected);
    }

    #[test]
    fn first_bytes() {
        check(b"\x1f\x8b\x08\x00\x00", Some("gzip"));
        check(b"PK\x03\x04\x14\x00", Some("zip"));
        check(b"PK\x05\x06\x00", Some("zip"));
        check(b"7z\xbc\xaf\x27\x1c\x00", Some("7-Zip"));
        check(b"BZh91AY&SY", Some("bzip2"));
        check(b"\xfd7zXZ\x00\x00", Some("xz"));
        check(b"\x28\xb5\x2f\xfd\x04", Some("zstd"));
        check(b"#Software: Microsoft Exchange Server\r\n", None);
        check(b"PK", None);
        check(b"BZhello\r\n", None);
        check(b"\x1f\x8b", None);
        check(b"", None);
    }

    #[test]
    fn each_has_its_remedies() {
        for known in &KNOWN {
            assert!(known.packing.remedies().iter().all(|remedy| !remedy.is_empty()));
            assert_eq!(known.packing.name(), known.name);
        }
    }
}
