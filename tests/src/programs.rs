//! Where the hostile programs are and how those in C become programs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Environment variable with the folder of a copy, for the run as another user.
pub(crate) const COPY: &str = "RINGFENCE_TESTS_PROGRAMS";

/// The folder of hostile programs, or its copy that another user can read.
#[must_use]
pub fn hostile_folder() -> PathBuf {
    match std::env::var_os(COPY) {
        Some(copy) => PathBuf::from(copy).join("hostile"),
        None => {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/hostile").canonicalize().unwrap()
        }
    }
}

/// The folder with what [`compile`] made beforehand for another user.
#[must_use]
pub fn static_programs() -> Option<PathBuf> {
    std::env::var_os(COPY).map(|copy| PathBuf::from(copy).join("bin"))
}

/// Compiles one static program into `folder`.
#[must_use]
pub fn compile(source: &Path, folder: &Path) -> PathBuf {
    let name = source.file_stem().unwrap();
    if let Some(ready) = static_programs() {
        let program = folder.join(name);
        std::fs::copy(ready.join(name), &program).unwrap();
        return program;
    }
    let program = folder.join(name);
    let status = Command::new("cc")
        .args(["-static", "-O1", "-o"])
        .arg(&program)
        .arg(source)
        .status()
        .expect("a C compiler: apt-get install gcc libc6-dev");
    assert!(status.success(), "{} does not compile", source.display());
    program
}
