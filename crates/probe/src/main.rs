//! The program that is put into a jail to attack it.
//!
//! Takes: `key=value` arguments. Gives: one line per probe on standard
//! output, then `done N`. Never: starts threads or writes anywhere but into
//! what the jail lets it write.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let mut output = std::io::stdout().lock();
    match ringfence_probe::run(&arguments, &mut output).and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
