//! What is laid out on the host for the probe program to reach.
//!
//! The verdict does not rest on the word of a program inside a jail: a
//! connection that arrived, or a secret that came back, is proof of its own.

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::sys::{self, SharedSegment, call};

/// Length of the System V segment in bytes.
const SEGMENT_BYTES: usize = 64;

/// Why bait could not be laid out.
#[derive(Debug)]
pub struct BaitError {
    what: &'static str,
    source: std::io::Error,
}

impl fmt::Display for BaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the {} for the attack could not be laid out", self.what)
    }
}

impl std::error::Error for BaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// One piece of bait that was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Touch {
    /// A connection to the listener on loopback.
    Loopback,
    /// A connection to the listener on all addresses.
    AllAddresses,
    /// A datagram.
    Datagram,
    /// A connection to the abstract Unix socket.
    AbstractSocket,
    /// A connection to the Unix socket file.
    PathSocket,
    /// The content of the secret file came back.
    SecretFile,
    /// The content of the System V segment came back.
    SharedSegment,
    /// The content of the file in shared memory came back.
    SharedFile,
    /// The value of the environment variable came back.
    Environment,
    /// A file appeared in the directory of the host.
    Directory,
    /// The process was ended.
    Process,
}

/// Bait on the host. All of it is gone after drop.
#[derive(Debug)]
pub struct Bait {
    directory: PathBuf,
    shared_file: Option<PathBuf>,
    segment: Option<(i32, i64)>,
    sleeper: Child,
    loopback: TcpListener,
    all_addresses: TcpListener,
    datagram: UdpSocket,
    abstract_socket: UnixListener,
    path_socket: UnixListener,
    address: Option<IpAddr>,
    name: String,
    tokens: [(Touch, String); 4],
}

impl Bait {
    /// Lays everything out, in a new directory beneath `beneath` which the
    /// jail must not show: not one that is bound into it.
    ///
    /// # Errors
    ///
    /// When a part that no machine should lack cannot be made; what was made
    /// until then is removed. Shared memory may be missing on a machine
    /// without it, and its argument with it.
    pub fn set_up(beneath: &Path) -> Result<Self, BaitError> {
        let name = format!("ringfence-bait-{}", random_word()?);
        let directory = beneath.join(&name);
        // From here on the guard removes what was made.
        let mut guard = Unfinished { directory: Some(directory.clone()) };
        let tokens = [
            (Touch::SecretFile, random_word()?),
            (Touch::SharedSegment, random_word()?),
            (Touch::SharedFile, random_word()?),
            (Touch::Environment, random_word()?),
        ];
        let [(_, secret), (_, segment), (_, shared), _] = &tokens;
        std::fs::DirBuilder::new()
            .mode(0o755)
            .create(&directory)
            .and_then(|()| std::fs::create_dir(directory.join("open")))
            // Open to everybody, so that only the jail can be what stops it.
            .and_then(|()| mode(&directory.join("open"), 0o777))
            .map_err(because("directory"))?;
        write_open(&directory.join("secret"), secret).map_err(because("secret file"))?;
        let path_socket = UnixListener::bind(directory.join("socket"))
            .and_then(|socket| mode(&directory.join("socket"), 0o777).map(|()| socket))
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(because("socket file"))?;
        let abstract_socket = SocketAddr::from_abstract_name(&name)
            .and_then(|address| UnixListener::bind_addr(&address))
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(because("abstract socket"))?;
        let loopback = listener(Ipv4Addr::LOCALHOST).map_err(because("loopback listener"))?;
        let all_addresses = listener(Ipv4Addr::UNSPECIFIED).map_err(because("listener"))?;
        let datagram = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(because("datagram socket"))?;
        let sleeper = Command::new("sleep")
            .arg("3600")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(because("process"))?;
        guard.directory = None;
        let shared_path = Path::new("/dev/shm").join(&name);
        Ok(Self {
            shared_file: write_open(&shared_path, shared).ok().map(|()| shared_path),
            segment: make_segment(segment),
            directory,
            sleeper,
            loopback,
            all_addresses,
            datagram,
            abstract_socket,
            path_socket,
            address: own_address(),
            name,
            tokens,
        })
    }

