//! Taking more of the machine than was given. Every attempt has a hard end of
//! its own, for the case that nothing else stops it.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::scratch::{WRITABLE_HOPES, create, create_in};
use crate::catalog::Class::Resource;
use crate::context::{Context, settle};
use crate::errno::Errno;
use crate::outcome::{Outcome, Probe};
use crate::sys::{self, call, descriptor, map_anonymous};

const PROCESSES: usize = 1000;
const DESCRIPTORS: usize = 10_000;
const MEBIBYTE: usize = 1 << 20;
/// More than any preset gives to temporary files.
const DISK: usize = 192 * MEBIBYTE;
/// One gibibyte, in steps.
const MEMORY_STEPS: usize = 64;
const MEMORY_STEP: usize = 16 * MEBIBYTE;

pub(super) const PROBES: &[Probe] = &[
    Probe::new("limit-core-size", Resource, "leave core dumps", |_| {
        // A limit of 1 byte leaves no file either, and unlike 0 it also stops
        // the kernel from starting the host's crash handler: core(5).
        soft_and_hard(libc::RLIMIT_CORE, |_, hard| hard <= 1)
    }),
    Probe::new("limit-file-size", Resource, "write files without end", |_| {
        soft_and_hard(libc::RLIMIT_FSIZE, |soft, _| soft != u64::MAX)
    }),
    Probe::new("limit-locked-memory", Resource, "lock 64 MiB into memory", |_| lock()),
    Probe::new("limit-processor-time", Resource, "use the processor without end", |c| {
        settle(processor(c))
    }),
    Probe::new("limit-queued-signals", Resource, "queue signals without end", |_| {
        soft_and_hard(libc::RLIMIT_SIGPENDING, |soft, _| soft != u64::MAX)
    }),
    Probe::new("limit-message-queues", Resource, "fill message queues", |_| {
        soft_and_hard(libc::RLIMIT_MSGQUEUE, |soft, _| soft != u64::MAX)
    }),
    Probe::new("take-descriptors", Resource, "open 10000 descriptors", |_| descriptors()),
    Probe::new("take-pipe-memory", Resource, "fill pipes with 64 MiB", |_| pipes()),
    Probe::new("take-tmp-space", Resource, "write 192 MiB of temporary files", |_| fill("/tmp")),
    Probe::new("take-shared-memory-space", Resource, "write 192 MiB to /dev/shm", |_| {
        fill("/dev/shm")
    }),
    Probe::new("take-other-space", Resource, "write 192 MiB anywhere else", |_| elsewhere()),
    Probe::new("take-tmp-inodes", Resource, "create 100000 files", |_| settle(inodes())),
    Probe::new("take-processes", Resource, "start 1000 processes", |_| processes()),
    Probe::new("take-memory-file-space", Resource, "write 1 GiB to files in memory", |_| {
        memory_file()
    }),
    Probe::new("take-memory", Resource, "use 1 GiB of memory", |_| memory()),
];

/// The soft and hard value of a limit of our own.
fn limit(resource: u32) -> Result<(u64, u64), Errno> {
    let mut limits = [0_u64; 2];
    call!(libc::SYS_prlimit64, 0, resource, 0, &mut limits)?;
    let [soft, hard] = limits;
    Ok((soft, hard))
}

fn soft_and_hard(resource: u32, enough: impl FnOnce(u64, u64) -> bool) -> Outcome {
    match limit(resource) {
        Ok((soft, hard)) if enough(soft, hard) => Outcome::shut(format!("{soft}, hard {hard}")),
        Ok((soft, _)) if soft == u64::MAX => Outcome::open("no limit"),
        Ok((soft, hard)) => Outcome::open(format!("{soft}, hard {hard}")),
        Err(errno) => Outcome::not_tried(errno.to_string()),
    }
}

fn lock() -> Outcome {
    let length = 64 * MEBIBYTE;
    match map_anonymous(length, libc::PROT_READ | libc::PROT_WRITE) {
        Ok(mapping) => Outcome::if_success(call!(libc::SYS_mlock, mapping.address(), length)),
        Err(errno) => Outcome::shut(errno.to_string()),
    }
}

/// A limit is a limit on time, a quota that is visible, or, when the host says
/// which share it gave (`cpu=` in percent of one processor), a share measured.
fn processor(context: &Context) -> Result<Outcome, Outcome> {
    if let Ok((_, hard)) = limit(libc::RLIMIT_CPU)
        && hard != u64::MAX
    {
        return Ok(Outcome::shut(format!("{hard} s")));
    }
    for path in ["/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] {
        let quota = std::fs::read_to_string(path).unwrap_or_default();
        let quota = quota.split_whitespace().next().unwrap_or("max");
        if quota.parse::<u64>().is_ok() {
            return Ok(Outcome::shut(format!("quota {quota}")));
        }
    }
    if context.get("cpu").is_none() {
        return Ok(Outcome::open("neither a limit on time nor a quota is visible"));
    }
    let given: u64 = context.number("cpu")?;
    let used = measured_share();
    // A period of the quota may begin and end within the measurement.
    Ok(if used <= given.saturating_add(given / 2).saturating_add(20) {
        Outcome::shut(format!("used {used} % of {given} % given"))
    } else {
        Outcome::open(format!("used {used} % of {given} % given"))
    })
}

