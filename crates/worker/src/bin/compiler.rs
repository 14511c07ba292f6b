//! Compiles WebAssembly, inside a jail: from descriptor 4 to standard output. With the
//! argument `types` it takes types out of a plugin's sources instead.

use ringfence_protocol::worker::{CODE_DESCRIPTOR, Sources, TAKE_TYPES_OUT};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the host shows why there is no code")]
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    // Opened anew, so that it is read from its start whoever else holds it.
    let mut source = File::open(format!("/proc/self/fd/{CODE_DESCRIPTOR}"))?;
    let mut given = Vec::new();
    source.read_to_end(&mut given)?;
    let made = match std::env::args().nth(1).as_deref() {
        Some(TAKE_TYPES_OUT) => {
            let mut sources = Sources::from_bytes(&given)?;
            ringfence_worker::take_types_out(&mut sources)?;
            sources.to_bytes()?
        }
        _ => ringfence_worker::compile(&given)?,
    };
    std::io::stdout().write_all(&made)?;
    Ok(())
}
