//! What comes from beside a stranger is a socket of the right kind, or nothing.

use super::*;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SocketFlags, SocketType, sendmsg,
    socket, socketpair,
};
use std::io::IoSlice;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};

fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().build().unwrap().block_on(work)
}

/// The channel, and the end at which a jail answers.
fn channel() -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

fn answer(jail: &OwnedFd, bytes: &[u8], sockets: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(sockets.is_empty() || control.push(SendAncillaryMessage::ScmRights(sockets)));
    sendmsg(jail, &[IoSlice::new(bytes)], &mut control, SendFlags::empty()).unwrap();
}

fn new(family: AddressFamily, kind: SocketType) -> OwnedFd {
    socket(family, kind, None).unwrap()
}

/// What is made of these answers to the first request.
fn connect(port: u16, answers: impl FnOnce(&OwnedFd) + Send) -> io::Result<TcpStream> {
    let (ours, jail) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            assert_eq!(asked(&jail), Some(4));
            answers(&jail);
        });
        run(async { Sockets::at(ours)?.connect(NonZeroU16::new(port).unwrap()).await })
    })
}

/// The next request; `None` when there is none any more.
fn asked(jail: &OwnedFd) -> Option<u8> {
    let mut request = [0; 8];
    let (length, _) = rustix::net::recv(jail, &mut request, RecvFlags::empty()).unwrap();
    (length == 1).then_some(request[0])
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn a_socket_of_the_jail_is_connected_to_the_port() {
    let (_listener, port) = listener();
    let connected = connect(port, |jail| {
        answer(jail, &[4], &[new(AddressFamily::INET, SocketType::STREAM).as_fd()]);
    });
    assert_eq!(connected.unwrap().peer_addr().unwrap().port(), port);
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_is_passed_over() {
    let (_listener, port) = listener();
    let connected = connect(port, |jail| {
        answer(jail, &[6], &[new(AddressFamily::INET6, SocketType::STREAM).as_fd()]);
        answer(jail, &[4], &[new(AddressFamily::INET, SocketType::STREAM).as_fd()]);
    });
    assert!(connected.is_ok(), "{connected:?}");
}

#[test]
fn whatever_else_a_jail_hands_out_is_refused() {
    let (_listener, port) = listener();
    let wrong = [
        new(AddressFamily::INET6, SocketType::STREAM),
        new(AddressFamily::INET, SocketType::DGRAM),
        new(AddressFamily::UNIX, SocketType::STREAM),
        std::fs::File::open("/dev/null").unwrap().into(),
    ];
    for descriptor in &wrong {
        let refused = connect(port, |jail| answer(jail, &[4], &[descriptor.as_fd()]));
        assert!(refused.is_err(), "{descriptor:?}");
    }
    let none = connect(port, |jail| answer(jail, &[4, 24], &[])).unwrap_err();
    assert_eq!(none.raw_os_error(), Some(24), "why there is none is told");
    let many: [BorrowedFd<'_>; 4] =
        [wrong[0].as_fd(), wrong[1].as_fd(), wrong[2].as_fd(), wrong[3].as_fd()];
    assert!(connect(port, |jail| answer(jail, &[4], &many)).is_err());
}

#[test]
fn a_jail_that_is_gone_gives_no_socket() {
    let gone = run(async {
        let (ours, jail) = channel();
        let sockets = Sockets::at(ours)?;
        drop(jail);
        sockets.connect(NonZeroU16::MIN).await
    });
    assert!(gone.is_err());
}

#[test]
fn answers_that_nobody_took_do_not_pile_up() {
    let (_listener, port) = listener();
    let (ours, jail) = channel();
    for _ in 0..50 {
        answer(&jail, &[4], &[new(AddressFamily::INET, SocketType::DGRAM).as_fd()]);
    }
    std::thread::scope(|scope| {
        let jail = &jail;
        scope.spawn(move || {
            assert_eq!(asked(jail), Some(4));
            answer(jail, &[4], &[new(AddressFamily::INET, SocketType::STREAM).as_fd()]);
        });
        let connected =
            run(async { Sockets::at(ours)?.connect(NonZeroU16::new(port).unwrap()).await });
        assert!(connected.is_ok(), "{connected:?}");
    });
}
