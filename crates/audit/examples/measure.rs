//! Prints what an append, an opening and a signature cost on this machine:
//! `cargo run --release -p ringfence-audit --example measure [folder]`.
#![expect(clippy::print_stdout, reason = "a program whose answer is what it prints")]

use ringfence_audit::{AuditLog, Durability, LogOptions, VerifyOptions, verify};
use ringfence_types::{AuditEvent, AuditSink as _, EventKind};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let home = parent.join(format!("ringfence-measure-{}", std::process::id()));
    let outcome = measure(&home);
    std::fs::remove_dir_all(&home)?;
    outcome
}

fn measure(home: &Path) -> Outcome<()> {
    let started = Instant::now();
    drop(AuditLog::open(home, LogOptions::default())?);
    println!("first opening, with a new key   {:?}", started.elapsed());

    for (name, durability, count) in
        [("process", Durability::Process, 20_000), ("disk", Durability::Disk, 500)]
    {
        let options = LogOptions { durability, ..LogOptions::default() };
        appends(home, options, name, count)?;
        let unsigned =
            LogOptions { sign_after_records: u64::MAX, sign_after: Duration::MAX, ..options };
        appends(home, unsigned, &format!("{name}, unsigned"), count)?;
        for threads in [1, 4, 16] {
            together(home, options, name, threads, count)?;
        }
    }

    let mut times = Vec::new();
    let mut whole = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        let log = AuditLog::open(home, LogOptions::default())?;
        times.push(started.elapsed());
        for _ in 0..8 {
            log.append(event())?;
        }
        drop(log);
        whole.push(started.elapsed());
    }
    println!("opening                         {}", spread(&mut times));
    println!("open, 8 appends, drop (signed)  {}", spread(&mut whole));

    let started = Instant::now();
    let verified = verify(home, &VerifyOptions::default())?;
    println!("verifying {} records: {:?}", verified.records, started.elapsed());
    Ok(())
}

fn event() -> AuditEvent {
    AuditEvent::new(EventKind::EffectAllowed, "read a file")
        .with("capability", "files.read data/**")
        .with("path", "data/input.json")
}

fn appends(home: &Path, options: LogOptions, name: &str, count: u32) -> Outcome<()> {
    let log = AuditLog::open(home, options)?;
    let mut times = Vec::new();
    for _ in 0..count {
        let event = event();
        let started = Instant::now();
        log.append(event)?;
        times.push(started.elapsed());
    }
    println!("append, {name:<23} {}", spread(&mut times));
    Ok(())
}

fn together(home: &Path, options: LogOptions, name: &str, threads: u32, count: u32) -> Outcome<()> {
    let log = AuditLog::open(home, options)?;
    let started = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| (0..count / threads).all(|_| log.append(event()).is_ok())))
            .collect();
        workers.into_iter().all(|worker| worker.join().unwrap_or(false))
    })
    .then_some(())
    .ok_or("an append failed")?;
    let each = started.elapsed() / count;
    println!("append, {name}, {threads} threads: {each:?} each over all");
    Ok(())
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get((times.len() * share / 100).min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    format!("p50 {:?}  p95 {:?}  p99 {:?}  max {:?}", at(50), at(95), at(99), at(100))
}
