//! One line of an OpenSSH `.pub` file.

use super::PublicKey;
use crate::error::KeyError;
use ssh_key::public::KeyData;

const NAMES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

pub(super) fn is_key(text: &str) -> bool {
    NAMES.iter().any(|name| text.starts_with(name))
}

pub(super) fn read(text: &str) -> Result<PublicKey, KeyError> {
    // Of several keys nobody would know which one is meant.
    if text.lines().filter(|line| !line.trim().is_empty()).count() > 1 {
        return Err(KeyError::Several);
    }
    let key = ssh_key::PublicKey::from_openssh(text)
        .map_err(|error| KeyError::broken("OpenSSH", error.to_string()))?;
    of(key.key_data())
}

pub(crate) fn of(key: &KeyData) -> Result<PublicKey, KeyError> {
    match key {
        KeyData::Ed25519(key) => PublicKey::ed25519(&key.0),
        KeyData::Ecdsa(ssh_key::public::EcdsaPublicKey::NistP256(point)) => {
            PublicKey::ecdsa_p256(point.as_bytes())
        }
        KeyData::Rsa(key) => {
            let number = |number: &ssh_key::Mpint| {
                number
                    .as_positive_bytes()
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| KeyError::broken("OpenSSH", "a number is negative"))
            };
            PublicKey::rsa(&number(&key.n)?, &number(&key.e)?)
        }
        other => Err(KeyError::Algorithm(other.algorithm().to_string())),
    }
}
