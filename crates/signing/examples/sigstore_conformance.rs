//! Runs the cases of sigstore-conformance that verify bundles, from a checkout of it:
//!
//! ```sh
//! git clone https://github.com/sigstore/sigstore-conformance
//! cargo run -p ringfence-signing --example sigstore_conformance -- \
//!     sigstore-conformance/test/assets/bundle-verify
//! ```
//!
//! Each folder is a case as that folder's `README.md` says; one whose name ends in `_fail`
//! must be refused, every other accepted. Ends with 1 when one is not.
#![allow(clippy::print_stdout, reason = "an example, which tells what it found")]

use ringfence_signing::{
    Artifact, Attested, Expected, PublicKey, SigstoreRoot, Standing, attested, signed_by_key,
};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Whether the case is accepted, and what was said.
fn look(case: &Path) -> Result<(bool, String), Box<dyn Error>> {
    let read = |name: &str| fs::read(case.join(name));
    let text = |name: &str, other: &str| {
        fs::read_to_string(case.join(name)).map_or(other.to_owned(), |text| text.trim().to_owned())
    };
    let artifact = match read("artifact") {
        Ok(artifact) => artifact,
        Err(_) => fs::read(case.join("../../a.txt"))?,
    };
    let bundle = read("bundle.sigstore.json")?;
    let root = match read("trusted_root.json") {
        Ok(root) => match SigstoreRoot::parse(&root) {
            Ok(root) => root,
            Err(error) => return Ok((false, error.to_string())),
        },
        Err(_) => SigstoreRoot::public_good()?,
    };
    let artifact = Artifact::Bytes(&artifact);
    if let Ok(key) = read("key.pub") {
        let key = PublicKey::parse(&key)?;
        let found = signed_by_key(&bundle, artifact, &root, "the key", &key);
        return Ok((matches!(found, Standing::Trusted { .. }), found.to_string()));
    }
    let expected = Expected::signer(&text("identity", IDENTITY), &text("issuer", ISSUER))?;
    let found = attested(&bundle, artifact, &root, &expected);
    Ok((matches!(found, Attested::Trusted { .. }), found.to_string()))
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("want the folder `bundle-verify`")?;
    let mut cases: Vec<_> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    let mut right = 0;
    for case in &cases {
        let wanted = !case.to_string_lossy().ends_with("_fail");
        let (accepted, why) =
            look(case).unwrap_or_else(|error| (!wanted, format!("not looked at: {error}")));
        let verdict = if accepted == wanted { "ok   " } else { "WRONG" };
        right += usize::from(accepted == wanted);
        println!("{verdict} {}: {}", case.display(), why.escape_debug());
    }
    println!("{right} of {}", cases.len());
    Ok(if right == cases.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
