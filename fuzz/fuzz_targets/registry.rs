//! Whatever the bytes are, looking at a bundle of Sigstore and at what a registry says ends,
//! and nobody is named for what nobody signed. The first byte chooses what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_signing::{
    Artifact, Expected, IdentityPattern, NpmDist, PypiFile, RegistryKeys, SignaturePolicy,
    SigstoreRoot, Standing, attested, npm_attestations, npm_signatures, pypi_attestations,
};
use std::sync::LazyLock;

static ROOT: LazyLock<SigstoreRoot> =
    LazyLock::new(|| SigstoreRoot::public_good().expect("it is built in"));

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let (root, anyone) = (&*ROOT, Expected::Anyone);
    match first % 6 {
        // No signature of the public instance is over an artifact of zeros.
        0 => assert!(attested(rest, Artifact::Sha256([0; 32]), root, &anyone).signer().is_none()),
        1 => {
            let keys = RegistryKeys::parse("r", rest).ok();
            let of = ("tool", "1.0.0");
            let found = npm_attestations(Some(rest), of, &[0; 64], root, keys.as_ref(), &anyone);
            assert!(found.provenance.signer().is_none());
            assert!(!matches!(found.publish, Standing::Trusted { .. }));
        }
        2 => {
            if let Ok(dist) = NpmDist::of_version(rest, "tool", "1.0.0") {
                let found = npm_signatures(&dist, &[0; 64], None, SignaturePolicy::Required);
                assert!(!matches!(found, Standing::Trusted { .. }), "there are no keys");
            }
        }
        3 => {
            let file = PypiFile {
                project: "tool",
                version: "1.0.0",
                filename: "tool-1.0.0.tar.gz",
                sha256: [0; 32],
            };
            assert!(pypi_attestations(Some(rest), file, root, &anyone).signer().is_none());
        }
        4 => {
            let _a_root_or_not = SigstoreRoot::parse(rest);
        }
        _ => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            let (pattern, identity) = text.split_once('\n').unwrap_or((text, text));
            let Ok(pattern) = pattern.parse::<IdentityPattern>() else { return };
            let fits = pattern.fits(identity);
            // What has a star begins with a repository, and so does what fits.
            let literal = pattern.to_string();
            let literal = literal.split('*').next().unwrap_or_default().to_owned();
            assert!(!fits || identity.starts_with(&literal));
        }
    }
});
