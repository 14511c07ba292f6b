//! Compiles WebAssembly, inside a jail: from descriptor 4 to standard output.

use ringfence_protocol::worker::CODE_DESCRIPTOR;
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
    let mut wasm = Vec::new();
    source.read_to_end(&mut wasm)?;
    let code = ringfence_worker::compile(&wasm)?;
    std::io::stdout().write_all(&code)?;
    Ok(())
}
