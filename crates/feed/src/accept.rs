//! Whether a feed counts: who signed it, and whether it is the newest.

use crate::error::{FeedError, SignersError};
use crate::feed::{Feed, MAX_BYTES, PAYLOAD_TYPE};
use ringfence_signing::{Envelope, MAX_SIGNATURES, PublicKey, Scheme};
use ringfence_types::Digest;
use sha2::{Digest as _, Sha256};

/// How far a clock may be behind that of who made a feed, in seconds.
const CLOCKS: u64 = 24 * 60 * 60;

/// Whose signatures count, and how many are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    keys: Vec<PublicKey>,
    threshold: usize,
}

impl Signers {
    /// These keys, of which `threshold` have to sign.
    ///
    /// # Errors
    /// When a key is there twice or is not of Ed25519, or so many cannot sign.
    pub fn new(keys: Vec<PublicKey>, threshold: usize) -> Result<Self, SignersError> {
        let twice = keys.iter().enumerate().any(|(at, key)| keys.iter().take(at).any(|k| k == key));
        if keys.is_empty() || keys.len() > MAX_SIGNATURES || twice {
            return Err(SignersError::Number(MAX_SIGNATURES));
        }
        if let Some(other) = keys.iter().find(|key| !key.goes_with(Scheme::Ed25519)) {
            return Err(SignersError::Kind(other.kind()));
        }
        if threshold == 0 || threshold > keys.len() {
            return Err(SignersError::Threshold { threshold, signers: keys.len() });
        }
        Ok(Self { keys, threshold })
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// How many of them have to sign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// Reads a feed of which enough signatures hold. They are looked at before what they are
    /// about is read.
    ///
    /// # Errors
    /// When it is none, or too few signed.
    pub fn verify(&self, bytes: &[u8]) -> Result<Verified, FeedError> {
        if bytes.len() > MAX_BYTES {
            return Err(FeedError::TooLarge(MAX_BYTES));
        }
        let envelope = Envelope::parse(bytes).map_err(|error| FeedError::form(&error))?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(FeedError::Form("it is something else that was signed".to_owned()));
        }
        // Each of our keys counts once, whatever the envelope says of its own.
        let signed = |key: &&PublicKey| envelope.is_signed_by(key, Scheme::Ed25519);
        let found = self.keys.iter().filter(signed).count();
        if found < self.threshold {
            return Err(FeedError::Unsigned { found, needed: self.threshold });
        }
        let feed = Feed::parse(&envelope.payload)?;
        Ok(Verified { digest: sha256(&envelope.payload), feed })
    }
}

/// A feed of which enough signatures hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub feed: Feed,
    /// The SHA-256 of the bytes that were signed.
    pub digest: Digest,
}

fn sha256(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// What was last accepted of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What it called itself.
    pub feed: String,
    /// Its sequence number.
    pub sequence: u64,
    /// The SHA-256 of the bytes that were signed.
    pub digest: Digest,
}

