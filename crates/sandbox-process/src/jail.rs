//! One jail, from the request to its end.

use crate::channel;
use crate::counted::Counted;
use ringfence_jailer::{ExecSpec, MAX_MESSAGE, Report, Stage};
use ringfence_sandbox::{End, Live, Network, NetworkEnds, StartError, Usage};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a killed jailer's processes may take to die; the next jailer removes what is left.
const ORPHANS_DIE_IN: Duration = Duration::from_millis(500);

/// A jail that is built or runs. Dropping it kills everything in it.
#[derive(Debug)]
pub struct Jail {
    status: OwnedFd,
    go: Option<OwnedFd>,
    asked: Instant,
    pid: u32,
    /// What its cgroup counts, if it has one.
    counted: Option<Counted>,
    /// The most seen of a jail that no cgroup counts.
    seen_cpu: Duration,
    seen_memory: u64,
    landlock: u32,
    ready: bool,
    started: bool,
    end: Option<End>,
    usage: Option<Usage>,
    killed: bool,
    /// The jailer died before its last report.
    orphaned: bool,
    network: Option<Network>,
}

impl Jail {
    pub(crate) fn new(status: OwnedFd, go: OwnedFd) -> Self {
        Self {
            status,
            go: Some(go),
            asked: Instant::now(),
            pid: 0,
            counted: None,
            seen_cpu: Duration::ZERO,
            seen_memory: 0,
            landlock: 0,
            ready: false,
            started: false,
            end: None,
            usage: None,
            killed: false,
            orphaned: false,
            network: None,
        }
    }

    /// Hands the program to the jail. It starts as soon as every wall stands.
    ///
    /// # Errors
    /// When the message is too large or the jail is gone.
    pub fn launch(&mut self, program: &ExecSpec, fds: &[OwnedFd]) -> Result<(), StartError> {
        let bytes = program.encode();
        if bytes.len() > MAX_MESSAGE {
            return Err(StartError::Plan(format!(
                "arguments and environment are larger than {MAX_MESSAGE} bytes"
            )));
        }
        self.asked = Instant::now();
        if let Some(go) = &self.go {
            // A jail that failed while being built has closed its end; the
            // report says why, so that error is the one to show.
            let _ = channel::send(go, &bytes, &channel::borrowed(fds));
        }
        Ok(())
    }

    /// Waits until every wall stands.
    ///
    /// # Errors
    /// When one could not be built.
    pub fn wait_ready(&mut self) -> Result<(), StartError> {
        while !self.ready && self.end.is_none() {
            self.next_report(true)?;
        }
        Ok(())
    }

    /// Waits until the program runs.
    ///
    /// # Errors
    /// When the jail could not be built or the program not started.
    pub fn wait_started(&mut self) -> Result<(), StartError> {
        while !self.started && self.end.is_none() {
            self.next_report(true)?;
        }
        Ok(())
    }

    /// The host's ends of its network, once it has one and the program runs. With
    /// `published` ports, the channel that brought the program there goes on to
    /// bring sockets back.
    pub(crate) fn take_network(&mut self, published: bool) -> Option<Network> {
        let sockets = self.go.take().filter(|_| published);
        self.network.take().map(|network| Network { sockets, ..network })
    }

    /// Takes one report; `false` when there was none to take.
    fn next_report(&mut self, wait: bool) -> Result<bool, StartError> {
        let mut buffer = [0; 8192];
        let (length, fds) = match channel::receive(&self.status, &mut buffer, wait) {
            Ok(received) => received,
            Err(rustix::io::Errno::AGAIN) => return Ok(false),
            // The jailer closed its end with our request to kill unread. The
            // error is told once; its last reports are still in the queue.
            Err(rustix::io::Errno::CONNRESET) => return Ok(true),
            Err(error) => return Err(StartError::Jailer(error.to_string())),
        };
        let bytes = buffer.get(..length).unwrap_or(&[]);
        if bytes.is_empty() {
            if self.usage.is_none() {
                // Both init and jailer are gone without a last word.
                self.usage = Some(Usage { wall: self.asked.elapsed(), ..Usage::default() });
                self.orphaned = true;
                if self.killed {
                    self.end.get_or_insert(End::Killed);
                }
                remove_orphans();
            }
            if !self.orphaned || self.end.is_some() {
                return Ok(false);
            }
            // A jail dies with its jailer; that is not the plugin's doing.
            let when = if self.started { "the plugin ran" } else { "it built the jail" };
            return Err(StartError::Jailer(format!("it died while {when}")));
        }
        let report = Report::decode(bytes)
            .map_err(|_| StartError::Jailer("it sent a malformed report".to_owned()))?;
        self.take(report, fds)?;
        Ok(true)
    }

