//! The `ringfence` program.
//!
//! Answers go to standard output, everything else to standard error; exit codes
//! are those of [`ringfence_types::ExitCode`].
#![forbid(unsafe_code)]

mod advisories;
mod apart;
mod approvals;
mod arguments;
mod ask;
mod attack;
mod audit;
mod card;
mod doctor;
mod failure;
mod feed;
mod fetched;
mod installed;
mod keys;
mod looked;
mod output;
mod pack;
mod prompt;
mod report;
mod report_files;
mod run;
mod scan;
mod scan_apart;
mod scan_input;
mod schema;
mod screen;
mod secret;
mod secret_store;
mod signals;
mod tools;
mod tools_diff;
mod trust;
mod trust_registry;
mod verify;
mod verify_bundle;

use arguments::{Arguments, Verb};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let backend = run::begin(std::env::args_os().nth(1));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; a wrong command line is not.
            let _ = error.print();
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            let code = ringfence_types::ExitCode::Usage;
            if asks_for_json() {
                let message = error.to_string();
                let message = message.trim_start_matches("error: ").lines().next();
                let message = message.unwrap_or_default();
                output::answer_json(&output::failure_json(code, message, None));
            }
            return ExitCode::from(code.code());
        }
    };
    let code = match arguments.verb {
        Verb::Run(verb) => run::run(*verb, backend),
        Verb::Installed(verb) => installed::run(&verb),
        Verb::Doctor(verb) => doctor::run(&verb),
        Verb::Audit(verb) => audit::run(verb),
        Verb::Secret(verb) => secret_store::run(verb),
        Verb::Scan(verb) => scan_apart::run(&verb),
        Verb::Pack(verb) => pack::pack(&verb),
        Verb::Sign(verb) => pack::sign(&verb),
        Verb::Verify(verb) => verify::verify(&verb),
        Verb::Inspect(verb) => verify::inspect(&verb),
        Verb::Keygen(verb) => keys::run(&verb),
        Verb::Trust(verb) => trust::run(verb),
        Verb::Advisories(verb) => advisories::run(verb),
        Verb::Feed(verb) => feed::run(verb),
        Verb::Tools(verb) => tools::run(&verb),
        Verb::Approvals(verb) => approvals::list(&verb),
        Verb::Allow(verb) => approvals::allow(&verb),
        Verb::Deny(verb) => approvals::deny(&verb),
        Verb::Schema => schema::run(),
    };
    ExitCode::from(code.code())
}

/// Whether `--json` stands in a command line that could not be understood.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}
