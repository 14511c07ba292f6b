//! A running jail under watch: streams, time-outs, limits.

use crate::channel::{Channel, Tail};
use crate::engine::now_ms;
use crate::error::{Phase, RunError};
use crate::interrupt::Interrupt;
use crate::network::NetworkSide;
use crate::observer::Observer;
use crate::record::Recorder;
use ringfence_gate_network::Gate;
use ringfence_limits::{Budget, Resource};
use ringfence_permission::Lease;
use ringfence_sandbox::{End, Live, Running, Usage};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How often memory and processor time are looked at while nothing happens.
const TICK: Duration = Duration::from_millis(50);

/// Bytes of answers that may wait for a program, beside its largest input.
const MOST_ANSWERS: u64 = 1024 * 1024;

/// Where something came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The program's standard output.
    Output,
    /// The control channel.
    Control,
    /// The host's own client, in proxy mode.
    Client,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Happening {
    /// Bytes came; none at the end of the stream.
    Bytes(Source, Vec<u8>),
    /// The program wrote to standard error.
    Log(Vec<u8>),
    /// The program ended.
    Ended(End),
    /// The control channel takes answers again, or one has been found.
    Room,
}

/// Until when, and what it means when it is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Option<Instant>,
    pub(crate) phase: Phase,
    pub(crate) limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration, phase: Phase) -> Self {
        Self { at: Instant::now().checked_add(limit), phase, limit }
    }

    /// The same, this much later.
    pub(crate) fn put_off(self, by: Duration) -> Self {
        Self { at: self.at.and_then(|at| at.checked_add(by)), ..self }
    }

    /// Whether there is time left.
    pub(crate) fn check(&self) -> Result<(), RunError> {
        match self.at {
            Some(at) if Instant::now() >= at => {
                Err(RunError::Timeout { phase: self.phase, limit: self.limit })
            }
            _ => Ok(()),
        }
    }

    /// No call is running: nothing to be late for.
    pub(crate) fn never() -> Self {
        Self { at: None, phase: Phase::Call, limit: Duration::MAX }
    }
}

/// A jail that runs, with the host's ends of its streams.
pub(crate) struct Jailed {
    running: Box<dyn Running>,
    /// Output from, input to the program.
    pub(crate) program: Channel,
    pub(crate) control: Channel,
    pub(crate) client: Channel,
    errors: Channel,
    /// Readable when the host's services have answered.
    services: Channel,
    stderr: Tail,
    interrupts: Vec<Interrupt>,
    budget: Budget,
    recorder: Recorder,
    started: Instant,
    last_look: Instant,
    /// Processor time at the start of the current call.
    cpu_before: Duration,
    warned: bool,
    ended: Option<End>,
    finished: Option<(End, Usage)>,
    /// Where its network ends.
    gate: Option<Gate>,
    /// What it was started by, when that is a grant that can end before it.
    lease: Option<Lease>,
}

impl Jailed {
    pub(crate) fn new(
        mut running: Box<dyn Running>,
        budget: Budget,
        recorder: Recorder,
        interrupts: Vec<Interrupt>,
        network: Option<NetworkSide>,
    ) -> Result<Self, RunError> {
        let streams = running.streams();
        let gate = match (streams.network, network) {
            (Some(ends), Some(side)) => Some(side.open(ends)?),
            // Nobody listens: a network without a gate leads nowhere.
            _ => None,
        };
        let internal = |error: rustix::io::Errno| RunError::Internal {
            what: format!("preparing streams: {error}"),
        };
        let program = Channel::own(streams.stdout, streams.stdin).map_err(internal)?;
        let errors = Channel::own(streams.stderr, None).map_err(internal)?;
        let control = match streams.control {
            Some(fd) => {
                let copy =
                    fd.try_clone().map_err(|e| RunError::Internal { what: e.to_string() })?;
                Channel::own(Some(fd), Some(copy)).map_err(internal)?
            }
            None => Channel::default(),
        };
        Ok(Self {
            running,
            program,
            control,
            client: Channel::default(),
            errors,
            services: Channel::default(),
            stderr: Tail::default(),
            interrupts,
            budget,
            recorder,
            started: Instant::now(),
            last_look: Instant::now(),
            cpu_before: Duration::ZERO,
            warned: false,
            ended: None,
            finished: None,
            gate,
            lease: None,
        })
    }

