//! The granted folders, opened once.

use crate::error::FilesError;
use ringfence_permission::{Effect, FileObject, Grants, Permit};
use ringfence_types::InstanceId;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstatfs, openat2};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

/// File systems that show the state of the kernel or of other processes. The
/// process behind this gate is not the plugin: through `/proc/self` a plugin
/// would read its host's memory. Numbers: `linux/magic.h`.
const KERNEL_STATE: &[u64] = &[
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xcafe_4a11, // bpf
    0x1cd1,      // devpts
    0xf97c_ff8c, // selinux
    0x6165_676c, // pstore
    0xde5e_81e4, // efivarfs
    0x6265_6570, // configfs
    0x6e73_6673, // nsfs
    0x1980_0202, // mqueue
];

/// The files of one instance: a descriptor for each granted folder.
#[derive(Debug)]
pub struct Files {
    instance: InstanceId,
    roots: BTreeMap<Box<str>, OwnedFd>,
    /// Held while a file grows, so that two appends cannot pass the size limit
    /// together.
    pub(crate) growing: Mutex<()>,
}

impl Files {
    /// Opens every folder that a granted scope stands on.
    ///
    /// # Errors
    /// When one of them does not exist, is reached through a symbolic link, or
    /// shows kernel state such as `/proc`.
    pub fn open(grants: &Grants) -> Result<Self, FilesError> {
        let mut roots = BTreeMap::new();
        for folder in grants.file_roots() {
            roots.insert(folder.into(), open_root(folder)?);
        }
        Ok(Self { instance: grants.instance().clone(), roots, growing: Mutex::new(()) })
    }

    /// Uses the permit up: the descriptor of the folder that it names, the path
    /// below, and the largest file it may leave behind.
    pub(crate) fn locate<'p, E>(&self, permit: Permit<'p, E>) -> Result<Located<'_, 'p>, FilesError>
    where
        E: for<'o> Effect<Object<'o> = FileObject<'o>>,
    {
        let spent = permit.spend();
        if *spent.instance != self.instance {
            return Err(FilesError::ForeignPermit);
        }
        let root = self.roots.get(spent.object.root()).ok_or(FilesError::ForeignPermit)?;
        Ok(Located {
            root: root.as_fd(),
            rest: spent.object.rest(),
            file_bytes: spent.budget.file_bytes,
        })
    }
}

/// Where a permit leads.
pub(crate) struct Located<'f, 'p> {
    pub(crate) root: BorrowedFd<'f>,
    pub(crate) rest: &'p str,
    pub(crate) file_bytes: u64,
}

fn open_root(folder: &str) -> Result<OwnedFd, FilesError> {
    let failed = |errno: Errno| match errno {
        Errno::LOOP => FilesError::RootIsLink { folder: folder.to_owned() },
        _ => FilesError::Root { folder: folder.to_owned(), source: errno.into() },
    };
    let root = openat2(
        CWD,
        folder,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
    )
    .map_err(failed)?;
    let system = fstatfs(&root).map_err(failed)?;
    #[expect(
        clippy::cast_sign_loss,
        reason = "the C type of a magic number differs between architectures"
    )]
    let magic = system.f_type as u64 & 0xffff_ffff;
    if KERNEL_STATE.contains(&magic) {
        return Err(FilesError::RootIsKernelState { folder: folder.to_owned() });
    }
    Ok(root)
}
