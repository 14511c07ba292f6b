//! The jailer program: serves the socket on descriptor 0 until it closes.

use std::os::fd::AsFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The host's own descriptors, as far as it did not close them on exec.
    ringfence_jailer::keep_only_control();
    let Ok(control) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return ExitCode::FAILURE;
    };
    match ringfence_jailer::serve(control) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
