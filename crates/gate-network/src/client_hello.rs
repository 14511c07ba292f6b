//! The first message of a TLS client: which server it says it wants.
//!
//! Sources: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3 (server name),
//! RFC 7301 section 3.1 (ALPN), RFC 9849 (encrypted ClientHello).

use crate::cursor::Cursor;
use ringfence_types::Host;

/// Most bytes that are read before the ClientHello must be complete. Hellos with
/// post-quantum keys have about 2000; one record may have 16384.
pub const MAX_HELLO: usize = 16 * 1024;

/// Longest record, RFC 8446 section 5.1.
const MAX_RECORD: usize = 1 << 14;

/// Header of a record: content type, version, length.
const RECORD_HEADER: usize = 5;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// Numbers of IANA's registry of TLS ExtensionType values.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
/// Of the drafts before it (draft-ietf-tls-esni-06 and older); never registered.
const ENCRYPTED_SERVER_NAME: u16 = 0xffce;

/// What the first bytes of a stream are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hello {
    /// Cannot be told before so many bytes in all are there.
    NeedMore(usize),
    /// A TLS client.
    Tls(ClientHello),
    /// Something else.
    NotTls,
    /// TLS, but not as a client may write it, or longer than [`MAX_HELLO`].
    Malformed,
}

/// What a TLS client says before anything is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The server that it wants, in lower case.
    pub server_name: Option<String>,
    /// Whether the true hello, with another name perhaps, is encrypted inside.
    /// Clients that only pretend (GREASE) look the same, on purpose.
    pub encrypted_hello: bool,
    /// The protocols that it would speak inside, the preferred one first.
    pub alpn: Vec<Vec<u8>>,
}

/// Reads the first bytes of a stream: everything that was received so far.
#[must_use]
pub fn read_hello(bytes: &[u8]) -> Hello {
    let window = bytes.get(..MAX_HELLO).unwrap_or(bytes);
    match gather(window) {
        Gathered::Message(message) => read_message(&message).map_or(Hello::Malformed, Hello::Tls),
        Gathered::NeedMore(total) if total <= MAX_HELLO => Hello::NeedMore(total),
        Gathered::NotTls => Hello::NotTls,
        Gathered::NeedMore(_) | Gathered::Malformed => Hello::Malformed,
    }
}

enum Gathered {
    NeedMore(usize),
    /// The ClientHello without its type and length.
    Message(Vec<u8>),
    NotTls,
    Malformed,
}

/// Puts the ClientHello together from as many records as it is split over.
fn gather(bytes: &[u8]) -> Gathered {
    let mut message: Vec<u8> = Vec::new();
    let mut rest = bytes;
    loop {
        let begins_at = bytes.len() - rest.len();
        // As much of the header as there is must fit, so that no other protocol
        // is kept waiting.
        let mut header = rest.iter().zip([HANDSHAKE..=HANDSHAKE, 3..=3, 0..=4]);
        if !header.all(|(byte, allowed)| allowed.contains(byte)) {
            return if begins_at == 0 { Gathered::NotTls } else { Gathered::Malformed };
        }
        let Some((&[_, _, _, high, low], body)) = rest.split_first_chunk::<RECORD_HEADER>() else {
            // Each byte of the first header may show another protocol.
            let total = if begins_at == 0 { rest.len() + 1 } else { begins_at + RECORD_HEADER };
            return Gathered::NeedMore(total);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length == 0 || length > MAX_RECORD {
            return Gathered::Malformed;
        }
        let until_here = message.len() + length;
        let (part, behind) = body.split_at_checked(length).unwrap_or((body, &[]));
        message.extend_from_slice(part);
        if message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
            return Gathered::Malformed;
        }
        if let Some((&[_, a, b, c], hello)) = message.split_first_chunk::<4>() {
            let wanted = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
            // No other message may share a record with the last part of it.
            if wanted > MAX_HELLO || until_here > wanted {
                return Gathered::Malformed;
            }
            if hello.len() + 4 == wanted {
                return Gathered::Message(hello.to_vec());
            }
        }
        if part.len() < length {
            return Gathered::NeedMore(begins_at + RECORD_HEADER + length);
        }
        rest = behind;
    }
}

fn read_message(message: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor(message);
    // The version that was fixed at 3.3, or an older one.
    let version = cursor.u16()?;
    cursor.take(32)?;
    let session = cursor.piece8()?;
    let suites = cursor.piece16()?;
    let compressions = cursor.piece8()?;
    let is_sound = version >> 8 == 3
        && session.len() <= 32
        && !suites.is_empty()
        && suites.len().is_multiple_of(2)
        && !compressions.is_empty();
    if !is_sound {
        return None;
    }
    let mut hello = ClientHello::default();
    if cursor.is_empty() {
        return Some(hello);
    }
    let mut extensions = Cursor(cursor.piece16()?);
    if !cursor.is_empty() {
        return None;
    }
    let mut seen = Vec::new();
    while !extensions.is_empty() {
        let kind = extensions.u16()?;
        let data = extensions.piece16()?;
        seen.push(kind);
        match kind {
            SERVER_NAME => hello.server_name = Some(server_name(data)?),
            ALPN => hello.alpn = alpn(data)?,
            ENCRYPTED_CLIENT_HELLO | ENCRYPTED_SERVER_NAME => hello.encrypted_hello = true,
            _ => {}
        }
    }
    // Of two server names, the server might read the other one.
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    (seen.len() == count).then_some(hello)
}

/// Exactly one name, of the one type that is defined, which a host can have.
fn server_name(data: &[u8]) -> Option<String> {
    let mut data = Cursor(data);
    let mut list = Cursor(data.piece16()?);
    let kind = list.u8()?;
    let name = std::str::from_utf8(list.piece16()?).ok()?;
    if kind != 0 || !list.is_empty() || !data.is_empty() {
        return None;
    }
    // Addresses, trailing dots and what another parser would fold are no names
    // here (RFC 6066 section 3).
    let host = Host::parse(name).ok()?;
    host.name().filter(|host| host.eq_ignore_ascii_case(name)).map(str::to_owned)
}

fn alpn(data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut data = Cursor(data);
    let mut list = Cursor(data.piece16()?);
    let mut protocols = Vec::new();
    while !list.is_empty() {
        let protocol = list.piece8()?;
        if protocol.is_empty() {
            return None;
        }
        protocols.push(protocol.to_vec());
    }
    (data.is_empty() && !protocols.is_empty()).then_some(protocols)
}

#[cfg(test)]
#[path = "client_hello_tests.rs"]
mod tests;
