//! Keys and signatures as minisign has them.
//!
//! The form: <https://jedisct1.github.io/minisign/#signature-format>.

use crate::encoding;
use crate::error::KeyError;
use crate::public_key::strictly;
use blake2::{Blake2b512, Digest as _};
use ed25519_dalek::VerifyingKey;

/// In front of a key, and of a signature of the message itself.
const PLAIN: &[u8] = b"Ed";
/// In front of a signature of the message's BLAKE2b-512.
const HASHED: &[u8] = b"ED";
/// Two bytes of the algorithm and eight of a name that the key's owner chose.
const HEAD: usize = 10;
const TRUSTED: &str = "trusted comment: ";
/// Most bytes of a signature with its comments.
const MAX_BYTES: usize = 8 << 10;

/// Whether it looks like the file of a public key, or the one line of it that counts.
pub(crate) fn is_public_key(text: &str) -> bool {
    text.starts_with("untrusted comment:") || (text.len() == 56 && text.starts_with("RW"))
}

/// The 32 bytes of an Ed25519 key.
pub(crate) fn public_key(text: &str) -> Result<[u8; 32], KeyError> {
    let broken = |why| KeyError::broken("minisign", why);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut line = lines.next();
    if line.is_some_and(|line| line.starts_with("untrusted comment:")) {
        line = lines.next();
    }
    if lines.next().is_some() {
        return Err(KeyError::Several);
    }
    let bytes = line.and_then(encoding::bytes).ok_or_else(|| broken("there is no key in it"))?;
    let key = bytes.strip_prefix(PLAIN).and_then(|rest| rest.get(HEAD - 2..));
    match key.map(<[u8; 32]>::try_from) {
        Some(Ok(key)) => Ok(key),
        _ if bytes.len() > 100 => Err(KeyError::NotPublic),
        _ => Err(broken("it is not 42 bytes that begin with `Ed`")),
    }
}

/// Whether the four lines of `signature` are one of `message`, with the trusted comment.
pub(crate) fn verifies(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    parts(signature).is_some_and(|(algorithm, of_message, comment, of_all)| {
        let holds = if algorithm == PLAIN {
            strictly(key, message, &of_message)
        } else {
            algorithm == HASHED && strictly(key, &Blake2b512::digest(message), &of_message)
        };
        holds && strictly(key, &[&of_message, comment.as_bytes()].concat(), &of_all)
    })
}

type Parts<'t> = (Vec<u8>, Vec<u8>, &'t str, Vec<u8>);

/// Algorithm, signature of the message, trusted comment, signature of both.
fn parts(signature: &[u8]) -> Option<Parts<'_>> {
    let text = std::str::from_utf8(signature).ok().filter(|text| text.len() <= MAX_BYTES)?;
    let mut lines = text.lines();
    lines.next().filter(|line| line.starts_with("untrusted comment:"))?;
    let bytes = encoding::bytes(lines.next()?.trim())?;
    let comment = lines.next()?.strip_prefix(TRUSTED)?;
    let of_all = encoding::bytes(lines.next()?.trim())?;
    if lines.any(|line| !line.trim().is_empty()) {
        return None;
    }
    let (head, of_message) = bytes.split_at_checked(HEAD)?;
    Some((head.get(..2)?.to_vec(), of_message.to_vec(), comment, of_all))
}
