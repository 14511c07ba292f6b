//! Bytes that nobody changes any more, to be handed into a jail.

use crate::WasmError;
use rustix::fs::{MemfdFlags, Mode, SealFlags};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

/// A memory file with these bytes, sealed against every change. It can be mapped
/// for execution, and not started as a program.
///
/// # Errors
/// When there is no memory, or the kernel refuses.
pub fn sealed(bytes: &[u8]) -> Result<OwnedFd, WasmError> {
    let failed = WasmError::system("putting code into sealed memory");
    let make = |flags| {
        rustix::fs::memfd_create(c"code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | flags)
    };
    // Older kernels than 6.3 do not know the second flag.
    let fd = make(MemfdFlags::NOEXEC_SEAL)
        .or_else(|_| make(MemfdFlags::empty()))
        .map_err(WasmError::system("making sealed memory"))?;
    let mut file = File::from(fd);
    file.write_all(bytes).map_err(&failed)?;
    // Opened again inside, by a user that is not the one who made it.
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::RGRP | Mode::ROTH)
        .map_err(WasmError::system("sharing sealed memory"))?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(WasmError::system("sealing memory"))?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_sealed_can_be_read_and_never_changed() {
        let fd = sealed(b"code").unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd));
        let mut text = String::new();
        File::open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "code");
        assert!(File::from(fd.try_clone().unwrap()).write_all(b"x").is_err());
        assert!(rustix::fs::ftruncate(&fd, 0).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"code");
    }
}
