//! The vectors of Wycheproof, each through a key that was read as a user's would be.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test program: to panic is to fail"
)]

use ringfence_signing::{KeyError, PublicKey, Scheme};
use wycheproof::TestResult;

/// What came of a set of vectors.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    right: usize,
    /// Of keys that are never enrolled.
    refused: usize,
}

impl Count {
    /// `key` in DER and PEM, and whether its `signature` is what Wycheproof says.
    fn add(
        &mut self,
        scheme: Scheme,
        (der, pem): (&[u8], &str),
        (id, message, signature): (usize, &[u8], &[u8]),
        result: TestResult,
    ) {
        let key = match PublicKey::parse(der) {
            Ok(key) => key,
            Err(KeyError::RsaExponent | KeyError::Weak) => {
                self.refused += 1;
                return;
            }
            Err(error) => panic!("{scheme} {id}: {error}"),
        };
        assert_eq!(PublicKey::parse(pem.as_bytes()).unwrap(), key, "{scheme} {id}");
        let holds = key.verifies(scheme, message, signature);
        // The one that is acceptable lacks a NULL that PKCS #1 wants: refused.
        assert_eq!(holds, result == TestResult::Valid, "{scheme} {id}");
        for other in Scheme::ALL {
            // Some invalid ones are valid signatures of another scheme.
            assert!(
                other == scheme || !holds || !key.verifies(other, message, signature),
                "{scheme} {id} holds as {other} too"
            );
        }
        self.right += 1;
    }
}

macro_rules! count {
    ($module:ident, $scheme:expr, [$($name:ident),*]) => {{
        let mut count = Count::default();
        for name in [$(wycheproof::$module::TestName::$name),*] {
            for group in wycheproof::$module::TestSet::load(name).unwrap().test_groups {
                for test in &group.tests {
                    let vector = (test.tc_id, test.msg.as_slice(), test.sig.as_slice());
                    count.add($scheme, (&group.der, &group.pem), vector, test.result);
                }
            }
        }
        count
    }};
}

#[test]
fn ecdsa_on_p256_is_as_wycheproof_says() {
    let count = count!(ecdsa, Scheme::EcdsaP256, [EcdsaSecp256r1Sha256]);
    assert_eq!(count, Count { right: 484, refused: 0 });
    let count = count!(ecdsa, Scheme::EcdsaP256Fixed, [EcdsaSecp256r1Sha256P1363]);
    assert_eq!(count, Count { right: 262, refused: 0 });
}

#[test]
fn ed25519_is_as_wycheproof_says() {
    let count = count!(eddsa, Scheme::Ed25519, [Ed25519]);
    assert_eq!(count, Count { right: 151, refused: 0 });
}

#[test]
fn rsa_from_2048_to_8192_bits_is_as_wycheproof_says() {
    let count = count!(
        rsa_pkcs1_verify,
        Scheme::RsaPkcs1,
        [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256]
    );
    // Three have keys with the exponent 3, which are never enrolled.
    assert_eq!(count, Count { right: 1_031, refused: 3 });
    let count = count!(
        rsa_pss_verify,
        Scheme::RsaPss,
        [
            RsaPss2048Sha256Mgf1SaltLen32,
            RsaPss3072Sha256Mgf1SaltLen32,
            RsaPss4096Sha256Mgf1SaltLen32
        ]
    );
    assert_eq!(count, Count { right: 324, refused: 0 });
}
