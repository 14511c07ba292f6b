//! The bytes between host, spawner and init. Both ends are ours; the decoder
//! is bounded all the same, since init shares the machine with a stranger.

use crate::spec::{
    CgroupLimits, DatagramPlace, ExecSpec, JailSpec, LandlockRule, MountStep, Rlimit,
    SeccompProfile,
};
use crate::sys::Errno;
use alloc::ffi::CString;
use alloc::vec::Vec;

/// Largest message, in bytes. Below the default socket buffer (212,992 bytes).
pub const MAX_MESSAGE: usize = 128 * 1024;

/// A message that does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError;

/// Where in building a jail something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Reading the request.
    Request = 0,
    /// `clone3` with the namespaces.
    Namespaces = 1,
    /// Writing the user and group maps.
    Identity = 2,
    /// Creating, limiting or joining the cgroup.
    Cgroup = 3,
    /// Building the root.
    Mount = 4,
    /// Making it the root.
    Pivot = 5,
    /// Host name and other small settings.
    Settings = 6,
    /// Process limits.
    Rlimit = 7,
    /// Dropping capabilities.
    Capabilities = 8,
    /// Landlock.
    Landlock = 9,
    /// seccomp.
    Seccomp = 10,
    /// Waiting for the program to start.
    Go = 11,
    /// Starting the program.
    Exec = 12,
    /// Building the private network.
    Network = 13,
}

impl Stage {
    const ALL: [Stage; 14] = [
        Stage::Request,
        Stage::Namespaces,
        Stage::Identity,
        Stage::Cgroup,
        Stage::Mount,
        Stage::Pivot,
        Stage::Settings,
        Stage::Rlimit,
        Stage::Capabilities,
        Stage::Landlock,
        Stage::Seccomp,
        Stage::Go,
        Stage::Exec,
        Stage::Network,
    ];

    /// The stage in words.
    #[must_use]
    pub const fn plain(self) -> &'static str {
        match self {
            Self::Request => "reading the request",
            Self::Namespaces => "creating the namespaces",
            Self::Identity => "mapping the user",
            Self::Cgroup => "setting the resource limits (cgroup)",
            Self::Mount => "building the file system",
            Self::Pivot => "entering the file system",
            Self::Settings => "setting up the jail",
            Self::Rlimit => "setting the process limits",
            Self::Capabilities => "dropping privileges",
            Self::Landlock => "restricting file access (Landlock)",
            Self::Seccomp => "restricting system calls (seccomp)",
            Self::Go => "waiting for the program",
            Self::Exec => "starting the program",
            Self::Network => "building the private network (nf_tables)",
        }
    }
}

/// What the jail used, as the kernel counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode, microseconds.
    pub user_micros: u64,
    /// Processor time in the kernel, microseconds.
    pub system_micros: u64,
    /// Largest memory of the whole jail, bytes; of the largest process where no
    /// cgroup counts.
    pub peak_memory: u64,
    /// How many processes the kernel killed for lack of memory.
    pub out_of_memory: u64,
    /// How often the process limit refused a fork.
    pub forks_refused: u64,
}

/// What spawner and init tell the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The jail's first process exists.
    Created {
        /// Its process id on the host.
        pid: i32,
        /// Folder of the cgroup that counts memory; empty when there is none.
        cgroup: Vec<u8>,
        /// Folder of the cgroup that counts processor time; empty when there is none.
        time: Vec<u8>,
    },
    /// Every wall stands; the jail waits for its program.
    Ready {
        /// Landlock ABI in force, 0 for none.
        landlock: u32,
    },
    /// The jail has its network. With it come the host's ends: for IPv4 and then,
    /// where the kernel has it, for IPv6, a TCP listener and a UDP socket for names.
    Network,
    /// More of them: UDP sockets at the places for datagrams, in their order, as many
    /// as a message holds.
    Datagrams,
    /// The program runs.
    Started,
    /// The jail could not be built, or the program not started.
    Failed {
        /// Where.
        stage: Stage,
        /// Why.
        errno: i32,
        /// On what: a path, a controller.
        detail: Vec<u8>,
    },
    /// The program ended by itself.
    Exited {
        /// As `waitpid` gives it.
        status: i32,
    },
    /// Nothing of the jail is left.
    Ended {
        /// What it used.
        usage: Usage,
    },
}

// === encoding ===

#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn i32(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn bytes(&mut self, value: &[u8]) {
        // A longer value makes a message over MAX_MESSAGE, which is refused whole.
        self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(value);
    }
    fn text(&mut self, value: &CString) {
        self.bytes(value.as_bytes());
    }
    fn texts(&mut self, values: &[CString]) {
        self.u32(u32::try_from(values.len()).unwrap_or(u32::MAX));
        for value in values {
            self.text(value);
        }
    }
}

pub(crate) struct Reader<'a>(&'a [u8]);

