//! Mapping memory, and entering the kernel by other ways than the usual.

use super::{Arg, raw};
use crate::errno::Errno;

/// Memory that is unmapped on drop.
pub(crate) struct Mapping {
    address: usize,
    length: usize,
}

impl Mapping {
    /// Writes one byte to every page, so that each is really taken.
    pub(crate) fn touch(&mut self) {
        for offset in (0..self.length).step_by(4096) {
            let page = std::ptr::with_exposed_provenance_mut::<u8>(self.address + offset);
            // SAFETY: needed because a page is only taken when it is written.
            // Sound: the address lies in a writable mapping that we own.
            unsafe { page.write_volatile(1) };
        }
    }

    /// The address, for calls that speak of memory by number.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// The bytes at its beginning; those of a writable mapping of ours.
    pub(crate) fn read(&self, most: usize) -> Vec<u8> {
        read(self.address, self.length.min(most))
    }

    /// Writes to its beginning, as much as fits.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        write(self.address, self.length, bytes);
    }
}

/// Reads memory that others may write meanwhile: mapped, and at least that long.
fn read(address: usize, length: usize) -> Vec<u8> {
    let first = std::ptr::with_exposed_provenance::<u8>(address);
    let read = |offset| {
        // SAFETY: needed because this is memory that the compiler does not know.
        // Sound: the offset lies within the mapped length, and a volatile read
        // copes with writers elsewhere.
        unsafe { first.wrapping_add(offset).read_volatile() }
    };
    (0..length).map(read).collect()
}

/// Writes to writable memory that is mapped and `length` long.
fn write(address: usize, length: usize, bytes: &[u8]) {
    let first = std::ptr::with_exposed_provenance_mut::<u8>(address);
    for (offset, byte) in bytes.iter().take(length).enumerate() {
        // SAFETY: as in `read`.
        unsafe { first.wrapping_add(offset).write_volatile(*byte) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let _ = raw(libc::SYS_munmap, &[self.address.into(), self.length.into()]);
    }
}

/// Maps fresh private memory.
pub(crate) fn map_anonymous(length: usize, protection: i32) -> Result<Mapping, Errno> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    map(length, protection, flags, -1)
}

/// Maps fresh memory that processes started from now on share with this one.
pub(crate) fn map_shared(length: usize) -> Result<Mapping, Errno> {
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    map(length, libc::PROT_READ | libc::PROT_WRITE, flags, -1)
}

/// Maps the beginning of an open file.
pub(crate) fn map_file(descriptor: i32, protection: i32, flags: i32) -> Result<Mapping, Errno> {
    map(4096, protection, flags, descriptor)
}

fn map(length: usize, protection: i32, flags: i32, descriptor: i32) -> Result<Mapping, Errno> {
    // The kernel chooses the address, so no memory in use can be replaced.
    let arguments: [Arg<'_>; 6] =
        [0.into(), length.into(), protection.into(), flags.into(), descriptor.into(), 0.into()];
    let address = raw(libc::SYS_mmap, &arguments)?;
    let address = usize::try_from(address).map_err(|_| Errno(libc::ENOMEM))?;
    Ok(Mapping { address, length })
}

/// Changes what may be done with memory of ours, by `mprotect` or
/// `pkey_mprotect`.
pub(crate) fn protect(mapping: &Mapping, protection: i32, with_key: bool) -> Result<(), Errno> {
    let mut arguments: Vec<Arg<'_>> =
        vec![mapping.address.into(), mapping.length.into(), protection.into()];
    let mut number = libc::SYS_mprotect;
    if with_key {
        number = libc::SYS_pkey_mprotect;
        arguments.push((-1).into());
    }
    raw(number, &arguments).map(|_| ())
}

/// Asks for the old nonlinear mapping call on memory of ours.
pub(crate) fn remap_shared_executable(mapping: &Mapping) -> Result<(), Errno> {
    let arguments: [Arg<'_>; 5] =
        [mapping.address.into(), mapping.length.into(), 0.into(), 0.into(), 0.into()];
    raw(libc::SYS_remap_file_pages, &arguments).map(|_| ())
}

/// A System V shared memory segment that is attached.
pub(crate) struct SharedSegment {
    address: usize,
    length: usize,
}

impl SharedSegment {
    /// Attaches the segment with that id; `length` is its size in bytes.
    pub(crate) fn attach(id: i64, flags: i32, length: usize) -> Result<Self, Errno> {
        let address = raw(libc::SYS_shmat, &[id.into(), 0.into(), flags.into()])?;
        let address = usize::try_from(address).map_err(|_| Errno(libc::EINVAL))?;
        Ok(Self { address, length })
    }

    /// The bytes of the segment, up to 64.
    pub(crate) fn read(&self) -> Vec<u8> {
        read(self.address, self.length.min(64))
    }

    /// Writes to the beginning of the segment.
    pub(crate) fn write(&self, bytes: &[u8]) {
        write(self.address, self.length, bytes);
    }
}

impl Drop for SharedSegment {
    fn drop(&mut self) {
        let _ = raw(libc::SYS_shmdt, &[self.address.into()]);
    }
}

/// Enters the kernel through the 32-bit door with call `number` and three
/// numeric arguments.
#[cfg(target_arch = "x86_64")]
pub(crate) fn int80(number: i32, first: i32, second: i32, third: i32) -> Result<i32, Errno> {
    let answer: i32;
    // SAFETY: needed because this entry has no other form. Sound: the kernel
    // keeps every register but eax, which is declared, and rbx, which the
    // compiler reserves, is put back; no argument is a pointer.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {first:r}",
            "int 0x80",
            "xchg rbx, {first:r}",
            first = inout(reg) i64::from(first) => _,
            inout("eax") number => answer,
            in("ecx") second,
            in("edx") third,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            options(nostack)
        );
    }
    if (-4095..0).contains(&answer) { Err(Errno(-answer)) } else { Ok(answer) }
}

/// Other processors have no such door.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn int80(_: i32, _: i32, _: i32, _: i32) -> Result<i32, Errno> {
    Err(Errno(libc::ENOSYS))
}
