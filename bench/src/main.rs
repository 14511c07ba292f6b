//! Ringfence side by side with others, in one run, on this machine.
//!
//! Nothing here passes or fails by time: a busy machine is not a bug. A
//! contender that is absent or fails is listed with the reason.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod clock;
mod contest;
mod costs;
mod figures;
mod goals;
mod jobs;
mod load;
mod machine;
mod memory;
mod native;
mod network;
mod oci;
mod options;
mod ours;
mod plugins;
mod rates;
mod report;
mod rivals;
mod run;
mod scratch;
mod wasm;

use options::{Options, Word};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// What every part answers with; the text is for a person.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match Options::parse(&arguments) {
        Ok(Word::Help) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Word::Spin) => {
            load::spin();
            return ExitCode::SUCCESS;
        }
        Ok(Word::Echo) => wasm::echo(),
        Ok(Word::Alone(words)) => wasm::alone(&words),
        Ok(Word::Measure(options)) if options.clean => run::run(&options),
        Ok(Word::Measure(_)) => Err(start_clean(&arguments)),
        Err(error) => {
            eprint!("error: {error}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn progress(title: &str) {
    eprintln!("measuring: {title}");
}

/// Becomes this program again with a small environment: a single variable of a
/// developer's shell can double an interpreter's start (`NODE_EXTRA_CA_CERTS`
/// costs node 28 ms), and every contender must get the same one. Returns only
/// on failure.
fn start_clean(arguments: &[String]) -> Box<dyn std::error::Error> {
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return error.into(),
    };
    // The system's programs first, so that they win over a version manager's shims.
    let mut path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
    if let Some(users) = std::env::var_os("PATH").and_then(|path| path.into_string().ok()) {
        path.push(':');
        path.push_str(&users);
    }
    let kept = [
        "CARGO",
        "CARGO_HOME",
        "CARGO_TARGET_DIR",
        "HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "TMPDIR",
    ];
    let kept = kept.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)));
    let mut command = Command::new(own);
    command.args(arguments).arg(options::CLEAN);
    command.env_clear().envs(kept).env("PATH", path).env("LANG", "C.UTF-8");
    command.exec().into()
}
