//! Whatever a file of metadata holds, reading it ends, and what it says lies inside it.
//! The first byte chooses the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_analysis::{Limits, SourceFile, Tree, facts};

const PATHS: [&str; 15] = [
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pyproject.toml",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "Pipfile.lock",
    "uv.lock",
    "METADATA",
    "a.pth",
    "binding.gyp",
    ".npmrc",
    "setup.py",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()].to_owned();
    let file = SourceFile { path, bytes: rest.into() };
    let facts = facts(&Tree::new(vec![file]), &Limits::default());
    let most = String::from_utf8_lossy(rest).len();
    for dependency in &facts.dependencies {
        assert!(dependency.place.start <= dependency.place.end);
        assert!(dependency.place.end as usize <= most);
    }
});