type Decoded<T> = Result<T, DecodeError>;

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(DecodeError)?;
        self.0 = tail;
        Ok(head)
    }
    fn array<const N: usize>(&mut self) -> Decoded<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| DecodeError)
    }
    fn u8(&mut self) -> Decoded<u8> {
        self.array::<1>().map(|[byte]| byte)
    }
    fn u32(&mut self) -> Decoded<u32> {
        self.array().map(u32::from_le_bytes)
    }
    fn port(&mut self) -> Decoded<u16> {
        u16::try_from(self.u32()?).map_err(|_| DecodeError)
    }
    fn i32(&mut self) -> Decoded<i32> {
        self.array().map(i32::from_le_bytes)
    }
    fn u64(&mut self) -> Decoded<u64> {
        self.array().map(u64::from_le_bytes)
    }
    fn bytes(&mut self) -> Decoded<Vec<u8>> {
        let length = usize::try_from(self.u32()?).map_err(|_| DecodeError)?;
        self.take(length).map(<[u8]>::to_vec)
    }
    fn text(&mut self) -> Decoded<CString> {
        CString::new(self.bytes()?).map_err(|_| DecodeError)
    }
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Decoded<T>) -> Decoded<Vec<T>> {
        let count = self.u32()?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(item(self)?);
        }
        Ok(list)
    }
    fn end(&self) -> Decoded<()> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError) }
    }
}

impl JailSpec {
    /// The bytes for the spawner.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes(&self.hostname);
        out.u32(u32::try_from(self.mounts.len()).unwrap_or(u32::MAX));
        for step in &self.mounts {
            encode_step(&mut out, step);
        }
        out.u32(u32::try_from(self.rlimits.len()).unwrap_or(u32::MAX));
        for limit in &self.rlimits {
            out.u32(limit.resource);
            out.u64(limit.value);
        }
        out.u64(self.cgroup.memory);
        out.u32(self.cgroup.pids);
        out.u32(self.cgroup.cpu_percent);
        out.u8(self.cgroup.required.into());
        out.u32(u32::try_from(self.landlock.len()).unwrap_or(u32::MAX));
        for rule in &self.landlock {
            out.text(&rule.path);
            out.u8(rule.access);
        }
        out.u8(self.landlock_required.into());
        out.u8(self.seccomp.writable_executable.into());
        out.u8(self.seccomp.network.into());
        out.u8(self.seccomp.worker.into());
        out.u32(u32::try_from(self.published.len()).unwrap_or(u32::MAX));
        for port in &self.published {
            out.u32((*port).into());
        }
        out.u32(u32::try_from(self.datagrams.len()).unwrap_or(u32::MAX));
        for place in &self.datagrams {
            out.bytes(&place.address);
            out.u32(place.port.into());
        }
        out.0
    }

    /// Reads what [`JailSpec::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are not a whole spec.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader(bytes);
        let spec = Self {
            hostname: from.bytes()?,
            mounts: from.list(decode_step)?,
            rlimits: from.list(|from| Ok(Rlimit { resource: from.u32()?, value: from.u64()? }))?,
            cgroup: CgroupLimits {
                memory: from.u64()?,
                pids: from.u32()?,
                cpu_percent: from.u32()?,
                required: from.u8()? != 0,
            },
            landlock: from
                .list(|from| Ok(LandlockRule { path: from.text()?, access: from.u8()? }))?,
            landlock_required: from.u8()? != 0,
            seccomp: SeccompProfile {
                writable_executable: from.u8()? != 0,
                network: from.u8()? != 0,
                worker: from.u8()? != 0,
            },
            published: from.list(Reader::port)?,
            datagrams: from.list(|from| {
                let address = from.bytes()?.try_into().map_err(|_| DecodeError)?;
                Ok(DatagramPlace { address, port: from.port()? })
            })?,
        };
        from.end()?;
        Ok(spec)
    }
}

fn encode_step(out: &mut Writer, step: &MountStep) {
    match step {
        MountStep::Folder { target } => {
            out.u8(0);
            out.text(target);
        }
        MountStep::Link { target, to } => {
            out.u8(1);
            out.text(target);
            out.text(to);
        }
        MountStep::File { target, content } => {
            out.u8(2);
            out.text(target);
            out.bytes(content);
        }
        MountStep::Longer { source, target, more } => {
            out.u8(6);
            out.text(source);
            out.text(target);
            out.bytes(more);
        }
        MountStep::Bind { source, target, flags } => {
            out.u8(3);
            out.text(source);
            out.text(target);
            out.u8(*flags);
        }
        MountStep::Memory { target, bytes, files } => {
            out.u8(4);
            out.text(target);
            out.u64(*bytes);
            out.u64(*files);
        }
        MountStep::Processes { target } => {
            out.u8(5);
            out.text(target);
        }
    }
}

fn decode_step(from: &mut Reader<'_>) -> Decoded<MountStep> {
    Ok(match from.u8()? {
        0 => MountStep::Folder { target: from.text()? },
        1 => MountStep::Link { target: from.text()?, to: from.text()? },
        2 => MountStep::File { target: from.text()?, content: from.bytes()? },
        3 => MountStep::Bind { source: from.text()?, target: from.text()?, flags: from.u8()? },
        4 => MountStep::Memory { target: from.text()?, bytes: from.u64()?, files: from.u64()? },
        5 => MountStep::Processes { target: from.text()? },
        6 => MountStep::Longer { source: from.text()?, target: from.text()?, more: from.bytes()? },
        _ => return Err(DecodeError),
    })
}

