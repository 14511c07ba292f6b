//! What holds for a whole process is tried in one of its own.

use std::process::Command;

/// Runs the test of this name again in a process of its own, where this gives
/// `true`; `false` where it has been run and passed.
pub(crate) fn alone(test: &str) -> bool {
    const INSIDE: &str = "RINGFENCE_TEST_ALONE";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}
