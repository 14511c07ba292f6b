//! PyPI: resolved and fetched by pip in a jail, wheels only, unpacked here.

mod configuration;
#[cfg(test)]
mod tests;
mod wheel;

use crate::client::{Around, Errand, program};
use crate::error::InstallError;
use crate::fetched::{Fetched, Locked};
use crate::registry::Registry;
use crate::scratch::Scratch;
use crate::source::Source;
use crate::tree::Files;
use configuration::Configuration;
use ringfence_lifecycle::{Engine, Packed};
use ringfence_package::{TreeFile, TreeLimits};
use ringfence_types::Digest;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use wheel::Wheel;

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
    words.extend(["--index-url".into(), registries.first().map_or("", Registry::url).into()]);
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
    let (files, packages, version) = gather(source, wheels.collect())?;
    let packed = Packed::of_files(files.into_sorted())?;
    let registry = registries.first().map(Registry::place).unwrap_or_default();
    Ok(Fetched { source: source.clone(), version, registry, packages, packed })
}

/// All wheels in one folder, as `pip install --target` would lay them out.
fn gather(
    source: &Source,
    fetched: Vec<TreeFile>,
) -> Result<(Files, Vec<Locked>, String), InstallError> {
    let mut files = Files::default();
    let mut packages = Vec::new();
    let mut version = None;
    let wanted = normalised(source.name());
    for file in fetched {
        let digest = Digest::from_bytes(Sha256::digest(&file.bytes).into());
        let wheel = Wheel::unpack(&file.path, file.bytes)?;
        let is_wanted = normalised(&wheel.name) == wanted;
        if is_wanted {
            version = Some(wheel.version.clone());
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
    let version =
        version.ok_or_else(|| InstallError::refused(source.name(), "pip did not fetch it"))?;
    files.add(source.name(), "requirements.txt".to_owned(), false, lock(&packages))?;
    Ok((files, packages, version))
}

/// As `pip install --require-hashes` takes it.
fn lock(packages: &[Locked]) -> Vec<u8> {
    let lines = packages.iter().map(|package| {
        let Locked { name, version, integrity, .. } = package;
        format!("{name}=={version} --hash={integrity}\n")
    });
    lines.collect::<String>().into_bytes()
}
