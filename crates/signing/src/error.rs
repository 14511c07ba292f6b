//! What can be wrong.

use crate::public_key::KeyId;
use crate::scheme::Scheme;

/// A key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has none of the forms that are read.
    #[error(
        "it is no key in a form that is read: PEM, DER (SubjectPublicKeyInfo, PKCS #8), OpenSSH, \
         minisign"
    )]
    UnknownForm,
    /// There is more than one key, and nobody knows which one is meant.
    #[error("there is more than one key in it; give a file with the one that is meant")]
    Several,
    /// It has a known form and is broken in it.
    #[error("it begins as {form} does and is broken: {why}")]
    Broken {
        /// The form, such as `PEM`.
        form: &'static str,
        /// What is broken.
        why: String,
    },
    /// A key of an algorithm that is not used.
    #[error("{0} keys are not used: Ed25519, ECDSA P-256 and RSA from 2048 bits on are")]
    Algorithm(String),
    /// An Ed25519 key for which one signature holds for many messages.
    #[error("it is a weak Ed25519 key: a signature by it would hold for many messages")]
    Weak,
    /// An Ed25519 key written in a way that is not the only one for it.
    #[error("it is an Ed25519 key that is not written in the one canonical way")]
    NotCanonical,
    /// An RSA key of the wrong size.
    #[error("it is an RSA key of {0} bits: from 2048 to 8192 are used")]
    RsaSize(usize),
    /// An RSA key with an exponent that is even or below 65537.
    #[error("it is an RSA key whose public exponent is even, or below 65537")]
    RsaExponent,
    /// A secret key under a passphrase.
    #[error("it is under a passphrase; take it off in a copy: {0}")]
    Encrypted(&'static str),
    /// A public key where a secret one is needed.
    #[error("it is a public key; a secret one is needed here")]
    NotSecret,
    /// A secret key where a public one is needed.
    #[error("it is a secret key; give its public one, which can be shown to anybody")]
    NotPublic,
    /// The scheme does not go with the key.
    #[error("{scheme} does not go with this kind of key")]
    Scheme {
        /// The scheme that was asked for.
        scheme: Scheme,
    },
    /// The operating system gives no random numbers, or a signature cannot be made.
    #[error("the signature cannot be made: {0}")]
    Signing(&'static str),
}

impl KeyError {
    pub(crate) fn broken(form: &'static str, why: impl Into<String>) -> Self {
        Self::Broken { form, why: why.into() }
    }
}

/// An envelope cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is larger than what is read.
    #[error("the signatures take more than {0} bytes")]
    TooLarge(usize),
    /// It is no envelope.
    #[error("the signatures are not in the form of DSSE: {0}")]
    Form(String),
    /// There are more signatures than are read.
    #[error("there are more than {0} signatures")]
    TooMany(usize),
    /// One key signed twice.
    #[error("there are two signatures by the key {0}")]
    Twice(KeyId),
}

/// A statement cannot be read or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It is no statement.
    #[error("what was signed is not a list of files: {0}")]
    Form(String),
    /// It is one and not written in the one canonical way.
    #[error("what was signed is not written in the one canonical way")]
    NotCanonical,
    /// A path that cannot be.
    #[error("what was signed has a path that cannot be: {0}")]
    Path(String),
    /// Two files with one path.
    #[error("what was signed has one path twice: {0}")]
    Twice(String),
    /// It is about something else.
    #[error("it was signed as {0}, which is not a package")]
    Type(String),
}

/// The list of publishers cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublisherError {
    /// The file is not one of ours.
    #[error("the list of publishers cannot be read: {0}")]
    Form(String),
    /// A key belongs to one publisher.
    #[error("the key {key} is already trusted, as one of {publisher}")]
    KnownKey {
        /// The key.
        key: KeyId,
        /// Whose it is.
        publisher: String,
    },
    /// There is no such key.
    #[error("no publisher has the key {0}")]
    UnknownKey(KeyId),
    /// A scope that cannot be.
    #[error("`{0}` is no scope: want a package's name, `prefix*`, or `*` for all")]
    Scope(String),
    /// A name that cannot be.
    #[error("a publisher's name is 1 to 100 characters that can be seen, with no space around it")]
    Name,
    /// Two names that a reader takes for one.
    #[error("a publisher is named `{0}` already: write the name as it is there, or take another")]
    Twin(String),
    /// The scheme does not go with the key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A change of keys does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// It is not the form of a change of keys.
    #[error("it is no change of keys: {0}")]
    Form(String),
    /// The old key is not one that is trusted today.
    #[error("the old key {0} is not trusted (any more), so it cannot name another")]
    OldKey(KeyId),
    /// One of the two signatures is not there or does not hold.
    #[error("it is not signed by the {0} key")]
    NotSigned(&'static str),
    /// The new key cannot be used.
    #[error("the new key cannot be used: {0}")]
    NewKey(#[from] KeyError),
    /// The new key cannot be added.
    #[error(transparent)]
    Publisher(#[from] PublisherError),
    /// The envelope cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// What a verification by Sigstore starts from cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigstoreError {
    /// The root.
    #[error("the trusted root cannot be used: {0}")]
    Root(String),
    /// The identity or its pattern.
    #[error("{0}")]
    Identity(&'static str),
    /// The issuer.
    #[error(
        "an issuer is a URL, such as https://token.actions.githubusercontent.com, and no pattern"
    )]
    Issuer,
}

/// What a registry says cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The document of keys.
    #[error("the registry's keys cannot be read: {0}")]
    Keys(String),
    /// What it says about a package.
    #[error("what the registry says about the package cannot be read: {0}")]
    Document(String),
}
