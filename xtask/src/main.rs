//! The one front door for developers: `cargo xtask <word>`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod bench;
mod c_component;
mod ci;
mod corpus;
mod deny;
mod engine;
mod names;
mod packages;
mod plugins;
mod run;
mod servers;
mod setup;
mod tidy;
mod tools;
mod vm;

use std::process::ExitCode;

/// What every subcommand answers with; the text is for a person.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
cargo xtask <word>

  setup         install what the tests need (apt, npm, pip, cargo, rustup); quick the
                second time
  plugins       build the examples that are WebAssembly
  ci [--setup]  everything that must be green: format, lints, docs, tidy, tests
  tidy [--bless]
                rules of the house; --bless writes the committed dependency lists anew
  deny          cargo-deny on licences, bans and sources, when it is installed
  engine [--check]
                build the JavaScript engine of the worker; --check compares it with
                the committed bytes
  bench [...]   the benchmarks beside other sandboxes
  corpus        the analysis beside other tools, on the same files
  names <npm|pypi> <downloads> [<dependents>]
                the lists of well-known names, from lists that are published
  packages [<word>...]
                real packages of npm and PyPI by their names, as a table
  vm            the jail's tests under a stock Debian 6.12 kernel in QEMU
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["setup"] => setup::run(),
        ["plugins"] => plugins::run(),
        ["ci"] => ci::run(),
        ["ci", "--setup"] => setup::run().and_then(|()| ci::run()),
        ["tidy"] => tidy::run(false),
        ["tidy", "--bless"] => tidy::run(true),
        ["deny"] => deny::run(),
        ["engine"] => engine::run(false),
        ["engine", "--check"] => engine::run(true),
        ["bench", rest @ ..] => bench::run(rest),
        ["corpus"] => corpus::run(),
        ["packages", rest @ ..] => packages::run(rest),
        ["names", rest @ ..] => names::run(rest),
        ["vm", rest @ ..] => vm::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
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
