//! The signature of npm's registry over a version: its name, version and digest.

use super::npm_keys::{RegistryKeys, seconds};
use crate::encoding;
use crate::envelope::MAX_SIGNATURES;
use crate::error::RegistryError;
use crate::scheme::Scheme;
use crate::standing::Standing;
use crate::strict_json;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::marker::PhantomData;

/// Most bytes of what a registry says about a package: those with thousands of versions
/// take some tens of MiB.
const MAX_BYTES: usize = 128 << 20;

/// What the operator expects of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// It signs everything: what is not signed is not taken.
    Required,
    /// What is signed must hold, and what is not is taken.
    IfPresent,
    /// It signs nothing, as many private ones; signatures in what it says are not looked at.
    NotExpected,
}

impl SignaturePolicy {
    /// Whether a version of which this came is taken. That it could not be checked is
    /// enough only where nothing is expected.
    #[must_use]
    pub const fn takes(self, standing: &Standing) -> bool {
        match standing {
            Standing::Trusted { .. } => true,
            Standing::Absent => !matches!(self, Self::Required),
            Standing::NotCheckable { .. } => matches!(self, Self::NotExpected),
            Standing::Unknown { .. } | Standing::Failed { .. } => false,
        }
    }
}

/// What a registry says about one version, as far as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpmDist {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest as the registry writes it, `sha512-BASE64`.
    pub integrity: Option<String>,
    /// When it was published, in seconds since 1970, as the registry says.
    pub published: Option<i64>,
    signatures: Vec<NpmSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct NpmSignature {
    keyid: String,
    sig: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    version: String,
    dist: Dist,
}

#[derive(Deserialize)]
struct Dist {
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    signatures: Vec<NpmSignature>,
}

/// The document of a package. Nothing of versions that nobody asked for is kept: there may
/// be thousands.
struct Package<'a> {
    wanted: &'a str,
    version: Option<Version>,
    published: Option<i64>,
}

impl<'de> Visitor<'de> for Package<'_> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a registry says about a package")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "versions" => self.version = map.next_value_seed(One::new(self.wanted))?,
                "time" => {
                    let time: Option<Value> = map.next_value_seed(One::new(self.wanted))?;
                    self.published = time.as_ref().and_then(Value::as_str).and_then(seconds);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

/// The value by one name of an object.
struct One<'a, T>(&'a str, PhantomData<T>);

impl<'a, T> One<'a, T> {
    const fn new(name: &'a str) -> Self {
        Self(name, PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for One<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for One<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by versions")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

impl NpmDist {
    /// Reads the document of one version, `/NAME/VERSION`. It does not say when it was
    /// published; whoever knows sets [`published`](Self::published).
    ///
    /// # Errors
    /// When it is none, or about another name or version.
    pub fn of_version(bytes: &[u8], name: &str, version: &str) -> Result<Self, RegistryError> {
        let found: Version =
            strict_json::read(bytes, MAX_BYTES).map_err(RegistryError::Document)?;
        Self::new(found, name, version)
    }

    /// Reads the document of a package, `/NAME`, and takes the version from it.
    ///
    /// # Errors
    /// When it is none, or has no such version.
    pub fn of_package(bytes: &[u8], name: &str, version: &str) -> Result<Self, RegistryError> {
        strict_json::check(bytes, MAX_BYTES).map_err(RegistryError::Document)?;
        let package = Package { wanted: version, version: None, published: None };
        let found = serde_json::Deserializer::from_slice(bytes)
            .deserialize_map(package)
            .map_err(|error| RegistryError::Document(error.to_string()))?;
        let one = found
            .version
            .ok_or_else(|| RegistryError::Document("it has no such version".to_owned()))?;
        let mut dist = Self::new(one, name, version)?;
        dist.published = found.published;
        Ok(dist)
    }

    /// Whether anybody signed it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    pub(super) fn signed_by(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.keyid.as_str())
    }

    fn new(found: Version, name: &str, version: &str) -> Result<Self, RegistryError> {
        if !is_one_way(name, version) {
            let what = "its name and version cannot be told from others".to_owned();
            return Err(RegistryError::Document(what));
        }
        if found.name != name || found.version != version {
            let what = "it is about another package or version".to_owned();
            return Err(RegistryError::Document(what));
        }
        Ok(Self {
            name: found.name,
            version: found.version,
            integrity: found.dist.integrity,
            published: None,
            signatures: found.dist.signatures,
        })
    }
}

/// Whether NAME@VERSION can be read in one way only, written plainly or as a package URL.
/// No name and no version on a registry of npm is otherwise.
pub(super) fn is_one_way(name: &str, version: &str) -> bool {
    let plain = |text: &str| {
        let odd = ['@', '%', ':', '?', '#'];
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(odd)
    };
    plain(name.strip_prefix('@').unwrap_or(name)) && plain(version) && !version.contains('/')
}

/// Looks at the signatures of a version whose archive has this SHA-512. `keys` is what the
/// registry, or the operator, says that its keys are; without them nothing can be checked.
///
/// All signatures must hold: one that fails is not hidden by another. When a version was
/// published is the registry's word, as the signature does not cover it.
#[must_use]
pub fn npm_signatures(
    dist: &NpmDist,
    sha512: &[u8; 64],
    keys: Option<&RegistryKeys>,
    policy: SignaturePolicy,
) -> Standing {
    let failed = |why: String| Standing::Failed { why };
    let not_checkable = |why: &str| Standing::NotCheckable { why: why.to_owned() };
    let integrity = format!("sha512-{}", encoding::text(sha512));
    let mut said = dist.integrity.iter().flat_map(|said| said.split_ascii_whitespace());
    let said = said.find(|said| said.starts_with("sha512-"));
    if said.is_some_and(|said| said != integrity) {
        return failed("the archive is not the one of which the registry speaks".to_owned());
    }
    if policy == SignaturePolicy::NotExpected {
        return not_checkable("its registry is said to sign nothing");
    }
    if dist.signatures.is_empty() {
        return Standing::Absent;
    }
    if dist.signatures.len() > MAX_SIGNATURES {
        return failed(format!("there are more than {MAX_SIGNATURES} signatures"));
    }
    let Some(keys) = keys else {
        return not_checkable("it is signed, and the registry's keys are not there");
    };
    let message = format!("{}@{}:{integrity}", dist.name, dist.version);
    let mut trusted = None;
    for (position, signature) in dist.signatures.iter().enumerate() {
        let id = signature.keyid.escape_debug();
        let others = dist.signatures.iter().take(position);
        if others.clone().any(|other| other.keyid == signature.keyid) {
            return failed(format!("there are two signatures by the key {id}"));
        }
        let Some(known) = keys.find(&signature.keyid) else {
            return failed(format!("it is signed by {id}, which is no key of {}", keys.registry()));
        };
        let Some(key) = &known.key else {
            return not_checkable("it is signed in a way that this program does not know");
        };
        let holds = encoding::bytes(&signature.sig)
            .is_some_and(|sig| key.verifies(Scheme::EcdsaP256, message.as_bytes(), &sig));
        if !holds {
            return failed(format!("the signature by {id} does not hold"));
        }
        if let Some(why) = known.unusable(dist.published) {
            return failed(format!("the signature by {id}: {why}"));
        }
        trusted = Some(key.id());
    }
    trusted.map_or(Standing::Absent, |key| Standing::Trusted {
        publisher: keys.registry().to_owned(),
        key,
    })
}
