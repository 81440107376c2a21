//! Made-up sessions that are built in.
//!
//! In: nothing. Out: a folder with logs in it, which is gone when it is dropped.
//!
//! **Invariant**: the logs are those of `samples/`.

use std::io;

use tempfile::TempDir;

/// The logs, by their names.
const LOGS: [(&str, &str); 14] = [
    ("auth-in-clear.log", include_str!("../../samples/auth-in-clear.log")),
    ("auth-rejected.log", include_str!("../../samples/auth-rejected.log")),
    ("auth-two-failures-then-success.log", include_str!("../../samples/auth-two-failures-then-success.log")),
    ("certificate-name-mismatch.log", include_str!("../../samples/certificate-name-mismatch.log")),
    ("guessing-then-success.log", include_str!("../../samples/guessing-then-success.log")),
    ("old-clients.log", include_str!("../../samples/old-clients.log")),
    ("probe-only.log", include_str!("../../samples/probe-only.log")),
    ("rate-limited.log", include_str!("../../samples/rate-limited.log")),
    ("relay-denied.log", include_str!("../../samples/relay-denied.log")),
    ("spraying-many-users.log", include_str!("../../samples/spraying-many-users.log")),
    ("stale-password.log", include_str!("../../samples/stale-password.log")),
    ("starttls-gone-after-restart.log", include_str!("../../samples/starttls-gone-after-restart.log")),
    ("starttls-socket-error.log", include_str!("../../samples/starttls-socket-error.log")),
    ("starttls-succeeded.log", include_str!("../../samples/starttls-succeeded.log")),
];

/// Puts the logs into a folder of their own.
///
/// Errors: what the system says.
pub fn unpack() -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("heloscope-demo-").tempdir()?;
    for (name, text) in LOGS {
        std::fs::write(folder.path().join(name), text)?;
    }
    Ok(folder)
}
