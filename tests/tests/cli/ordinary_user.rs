//! The same for a user without any privilege.

use crate::program::{COPY, repository, ringfence};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// "nobody": a user that owns nothing here.
const NOBODY: &str = "65534";

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn all_of_it_holds_for_an_ordinary_user_too() {
    if !rustix::process::geteuid().is_root() {
        // Then every test here is one.
        return;
    }
    let folder = tempfile::Builder::new().prefix("ordinary-").tempdir_in("/var/tmp").unwrap();
    let open = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    let place = |name: &str| folder.path().join(name);
    fs::create_dir(place("deps")).unwrap();
    fs::create_dir(place("tmp")).unwrap();
    open(&place("tmp"), 0o1777);
    fs::copy(ringfence(), place("ringfence")).unwrap();
    fs::copy(std::env::current_exe().unwrap(), place("deps/cli")).unwrap();
    for needed in ["plugins/examples", "crates/signing/tests/sigstore/data"] {
        copy_tree(&repository(needed), &place(needed));
    }
    let output = Command::new("setpriv")
        .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
        .arg(place("deps/cli"))
        .args(["--test-threads", "3"])
        .env(COPY, folder.path())
        .env("TMPDIR", place("tmp"))
        .env("HOME", "/nonexistent")
        .env("RUST_BACKTRACE", "0")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("setpriv: apt-get install util-linux");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(" 0 failed; 0 ignored"), "{text}");
}