/// Percent of one processor that busy children get within half a second.
fn measured_share() -> u64 {
    const MILLISECONDS: u128 = 500;
    let count = std::thread::available_parallelism().map_or(2, usize::from).min(16) + 1;
    let start = Instant::now();
    let children: Vec<i32> = (0..count)
        .filter_map(|_| {
            sys::spawn(|| {
                sys::alarm(3);
                while start.elapsed().as_millis() < MILLISECONDS {
                    std::hint::spin_loop();
                }
                0
            })
            .ok()
        })
        .collect();
    for child in children {
        let _ = sys::wait(child);
    }
    let mut usage = [0_u64; 18];
    // Of the collected children: seconds and microseconds, user and system.
    let _ = call!(libc::SYS_getrusage, -1, &mut usage);
    let [user_s, user_us, system_s, system_us, ..] = usage;
    let microseconds = (user_s + system_s) * 1_000_000 + user_us + system_us;
    let wall = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
    microseconds.saturating_mul(100) / wall
}

fn descriptors() -> Outcome {
    let mut held: Vec<OwnedFd> = Vec::with_capacity(DESCRIPTORS);
    while held.len() < DESCRIPTORS {
        match descriptor(call!(libc::SYS_fcntl, 1, libc::F_DUPFD_CLOEXEC, 3)) {
            Ok(one) => held.push(one),
            Err(errno) => return Outcome::shut(format!("{errno} after {}", held.len())),
        }
    }
    Outcome::open(format!("{} opened", held.len()))
}

fn pipes() -> Outcome {
    let block = vec![0_u8; 65_536];
    let mut held = Vec::new();
    let mut total = 0_usize;
    while total < 64 * MEBIBYTE {
        let (reader, mut writer) = match std::io::pipe() {
            Ok(ends) => ends,
            Err(error) => {
                return Outcome::shut(format!("{} after {total} bytes", Errno::from(error)));
            }
        };
        sys::set_nonblocking(std::os::fd::AsRawFd::as_raw_fd(&writer));
        match writer.write(&block) {
            Ok(written) => total += written,
            Err(error) => {
                return Outcome::shut(format!("{} after {total} bytes", Errno::from(error)));
            }
        }
        held.push((reader, writer));
    }
    Outcome::open(format!("{total} bytes in {} pipes", held.len()))
}

/// Writes up to the cap into one file that has lost its name already.
fn fill(directory: &str) -> Outcome {
    let mut scratch = match create_in(std::path::Path::new(directory), 0o600) {
        Ok(scratch) => scratch,
        Err(errno) => return Outcome::shut(format!("no place to write: {errno}")),
    };
    let _ = std::fs::remove_file(&scratch.path);
    let outcome = write_up_to(&mut scratch.file, DISK);
    let _ = scratch.file.set_len(0);
    outcome
}

fn write_up_to(file: &mut std::fs::File, cap: usize) -> Outcome {
    let block = vec![0x5a_u8; MEBIBYTE];
    let mut total = 0;
    while total < cap {
        match file.write(&block) {
            Ok(0) => return Outcome::shut(format!("full after {total} bytes")),
            Ok(written) => total += written,
            Err(error) => {
                return Outcome::shut(format!("{} after {total} bytes", Errno::from(error)));
            }
        }
    }
    Outcome::open(format!("{total} bytes written"))
}

fn memory_file() -> Outcome {
    match descriptor(call!(libc::SYS_memfd_create, c"probe", libc::MFD_CLOEXEC)) {
        Ok(file) => write_up_to(&mut std::fs::File::from(file), MEMORY_STEPS * MEMORY_STEP),
        Err(errno) => Outcome::shut(format!("memfd_create: {errno}")),
    }
}

fn elsewhere() -> Outcome {
    let mut last = Outcome::shut("no other place to write");
    for directory in WRITABLE_HOPES.iter().filter(|place| !matches!(**place, "/tmp" | "/dev/shm")) {
        let outcome = fill(directory);
        if outcome.verdict == crate::outcome::Verdict::Open {
            return Outcome::open(format!("{directory}: {}", outcome.detail));
        }
        if !outcome.detail.starts_with("no place") {
            last = outcome;
        }
    }
    last
}

/// Empty files take no bytes, so a limit on bytes alone does not stop them.
fn inodes() -> Result<Outcome, Outcome> {
    const FILES: u32 = 100_000;
    /// An emulated machine makes 7,000 a second, and what it could not make in time would
    /// look like what nothing stopped.
    const SECONDS: u64 = 30;
    let anchor = create(0o600)?;
    let directory = anchor.path.with_extension("many");
    std::fs::create_dir(&directory)
        .map_err(|error| Outcome::shut(Errno::from(error).to_string()))?;
    let start = Instant::now();
    let mut refusal = None;
    let mut made = 0;
    while made < FILES && start.elapsed().as_secs() < SECONDS {
        if let Err(error) = std::fs::File::create_new(directory.join(made.to_string())) {
            refusal = Some(Errno::from(error));
            break;
        }
        made += 1;
    }
    let _ = std::fs::remove_dir_all(&directory);
    Ok(match refusal {
        Some(errno) => Outcome::shut(format!("{errno} after {made}")),
        None => Outcome::open(format!("{made} created")),
    })
}

fn processes() -> Outcome {
    match sys::spawn_many(PROCESSES) {
        (count, Some(errno)) => Outcome::shut(format!("{errno} after {count}")),
        (count, None) => Outcome::open(format!("{count} started")),
    }
}

fn memory() -> Outcome {
    let mut held = Vec::with_capacity(MEMORY_STEPS);
    for step in 0..MEMORY_STEPS {
        match map_anonymous(MEMORY_STEP, libc::PROT_READ | libc::PROT_WRITE) {
            Ok(mut mapping) => {
                mapping.touch();
                held.push(mapping);
            }
            Err(errno) => {
                return Outcome::shut(format!("{errno} after {} MiB", step * 16));
            }
        }
    }
    Outcome::open(format!("{} MiB", held.len() * 16))
}
