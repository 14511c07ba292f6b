//! SubjectPublicKeyInfo (RFC 5280) and PKCS #1, in DER and PEM.

use super::PublicKey;
use crate::error::KeyError;
use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{BitStringRef, UintRef};
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, Encode, Reader, SliceReader, pem as pem_text};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

pub(super) fn read_pem(text: &str) -> Result<PublicKey, KeyError> {
    let (label, bytes) = pem_text::decode_vec(text.as_bytes())
        .map_err(|error| KeyError::broken("PEM", error.to_string()))?;
    match label {
        "PUBLIC KEY" => read(&bytes),
        "RSA PUBLIC KEY" => read_pkcs1(&bytes),
        label if label.ends_with("PRIVATE KEY") => Err(KeyError::NotPublic),
        "CERTIFICATE" => Err(KeyError::broken(
            "PEM",
            "it is a certificate; take the key out: openssl x509 -pubkey -noout -in FILE",
        )),
        _ => Err(KeyError::UnknownForm),
    }
}

/// SubjectPublicKeyInfo; nothing may follow it.
pub(super) fn read(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let broken = |why: &dyn ToString| KeyError::broken("DER", why.to_string());
    let Ok(info) = SubjectPublicKeyInfoRef::from_der(bytes) else {
        if pkcs8::PrivateKeyInfo::from_der(bytes).is_ok() {
            return Err(KeyError::NotPublic);
        }
        // OpenSSL writes RSA keys also without anything around them.
        return read_pkcs1(bytes);
    };
    let key = info
        .subject_public_key
        .as_bytes()
        .ok_or_else(|| broken(&"the key does not end with a whole byte"))?;
    let oid = info.algorithm.oid;
    if oid == ED25519 {
        if info.algorithm.parameters.is_some() {
            return Err(broken(&"an Ed25519 key has no parameters"));
        }
        let key = key.try_into().map_err(|_| broken(&"an Ed25519 key has 32 bytes"))?;
        PublicKey::ed25519(key)
    } else if oid == EC {
        let curve = info.algorithm.parameters_oid().map_err(|error| broken(&error))?;
        if curve != P256 {
            return Err(KeyError::Algorithm(format!("ECDSA of the curve {curve}")));
        }
        PublicKey::ecdsa_p256(key)
    } else if oid == RSA {
        if info.algorithm.parameters.is_some_and(|parameters| !parameters.is_null()) {
            return Err(broken(&"an RSA key has no parameters"));
        }
        read_pkcs1(key)
    } else if oid == RSA_PSS {
        Err(broken(
            &"it is bound to RSA-PSS in its own way; write it as a plain RSA key and enrol it \
              with --scheme rsa-pss-sha256",
        ))
    } else {
        Err(KeyError::Algorithm(oid.to_string()))
    }
}

/// `RSAPublicKey` of PKCS #1.
fn read_pkcs1(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let both = SliceReader::new(bytes).and_then(|mut reader| {
        let both = reader.sequence(|inner| {
            Ok((UintRef::decode(inner)?.as_bytes(), UintRef::decode(inner)?.as_bytes()))
        })?;
        reader.finish(both)
    });
    let (modulus, exponent) = both.map_err(|error| KeyError::broken("DER", error.to_string()))?;
    PublicKey::rsa(modulus, exponent)
}

fn written<T>(outcome: Result<T, pkcs8::der::Error>) -> Result<T, KeyError> {
    outcome.map_err(|error| KeyError::broken("DER", error.to_string()))
}

fn info(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Result<Vec<u8>, KeyError> {
    let subject_public_key = written(BitStringRef::from_bytes(key))?;
    written(SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der())
}

pub(super) fn ed25519(key: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
    info(AlgorithmIdentifierRef { oid: ED25519, parameters: None }, key)
}

pub(super) fn ecdsa_p256(point: &[u8; 65]) -> Result<Vec<u8>, KeyError> {
    info(AlgorithmIdentifierRef { oid: EC, parameters: Some((&P256).into()) }, point)
}

pub(super) fn rsa(pkcs1: &[u8]) -> Result<Vec<u8>, KeyError> {
    let null = pkcs8::der::asn1::AnyRef::NULL;
    info(AlgorithmIdentifierRef { oid: RSA, parameters: Some(null) }, pkcs1)
}

pub(super) fn rsa_pkcs1(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut content = written(UintRef::new(modulus).and_then(|number| number.to_der()))?;
    content.extend(written(UintRef::new(exponent).and_then(|number| number.to_der()))?);
    let header = pkcs8::der::Header::new(pkcs8::der::Tag::Sequence, content.len());
    let mut whole = written(header.and_then(|header| header.to_der()))?;
    whole.extend(content);
    Ok(whole)
}

pub(super) fn pem(label: &'static str, bytes: &[u8]) -> Result<String, KeyError> {
    pem_text::encode_string(label, LineEnding::LF, bytes)
        .map_err(|error| KeyError::broken("PEM", error.to_string()))
}

/// Which object identifiers say what kind of secret key follows.
pub(crate) fn is_ed25519(oid: &ObjectIdentifier) -> bool {
    *oid == ED25519
}

pub(crate) fn is_ec(oid: &ObjectIdentifier) -> bool {
    *oid == EC
}

pub(crate) fn is_rsa(oid: &ObjectIdentifier) -> bool {
    *oid == RSA
}
