//! Where a package comes from.

use crate::failure::Failure;
use ringfence::{Engine, Incoming, Plugins};
use std::ffi::OsStr;
use std::path::Path;

/// The package that `source` names, with its files in the home.
pub(super) fn incoming(
    plugins: &Plugins,
    engine: &Engine,
    source: &OsStr,
) -> Result<Incoming, Failure> {
    let path = Path::new(source);
    // What lies here was meant, whatever it is called.
    let scheme = source.to_str().and_then(|text| text.split_once(':')).map(|(scheme, _)| scheme);
    if let (Some("npm" | "pypi" | "oci" | "https" | "http"), false) = (scheme, path.exists()) {
        return Err(Failure::usage("this version installs folders and packed packages only")
            .help("fetch it, then: ringfence install ./FOLDER"));
    }
    let path = match source.to_str().and_then(|text| text.strip_prefix("file:")) {
        Some(file) if !path.exists() => Path::new(file),
        _ => path,
    };
    Ok(plugins.from_path(engine, path)?)
}
