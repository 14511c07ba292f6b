//! The gate of one jail: a thread of its own, so that a plugin which keeps its
//! gate busy slows nobody else's.

use crate::authority::Authority;
use crate::datagram_place::{DatagramPlace, names_of};
use crate::door::Door;
use crate::judge::Judge;
use crate::resolve::Resolver;
use crate::revealed::Revealed;
use crate::rewrite::Placeholder;
use crate::session::Session;
use crate::sockets::Sockets as JailSockets;
use crate::traffic::Traffic;
use crate::{connection, datagrams, flow, questions, visit};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// The ends of a jail's network for one family of addresses.
#[derive(Debug)]
pub struct Ends {
    /// TCP listener at which every connection arrives.
    pub listener: OwnedFd,
    /// UDP socket at which every question for a name arrives.
    pub names: OwnedFd,
}

/// Who decides, and within which limits.
pub struct Setup {
    /// Decides, charges and records.
    pub judge: Arc<dyn Judge>,
    /// Finds the addresses of names.
    pub resolver: Resolver,
    /// What the instance may still move.
    pub traffic: Arc<Traffic>,
    /// What the jail trusts; without one, TLS is never opened.
    pub authority: Option<Arc<Authority>>,
    /// What stands for secrets inside the jail.
    pub placeholders: Vec<Placeholder>,
    /// UDP sockets of the jail, each bound to where its place is inside.
    pub datagrams: Vec<(DatagramPlace, OwnedFd)>,
    /// Which secrets the instance sent where.
    pub revealed: Arc<Revealed>,
    /// Who may come in, and how.
    pub published: Option<Published>,
}

/// Ports of the jail that somebody outside may connect to.
#[derive(Debug)]
pub struct Published {
    /// Where they come.
    pub doors: Vec<Door>,
    /// Where a packet of one byte, 4 or 6, is answered with that byte and a TCP
    /// socket of the jail's network.
    pub sockets: OwnedFd,
}

/// The gate of one jail. Dropping it closes every connection; a jail whose gate
/// is gone has no network.
#[derive(Debug)]
pub struct Gate {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Threads for look-ups that wait, at most.
const LOOK_UPS: usize = 4;

impl Gate {
    /// Opens the gate on the ends of a jail's network.
    ///
    /// # Errors
    /// When the thread or its event loop cannot be made.
    pub fn open(ends: Vec<Ends>, mut setup: Setup) -> io::Result<Self> {
        let published = setup.published.take();
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(LOOK_UPS)
            .thread_keep_alive(Duration::from_secs(1))
            .build()?;
        let datagrams = std::mem::take(&mut setup.datagrams).into_iter().map(|(place, socket)| {
            let socket = UdpSocket::from(socket);
            socket.set_nonblocking(true).map(|()| (place, socket))
        });
        let datagrams = datagrams.collect::<io::Result<Vec<_>>>()?;
        let names = names_of(datagrams.iter().map(|(place, _)| place));
        let session = Arc::new(Session::new(setup, names));
        let sockets = ends.into_iter().map(Sockets::take).collect::<io::Result<Vec<_>>>()?;
        let thread = std::thread::Builder::new()
            .name("ringfence-network".to_owned())
            .spawn(move || serve(runtime, (sockets, datagrams, published), &session, stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends at once, and every end of a connection is recorded then.
            let _ = thread.join();
        }
    }
}

struct Sockets {
    listener: TcpListener,
    names: UdpSocket,
}

impl Sockets {
    fn take(ends: Ends) -> io::Result<Self> {
        let (listener, names) = (TcpListener::from(ends.listener), UdpSocket::from(ends.names));
        listener.set_nonblocking(true)?;
        names.set_nonblocking(true)?;
        Ok(Self { listener, names })
    }
}

fn serve(
    runtime: Runtime,
    (sockets, datagrams, published): (
        Vec<Sockets>,
        Vec<(DatagramPlace, UdpSocket)>,
        Option<Published>,
    ),
    session: &Arc<Session>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        for sockets in sockets {
            let (Ok(listener), Ok(names)) = (
                tokio::net::TcpListener::from_std(sockets.listener),
                tokio::net::UdpSocket::from_std(sockets.names),
            ) else {
                continue;
            };
            tokio::spawn(accept(listener, Arc::clone(session)));
            tokio::spawn(questions::answer(names, Arc::clone(session)));
        }
        for (place, socket) in datagrams {
            let Ok(socket) = tokio::net::UdpSocket::from_std(socket) else { continue };
            tokio::spawn(datagrams::receive(place, socket, Arc::clone(session), flow::IDLE));
        }
        if let Some(Published { doors, sockets }) = published
            && let Ok(sockets) = JailSockets::at(sockets).map(Arc::new)
        {
            for door in doors {
                tokio::spawn(visit::receive(door, Arc::clone(&sockets), Arc::clone(session)));
            }
        }
        let _ = stopped.await;
    });
    // A look-up that still waits must not hold up whoever ends the jail.
    runtime.shutdown_background();
}

async fn accept(listener: tokio::net::TcpListener, session: Arc<Session>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                let Some(asked) = original_destination(&client) else {
                    continue;
                };
                tokio::spawn(connection::serve(client, asked, Arc::clone(&session)));
            }
            // Out of descriptors, or the client left: either passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Where the client wanted to go before the kernel sent it here.
fn original_destination(client: &tokio::net::TcpStream) -> Option<SocketAddr> {
    let socket = socket2::SockRef::from(client);
    let found = match client.local_addr().ok()? {
        SocketAddr::V4(_) => socket.original_dst_v4(),
        SocketAddr::V6(_) => socket.original_dst_v6(),
    };
    found.ok()?.as_socket()
}