impl Verified {
    /// Whether it takes the place of what was accepted last: yes, or no because it is the
    /// same. `now` is in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// When it is out of date, older, or not what was accepted under its number.
    pub fn follows(&self, last: Option<&Accepted>, now: u64) -> Result<bool, FeedError> {
        let Feed { feed, sequence, issued, expires, .. } = &self.feed;
        if let Some(last) = last {
            if *feed != last.feed {
                let (found, accepted) = (feed.clone(), last.feed.clone());
                return Err(FeedError::Other { found, accepted });
            }
            if *sequence < last.sequence {
                return Err(FeedError::Older { found: *sequence, accepted: last.sequence });
            }
            if *sequence == last.sequence && self.digest != last.digest {
                return Err(FeedError::Forked(*sequence));
            }
        }
        if *expires <= now {
            return Err(FeedError::Expired(now.saturating_sub(*expires)));
        }
        if *issued > now.saturating_add(CLOCKS) {
            return Err(FeedError::Early);
        }
        Ok(last.is_none_or(|last| *sequence > last.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_signing::{KeyKind, SigningKey};

    fn key() -> SigningKey {
        SigningKey::generate(KeyKind::Ed25519).unwrap().0
    }

    fn feed(sequence: u64) -> Feed {
        Feed { feed: "acme".to_owned(), sequence, issued: 1_000, expires: 2_000, facts: vec![] }
    }

    fn signed(feed: &Feed, keys: &[&SigningKey]) -> Envelope {
        let mut envelope = Envelope::new(PAYLOAD_TYPE, feed.to_bytes().unwrap());
        for key in keys {
            envelope.sign(key, Scheme::Ed25519).unwrap();
        }
        envelope
    }

    fn bytes(envelope: &Envelope) -> Vec<u8> {
        envelope.to_bytes().unwrap()
    }

    fn signers(keys: &[&SigningKey], threshold: usize) -> Signers {
        Signers::new(keys.iter().map(|key| key.public().clone()).collect(), threshold).unwrap()
    }

    #[test]
    fn as_many_have_to_sign_as_the_operator_says_and_a_stranger_is_none_of_them() {
        let (one, two, other) = (key(), key(), key());
        let both = signers(&[&one, &two], 2);
        assert!(both.verify(&bytes(&signed(&feed(1), &[&one, &two]))).is_ok());
        assert!(both.verify(&bytes(&signed(&feed(1), &[&two, &other, &one]))).is_ok());
        for keys in [&[&one][..], &[&two], &[&other], &[], &[&one, &other]] {
            let verified = both.verify(&bytes(&signed(&feed(1), keys)));
            assert!(matches!(verified, Err(FeedError::Unsigned { needed: 2, .. })), "{verified:?}");
        }
        assert!(signers(&[&one, &two], 1).verify(&bytes(&signed(&feed(1), &[&two]))).is_ok());
    }

    #[test]
    fn one_key_does_not_sign_for_two() {
        let (one, two) = (key(), key());
        let both = signers(&[&one, &two], 2);
        let mut envelope = signed(&feed(1), &[&one]);
        envelope.signatures.push(envelope.signatures[0].clone());
        assert!(matches!(both.verify(&bytes(&envelope)), Err(FeedError::Form(_))));
        // Under the other key's name.
        envelope.signatures[1].keyid = two.public().id();
        let unsigned = Err(FeedError::Unsigned { found: 1, needed: 2 });
        assert_eq!(both.verify(&bytes(&envelope)), unsigned);
        envelope.signatures[1].key = two.public().der().to_vec();
        assert_eq!(both.verify(&bytes(&envelope)), unsigned);
        let twice = vec![one.public().clone(), one.public().clone()];
        assert!(matches!(Signers::new(twice, 2), Err(SignersError::Number(_))));
    }

    #[test]
    fn signers_are_ed25519_keys_and_no_more_are_wanted_than_there_are() {
        let one = key();
        let ecdsa = SigningKey::generate(KeyKind::EcdsaP256).unwrap().0;
        let of = |keys: Vec<&SigningKey>, threshold| {
            Signers::new(keys.iter().map(|key| key.public().clone()).collect(), threshold)
        };
        assert!(of(vec![], 1).is_err());
        assert!(of(vec![&one], 0).is_err() && of(vec![&one], 2).is_err());
        assert!(matches!(of(vec![&ecdsa], 1), Err(SignersError::Kind(_))));
        assert!(of(vec![&one], 1).is_ok());
    }

    #[test]
    fn what_is_signed_is_the_very_bytes_and_their_type() {
        let one = key();
        let signers = signers(&[&one], 1);
        let envelope = signed(&feed(1), &[&one]);
        let mut changed = envelope.clone();
        changed.payload.push(b' ');
        assert!(matches!(signers.verify(&bytes(&changed)), Err(FeedError::Unsigned { .. })));
        let mut other = Envelope::new("application/json", feed(1).to_bytes().unwrap());
        other.sign(&one, Scheme::Ed25519).unwrap();
        assert!(matches!(signers.verify(&bytes(&other)), Err(FeedError::Form(_))));
        other.payload_type = PAYLOAD_TYPE.to_owned();
        assert!(matches!(signers.verify(&bytes(&other)), Err(FeedError::Unsigned { .. })));
        let mut behind = bytes(&envelope);
        behind.extend_from_slice(b"{}");
        assert!(matches!(signers.verify(&behind), Err(FeedError::Form(_))));
        let enormous = vec![b' '; MAX_BYTES + 1];
        assert_eq!(signers.verify(&enormous), Err(FeedError::TooLarge(MAX_BYTES)));
    }

    #[test]
    fn an_older_one_a_forked_one_and_one_that_is_out_of_date_do_not_count() {
        let verified = |feed: Feed| {
            let digest = sha256(&feed.to_bytes().unwrap());
            Verified { feed, digest }
        };
        let last = verified(feed(5));
        let last =
            Accepted { feed: last.feed.feed, sequence: last.feed.sequence, digest: last.digest };
        let follows = |feed: Feed, now| verified(feed).follows(Some(&last), now);
        assert_eq!(follows(feed(6), 1_500), Ok(true));
        assert_eq!(follows(feed(5), 1_500), Ok(false), "the same again");
        assert_eq!(follows(feed(4), 1_500), Err(FeedError::Older { found: 4, accepted: 5 }));
        let forked = Feed { expires: 2_001, ..feed(5) };
        assert_eq!(follows(forked, 1_500), Err(FeedError::Forked(5)));
        assert_eq!(follows(feed(6), 2_000), Err(FeedError::Expired(0)));
        assert_eq!(follows(feed(5), 2_001), Err(FeedError::Expired(1)), "held back");
        let other = Feed { feed: "other".to_owned(), ..feed(6) };
        assert!(matches!(follows(other, 1_500), Err(FeedError::Other { .. })));
        let early = Feed { issued: 200_000, expires: 300_000, ..feed(6) };
        assert_eq!(follows(early, 1_500), Err(FeedError::Early));
        assert_eq!(verified(feed(1)).follows(None, 1_500), Ok(true));
    }
}
