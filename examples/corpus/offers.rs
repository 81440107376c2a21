//! What connectors offer in their EHLO replies, keyword by keyword.
//!
//! In flows nothing, out flow lists. **Invariant**: STARTTLS and X-ANONYMOUSTLS stand in no list that is offered once
//! TLS is up.

/// The default front end, before TLS.
pub(crate) const FRONTEND: &[&str] = &[
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "X-ANONYMOUSTLS",
    "AUTH NTLM",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XRDST",
];

/// The default front end, once TLS is up.
pub(crate) const FRONTEND_ENCRYPTED: &[&str] = &[
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH NTLM LOGIN",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XRDST",
];

/// The client front end, before TLS: no password may cross.
pub(crate) const CLIENT: &[&str] = &[
    "SIZE 36700160",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "AUTH GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
];

/// The client front end, once TLS is up.
pub(crate) const CLIENT_ENCRYPTED: &[&str] = &[
    "SIZE 36700160",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH GSSAPI NTLM LOGIN",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
];

/// The relay for printers, before TLS: no login at all.
pub(crate) const DEVICES: &[&str] =
    &["SIZE 26214400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "8BITMIME", "BINARYMIME", "CHUNKING"];

/// The relay for printers, once TLS is up.
pub(crate) const DEVICES_ENCRYPTED: &[&str] =
    &["SIZE 26214400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "BINARYMIME", "CHUNKING"];

/// The hub's connectors, before TLS.
pub(crate) const HUB: &[&str] = &[
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "X-ANONYMOUSTLS",
    "AUTH NTLM",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XEXCH50",
    "XRDST",
    "XSHADOW",
];

/// The hub's connectors, once TLS is up: what servers say among themselves.
pub(crate) const HUB_ENCRYPTED: &[&str] = &[
    "SIZE 37748736",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH NTLM LOGIN",
    "X-EXPS EXCHANGEAUTH GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XEXCH50",
    "XRDST",
    "XSHADOW",
    "XPROXY",
    "XPROXYFROM",
];

/// Exchange 2010, before TLS.
pub(crate) const LEGACY: &[&str] = &[
    "SIZE 10485760",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "X-ANONYMOUSTLS",
    "AUTH NTLM",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XEXCH50",
    "XRDST",
    "XSHADOW",
];

/// Exchange 2010, once TLS is up.
pub(crate) const LEGACY_ENCRYPTED: &[&str] = &[
    "SIZE 10485760",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH NTLM LOGIN",
    "X-EXPS GSSAPI NTLM",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "XEXCH50",
    "XRDST",
    "XSHADOW",
];

/// A client connector whose certificate matches no name: no STARTTLS, and passwords may cross in the clear.
pub(crate) const CLIENT_IN_CLEAR: &[&str] = &[
    "SIZE 36700160",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH NTLM LOGIN",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
];
