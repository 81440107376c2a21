//! The session record as JSON.
//!
//! In flows a session's identity and truth, out flows one object. **Invariant**: every field of the record's shape is
//! there, `null` or empty where the log tells nothing; `verdict` and `findings` are left to the reader.

use super::SessionTruth;
use crate::text::Stamp;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// What names a session.
#[derive(Debug)]
pub(crate) struct Identity<'s> {
    pub(crate) session: u64,
    pub(crate) server: &'s str,
    pub(crate) connector: &'s str,
    pub(crate) role: Option<&'static str>,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

/// Returns the record of a session of which at least one row was written.
pub(crate) fn record(identity: &Identity<'_>, truth: &SessionTruth<'_>) -> Value {
    let (start_ms, end_ms) = truth.span_ms.unwrap_or_default();
    json!({
        "schema": 1,
        "id": format!("{}/{:016X}", identity.server, identity.session),
        "session_id": format!("{:016X}", identity.session),
        "log": "smtp-receive",
        "server": identity.server,
        "connector": identity.connector,
        "role": identity.role,
        "start": Stamp(start_ms).to_string(),
        "end": Stamp(end_ms).to_string(),
        "duration_ms": end_ms - start_ms,
        "local": identity.local.to_string(),
        "local_ip": identity.local.ip().to_string(),
        "local_port": identity.local.port(),
        "remote": identity.remote.to_string(),
        "remote_ip": identity.remote.ip().to_string(),
        "remote_port": identity.remote.port(),
        "lines": truth.lines,
        "opened": truth.is_opened,
        "closed": truth.is_closed,
        "disconnect": truth.disconnect,
        "files": files(truth),
        "banner": truth.banner,
        "helo": truth.helo,
        "extensions": truth.tls.offers(),
        "extensions_tls": truth.tls.offers_encrypted(),
        "starttls": truth.tls.to_json(truth.is_opened, truth.is_closed),
        "auth": truth.login.to_json(truth.is_closed, truth.permissions),
        "mail": truth.mail.to_json(),
        "proxied": proxied(truth),
        "tarpit_ms": truth.tarpit_ms,
        "verdict": Value::Null,
        "findings": [],
    })
}

fn files(truth: &SessionTruth<'_>) -> Vec<Value> {
    let object =
        |part: &super::Part| json!({"path": &*part.path, "first_line": part.first_line, "last_line": part.last_line});
    truth.parts.iter().map(object).collect()
}

fn proxied(truth: &SessionTruth<'_>) -> Value {
    let object = |(ip, session): &(String, String)| json!({"for_ip": ip, "session_id": session});
    match truth.proxied_for.as_slice() {
        [] if truth.is_proxied => json!({"to": truth.proxy_to, "session_id": null}),
        [] => Value::Null,
        [single] => object(single),
        several => several.iter().map(object).collect(),
    }
}
