//! The trait that every backend implements.

use crate::end::{End, Live, StartError, Usage};
use crate::isolation::Level;
use crate::plan::Plan;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// The host's ends of a plugin's streams.
#[derive(Debug, Default)]
pub struct Streams {
    /// Write end of its standard input.
    pub stdin: Option<OwnedFd>,
    /// Read end of its standard output.
    pub stdout: Option<OwnedFd>,
    /// Read end of its standard error.
    pub stderr: Option<OwnedFd>,
    /// The control channel, a stream in both directions, when the plan asks for one.
    pub control: Option<OwnedFd>,
    /// Where everything that it does on its network ends, when the plan asks for one.
    pub network: Option<Network>,
}

/// The host's ends of a sandbox's private network.
#[derive(Debug)]
pub struct Network {
    /// For IPv4.
    pub ipv4: NetworkEnds,
    /// For IPv6, where the kernel has it.
    pub ipv6: Option<NetworkEnds>,
    /// UDP sockets at [`Plan::datagrams`], in their order.
    pub datagrams: Vec<OwnedFd>,
    /// Where a packet of one byte, 4 or 6, is answered with that byte and a TCP
    /// socket of this network, unconnected; when the plan publishes ports. Without
    /// a socket the second byte says why, as an error number.
    pub sockets: Option<OwnedFd>,
}

/// The host's ends for one family of addresses.
#[derive(Debug)]
pub struct NetworkEnds {
    /// TCP listener at which every connection arrives, whatever address and port
    /// it was made to; the socket option `SO_ORIGINAL_DST` tells which.
    pub listener: OwnedFd,
    /// UDP socket at which every question for a name arrives.
    pub names: OwnedFd,
}

/// One kind of sandbox.
pub trait Backend: Send + Sync {
    /// Its name for cards and records.
    fn name(&self) -> &'static str;

    /// What it isolates on this machine. Asked before the start, shown and recorded.
    fn level(&self) -> Level;

    /// Starts the plan. When this returns an error, nothing is left behind.
    ///
    /// # Errors
    /// When a wall cannot be built or the program cannot be started.
    fn start(&self, plan: &Plan) -> Result<Box<dyn Running>, StartError>;
}

/// Kills one sandbox from any thread.
pub type Killer = Box<dyn Fn() + Send + Sync>;

/// One sandbox that runs. Dropping it kills everything in it.
pub trait Running: Send {
    /// Takes the streams; the second time they are all `None`.
    fn streams(&mut self) -> Streams;

    /// A descriptor that becomes readable when [`Running::poll_end`] has news.
    fn watch(&self) -> std::os::fd::BorrowedFd<'_>;

    /// Looks for the end without waiting; `Some` once the program has ended.
    ///
    /// # Errors
    /// When the jailer failed.
    fn poll_end(&mut self) -> Result<Option<End>, StartError>;

    /// Kills whatever is left and waits until nothing of the jail exists.
    fn finish(&mut self) -> (End, Usage);

    /// Kills everything in it, at once.
    fn kill(&mut self);

    /// Does what [`Running::kill`] does, from any thread; nothing once the
    /// sandbox is gone.
    ///
    /// # Errors
    /// When no descriptor is left.
    fn killer(&self) -> std::io::Result<Killer>;

    /// What the whole jail uses now: from its cgroup, or added up over its
    /// processes. `None` once it is gone.
    fn live(&mut self) -> Option<Live>;

    /// The processor time of [`Running::live`] alone, which every call asks for at
    /// its beginning.
    fn cpu(&mut self) -> Option<Duration> {
        self.live().map(|live| live.cpu)
    }

    /// Process id of its first process, on the host.
    fn host_pid(&self) -> u32;
}
