//! A place on the host with everything that an attacker would like to reach.

use crate::programs::hostile_folder;
use crate::run::{patience, slowness};
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Something that an attack did to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The program says that something worked that must not.
    Said,
    /// A secret of the host was printed.
    Secret,
    /// A file exists where none may be made.
    Dropped,
    /// A process of the host was killed.
    Killed,
    /// A listener of the host was reached.
    Reached,
    /// A folder granted for reading only was changed.
    SharedChanged,
    /// The granted folder holds a program with set-user-id, a device or a socket.
    Planted,
    /// A file of the granted folder is larger than any file may be, or a core dump.
    Oversized,
    /// A process worked on after the jail had ended.
    Survived,
    /// A variable of the host's environment was printed.
    Environment,
}

/// One attack's surroundings on the host.
pub struct Scene {
    folder: tempfile::TempDir,
    token: String,
    victim: Child,
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    unix: UnixListener,
    shared_stream: UnixListener,
    shared_datagrams: UnixDatagram,
    abstract_name: String,
    abstract_listener: UnixListener,
    fifo: OwnedFd,
    shared_before: BTreeSet<String>,
    file_limit: u64,
}

impl Scene {
    /// Sets the scene. Nothing in it is protected by file permissions: what the
    /// attack cannot reach, it cannot reach because of the jail.
    #[must_use]
    pub fn set(file_limit: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("scene-").tempdir_in("/var/tmp").unwrap();
        open_up(folder.path(), 0o755);
        let token =
            format!("TOKEN-{:?}", std::time::SystemTime::now()).replace([' ', '{', '}', ':'], "");
        let at = |name: &str| folder.path().join(name);
        for (name, mode) in [
            ("host", 0o777),
            ("granted", 0o777),
            ("shared", 0o777),
            ("tools", 0o755),
            ("tmp", 0o777),
        ] {
            fs::create_dir(at(name)).unwrap();
            open_up(&at(name), mode);
        }
        fs::write(at("host/secret.txt"), format!("{token}\n")).unwrap();
        open_up(&at("host/secret.txt"), 0o666);
        fs::write(at("shared/shared.txt"), "shared\n").unwrap();
        open_up(&at("shared/shared.txt"), 0o666);
        fs::copy("/usr/bin/id", at("tools/setuid-id")).unwrap();
        open_up(&at("tools/setuid-id"), 0o4755);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("shared/fifo"),
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o666),
            0,
        )
        .unwrap();
        open_up(&at("shared/fifo"), 0o666);
        let fifo = rustix::fs::open(
            at("shared/fifo"),
            OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .unwrap();
        let (unix, shared_stream) = (
            UnixListener::bind(at("host/socket")).unwrap(),
            UnixListener::bind(at("shared/stream")).unwrap(),
        );
        let shared_datagrams = UnixDatagram::bind(at("shared/datagrams")).unwrap();
        for name in ["host/socket", "shared/stream", "shared/datagrams"] {
            open_up(&at(name), 0o777);
        }
        let abstract_name = format!("abstract-{}-{}", std::process::id(), folder.path().display());
        let abstract_listener = UnixListener::bind_addr(
            &SocketAddr::from_abstract_name(abstract_name.as_bytes()).unwrap(),
        )
        .unwrap();
        let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
        let tcp6 = TcpListener::bind(("::1", tcp.local_addr().unwrap().port())).ok();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        for listener in [&unix, &shared_stream, &abstract_listener] {
            listener.set_nonblocking(true).unwrap();
        }
        for listener in [Some(&tcp), tcp6.as_ref()].into_iter().flatten() {
            listener.set_nonblocking(true).unwrap();
        }
        shared_datagrams.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        let victim = Command::new("sleep")
            .arg(patience(Duration::from_secs(60)).as_secs().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let shared_before = listing(&at("shared"));
        Self {
            folder,
            token,
            victim,
            tcp,
            tcp6,
            udp,
            unix,
            shared_stream,
            shared_datagrams,
            abstract_name,
            abstract_listener,
            fifo,
            shared_before,
            file_limit,
        }
    }

    /// A path in the scene.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the hostile program is told, so that it need not guess.
    #[must_use]
    pub fn bait(&self) -> Vec<(OsString, OsString)> {
        let path = |name: &str| self.at(name).into_os_string();
        let host_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        [
            ("BAIT_SECRET", path("host/secret.txt")),
            ("BAIT_DROP", path("host/dropped")),
            ("BAIT_GRANTED", path("granted")),
            ("BAIT_SHARED", path("shared")),
            ("BAIT_TOOLS", path("tools")),
            ("BAIT_UNIX", path("host/socket")),
            ("BAIT_ABSTRACT", self.abstract_name.clone().into()),
            ("BAIT_TCP", self.tcp.local_addr().unwrap().port().to_string().into()),
            ("BAIT_UDP", self.udp.local_addr().unwrap().port().to_string().into()),
            ("BAIT_PID", self.victim.id().to_string().into()),
            ("BAIT_HOSTNAME", host_name.into()),
            ("BAIT_SLOWNESS", slowness().to_string().into()),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
    }

    /// Everything that the attack did to the host, given what it printed.
    #[must_use]
    pub fn effects(&mut self, printed: &str) -> BTreeSet<Effect> {
        let mut effects = BTreeSet::new();
        let mut note = |happened: bool, effect| {
            if happened {
                effects.insert(effect);
            }
        };
        note(printed.lines().any(|line| line.starts_with("GOT ")), Effect::Said);
        note(printed.contains(&self.token), Effect::Secret);
        note(prints_own_environment(printed), Effect::Environment);
        note(self.at("host/dropped").exists(), Effect::Dropped);
        note(
            fs::read_to_string(self.at("host/secret.txt")).unwrap_or_default().trim() != self.token,
            Effect::Dropped,
        );
        note(self.victim.try_wait().unwrap().is_some(), Effect::Killed);
        note(self.reached(), Effect::Reached);
        note(listing(&self.at("shared")) != self.shared_before, Effect::SharedChanged);
        note(self.at("granted/survived").exists(), Effect::Survived);
        for entry in fs::read_dir(self.at("granted")).unwrap().flatten() {
            let Ok(meta) = fs::symlink_metadata(entry.path()) else { continue };
            let kind = meta.mode() & 0o170_000;
            // Character, block, socket.
            let special = [0o020_000, 0o060_000, 0o140_000].contains(&kind);
            note(
                special || meta.is_file() && meta.mode() & 0o6000 != 0 && meta.len() > 0,
                Effect::Planted,
            );
            let core = entry.file_name().to_string_lossy().starts_with("core");
            note(meta.is_file() && meta.len() > self.file_limit || core, Effect::Oversized);
        }
        effects
    }

    fn reached(&self) -> bool {
        let mut bytes = [0; 64];
        self.tcp.accept().is_ok()
            || self.tcp6.as_ref().is_some_and(|listener| listener.accept().is_ok())
            || self.udp.recv(&mut bytes).is_ok()
            || self.unix.accept().is_ok()
            || self.shared_stream.accept().is_ok()
            || self.abstract_listener.accept().is_ok()
            || self.shared_datagrams.recv(&mut bytes).is_ok()
            || fs::File::from(self.fifo.try_clone().unwrap())
                .read(&mut bytes)
                .is_ok_and(|length| length > 0)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        assert!(hostile_folder().exists());
    }
}

/// Whether a variable of this process, beside those that every jail has, is printed.
fn prints_own_environment(printed: &str) -> bool {
    let common = [
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "USER",
        "LOGNAME",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "PYTHONDONTWRITEBYTECODE",
    ];
    std::env::vars()
        .filter(|(name, _)| !common.contains(&name.as_str()))
        .any(|(name, value)| printed.lines().any(|line| line == format!("{name}={value}")))
}

fn open_up(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Names, modes, owners, sizes, times and contents of a folder's entries.
fn listing(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| {
            let meta = fs::symlink_metadata(entry.path()).unwrap();
            let text = if meta.is_file() {
                fs::read_to_string(entry.path()).unwrap_or_default()
            } else {
                String::new()
            };
            format!(
                "{:?} {:o} {} {} {} {text}",
                entry.file_name(),
                meta.mode(),
                meta.uid(),
                meta.nlink(),
                if meta.is_file() { meta.mtime() } else { 0 },
            )
        })
        .collect()
}
