//! Logs of other kinds that lie beside the receive logs and are none of them.
//!
//! In flows a folder, out flow a send log and a message tracking log. **Invariant**: nothing of them is in the truth.

use crate::archive::{Archive, create_file};
use crate::text::{SECOND_MS, Stamp, to_ticks, to_utc};
use std::io::{self, BufWriter, Write};

const SEND_FIELDS: &str =
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context";
const TRACKING_FIELDS: &str = "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,\
     internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,\
     related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,\
     tenant-id,original-client-ip,original-server-ip,custom-data";

/// The rows of one sent message: event, data, context.
const SENT: &[(&str, &str, &str)] = &[
    ("*", "", "attempting to connect"),
    ("+", "", ""),
    ("<", "\"220 mx7.example.org ESMTP ready, go ahead\"", ""),
    (">", "EHLO mail.contoso.com", ""),
    ("<", "250  mx7.example.org Hello SIZE 52428800 STARTTLS", ""),
    (">", "STARTTLS", ""),
    ("<", "220 2.0.0 Ready to start TLS", ""),
    (">", "MAIL FROM:<alice@contoso.com> SIZE=5120", ""),
    (">", "RCPT TO:<bob@example.org>", ""),
    ("<", "250 2.1.0 Ok", ""),
    ("<", "250 2.1.5 Ok", ""),
    (">", "DATA", ""),
    ("<", "354 End data with <CR><LF>.<CR><LF>", ""),
    ("<", "250 2.0.0 Ok: queued as 4F1C2A", ""),
    (">", "QUIT", ""),
    ("<", "221 2.0.0 Bye", ""),
    ("-", "", "Local"),
];

/// Writes both logs for the server `name`, from `start_ms` on.
///
/// Errors: the disk's.
pub(crate) fn write(archive: &mut Archive, name: &str, start_ms: i64) -> io::Result<()> {
    let hour = to_utc(start_ms).format("%Y%m%d%H");
    let path = format!("{name}/FrontEnd/ProtocolLog/SmtpSend/SEND{hour}-1.LOG");
    let mut send = BufWriter::new(create_file(&archive.beside(&path))?);
    write_header(&mut send, "15.0.0.0", "SMTP Send Protocol Log", start_ms, SEND_FIELDS)?;
    (0..40).try_for_each(|nth| write_sent(&mut send, nth, start_ms))?;
    send.flush()?;
    let path = format!("{name}/MessageTracking/MSGTRK{hour}-1.LOG");
    let mut tracking = BufWriter::new(create_file(&archive.beside(&path))?);
    write_header(&mut tracking, "15.02.1118.007", "Message Tracking Log", start_ms, TRACKING_FIELDS)?;
    (0..40).try_for_each(|nth| write_tracked(&mut tracking, nth, start_ms))?;
    tracking.flush()?;
    archive.account.skipped_files += 2;
    Ok(())
}

fn write_header(out: &mut impl Write, version: &str, kind: &str, date_ms: i64, fields: &str) -> io::Result<()> {
    let date = Stamp(date_ms);
    write!(out, "#Software: Microsoft Exchange Server\r\n#Version: {version}\r\n#Log-type: {kind}\r\n")?;
    write!(out, "#Date: {date}\r\n#Fields: {fields}\r\n")
}

fn write_sent(out: &mut impl Write, nth: u16, start_ms: i64) -> io::Result<()> {
    let session = to_ticks(start_ms) + u64::from(nth) * 3;
    let began_ms = start_ms + i64::from(nth) * SECOND_MS;
    for (sequence, (at_ms, (event, data, context))) in (began_ms..).zip(SENT).enumerate() {
        let local = if sequence == 0 { String::new() } else { format!("192.0.2.11:{}", 51_000 + nth) };
        let time = Stamp(at_ms);
        write!(
            out,
            "{time},Outbound to Internet,{session:016X},{sequence},{local},203.0.113.7:25,{event},{data},{context}\r\n"
        )?;
    }
    Ok(())
}

fn write_tracked(out: &mut impl Write, nth: u16, start_ms: i64) -> io::Result<()> {
    let time = Stamp(start_ms + i64::from(nth) * SECOND_MS);
    write!(
        out,
        "{time},198.51.100.7,pc-7,192.0.2.11,EX01,,EX01\\Default EX01,SMTP,RECEIVE,{nth},<{nth:08x}@contoso.com>,,\
         bob@example.org,,5120,1,,,\"Report, weekly\",alice@contoso.com,alice@contoso.com,,Originating,,198.51.100.7,\
         192.0.2.11,\r\n"
    )
}
