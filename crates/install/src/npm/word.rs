//! What npm's registries sign: each version by the registry, and how the one that was asked
//! for came to be.

use super::lock::{Entry, Lock};
use crate::age;
use crate::documents::{Ask, Document, Wanted};
use crate::error::InstallError;
use crate::registry::Registry;
use crate::trusted::RegistryTrust;
use crate::vouched::{Provenance, Signed, Vouched, Word, Wrong};
use ringfence_signing::{
    Expected, NpmAttestations, NpmDist, RegistryKeys, SignaturePolicy, SigstoreRoot, Standing,
    npm_attestations, npm_signatures,
};
use ringfence_types::UntrustedText;

const JSON: &str = "application/json";
/// Most bytes of what a registry says of all versions of a package.
const MAX_PACKAGE: u64 = 128 << 20;
/// Most bytes of its keys, and of attestations.
const MAX_KEYS: u64 = 1 << 20;
const MAX_ATTESTATIONS: u64 = 16 << 20;
/// The registry whose keys are built in.
const NPMJS: &str = "registry.npmjs.org";

/// By which keys a registry's signatures are looked at.
struct Keys {
    /// That the operator trusts for this registry.
    trusted: Option<RegistryKeys>,
    /// Of registry.npmjs.org.
    built_in: RegistryKeys,
    /// That only the registry itself names.
    own: Option<RegistryKeys>,
    is_npmjs: bool,
}

/// What there is to say of the packages of a lock, of which `root` was asked for. What does
/// not hold is an error. With it, when the youngest of them was published, where that is asked.
pub(super) fn word(
    ask: &Ask<'_>,
    trust: &RegistryTrust,
    registry: &Registry,
    lock: &Lock,
    root: &str,
) -> Result<(Vouched, Option<i64>), InstallError> {
    // One package can lie in several places.
    let one = |entry: &'_ Entry| (entry.to_string(), entry.sha512);
    let mut entries: Vec<&Entry> = lock.wanted().map(|(_, entry)| entry).collect();
    entries.sort_by_key(|entry| one(entry));
    entries.dedup_by_key(|entry| one(entry));
    let root =
        lock.entry(root).ok_or_else(|| InstallError::refused(root, "it is not in the lock"))?;
    let is_npmjs = registry.place() == NPMJS;
    let trusted = trust.keys(&registry.own_url())?;
    let mut wanted: Vec<Wanted> = entries.iter().map(|entry| version(registry, entry)).collect();
    wanted.push(attestations(registry, root));
    let ask_keys = trusted.is_none() && !is_npmjs;
    if ask_keys {
        wanted.push(own_keys(registry));
    }
    let mut documents = ask.documents(&wanted)?;
    let own = if ask_keys { documents.pop() } else { None };
    let attested = documents.pop().unwrap_or(Document::Absent);
    let keys = Keys {
        trusted,
        built_in: RegistryKeys::npmjs().map_err(|error| unusable(&error))?,
        own: own.and_then(|own| named(registry, &own)),
        is_npmjs,
    };
    let mut dists: Vec<Result<NpmDist, Word>> =
        entries.iter().zip(&documents).map(|(entry, document)| dist(entry, document)).collect();
    times(ask, registry, &keys, &entries, &mut dists)?;
    let published = match ask.around.before {
        Some(before) => youngest(&entries, &dists, before)?,
        None => None,
    };
    let mut signed = Vec::new();
    for (entry, dist) in entries.iter().zip(dists) {
        let word = match dist {
            Ok(dist) => match keys.look(&dist, entry) {
                Ok(word) => word,
                Err(Wrong(why)) => {
                    let why = format!("the signature of its registry: {why}");
                    return Err(refused(registry, entry, why));
                }
            },
            Err(word) => word,
        };
        // Else who speaks for the registry would keep back what cannot be forged.
        if keys.trusted.is_some() && !matches!(word, Word::Trusted { .. }) {
            let why = match word {
                Word::NotCheckable { why } => why,
                _ => "there is none, and you trust keys by which it signs".to_owned(),
            };
            return Err(refused(registry, entry, format!("the signature of its registry: {why}")));
        }
        signed.push(Signed { name: entry.name.clone(), version: entry.version.clone(), word });
    }
    signed.sort();
    signed.dedup();
    let start = trust.root()?;
    match provenance(root, &attested, &start, &keys.of_attestations()) {
        Ok(provenance) => Ok((Vouched { signatures: Some(signed), provenance }, published)),
        Err(Wrong(why)) => Err(refused(registry, root, format!("its attestations: {why}"))),
    }
}

