//! What the host asks for: plain data, no policy.

use alloc::ffi::CString;
use alloc::vec::Vec;

/// Everything that a jail is made of, before a program is started in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JailSpec {
    /// Name of the host inside.
    pub hostname: Vec<u8>,
    /// How the root is built, in order.
    pub mounts: Vec<MountStep>,
    /// Process limits, soft and hard alike.
    pub rlimits: Vec<Rlimit>,
    /// Limits over all processes together.
    pub cgroup: CgroupLimits,
    /// What Landlock allows; everything else is denied by it.
    pub landlock: Vec<LandlockRule>,
    /// Refuse to start when the kernel has no Landlock.
    pub landlock_required: bool,
    /// Which system calls are allowed.
    pub seccomp: SeccompProfile,
    /// Ports of its network that are published. With any, its first process answers
    /// requests for sockets.
    pub published: Vec<u16>,
    /// Places of its network at which datagrams are received for the host.
    pub datagrams: Vec<DatagramPlace>,
}

/// An address inside a jail's network, and a port of UDP there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatagramPlace {
    /// The address; one of IPv4 in its IPv4-mapped form.
    pub address: [u8; 16],
    /// The port.
    pub port: u16,
}

impl DatagramPlace {
    /// The address of IPv4, if it is one.
    pub(crate) fn ipv4(&self) -> Option<[u8; 4]> {
        let (front, rest) = self.address.split_at_checked(12)?;
        if front == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] {
            rest.try_into().ok()
        } else {
            None
        }
    }
}

/// One process limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rlimit {
    /// `RLIMIT_*` number.
    pub resource: u32,
    /// Soft and hard value.
    pub value: u64,
}

/// Limits over all processes of the jail together. Zero means that no limit of
/// this kind is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupLimits {
    /// Memory without swap, in bytes.
    pub memory: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Processor time in percent of one core.
    pub cpu_percent: u32,
    /// Refuse to start when no cgroup can be had.
    pub required: bool,
}

/// One step of building the root. Targets are relative to the new root,
/// without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountStep {
    /// An empty folder.
    Folder {
        /// Where.
        target: CString,
    },
    /// A symbolic link.
    Link {
        /// Where.
        target: CString,
        /// What it says.
        to: CString,
    },
    /// A small file with this content.
    File {
        /// Where.
        target: CString,
        /// Its bytes.
        content: Vec<u8>,
    },
    /// A file of the host, followed by more, as one file.
    Longer {
        /// Absolute path on the host; nothing when it is absent.
        source: CString,
        /// Where.
        target: CString,
        /// What follows.
        more: Vec<u8>,
    },
    /// A file or folder of the host.
    Bind {
        /// Absolute path on the host.
        source: CString,
        /// Where.
        target: CString,
        /// Bits of [`bind`].
        flags: u8,
    },
    /// A private file system in memory.
    Memory {
        /// Where.
        target: CString,
        /// Most bytes it holds.
        bytes: u64,
        /// Most files it holds.
        files: u64,
    },
    /// The processes of the jail, and nothing else of the kernel.
    Processes {
        /// Where.
        target: CString,
    },
}

/// Flags of [`MountStep::Bind`].
pub mod bind {
    /// Writable; without it the bind is read-only.
    pub const WRITABLE: u8 = 1;
    /// Programs may be started from it.
    pub const EXECUTABLE: u8 = 2;
    /// A device node: without this, devices below do not work.
    pub const DEVICE: u8 = 4;
    /// Skip silently when the source does not exist.
    pub const OPTIONAL: u8 = 8;
    /// Show the files of the source's owner as owned by the plugin's user.
    pub const OWNED: u8 = 16;
    /// Foreign hands write in it, or above it: no symbolic link is followed on
    /// the way to the source, and none in it leads a later target outside.
    pub const FOREIGN: u8 = 32;
}

/// One Landlock rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LandlockRule {
    /// Path inside the jail.
    pub path: CString,
    /// Bits of [`access`].
    pub access: u8,
}

/// Access classes of [`LandlockRule`].
pub mod access {
    /// Read files and list folders.
    pub const READ: u8 = 1;
    /// Change and create.
    pub const WRITE: u8 = 2;
    /// Start as a program.
    pub const EXECUTE: u8 = 4;
    /// Use a device node's `ioctl`.
    pub const DEVICE: u8 = 8;
    /// Delete and rename.
    pub const REMOVE: u8 = 16;
}

/// Which of the prepared system call lists applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeccompProfile {
    /// Memory may be both writable and executable, one after the other or at
    /// once: only for runtimes with a just-in-time compiler.
    pub writable_executable: bool,
    /// The jail has a network whose other end the host holds, so internet sockets
    /// may be made.
    pub network: bool,
    /// Only the few calls that our own worker for WebAssembly makes.
    pub worker: bool,
}

/// The program to start in a finished jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecSpec {
    /// Path of the program inside the jail.
    pub program: CString,
    /// Arguments, the first one being the program's name.
    pub arguments: Vec<CString>,
    /// The whole environment, `NAME=value`.
    pub environment: Vec<CString>,
    /// Folder it starts in.
    pub folder: CString,
}
