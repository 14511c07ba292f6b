//! PyPI: resolved and fetched by pip in a jail, wheels only, unpacked here.

mod configuration;
#[cfg(test)]
mod tests;
mod wheel;
mod word;

use crate::client::{Around, Errand, program};
use crate::documents::{Ask, Runtime};
use crate::error::InstallError;
use crate::fetched::{Fetched, Locked};
use crate::registry::Registry;
use crate::scratch::Scratch;
use crate::source::Source;
use crate::tree::Files;
use crate::trusted::RegistryTrust;
use configuration::Configuration;
use ringfence_lifecycle::{Engine, Packed};
use ringfence_package::{TreeFile, TreeLimits};
use ringfence_types::Digest;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use wheel::Wheel;
use word::Asked;

pub(crate) use wheel::normalised;

const HELP: &str = "install pip for python3, and look whether `python3 -m pip --version` works";

/// The folder that pip fills.
const WHEELS: &str = "wheels";

pub(crate) fn fetch(
    engine: &Engine,
    source: &Source,
    around: &Around,
) -> Result<Fetched, InstallError> {
    let python = program("python3").ok_or_else(|| InstallError::Client {
        program: "pip",
        why: "`python3` is not in the search path".to_owned(),
        help: HELP,
    })?;
    let configuration = Configuration::read(&python, around.interrupt.as_ref())?;
    let registries = configuration.registries()?;
    let index = registries
        .first()
        .ok_or_else(|| InstallError::refused(source.name(), "no index is configured"))?;
    let named = source.to_string();
    let ask = Ask {
        engine,
        around,
        source: &named,
        runtime: Runtime::Python(python.clone()),
        registries: &registries,
        certificates: configuration.certificates.as_deref(),
    };
    let trust = RegistryTrust::new(engine.home().to_owned());
    let scratch = Scratch::new()?;
    let folder = |name: &str| {
        let path = scratch.path().join(name);
        std::fs::create_dir(&path).map_err(InstallError::io(&path)).map(|()| path)
    };
    let (wheels, temporary) = (folder(WHEELS)?, folder("tmp")?);
    let options = [
        "-m",
        "pip",
        "download",
        // Of anything but a wheel, pip runs a part to find out what it needs.
        "--only-binary=:all:",
        "--no-input",
        "--no-cache-dir",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--quiet",
        "--retries=1",
    ];
    let mut words: Vec<OsString> = vec![python.into()];
    words.extend(options.iter().map(Into::into));
    words.extend(["--index-url".into(), index.url().into()]);
    if let Some(host) = registries.iter().find_map(Registry::plain_here) {
        words.extend(["--trusted-host".into(), host.into()]);
    }
    words.extend(["--dest".into(), wheels.clone().into()]);
    if let Some(file) = &configuration.certificates {
        words.extend(["--cert".into(), file.into()]);
    }
    words.extend(["--".into(), source.word().into()]);
    let errand = Errand {
        program: "pip",
        source: source.to_string(),
        words,
        folder: scratch.path(),
        registries: &registries,
        environment: vec![("TMPDIR".to_owned(), temporary.into())],
        certificates: configuration.certificates.clone(),
    };
    errand.run(engine, around)?;
    let limits = TreeLimits::default();
    // It was written in the jail: no link in it is followed out of the folder.
    let tree = ringfence_package::fetch(scratch.path(), &limits)?.unpack(&limits);
    if let Some(odd) = tree.oddities.first() {
        return Err(InstallError::refused(source.name(), odd.why));
    }
    let wheels = tree.files.into_iter().filter_map(|file| {
        let path = file.path.strip_prefix(WHEELS)?.strip_prefix('/')?.to_owned();
        Some(TreeFile { path, ..file })
    });
    let Gathered { files, packages, version, asked, wheels } = gather(source, wheels.collect())?;
    let packed = Packed::of_files(files.into_sorted())?;
    let published = match around.before {
        Some(before) => word::youngest(&ask, index, &wheels, before)?,
        None => None,
    };
    let vouched = word::word(&ask, &trust, index, &asked)?;
    let registry = index.place();
    Ok(Fetched { source: source.clone(), version, registry, packages, vouched, published, packed })
}

struct Gathered {
    files: Files,
    /// Sorted.
    packages: Vec<Locked>,
    /// Of what was asked for.
    version: String,
    asked: Asked,
    /// All that was fetched.
    wheels: Vec<Asked>,
}

/// All wheels in one folder, as `pip install --target` would lay them out.
fn gather(source: &Source, fetched: Vec<TreeFile>) -> Result<Gathered, InstallError> {
    let mut files = Files::default();
    let mut packages = Vec::new();
    let mut asked = None;
    let mut all = Vec::new();
    let wanted = normalised(source.name());
    for file in fetched {
        let sha256: [u8; 32] = Sha256::digest(&file.bytes).into();
        let digest = Digest::from_bytes(sha256);
        let wheel = Wheel::unpack(&file.path, file.bytes)?;
        let is_wanted = normalised(&wheel.name) == wanted;
        let one = Asked {
            project: normalised(&wheel.name),
            version: file.path.split('-').nth(1).unwrap_or_default().to_owned(),
            file: file.path.clone(),
            sha256,
        };
        all.push(one.clone());
        if is_wanted {
            asked = Some((wheel.version.clone(), one));
        }
        packages.push(Locked {
            name: wheel.name.clone(),
            version: wheel.version.clone(),
            integrity: digest.to_string(),
            has_install_script: false,
        });
        wheel.into_files(is_wanted, &mut files)?;
    }
    packages.sort();
    let (version, asked) =
        asked.ok_or_else(|| InstallError::refused(source.name(), "pip did not fetch it"))?;
    files.add(source.name(), "requirements.txt".to_owned(), false, lock(&packages))?;
    Ok(Gathered { files, packages, version, asked, wheels: all })
}

/// As `pip install --require-hashes` takes it.
fn lock(packages: &[Locked]) -> Vec<u8> {
    let lines = packages.iter().map(|package| {
        let Locked { name, version, integrity, .. } = package;
        format!("{name}=={version} --hash={integrity}\n")
    });
    lines.collect::<String>().into_bytes()
}
