//! What is to run, with what in sight.

use ringfence_limits::Budget;
use serde::Serialize;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

/// Which program interprets the plugin's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Node.js; compiles at run time, so it may have writable and executable memory.
    Node,
    /// CPython.
    Python,
    /// Any program.
    Command,
}

/// A file or folder of the host that the plugin sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Absolute path on the host, symbolic links resolved.
    pub source: PathBuf,
    /// Absolute path inside.
    pub target: PathBuf,
    /// Whether it may be changed. What may be changed is never executable.
    pub writable: bool,
    /// Whether what may be changed may also be deleted or renamed. Without it,
    /// Landlock is needed to tell the two apart.
    pub removable: bool,
    /// Whether programs in it may be started.
    pub executable: bool,
}

/// Which programs beside the plugin's own may be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Programs {
    /// None.
    #[default]
    None,
    /// These, by absolute host path.
    Listed(Vec<PathBuf>),
    /// Every program of the system.
    All,
}

/// Everything that a backend needs to start one plugin.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which interpreter, if any.
    pub runtime: Runtime,
    /// The program: an absolute host path. For [`Runtime::Node`] and
    /// [`Runtime::Python`] the interpreter itself.
    pub program: PathBuf,
    /// Arguments after the program's name.
    pub arguments: Vec<OsString>,
    /// Variables lent to the plugin, beside the few that every plugin has.
    pub environment: Vec<(OsString, OsString)>,
    /// Folder inside in which it starts; `/tmp` when it has none.
    pub folder: Option<PathBuf>,
    /// The plugin's code and every granted file and folder.
    pub exposed: Vec<Exposed>,
    /// Small read-only files made for it: path inside and content.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    /// Other programs that it may start.
    pub programs: Programs,
    /// Memory may be writable and executable. Implied for [`Runtime::Node`].
    pub just_in_time_compiler: bool,
    /// Whether it gets a control channel to the broker, on descriptor 3.
    pub control: bool,
    /// Whether it gets a private network, whose other ends the host holds.
    pub network: bool,
    /// Ports of that network at which somebody outside may be let in: the host can
    /// ask for sockets to connect to them.
    pub published: Vec<u16>,
    /// Addresses and ports of that network at which datagrams are received for the
    /// host. Nothing else is received of them.
    pub datagrams: Vec<SocketAddr>,
    /// Certificates in PEM that it trusts beside those that this machine does.
    pub trusted: Option<String>,
    /// What it is handed from descriptor 4 on: code, and what that code evaluates. Such
    /// a program is one of ours and brings all it needs: nothing of the system is shown
    /// to it, and it gets the short list of system calls.
    pub code: Vec<Arc<OwnedFd>>,
    /// It answers many calls: its processor time is counted per call by whoever
    /// makes them, and not by the kernel over its whole life.
    pub long_lived: bool,
    /// Its limits.
    pub budget: Budget,
}
