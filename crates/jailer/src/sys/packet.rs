//! Packets that carry descriptors.

use super::{Errno, OwnedFd, RawFd, Result, address, call, owned, raw};
use alloc::vec::Vec;

/// Most descriptors in one message.
pub(crate) const MAX_FDS: usize = 8;

#[repr(C, align(8))]
struct ControlBuffer([u8; 128]);

/// Sends one packet and descriptors with it.
pub(crate) fn send(socket: &OwnedFd, bytes: &[u8], fds: &[RawFd]) -> Result<()> {
    let mut control = ControlBuffer([0; 128]);
    let mut iov = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: needed to build a msghdr, which has private padding. Sound
    // because all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = &raw mut iov;
    message.msg_iovlen = 1;
    let fds = fds.get(..fds.len().min(MAX_FDS)).unwrap_or(&[]);
    if !fds.is_empty() {
        let length = size_of_val(fds);
        #[expect(clippy::cast_possible_truncation, reason = "at most 8 descriptors of 4 bytes")]
        let length = length as u32;
        message.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: needed to size a control message. Sound because it is arithmetic.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(length) } as usize;
        // SAFETY: needed to find the header in the buffer. Sound because
        // msg_control and msg_controllen describe `control`.
        let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
        // SAFETY: needed to size a control message. Sound because it is arithmetic.
        let cmsg_len = unsafe { libc::CMSG_LEN(length) } as usize;
        // SAFETY: needed to fill the header. Sound because the buffer is zeroed,
        // aligned and larger than CMSG_SPACE of 8 descriptors (48 bytes).
        unsafe {
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = cmsg_len;
            core::ptr::copy_nonoverlapping(
                fds.as_ptr().cast::<u8>(),
                libc::CMSG_DATA(header),
                length as usize,
            );
        }
    }
    loop {
        // `message` points to live buffers.
        let (to, flags) = (raw(socket.as_raw_fd()), raw(libc::MSG_NOSIGNAL));
        match call(libc::SYS_sendmsg, [to, address(&message), flags, 0, 0, 0]) {
            Err(Errno(libc::EINTR)) => {}
            other => return other.map(drop),
        }
    }
}

/// Receives one packet into `buffer`; 0 bytes mean that the other side is gone.
pub(crate) fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>)> {
    let mut control = ControlBuffer([0; 128]);
    let mut iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: needed to build a msghdr, which has private padding. Sound
    // because all-zero bytes are a valid `msghdr`.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = &raw mut iov;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    let length = loop {
        // `message` points to live buffers.
        let (from, at) = (raw(socket.as_raw_fd()), core::ptr::from_mut(&mut message) as usize);
        match call(libc::SYS_recvmsg, [from, at, raw(libc::MSG_CMSG_CLOEXEC), 0, 0, 0]) {
            Err(Errno(libc::EINTR)) => {}
            Err(error) => return Err(error),
            Ok(length) => break usize::try_from(length).unwrap_or(0),
        }
    };
    let mut fds = Vec::new();
    // SAFETY: needed to walk the control messages. Sound because the kernel
    // filled msg_control and msg_controllen.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: needed to read the header. Sound because CMSG_FIRSTHDR and
        // CMSG_NXTHDR return only headers inside the buffer, or null.
        let (level, kind, size) =
            unsafe { ((*header).cmsg_level, (*header).cmsg_type, (*header).cmsg_len) };
        if level == libc::SOL_SOCKET && kind == libc::SCM_RIGHTS {
            // SAFETY: needed to size the data. Sound because it is arithmetic.
            let count =
                size.saturating_sub(unsafe { libc::CMSG_LEN(0) } as usize) / size_of::<RawFd>();
            for index in 0..count {
                // SAFETY: needed to read the descriptors. Sound because `index`
                // is below the count that the kernel wrote; unaligned read.
                let fd =
                    unsafe { libc::CMSG_DATA(header).cast::<RawFd>().add(index).read_unaligned() };
                fds.push(owned(fd.into()));
            }
        }
        // SAFETY: needed to walk on. Sound as above.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(Errno(libc::EMSGSIZE));
    }
    Ok((length, fds))
}