    /// The arguments that tell the probe program where the bait is.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("hostpid={}", self.sleeper.id()),
            format!("abs={}", self.name),
            format!("unix={}", self.directory.join("socket").display()),
            format!("secret={}", self.directory.join("secret").display()),
            format!("wdir={}", self.directory.join("open").display()),
            format!("env={}", Self::VARIABLE),
        ];
        let port = |address: std::io::Result<std::net::SocketAddr>| address.map(|a| a.port()).ok();
        let optional = [
            ("tcp", port(self.loopback.local_addr()).map(|port| port.to_string())),
            ("tcp2", port(self.all_addresses.local_addr()).map(|port| port.to_string())),
            ("udp", port(self.datagram.local_addr()).map(|port| port.to_string())),
            ("hostip", self.address.map(|address| address.to_string())),
            ("shmkey", self.segment.map(|(key, _)| key.to_string())),
            ("shm", self.shared_file.as_ref().map(|path| path.display().to_string())),
            ("home", std::env::var("HOME").ok().filter(|home| home.starts_with('/'))),
        ];
        let optional = optional.into_iter().filter_map(|(key, value)| value.map(|v| (key, v)));
        arguments.extend(optional.map(|(key, value)| format!("{key}={value}")));
        for kind in ["net", "mnt", "pid", "ipc", "uts", "cgroup", "user"] {
            if let Some(number) = namespace(kind) {
                arguments.push(format!("ns-{kind}={number}"));
            }
        }
        arguments
    }

    /// Name of the variable of [`Bait::environment_secret`].
    pub const VARIABLE: &'static str = "BAIT_SECRET";

    /// A variable to set for the program that starts the jail. If the jail
    /// hands it on, the probe finds it.
    #[must_use]
    pub fn environment_secret(&self) -> (&'static str, &str) {
        let value = self.tokens.iter().find(|(touch, _)| *touch == Touch::Environment);
        (Self::VARIABLE, value.map_or("", |(_, token)| token.as_str()))
    }

    /// What was touched since the last time, given everything the program
    /// wrote. Whatever the program claims, each of these is an open door.
    pub fn touched(&mut self, output: &[u8]) -> Vec<Touch> {
        let mut touches = Vec::new();
        let mut note = |happened: bool, touch: Touch| {
            if happened {
                touches.push(touch);
            }
        };
        note(drain(|| self.loopback.accept()), Touch::Loopback);
        note(drain(|| self.all_addresses.accept()), Touch::AllAddresses);
        note(drain(|| self.datagram.recv_from(&mut [0; 16])), Touch::Datagram);
        note(drain(|| self.abstract_socket.accept()), Touch::AbstractSocket);
        note(drain(|| self.path_socket.accept()), Touch::PathSocket);
        for (touch, token) in &self.tokens {
            let came_back = output.windows(token.len()).any(|window| window == token.as_bytes());
            note(came_back, *touch);
        }
        let open = std::fs::read_dir(self.directory.join("open"));
        note(open.is_ok_and(|mut entries| entries.next().is_some()), Touch::Directory);
        note(!matches!(self.sleeper.try_wait(), Ok(None)), Touch::Process);
        touches
    }
}

