//! Effects on things that have a plain name: keys, variables, programs.

use crate::effect::rules::{named_effect, set_effect};
use ringfence_types::Kind;

/// Longest key or name, in bytes.
pub const MAX_NAME: usize = 512;

pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("the name is empty");
    }
    if name.len() > MAX_NAME {
        return Err("the name is longer than 512 bytes");
    }
    if name.contains(char::is_control) {
        return Err("the name holds control characters");
    }
    Ok(())
}

fn check_variable(name: &str) -> Result<(), &'static str> {
    check_name(name)?;
    if name.contains('=') {
        return Err("a variable's name holds no `=`");
    }
    Ok(())
}

/// A bare name or a canonical absolute path: `/usr/bin/../../tmp/x` would
/// otherwise begin like a granted `/usr/bin/*`.
fn check_program(program: &str) -> Result<(), &'static str> {
    check_name(program)?;
    let parts = program.strip_prefix('/').unwrap_or(program);
    let canonical = parts.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !canonical || (!program.starts_with('/') && program.contains('/')) {
        return Err("a program is a bare name or an absolute path without `.` and `..`");
    }
    Ok(())
}

named_effect!(
    /// Read one key of the plugin's storage.
    StorageRead, Kind::StorageRead, check_name
);
named_effect!(
    /// Set or delete one key of the plugin's storage.
    StorageWrite, Kind::StorageWrite, check_name
);
set_effect!(
    /// List keys of the plugin's storage. The request is a pattern of keys
    /// (`prefix*`); a grant of `storage.read` must cover all of it.
    StorageList, Kind::StorageRead, check_name
);
named_effect!(
    /// Read one environment variable that the host lends.
    EnvironmentRead, Kind::EnvironmentRead, check_variable
);
named_effect!(
    /// Read one configuration key.
    ConfigRead, Kind::ConfigRead, check_name
);
named_effect!(
    /// Change one configuration key.
    ConfigWrite, Kind::ConfigWrite, check_name
);
named_effect!(
    /// Start one program, in the same confinement.
    ProcessExecute, Kind::ProcessExecute, check_program
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_cannot_climb_out_of_a_granted_prefix() {
        for bad in [
            "/usr/bin/../../tmp/evil",
            "/usr/bin/./x",
            "/usr/bin//x",
            "./git",
            "../git",
            "bin/git",
            ".",
            "..",
            "/",
            "",
            "git\n",
        ] {
            assert!(check_program(bad).is_err(), "{bad:?}");
        }
        assert!(check_program("git").is_ok());
        assert!(check_program("/usr/bin/git").is_ok());
    }

    #[test]
    fn names_are_bounded_and_printable() {
        assert!(check_name("").is_err());
        assert!(check_name("a\0b").is_err());
        assert!(check_name(&"a".repeat(MAX_NAME + 1)).is_err());
        assert!(check_variable("PATH=x").is_err());
        assert!(check_variable("PATH").is_ok());
    }
}
