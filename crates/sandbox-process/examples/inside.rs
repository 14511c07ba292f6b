//! Runs one program in a jail with every system program visible, and prints
//! what it printed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development program")]

use ringfence_limits::Preset;
use ringfence_sandbox::{Backend, Plan, Programs, Runtime};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use std::error::Error;
use std::io::Read;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("which program?")?;
    let plan = Plan {
        runtime: Runtime::Command,
        program: program.into(),
        arguments: arguments.collect(),
        environment: Vec::new(),
        folder: None,
        exposed: Vec::new(),
        files: Vec::new(),
        programs: Programs::All,
        just_in_time_compiler: false,
        control: false,
        network: false,
        published: Vec::new(),
        datagrams: Vec::new(),
        trusted: None,
        code: Vec::new(),
        long_lived: false,
        budget: Preset::Production.budget(),
    };
    let backend = ProcessBackend::new(Limits::AsTheMachineCan);
    let mut running = backend.start(&plan)?;
    let streams = running.streams();
    drop(streams.stdin);
    for stream in [streams.stdout, streams.stderr].into_iter().flatten() {
        let mut text = String::new();
        std::fs::File::from(stream).read_to_string(&mut text)?;
        print!("{text}");
    }
    eprintln!("{:?}", running.finish());
    Ok(())
}
