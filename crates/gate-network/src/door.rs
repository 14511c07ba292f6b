//! Where the host listens for a published port.

use ringfence_types::{Place, Publish};
use rustix::fs::{Mode, Stat, fchmod, lstat, unlink};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};
use std::io;
use std::net::TcpListener;
use std::num::NonZeroU16;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// As many wait at once as for most servers.
const WAITING: i32 = 128;

/// A listener of the host for one port of a jail. Dropping it closes it, and
/// removes the socket that was made for it.
#[derive(Debug)]
pub struct Door {
    port: NonZeroU16,
    at: Place,
    pub(crate) listener: Listener,
    file: Option<SocketFile>,
}

#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener),
    Loopback(TcpListener),
}

/// What has to be kept as long as the listener that was taken out of a [`Door`].
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) port: NonZeroU16,
    _file: Option<SocketFile>,
}

impl Door {
    /// Begins to listen. Whoever connects waits until a gate lets them in.
    ///
    /// # Errors
    /// When something has that path or port already, or it may not be taken.
    pub fn open(publish: &Publish) -> io::Result<Self> {
        let port = publish.port;
        match &publish.at {
            Place::Unix(path) => {
                let (listener, file) = open_unix(path)?;
                let listener = Listener::Unix(listener);
                Ok(Self { port, at: publish.at.clone(), listener, file: Some(file) })
            }
            Place::Loopback(at) => {
                let listener = TcpListener::bind(at)?;
                listener.set_nonblocking(true)?;
                let at = Place::Loopback(listener.local_addr()?);
                Ok(Self { port, at, listener: Listener::Loopback(listener), file: None })
            }
        }
    }

    /// The port inside.
    #[must_use]
    pub const fn port(&self) -> NonZeroU16 {
        self.port
    }

    /// Where it listens, with the port that was free where any was asked for.
    #[must_use]
    pub const fn at(&self) -> &Place {
        &self.at
    }

    pub(crate) fn take(self) -> (Listener, Behind) {
        (self.listener, Behind { port: self.port, _file: self.file })
    }
}

fn open_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // The file is made with the mode of the socket: at no time is it wider.
    fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    // The kernel makes the file or fails: nothing that is there is touched.
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    let file = SocketFile::made(path)?;
    listen(&socket, WAITING)?;
    Ok((UnixListener::from(socket), file))
}

/// The file of a socket, removed in the end.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    is: (u64, u64),
}

impl SocketFile {
    fn made(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), is: identity(&lstat(path)?) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // What somebody else has put in its place is theirs.
        if lstat(&self.path).is_ok_and(|now| identity(&now) == self.is) {
            let _ = unlink(&self.path);
        }
    }
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

#[cfg(test)]
#[path = "door_tests.rs"]
mod tests;