impl Drop for Bait {
    fn drop(&mut self) {
        // Nothing more can be done about what cannot be removed.
        let _ = self.sleeper.kill();
        let _ = self.sleeper.wait();
        if let Some((_, id)) = self.segment {
            let _ = call!(libc::SYS_shmctl, id, libc::IPC_RMID, 0);
        }
        if let Some(path) = &self.shared_file {
            let _ = std::fs::remove_file(path);
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Removes the directory when setting up ends early.
struct Unfinished {
    directory: Option<PathBuf>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

fn because(what: &'static str) -> impl FnOnce(std::io::Error) -> BaitError {
    move |source| BaitError { what, source }
}

/// Thirty-two hexadecimal digits that nobody can guess.
fn random_word() -> Result<String, BaitError> {
    let mut bytes = [0_u8; 16];
    sys::random(&mut bytes).map_err(|errno| BaitError {
        what: "random name",
        source: std::io::Error::from_raw_os_error(errno.0),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn mode(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Writes a new file that everybody may read.
fn write_open(path: &Path, content: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(content.as_bytes())?;
    mode(path, 0o644)
}

fn listener(address: Ipv4Addr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((address, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Whether anything was waiting; takes all of it, up to the usual backlog.
fn drain<T>(mut take: impl FnMut() -> std::io::Result<T>) -> bool {
    let mut any = false;
    for _ in 0..4096 {
        match take() {
            Ok(_) => any = true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // A connection that was given up again has arrived all the same.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => any = true,
            Err(_) => break,
        }
    }
    any
}

/// The address that this machine would use towards the world. Choosing a peer
/// for a datagram socket sends nothing.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// A segment under a random key, readable by everybody.
fn make_segment(content: &str) -> Option<(i32, i64)> {
    let mut bytes = [0_u8; 16];
    sys::random(&mut bytes).ok()?;
    let [a, b, c, d, ..] = bytes;
    // Never 0, which would mean "private".
    let key = i32::from_ne_bytes([a, b, c, d]) | 1;
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o644;
    let id = call!(libc::SYS_shmget, key, SEGMENT_BYTES, flags).ok()?;
    if let Ok(segment) = SharedSegment::attach(id, 0, SEGMENT_BYTES) {
        segment.write(content.as_bytes());
    }
    Some((key, id))
}

/// The number of our own namespace of that kind.
fn namespace(kind: &str) -> Option<String> {
    let link = std::fs::read_link(format!("/proc/self/ns/{kind}")).ok()?;
    let link = link.to_str()?;
    let number = link.split_once('[')?.1.strip_suffix(']')?;
    Some(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;

    fn argument(bait: &Bait, key: &str) -> String {
        let prefix = format!("{key}=");
        let arguments = bait.arguments();
        arguments.iter().find_map(|one| one.strip_prefix(&prefix)).unwrap().to_owned()
    }

    #[test]
    fn untouched_bait_says_so() {
        let mut bait = Bait::set_up(&std::env::temp_dir()).unwrap();
        assert_eq!(bait.touched(b"nothing of interest"), []);
    }

    #[test]
    fn every_touch_is_noticed_without_the_program_saying_so() {
        let mut bait = Bait::set_up(&std::env::temp_dir()).unwrap();
        let port: u16 = argument(&bait, "tcp").parse().unwrap();
        drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let port: u16 = argument(&bait, "tcp2").parse().unwrap();
        drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let port: u16 = argument(&bait, "udp").parse().unwrap();
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", ("127.0.0.1", port)).unwrap();
        drop(UnixStream::connect(argument(&bait, "unix")).unwrap());
        let name = SocketAddr::from_abstract_name(argument(&bait, "abs")).unwrap();
        drop(UnixStream::connect_addr(&name).unwrap());
        std::fs::write(Path::new(&argument(&bait, "wdir")).join("x"), "x").unwrap();
        let mut output = std::fs::read(argument(&bait, "secret")).unwrap();
        output.extend_from_slice(bait.environment_secret().1.as_bytes());
        bait.sleeper.kill().unwrap();
        bait.sleeper.wait().unwrap();
        assert_eq!(
            bait.touched(&output),
            [
                Touch::Loopback,
                Touch::AllAddresses,
                Touch::Datagram,
                Touch::AbstractSocket,
                Touch::PathSocket,
                Touch::SecretFile,
                Touch::Environment,
                Touch::Directory,
                Touch::Process,
            ]
        );
    }

    #[test]
    fn nothing_of_the_bait_is_left_behind() {
        let bait = Bait::set_up(&std::env::temp_dir()).unwrap();
        let paths = [bait.directory.clone(), bait.shared_file.clone().unwrap_or_default()];
        let segment = bait.segment;
        let process = PathBuf::from(format!("/proc/{}", bait.sleeper.id()));
        assert!(paths[0].exists() && process.exists());
        drop(bait);
        assert!(!paths[0].exists() && !paths[1].exists() && !process.exists());
        if let Some((key, _)) = segment {
            assert!(call!(libc::SYS_shmget, key, 0, 0).is_err());
        }
    }

    #[test]
    fn bait_that_cannot_be_laid_out_leaves_nothing_and_says_what_failed() {
        let error = Bait::set_up(Path::new("/nonexistent/place")).unwrap_err();
        assert_eq!(error.to_string(), "the directory for the attack could not be laid out");
        assert!(std::error::Error::source(&error).is_some());
    }
}