fn unusable(error: &ringfence_signing::RegistryError) -> InstallError {
    InstallError::refused(NPMJS, UntrustedText::new(&error.to_string()).to_string())
}

fn refused(registry: &Registry, entry: &Entry, why: String) -> InstallError {
    let what = UntrustedText::new(&entry.to_string()).to_string();
    InstallError::Vouched { what, why, url: registry.own_url(), by_keys: true }
}

/// As a part of an address: the one `/` of a scoped name is written otherwise there.
fn escaped(name: &str) -> String {
    name.replace('/', "%2f")
}

fn version(registry: &Registry, entry: &Entry) -> Wanted {
    let package = format!("{}{}", registry.base(), escaped(&entry.name));
    // A registry that knows only whole packages is asked for those.
    let one = format!("{package}/{}", entry.version);
    Wanted { urls: vec![one, package], accept: JSON, most: MAX_PACKAGE }
}

fn package(registry: &Registry, entry: &Entry) -> Wanted {
    let urls = vec![format!("{}{}", registry.base(), escaped(&entry.name))];
    Wanted { urls, accept: JSON, most: MAX_PACKAGE }
}

fn attestations(registry: &Registry, entry: &Entry) -> Wanted {
    let (base, name) = (registry.base(), escaped(&entry.name));
    let urls = vec![format!("{base}-/npm/v1/attestations/{name}@{}", entry.version)];
    Wanted { urls, accept: JSON, most: MAX_ATTESTATIONS }
}

fn own_keys(registry: &Registry) -> Wanted {
    let urls = vec![format!("{}-/npm/v1/keys", registry.base())];
    Wanted { urls, accept: JSON, most: MAX_KEYS }
}

/// The keys that a registry names itself. What is no such document names none.
fn named(registry: &Registry, document: &Document) -> Option<RegistryKeys> {
    let Document::Found { bytes, .. } = document else { return None };
    RegistryKeys::parse(&registry.place(), bytes).ok()
}

/// What the registry says of a version, or what is known of it without.
fn dist(entry: &Entry, document: &Document) -> Result<NpmDist, Word> {
    let unknown = |why: String| Word::NotCheckable { why };
    let read = match document {
        Document::Found { which: 0, bytes } => {
            NpmDist::of_version(bytes, &entry.name, &entry.version)
        }
        Document::Found { bytes, .. } => NpmDist::of_package(bytes, &entry.name, &entry.version),
        Document::Absent => {
            return Err(unknown("the registry says nothing of this version".to_owned()));
        }
        Document::Unknown(why) => return Err(unknown(why.clone())),
    };
    read.map_err(|error| unknown(UntrustedText::new(&error.to_string()).to_string()))
}

/// When the youngest was published, if all of them were before.
fn youngest(
    entries: &[&Entry],
    dists: &[Result<NpmDist, Word>],
    before: i64,
) -> Result<Option<i64>, InstallError> {
    let names: Vec<String> = entries.iter().map(ToString::to_string).collect();
    let times = dists.iter().map(|dist| dist.as_ref().ok().and_then(|dist| dist.published));
    age::youngest(names.iter().map(String::as_str).zip(times), before)
}

