//! The key of the store: 32 bytes, AES-256-GCM.
//!
//! A nonce is 96 random bits, new for every encryption: under one key 2^32 of
//! them are safe (NIST SP 800-38D, section 8.3), and nobody sets so many secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ringfence_private::hex;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes that a ciphertext has more than its text: nonce before, tag behind.
pub(crate) const OVERHEAD: usize = NONCE_LEN + 16;

/// The key of a store. Its bytes are cleared when it is dropped; no format shows
/// it. What the cipher derives from it during one use is not cleared.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; KEY_BYTES]>);

impl StoreKey {
    /// A new one; none when the kernel gives no random bytes.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).ok()?;
        Some(Self(bytes))
    }

    /// Reads 64 hex digits or base64 of 32 bytes; blanks around it do not count.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        // 64 characters of base64 are 48 bytes: the two forms cannot be confused.
        if text.len() == 2 * KEY_BYTES {
            let lower = Zeroizing::new(text.to_ascii_lowercase());
            return hex::read::<KEY_BYTES>(lower.as_bytes()).map(Zeroizing::new).map(Self);
        }
        let decoded = Zeroizing::new(STANDARD.decode(text).ok()?);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if decoded.len() != KEY_BYTES {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Self(bytes))
    }

    /// As it stands in the home's key file: 64 hex digits and a newline.
    pub(crate) fn text(&self) -> Zeroizing<Vec<u8>> {
        let mut text = Zeroizing::new(Vec::with_capacity(2 * KEY_BYTES + 1));
        hex::write(&*self.0, &mut text);
        text.push(b'\n');
        text
    }

    /// A name for it that tells nothing of it, so that a wrong key can be told
    /// from a changed file.
    pub(crate) fn id(&self) -> String {
        let input = Zeroizing::new([&b"ringfence secrets key id v1\n"[..], &*self.0].concat());
        hex::text(digest(&SHA256, &input).as_ref().get(..8).unwrap_or_default())
    }

    /// Nonce, ciphertext and tag of `text`, bound to `context`.
    pub(crate) fn seal(&self, context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        // Encrypted where it will stay; a copy that grew would leave a piece behind.
        let mut sealed = Vec::with_capacity(text.len().checked_add(OVERHEAD)?);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text);
        let inside = sealed.get_mut(NONCE_LEN..)?;
        let tag = self.cipher()?.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            inside,
        );
        sealed.extend_from_slice(tag.ok()?.as_ref());
        Some(sealed)
    }

    /// The text, when it was sealed with this key in this context.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(rest.to_vec());
        let length = self.cipher()?.open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &*self.0).ok().map(LessSafeKey::new)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_hex_or_base64_and_nothing_else() {
        let hex = "ab".repeat(32);
        let base64 = STANDARD.encode([0xab; 32]);
        for text in [hex.clone(), hex.to_uppercase(), base64, format!(" {hex}\n")] {
            assert_eq!(StoreKey::read(&text).unwrap().0[..], [0xab; 32], "{text:?}");
        }
        for text in ["", "password", &"ab".repeat(31), &STANDARD.encode([1; 31]), &"zz".repeat(32)]
        {
            assert!(StoreKey::read(text).is_none(), "{text:?}");
        }
        assert_eq!(format!("{:?}", StoreKey::read(&hex).unwrap()), "[redacted]");
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_in_its_place_only() {
        let key = StoreKey::generate().unwrap();
        let sealed = key.seal(b"here", b"sk-12345678").unwrap();
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"sk-12345678");
        assert!(key.open(b"there", &sealed).is_none());
        assert!(StoreKey::generate().unwrap().open(b"here", &sealed).is_none());
        assert_ne!(key.seal(b"here", b"sk-12345678").unwrap(), sealed, "every nonce is new");
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(key.open(b"here", &flipped).is_none(), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_none(), "{length} bytes");
        }
    }
}