impl ExecSpec {
    /// The bytes for init.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(&self.program);
        out.texts(&self.arguments);
        out.texts(&self.environment);
        out.text(&self.folder);
        out.0
    }

    /// Reads what [`ExecSpec::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are not a whole spec.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader(bytes);
        let spec = Self {
            program: from.text()?,
            arguments: from.list(Reader::text)?,
            environment: from.list(Reader::text)?,
            folder: from.text()?,
        };
        from.end()?;
        Ok(spec)
    }
}

impl Report {
    /// The bytes for the host.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Created { pid, cgroup, time } => {
                out.u8(0);
                out.i32(*pid);
                out.bytes(cgroup);
                out.bytes(time);
            }
            Self::Ready { landlock } => {
                out.u8(5);
                out.u32(*landlock);
            }
            Self::Network => out.u8(6),
            Self::Datagrams => out.u8(7),
            Self::Started => out.u8(1),
            Self::Failed { stage, errno, detail } => {
                out.u8(2);
                out.u8(*stage as u8);
                out.i32(*errno);
                out.bytes(detail);
            }
            Self::Exited { status } => {
                out.u8(3);
                out.i32(*status);
            }
            Self::Ended { usage } => {
                out.u8(4);
                out.u64(usage.user_micros);
                out.u64(usage.system_micros);
                out.u64(usage.peak_memory);
                out.u64(usage.out_of_memory);
                out.u64(usage.forks_refused);
            }
        }
        out.0
    }

    /// Reads what [`Report::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are not a whole report.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Reader(bytes);
        let report = match from.u8()? {
            0 => Self::Created { pid: from.i32()?, cgroup: from.bytes()?, time: from.bytes()? },
            5 => Self::Ready { landlock: from.u32()? },
            6 => Self::Network,
            7 => Self::Datagrams,
            1 => Self::Started,
            2 => {
                let stage = from.u8()?;
                let stage =
                    Stage::ALL.into_iter().find(|s| *s as u8 == stage).ok_or(DecodeError)?;
                Self::Failed { stage, errno: from.i32()?, detail: from.bytes()? }
            }
            3 => Self::Exited { status: from.i32()? },
            4 => Self::Ended {
                usage: Usage {
                    user_micros: from.u64()?,
                    system_micros: from.u64()?,
                    peak_memory: from.u64()?,
                    out_of_memory: from.u64()?,
                    forks_refused: from.u64()?,
                },
            },
            _ => return Err(DecodeError),
        };
        from.end()?;
        Ok(report)
    }

    pub(crate) fn failed(stage: Stage, errno: Errno, detail: &[u8]) -> Self {
        Self::Failed { stage, errno: errno.0, detail: detail.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> JailSpec {
        JailSpec {
            hostname: b"plugin".to_vec(),
            mounts: vec![
                MountStep::Folder { target: c"a".into() },
                MountStep::Link { target: c"lib".into(), to: c"usr/lib".into() },
                MountStep::File { target: c"etc/hosts".into(), content: vec![0, 1, 2] },
                MountStep::Longer { source: c"/a".into(), target: c"b".into(), more: vec![3] },
                MountStep::Bind { source: c"/usr".into(), target: c"usr".into(), flags: 3 },
                MountStep::Memory { target: c"tmp".into(), bytes: 1 << 40, files: 7 },
                MountStep::Processes { target: c"proc".into() },
            ],
            rlimits: vec![Rlimit { resource: 4, value: 0 }],
            cgroup: CgroupLimits { memory: 1, pids: 2, cpu_percent: 3, required: true },
            landlock: vec![LandlockRule { path: c"/".into(), access: 1 }],
            landlock_required: true,
            seccomp: SeccompProfile { writable_executable: true, network: true, worker: true },
            published: vec![80, 65535],
            datagrams: vec![DatagramPlace { address: [7; 16], port: 53 }],
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_every_cut_of_it_is_refused() {
        let bytes = sample().encode();
        assert_eq!(JailSpec::decode(&bytes).unwrap(), sample());
        for length in 0..bytes.len() {
            assert_eq!(JailSpec::decode(&bytes[..length]), Err(DecodeError));
        }
    }

    #[test]
    fn a_huge_count_in_a_short_message_allocates_nothing() {
        let mut bytes = Writer::default();
        bytes.bytes(b"x");
        bytes.u32(u32::MAX);
        assert_eq!(JailSpec::decode(&bytes.0), Err(DecodeError));
    }

    #[test]
    fn reports_round_trip() {
        for report in [
            Report::Created { pid: 7, cgroup: b"/x".to_vec(), time: b"/y".to_vec() },
            Report::Ready { landlock: 7 },
            Report::Network,
            Report::Datagrams,
            Report::Started,
            Report::failed(Stage::Exec, Errno(2), b"/bin/x"),
            Report::Exited { status: 256 },
            Report::Ended { usage: Usage { peak_memory: 5, ..Usage::default() } },
        ] {
            assert_eq!(Report::decode(&report.encode()).unwrap(), report);
        }
    }
}