    fn take(&mut self, report: Report, fds: Vec<OwnedFd>) -> Result<(), StartError> {
        match report {
            Report::Created { pid, cgroup, time } => {
                self.pid = u32::try_from(pid).unwrap_or(0);
                self.counted = path_of(cgroup)
                    .zip(path_of(time))
                    .map(|(cgroup, time)| Counted::new(cgroup, &time));
            }
            Report::Ready { landlock } => {
                self.landlock = landlock;
                self.ready = true;
            }
            Report::Network => self.network = network(fds),
            Report::Datagrams => {
                if let Some(network) = &mut self.network {
                    network.datagrams.extend(fds);
                }
            }
            Report::Started => self.started = true,
            Report::Failed { stage, errno, detail } => {
                self.end = Some(End::Killed);
                return Err(failure(stage, errno, &detail));
            }
            Report::Exited { status } => {
                self.end.get_or_insert(end_of(status));
            }
            Report::Ended { usage } => {
                self.end.get_or_insert(End::Killed);
                self.usage = Some(Usage {
                    wall: self.asked.elapsed(),
                    cpu: Duration::from_micros(
                        usage.user_micros.saturating_add(usage.system_micros),
                    ),
                    peak_memory: usage.peak_memory,
                    out_of_memory: usage.out_of_memory,
                    forks_refused: usage.forks_refused,
                });
            }
        }
        Ok(())
    }

    /// Looks for the program's end without waiting.
    ///
    /// # Errors
    /// When the jail failed.
    pub fn poll_end(&mut self) -> Result<Option<End>, StartError> {
        while self.end.is_none() && self.next_report(false)? {}
        Ok(self.end)
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    /// When the jail failed.
    pub fn wait_end(&mut self) -> Result<End, StartError> {
        loop {
            if let Some(end) = self.end {
                return Ok(end);
            }
            self.next_report(true)?;
        }
    }

    /// Kills whatever is left and waits until the jailer says that nothing is.
    pub fn finish(&mut self) -> (End, Usage) {
        if self.end.is_none() {
            if self.counted.is_none() && self.pid != 0 {
                let _ = self.live();
            }
            self.kill();
        }
        drop(self.go.take());
        while self.usage.is_none() {
            // A failure to build was told before; only a broken socket ends the wait.
            if matches!(self.next_report(true), Err(StartError::Jailer(_))) {
                break;
            }
        }
        let mut usage = self.usage.unwrap_or_default();
        usage.cpu = usage.cpu.max(self.seen_cpu);
        usage.peak_memory = usage.peak_memory.max(self.seen_memory);
        (self.end.unwrap_or(End::Killed), usage)
    }

    /// Kills every process of the jail at once.
    pub fn kill(&mut self) {
        self.killed = true;
        let _ = channel::send(&self.status, b"K", &[]);
    }

    /// Does what [`Jail::kill`] does, from any thread.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn killer(&self) -> std::io::Result<impl Fn() + Send + Sync + use<>> {
        let status = self.status.try_clone()?;
        Ok(move || {
            // A jail that is gone needs no killing.
            let _ = channel::send(&status, b"K", &[]);
        })
    }

    /// Process id of its first process on the host; 0 until it exists.
    #[must_use]
    pub fn host_pid(&self) -> u32 {
        self.pid
    }

    /// Landlock ABI in force; 0 for none.
    #[must_use]
    pub fn landlock(&self) -> u32 {
        self.landlock
    }

