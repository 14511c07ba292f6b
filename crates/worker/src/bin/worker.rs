//! Runs a WebAssembly plugin, inside a jail. Its argument is the settings as JSON;
//! descriptor 3 is the control channel, descriptor 4 the native code, descriptor 5
//! the sources where that code is the engine of JavaScript.
#![expect(unsafe_code, reason = "descriptors come by number")]

use ringfence_protocol::worker::{CODE_DESCRIPTOR, CodeKind, SOURCES_DESCRIPTOR, WorkerSettings};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(u8::try_from(status & 0xff).unwrap_or(u8::MAX)),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a jailed program's last words")]
            {
                eprintln!("ringfence-worker: {error}");
            }
            ExitCode::from(125)
        }
    }
}

fn run() -> Result<i32, Box<dyn std::error::Error>> {
    let text = std::env::args().nth(1).ok_or("no settings")?;
    let settings: WorkerSettings = serde_json::from_str(&text)?;
    // SAFETY: needed because descriptors are handed over by number. Sound because
    // the jail's first process put these here, and nothing of this program has
    // opened or closed a descriptor before.
    let [control, code] =
        [3, CODE_DESCRIPTOR].map(|number| unsafe { OwnedFd::from_raw_fd(number) });
    let control = (settings.kind != CodeKind::Program).then_some(control);
    // SAFETY: as above; this one is there for sources alone.
    let sources = (settings.kind == CodeKind::JavaScript)
        .then(|| unsafe { OwnedFd::from_raw_fd(SOURCES_DESCRIPTOR) });
    Ok(ringfence_worker::serve(settings, control, &code, sources)?)
}