    /// Ends it when this does.
    pub(crate) fn as_long_as(&mut self, lease: Lease) {
        self.lease = Some(lease);
    }

    pub(crate) fn attach_client(&mut self, input: OwnedFd, output: OwnedFd) {
        self.client = Channel::shared(input, output);
    }

    /// Wakes for what this descriptor says, when there is a new one.
    pub(crate) fn hear_of(&mut self, services: Option<OwnedFd>) {
        if let Some(services) = services {
            self.services = Channel::signal(services);
        }
    }

    pub(crate) fn interrupt_with(&mut self, interrupt: Interrupt) {
        self.interrupts.push(interrupt);
    }

    /// Processor time is counted per call: this is where one begins.
    pub(crate) fn begin_call(&mut self) {
        self.cpu_before = self.running.cpu().unwrap_or_default();
    }

    pub(crate) fn host_pid(&self) -> u32 {
        self.running.host_pid()
    }

    /// Processor time and memory now.
    pub(crate) fn live(&mut self) -> Option<Live> {
        self.running.live()
    }

    /// Whether the program has ended; looks without waiting.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            match self.running.poll_end() {
                Ok(end) => self.ended = end,
                Err(_) => return true,
            }
        }
        self.ended.is_some()
    }

    pub(crate) fn stderr_text(&self) -> String {
        self.stderr.text()
    }

    /// Waits for the next things to happen.
    pub(crate) fn wait(
        &mut self,
        deadline: Deadline,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Happening>, RunError> {
        loop {
            deadline.check()?;
            let now = Instant::now();
            let until = deadline.at.map_or(TICK, |at| at.duration_since(now).min(TICK));
            let ready = self.poll(until)?;
            if now.duration_since(self.last_look) >= TICK {
                self.last_look = now;
                self.look_at_limits()?;
                observer.waiting(now.duration_since(self.started));
            }
            let happened = self.collect(ready)?;
            if !happened.is_empty() {
                return Ok(happened);
            }
        }
    }

    fn poll(&self, until: Duration) -> Result<Ready, RunError> {
        // What a channel would make grow must have room first. A program that asks
        // on without reading our answers is not heard any more; what a client or
        // a call may send it at once is no such thing.
        let most = self.budget.input_bytes.saturating_add(MOST_ANSWERS);
        let hear = !self.client.is_full() && !self.program.is_stuffed(most);
        let wanted = [
            (What::ReadProgram, self.program.readable().filter(|_| hear)),
            (What::WriteProgram, self.program.writable()),
            (What::ReadControl, self.control.readable().filter(|_| !self.control.is_full())),
            (What::WriteControl, self.control.writable()),
            (What::ReadClient, self.client.readable().filter(|_| !self.program.is_full())),
            (What::WriteClient, self.client.writable()),
            (What::ReadErrors, self.errors.readable()),
            (What::ReadServices, self.services.readable()),
            (What::Jail, self.ended.is_none().then(|| self.running.watch())),
        ];
        let mut kinds = Vec::with_capacity(10);
        let mut fds = Vec::with_capacity(10);
        for (what, fd) in wanted {
            if let Some(fd) = fd {
                let flags = if what.writes() { PollFlags::OUT } else { PollFlags::IN };
                kinds.push(what);
                fds.push(PollFd::from_borrowed_fd(fd, flags));
            }
        }
        for interrupt in &self.interrupts {
            kinds.push(What::Interrupt);
            fds.push(PollFd::from_borrowed_fd(interrupt.watch(), PollFlags::IN));
        }
        let timeout = Timespec {
            tv_sec: i64::try_from(until.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(until.subsec_nanos()),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(RunError::Internal { what: format!("waiting: {error}") }),
        }
        let ready = kinds.into_iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
        Ok(Ready(ready.map(|(what, _)| what).collect()))
    }

    fn collect(&mut self, ready: Ready) -> Result<Vec<Happening>, RunError> {
        let mut happened = Vec::new();
        for what in ready.0 {
            match what {
                What::Interrupt => return Err(Interrupt::told(&self.interrupts)),
                What::WriteProgram => self.program.write(),
                What::WriteControl => {
                    let was_full = self.control.is_full();
                    self.control.write();
                    if was_full && !self.control.is_full() {
                        happened.push(Happening::Room);
                    }
                }
                What::WriteClient => self.client.write(),
                What::ReadProgram => happened
                    .extend(self.program.read().map(|b| Happening::Bytes(Source::Output, b))),
                What::ReadControl => happened
                    .extend(self.control.read().map(|b| Happening::Bytes(Source::Control, b))),
                What::ReadClient => {
                    happened
                        .extend(self.client.read().map(|b| Happening::Bytes(Source::Client, b)));
                }
                What::ReadErrors => {
                    if let Some(bytes) = self.errors.read().filter(|bytes| !bytes.is_empty()) {
                        self.stderr.push(&bytes);
                        happened.push(Happening::Log(bytes));
                    }
                }
                What::ReadServices => {
                    self.services.read();
                    happened.push(Happening::Room);
                }
                What::Jail => {
                    if let Some(end) = self.running.poll_end()? {
                        self.ended = Some(end);
                        happened.push(Happening::Ended(end));
                    }
                }
            }
        }
        Ok(happened)
    }

    /// Takes whatever the ended program left in its pipes, without waiting.
    pub(crate) fn drain_errors(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        while let Some(bytes) = self.errors.read().filter(|bytes| !bytes.is_empty()) {
            self.stderr.push(&bytes);
            rest.extend_from_slice(&bytes);
        }
        rest
    }

    fn look_at_limits(&mut self) -> Result<(), RunError> {
        if self.lease.as_ref().is_some_and(|lease| !lease.is_live(now_ms())) {
            let what = "what it was started by was taken back meanwhile".to_owned();
            return Err(RunError::Internal { what });
        }
        let Some(Live { cpu, memory, out_of_memory }) = self.running.live() else { return Ok(()) };
        let used = cpu.saturating_sub(self.cpu_before);
        if used > self.budget.cpu_time {
            return Err(RunError::Resource {
                resource: Resource::CpuTime,
                limit: millis(self.budget.cpu_time),
                used: Some(millis(used)),
            });
        }
        // The kernel of cgroup v1 kills one process where v2 kills all: the limit
        // ends the plugin, never half of it. Where no cgroup counts, we do.
        if out_of_memory > 0 || memory > self.budget.memory_bytes {
            return Err(RunError::Resource {
                resource: Resource::Memory,
                limit: self.budget.memory_bytes,
                used: (out_of_memory == 0).then_some(memory),
            });
        }
        // The kernel stops at 100 %; a person should hear of it before.
        if !self.warned && memory > self.budget.memory_bytes / 5 * 4 {
            self.warned = true;
            self.recorder.nearly_used(Resource::Memory, self.budget.memory_bytes, memory);
        }
        Ok(())
    }

    /// Kills what is left and says how it ended and what it used.
    pub(crate) fn finish(&mut self) -> (End, Usage) {
        if let Some(finished) = self.finished {
            return finished;
        }
        if self.ended.is_none() {
            // It is killed now, and the kernel would end its connections in order:
            // what it was in the middle of must not look like a whole.
            drop(self.gate.take());
        }
        let (end, usage) = self.running.finish();
        // Nobody is left who could use it; the ends of its connections are recorded.
        drop(self.gate.take());
        let finished = (self.ended.unwrap_or(end), usage);
        self.finished = Some(finished);
        finished
    }

    /// The error that best says why the program is gone.
    pub(crate) fn death(&mut self, end: End) -> RunError {
        self.drain_errors();
        let (_, usage) = self.finish();
        if usage.out_of_memory > 0 {
            return RunError::Resource {
                resource: Resource::Memory,
                limit: self.budget.memory_bytes,
                used: None,
            };
        }
        match end {
            End::Signalled(SIGXCPU) => RunError::Resource {
                resource: Resource::CpuTime,
                limit: millis(self.budget.cpu_time),
                used: Some(millis(usage.cpu)),
            },
            End::Signalled(SIGXFSZ) => RunError::Resource {
                resource: Resource::FileSize,
                limit: self.budget.file_bytes,
                used: None,
            },
            end => RunError::Crash { end, stderr: self.stderr.text() },
        }
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }
}

const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Clone, Copy)]
enum What {
    ReadProgram,
    WriteProgram,
    ReadControl,
    WriteControl,
    ReadClient,
    WriteClient,
    ReadErrors,
    ReadServices,
    Jail,
    Interrupt,
}

impl What {
    const fn writes(self) -> bool {
        matches!(self, Self::WriteProgram | Self::WriteControl | Self::WriteClient)
    }
}

struct Ready(Vec<What>);