/// When those were published that are signed by a key which has an end; where age is asked
/// for, all of them.
fn times(
    ask: &Ask<'_>,
    registry: &Registry,
    keys: &Keys,
    entries: &[&Entry],
    dists: &mut [Result<NpmDist, Word>],
) -> Result<(), InstallError> {
    let all = ask.around.before.is_some();
    let needs = |dist: &Result<NpmDist, Word>| {
        dist.as_ref().is_ok_and(|dist| {
            let ends = || keys.of(dist).is_some_and(|(keys, _)| keys.need_time(dist));
            dist.published.is_none() && (all || ends())
        })
    };
    let open: Vec<(&Entry, &mut Result<NpmDist, Word>)> =
        entries.iter().copied().zip(dists.iter_mut()).filter(|(_, dist)| needs(dist)).collect();
    let wanted: Vec<Wanted> = open.iter().map(|(entry, _)| package(registry, entry)).collect();
    let documents = ask.documents(&wanted)?;
    for ((entry, dist), document) in open.into_iter().zip(documents) {
        let Document::Found { bytes, .. } = document else { continue };
        let told = NpmDist::of_package(&bytes, &entry.name, &entry.version);
        if let (Ok(dist), Ok(told)) = (dist, told) {
            dist.published = told.published;
        }
    }
    Ok(())
}

impl Keys {
    /// By which keys these signatures are looked at, and whether only the registry names them.
    fn of(&self, dist: &NpmDist) -> Option<(&RegistryKeys, bool)> {
        let trusted = self.trusted.as_ref();
        if let Some(trusted) = trusted.filter(|keys| keys.know(dist)) {
            return Some((trusted, false));
        }
        // A mirror gives on what npm signed, which is then as good as there.
        if self.is_npmjs || self.built_in.know(dist) {
            return Some((&self.built_in, false));
        }
        match trusted {
            Some(trusted) => Some((trusted, false)),
            None => self.own.as_ref().map(|own| (own, true)),
        }
    }

    /// By which keys the registry's own attestations may be signed. A mirror gives on npm's.
    fn of_attestations(&self) -> Vec<&RegistryKeys> {
        let own = self.own.as_ref().filter(|_| self.trusted.is_none() && !self.is_npmjs);
        self.trusted.iter().chain([&self.built_in]).chain(own).collect()
    }

    fn look(&self, dist: &NpmDist, entry: &Entry) -> Result<Word, Wrong> {
        let found = self.of(dist).filter(|_| dist.is_signed());
        let (keys, own) = match found {
            Some((keys, own)) => (Some(keys), own),
            None => (None, false),
        };
        if dist.published.is_none() && keys.is_some_and(|keys| keys.need_time(dist)) {
            let why = "its key has an end, and the registry does not say when it was published";
            return Ok(Word::NotCheckable { why: why.to_owned() });
        }
        let standing = npm_signatures(dist, &entry.sha512, keys, SignaturePolicy::IfPresent);
        Word::of(standing, own)
    }
}

/// Who built it. That the registry took it, by its own key, has to hold as well.
fn provenance(
    entry: &Entry,
    document: &Document,
    root: &SigstoreRoot,
    keys: &[&RegistryKeys],
) -> Result<Provenance, Wrong> {
    let bytes = match document {
        Document::Found { bytes, .. } => Some(bytes.as_slice()),
        Document::Absent => None,
        Document::Unknown(why) => return Ok(Provenance::NotCheckable { why: why.clone() }),
    };
    let about = (entry.name.as_str(), entry.version.as_str());
    let look = |keys| npm_attestations(bytes, about, &entry.sha512, root, keys, &Expected::Anyone);
    let failed = |found: &NpmAttestations| matches!(found.publish, Standing::Failed { .. });
    let mut found = look(None);
    for keys in keys {
        found = look(Some(keys));
        if !failed(&found) {
            break;
        }
    }
    if let Standing::Failed { why } = found.publish {
        return Err(Wrong(UntrustedText::new(&why).to_string()));
    }
    Provenance::of(found.provenance)
}