    /// Readable when there is a report.
    #[must_use]
    pub fn watch(&self) -> BorrowedFd<'_> {
        self.status.as_fd()
    }

    /// Processor time and memory now: from the cgroup, else added up over the
    /// jail's processes.
    #[must_use]
    pub fn live(&mut self) -> Option<Live> {
        if let Some(counted) = &self.counted {
            return counted.live();
        }
        let (cpu, memory) = crate::members::add_up(self.pid)?;
        // Times of processes that nobody waited for are lost with them.
        self.seen_cpu = self.seen_cpu.max(cpu);
        self.seen_memory = self.seen_memory.max(memory);
        Some(Live { cpu: self.seen_cpu, memory, out_of_memory: 0 })
    }

    /// The processor time of [`Jail::live`] alone.
    #[must_use]
    pub fn cpu(&mut self) -> Option<Duration> {
        match &self.counted {
            Some(counted) => counted.cpu(),
            None => self.live().map(|live| live.cpu),
        }
    }
}

/// Removes the cgroups of a jailer that was killed, once their last process is gone.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody tells when a dying process has left its cgroup"
)]
fn remove_orphans() {
    let hierarchy = crate::machine::hierarchy();
    let end = Instant::now() + ORPHANS_DIE_IN;
    while ringfence_jailer::cgroup::sweep(&hierarchy) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        if self.usage.is_none() {
            self.finish();
        }
    }
}

/// The sockets that the jailer sent, in the order of [`Report::Network`].
fn network(fds: Vec<OwnedFd>) -> Option<Network> {
    let mut fds = fds.into_iter();
    let mut ends = || Some(NetworkEnds { listener: fds.next()?, names: fds.next()? });
    Some(Network { ipv4: ends()?, ipv6: ends(), datagrams: Vec::new(), sockets: None })
}

fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    (!bytes.is_empty()).then(|| PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// `waitpid` status to an end; see wait(2).
fn end_of(status: i32) -> End {
    let signal = status & 0x7f;
    if signal == 0 { End::Exited((status >> 8) & 0xff) } else { End::Signalled(signal) }
}

pub(crate) fn failure(stage: Stage, errno: i32, detail: &[u8]) -> StartError {
    let why = std::io::Error::from_raw_os_error(errno);
    let detail = String::from_utf8_lossy(detail).into_owned();
    if stage == Stage::Exec {
        let help = match errno {
            libc::ENOENT => Some(
                "the program, its interpreter (`#!`) or its loader is not visible inside"
                    .to_owned(),
            ),
            libc::EACCES => Some("it is not executable, or no grant lets it start".to_owned()),
            libc::ENOEXEC => Some("it is not a program for this machine".to_owned()),
            _ => None,
        };
        return StartError::Program { program: detail, reason: why.to_string(), help };
    }
    let help = match (stage, errno) {
        (Stage::Namespaces, libc::EPERM | libc::ENOSPC | libc::EUSERS) | (Stage::Identity, libc::EPERM) => {
            Some("user namespaces are switched off here; `ringfence doctor` says how to allow them".to_owned())
        }
        (Stage::Landlock, libc::EOPNOTSUPP) => Some(
            "this kernel has no Landlock; `ringfence doctor` says how to get it".to_owned(),
        ),
        (Stage::Cgroup, _) => Some("`ringfence doctor` says how to get a delegated cgroup".to_owned()),
        (Stage::Mount, libc::EPERM) if detail == "proc" => {
            Some("this container masks /proc, so no fresh one can be mounted; run it with an unmasked /proc".to_owned())
        }
        (Stage::Seccomp, _) => Some(
            "the kernel needs CONFIG_SECCOMP_FILTER, and a container around this must allow seccomp(2)".to_owned(),
        ),
        (Stage::Network, _) => Some(
            "its network needs nf_tables with address translation (modules nf_tables, nft_redir, nf_nat, nft_limit, nft_connlimit); `ringfence doctor` says whether it is there".to_owned(),
        ),
        _ => None,
    };
    let reason = if detail.is_empty() { why.to_string() } else { format!("{why}: {detail}") };
    StartError::Unavailable { step: stage.plain().to_owned(), reason, help }
}
