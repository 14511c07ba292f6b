//! The `ringfence` program.
//!
//! Answers go to standard output, everything else to standard error; exit codes
//! are those of [`ringfence_types::ExitCode`].
#![forbid(unsafe_code)]

mod arguments;
mod attack;
mod audit;
mod card;
mod doctor;
mod output;
mod run;
mod schema;

use arguments::{Arguments, Verb};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; a wrong command line is not.
            let _ = error.print();
            let code = if error.use_stderr() {
                ringfence_types::ExitCode::Usage
            } else {
                ringfence_types::ExitCode::Success
            };
            return ExitCode::from(code.code());
        }
    };
    let code = match arguments.verb {
        Verb::Run(verb) => run::run(verb),
        Verb::Doctor(verb) => doctor::run(&verb),
        Verb::Audit(verb) => audit::run(verb),
        Verb::Schema => schema::run(),
    };
    ExitCode::from(code.code())
}
