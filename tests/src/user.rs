//! Runs a test again as an ordinary user.

use crate::programs::{COPY, compile, hostile_folder};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// "nobody": a user that owns nothing here and has no privilege.
const USER: &str = "65534";

/// Whether this process is not root.
#[must_use]
pub fn is_ordinary_user() -> bool {
    !rustix::process::geteuid().is_root()
}

/// Runs the test named `test` of this test program as an ordinary user and
/// fails when it fails. Does nothing when this already is one: the test itself
/// runs as that user then.
pub fn as_ordinary_user(test: &str) {
    if is_ordinary_user() {
        return;
    }
    let folder = tempfile::Builder::new().prefix("as-user-").tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("tests");
    // The name may be gone when the tests are built again meanwhile.
    fs::copy("/proc/self/exe", &program).unwrap();
    copy_tree(&hostile_folder(), &folder.path().join("hostile"));
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for entry in fs::read_dir(hostile_folder()).unwrap().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "c") {
            let _ = compile(&entry.path(), &bin);
        }
    }
    let output = Command::new("setpriv")
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(&program)
        .args(["--exact", test, "--nocapture"])
        .env(COPY, folder.path())
        .env("HOME", "/")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("setpriv: apt-get install util-linux");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "as an ordinary user:\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

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
