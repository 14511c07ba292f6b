//! The program by itself. That it has a test of its own also makes Cargo build
//! it wherever all tests are run; the end-to-end tests look for it there.

use std::process::Command;

#[test]
fn the_program_says_its_version_and_the_schema_that_is_published() {
    for (argument, answer) in [
        ("--version", format!("ringfence {}\n", env!("CARGO_PKG_VERSION"))),
        ("schema", include_str!("../../../docs/plugin.schema.json").to_owned()),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ringfence")).arg(argument).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), answer);
    }
}
