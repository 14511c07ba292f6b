//! Whose certificates count: names as they stand in certificates, and patterns of them.

use crate::error::SigstoreError;
use std::fmt;
use std::str::FromStr;

/// Longest identity or issuer, in bytes.
const MAX_BYTES: usize = 1024;

/// An identity, or a pattern of identities.
///
/// Every character stands for itself, `.` and upper and lower case included, but `*`:
///
/// - `*` stands for one or more characters that can be seen, other than `/` and `@`;
/// - `**` for one or more of any that can be seen, and stands at the end only.
///
/// A pattern begins with `https://HOST/OWNER/REPOSITORY/` without a star in it, so that
/// none can be written that fits repositories of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityPattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// These characters.
    Literal(String),
    /// `*`
    Within,
    /// `**`
    Rest,
}

impl IdentityPattern {
    /// Whether `identity`, as it stands in a certificate, is meant.
    #[must_use]
    pub fn fits(&self, identity: &str) -> bool {
        if identity.len() > MAX_BYTES || !identity.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        // Where the pieces so far can end; each piece is tried from all of them at once, so
        // that no text makes this slow.
        let bytes = identity.as_bytes();
        let mut ends = vec![false; bytes.len() + 1];
        if let Some(start) = ends.first_mut() {
            *start = true;
        }
        for piece in &self.pieces {
            ends = piece.ends(bytes, &ends);
        }
        ends.last().copied().unwrap_or(false)
    }
}

impl Piece {
    /// Where this piece can end in `text` when it can begin wherever `begins` says.
    fn ends(&self, text: &[u8], begins: &[bool]) -> Vec<bool> {
        let mut ends = vec![false; text.len() + 1];
        match self {
            Self::Literal(literal) => {
                for (begin, _) in begins.iter().enumerate().filter(|(_, can)| **can) {
                    let is_there =
                        text.get(begin..).is_some_and(|rest| rest.starts_with(literal.as_bytes()));
                    if let (true, Some(end)) = (is_there, ends.get_mut(begin + literal.len())) {
                        *end = true;
                    }
                }
            }
            Self::Within | Self::Rest => {
                let mut inside = false;
                for (position, byte) in text.iter().enumerate() {
                    inside |= begins.get(position).copied().unwrap_or(false);
                    inside &= matches!(self, Self::Rest) || !matches!(byte, b'/' | b'@');
                    if let (true, Some(end)) = (inside, ends.get_mut(position + 1)) {
                        *end = true;
                    }
                }
            }
        }
        ends
    }
}

impl FromStr for IdentityPattern {
    type Err = SigstoreError;

    fn from_str(text: &str) -> Result<Self, SigstoreError> {
        if text.is_empty()
            || text.len() > MAX_BYTES
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(SigstoreError::Identity(
                "an identity is 1 to 1024 characters of ASCII that can be seen",
            ));
        }
        let (body, rest) = match text.strip_suffix("**") {
            Some(body) => (body, Some(Piece::Rest)),
            None => (text, None),
        };
        let literals: Vec<&str> = body.split('*').collect();
        let (first, others) = literals.split_first().unwrap_or((&"", &[]));
        if (rest.is_some() || !others.is_empty()) && !names_a_repository(first) {
            return Err(SigstoreError::Identity(
                "`*` stands behind https://HOST/OWNER/REPOSITORY/ only, where it cannot fit what \
                 others own",
            ));
        }
        // Between two stars there is something, and before `**` as well.
        let last_is_star = rest.is_some() && body.ends_with('*');
        let in_a_row = others
            .split_last()
            .is_some_and(|(_, middle)| middle.iter().any(|text| text.is_empty()));
        if last_is_star || in_a_row {
            return Err(SigstoreError::Identity(
                "`**` stands at the end only, and there are no more than two stars in a row",
            ));
        }
        let mut pieces = vec![Piece::Literal((*first).to_owned())];
        for literal in others {
            pieces.push(Piece::Within);
            pieces.push(Piece::Literal((*literal).to_owned()));
        }
        pieces.extend(rest);
        Ok(Self { text: text.to_owned(), pieces })
    }
}

/// Whether it is `https://HOST/OWNER/REPOSITORY/` and more.
fn names_a_repository(text: &str) -> bool {
    let parts: Vec<&str> =
        text.strip_prefix("https://").map(|rest| rest.split('/').collect()).unwrap_or_default();
    parts.len() > 3 && parts.iter().take(3).all(|part| !part.is_empty() && !part.contains('@'))
}

impl fmt::Display for IdentityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whose signature is expected. There is no default: whoever asks says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Somebody by the name in the certificate, vouched for by that issuer.
    Signer {
        /// The name.
        identity: IdentityPattern,
        /// Who vouched for the name when the certificate was made, exactly.
        issuer: String,
    },
    /// A build of that repository, whatever the workflow, vouched for by that issuer.
    Repository {
        /// The repository's URL as in the certificate, exactly.
        repository: String,
        /// As in [`Signer`](Self::Signer).
        issuer: String,
    },
    /// Whoever it was: to find out who. What holds is then `Unknown` and never `Trusted`.
    Anyone,
}

impl Expected {
    /// A signer by name and issuer.
    ///
    /// # Errors
    /// When the pattern cannot be used, or the issuer is no URL.
    pub fn signer(identity: &str, issuer: &str) -> Result<Self, SigstoreError> {
        let sound = issuer.starts_with("https://") && issuer.len() <= MAX_BYTES;
        if !sound || issuer.contains('*') {
            return Err(SigstoreError::Issuer);
        }
        Ok(Self::Signer { identity: identity.parse()?, issuer: issuer.to_owned() })
    }
}
