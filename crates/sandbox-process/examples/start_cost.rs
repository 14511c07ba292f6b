//! Prints how long a full jail of one program takes, cold and prepared.
//!
//! `cargo run --release -p ringfence-sandbox-process --example start_cost -- /usr/bin/true`
#![expect(clippy::print_stdout, reason = "a measuring program")]

use ringfence_limits::Preset;
use ringfence_sandbox::{Backend, Plan, Programs, Runtime};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use std::error::Error;
use std::time::{Duration, Instant};

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
        programs: Programs::None,
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
    backend.warm_up()?;
    let pause = || {
        // Back to back runs hide the grace periods that a real cold start pays.
        let _ = rustix::thread::clock_nanosleep_relative(
            rustix::thread::ClockId::Monotonic,
            &rustix::fs::Timespec { tv_sec: 0, tv_nsec: 50_000_000 },
        );
    };
    let mut cold = Vec::new();
    let mut until_end = Vec::new();
    let mut warm = Vec::new();
    for _ in 0..100 {
        pause();
        let begin = Instant::now();
        let mut running = backend.start(&plan)?;
        cold.push(begin.elapsed());
        drop(running.streams().stdin);
        loop {
            if running.poll_end()?.is_some() {
                break;
            }
            rustix::event::poll(
                &mut [rustix::event::PollFd::from_borrowed_fd(
                    running.watch(),
                    rustix::event::PollFlags::IN,
                )],
                None,
            )?;
        }
        until_end.push(begin.elapsed());
        running.finish();
        let mut prepared = backend.prepare(&plan)?;
        prepared.wait_ready()?;
        pause();
        let begin = Instant::now();
        let running = prepared.launch()?;
        warm.push(begin.elapsed());
        drop(running);
    }
    for (name, mut times) in
        [("cold start to exec", cold), ("cold start to end", until_end), ("prepared to exec", warm)]
    {
        times.sort();
        let at = |percent: usize| {
            times.get(times.len() * percent / 100).copied().unwrap_or(Duration::ZERO)
        };
        println!("{name}: min {:?} median {:?} p95 {:?}", at(0), at(50), at(95));
    }
    Ok(())
}
