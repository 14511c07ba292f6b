//! Builds the jail's root from nothing, then makes it the root.

use crate::spec::{MountStep, bind};
use crate::sys::{
    self, Errno, MOUNT_ATTR_IDMAP, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY, OwnedFd, RawFd,
};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::ffi::CString;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ffi::CStr;

/// What failed and on which path.
pub(crate) struct MountError {
    pub(crate) errno: Errno,
    pub(crate) path: CString,
}

fn failed(path: &CStr) -> impl FnOnce(Errno) -> MountError + '_ {
    |errno| MountError { errno, path: path.to_owned() }
}

/// A detached copy of a bind's source with its restrictions; `None` when an
/// optional source does not exist.
///
/// `owner_map` gives, for the owner of the source, a user namespace that shows
/// this owner as the plugin's user.
pub(crate) fn prepare(
    source: &CStr,
    flags: u8,
    mut owner_map: impl FnMut(u32) -> Option<OwnedFd>,
) -> Result<Option<OwnedFd>, MountError> {
    let cloned = if flags & bind::FOREIGN == 0 {
        sys::clone_tree(source)
    } else {
        sys::clone_tree_without_links(source)
    };
    let tree = match cloned {
        Ok(tree) => tree,
        Err(Errno(libc::ENOENT)) if flags & bind::OPTIONAL != 0 => return Ok(None),
        Err(errno) => return Err(failed(source)(errno)),
    };
    let mut set = MOUNT_ATTR_NOSUID;
    if flags & bind::WRITABLE == 0 {
        set |= MOUNT_ATTR_RDONLY;
    }
    if flags & bind::EXECUTABLE == 0 {
        set |= MOUNT_ATTR_NOEXEC;
    }
    if flags & bind::DEVICE == 0 {
        set |= MOUNT_ATTR_NODEV;
    }
    if flags & bind::OWNED != 0
        && let Some(userns) = sys::owner(&tree).ok().and_then(&mut owner_map)
    {
        // Not every file system can do this; the plain owner is shown then.
        let _ = sys::set_attributes(&tree, MOUNT_ATTR_IDMAP, false, Some(&userns));
    }
    sys::set_attributes(&tree, set, true, None).map_err(failed(source))?;
    Ok(Some(tree))
}

/// Builds the root and enters it.
///
/// `binds` holds, in the order of the bind steps, what [`prepare`] gave.
pub(crate) fn build(
    steps: &[MountStep],
    binds: Vec<Option<OwnedFd>>,
) -> Result<OwnedFd, MountError> {
    let attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    let options = [(c"size", c"2m"), (c"nr_inodes", c"4096"), (c"mode", c"0755")];
    let root = sys::new_mount(c"tmpfs", &options, attributes).map_err(failed(c"/"))?;
    // On top of the old root: nothing of the host is touched, since this is a
    // mount namespace of our own.
    sys::attach(&root, sys::CWD, c"/").map_err(failed(c"/"))?;
    let mut tree = Tree { root: &root, folders: BTreeSet::new(), foreign: false };
    let mut binds = binds.into_iter();
    for step in steps {
        let (target, result) = match step {
            MountStep::Folder { target } => (target, tree.folder(target)),
            MountStep::Link { target, to } => (target, tree.link(target, to)),
            MountStep::File { target, content } => (target, tree.file(target, content)),
            MountStep::Longer { source, target, more } => {
                (target, tree.longer(source, target, more))
            }
            MountStep::Bind { target, flags, .. } => {
                let bind = binds.next().flatten();
                let result = bind.map_or(Ok(()), |bind| tree.bind(target, &bind));
                tree.foreign |= flags & bind::FOREIGN != 0;
                (target, result)
            }
            MountStep::Memory { target, bytes, files } => {
                (target, tree.memory(target, *bytes, *files))
            }
            MountStep::Processes { target } => (target, tree.processes(target)),
        };
        result.map_err(failed(target))?;
    }
    Ok(root)
}

/// Makes the built root the root, read-only, and drops the old one.
pub(crate) fn enter(root: &OwnedFd) -> Result<(), Errno> {
    sys::fchdir(root)?;
    sys::pivot_to_current_folder()?;
    sys::set_attributes(root, MOUNT_ATTR_RDONLY, false, None)
}

struct Tree<'a> {
    root: &'a OwnedFd,
    folders: BTreeSet<Vec<u8>>,
    /// Something is mounted in which others make links. From then on a target
    /// is found as if the new root were the root already: the old one is still
    /// in reach here, and a link must not lead there.
    foreign: bool,
}

/// Where something is made: a folder and a name in it.
struct Place {
    folder: Option<OwnedFd>,
    root: RawFd,
    name: CString,
}

impl Place {
    fn folder(&self) -> RawFd {
        self.folder.as_ref().map_or(self.root, OwnedFd::as_raw_fd)
    }
}

impl Tree<'_> {
    fn parents(&mut self, target: &CStr) -> Result<(), Errno> {
        let bytes = target.to_bytes();
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let Some(prefix) = bytes.get(..at) else {
                continue;
            };
            self.make_folder(prefix)?;
        }
        Ok(())
    }

    fn place(&self, path: &CStr) -> Result<Place, Errno> {
        let root = self.root.as_raw_fd();
        let bytes = path.to_bytes();
        let cut = bytes.iter().rposition(|byte| *byte == b'/');
        let (Some(cut), true) = (cut, self.foreign) else {
            return Ok(Place { folder: None, root, name: path.to_owned() });
        };
        let part = |bytes: Option<&[u8]>| {
            CString::new(bytes.unwrap_or_default()).map_err(|_| Errno(libc::EINVAL))
        };
        let (folder, name) = (part(bytes.get(..cut))?, part(bytes.get(cut + 1..))?);
        Ok(Place { folder: Some(sys::open_in_root(root, &folder)?), root, name })
    }

    fn attach(&self, mount: &OwnedFd, target: &CStr) -> Result<(), Errno> {
        if self.foreign {
            let over = sys::open_in_root(self.root.as_raw_fd(), target)?;
            return sys::attach_over(mount, &over);
        }
        sys::attach(mount, self.root.as_raw_fd(), target)
    }

    fn make_folder(&mut self, path: &[u8]) -> Result<(), Errno> {
        if path.is_empty() || self.folders.contains(path) {
            return Ok(());
        }
        let text = CString::new(path).map_err(|_| Errno(libc::EINVAL))?;
        let place = self.place(&text)?;
        match sys::mkdir(place.folder(), &place.name, 0o755) {
            Ok(()) | Err(Errno(libc::EEXIST)) => {}
            Err(error) => return Err(error),
        }
        self.folders.insert(path.to_vec());
        Ok(())
    }

    fn folder(&mut self, target: &CStr) -> Result<(), Errno> {
        self.parents(target)?;
        self.make_folder(target.to_bytes())
    }

    fn link(&mut self, target: &CStr, to: &CStr) -> Result<(), Errno> {
        self.parents(target)?;
        let place = self.place(target)?;
        match sys::symlink(to, place.folder(), &place.name) {
            Err(Errno(libc::EEXIST)) => Ok(()),
            other => other,
        }
    }

    fn file(&mut self, target: &CStr, content: &[u8]) -> Result<(), Errno> {
        sys::write_all(&self.new_file(target)?, content)
    }

    fn new_file(&mut self, target: &CStr) -> Result<OwnedFd, Errno> {
        self.parents(target)?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW;
        let place = self.place(target)?;
        sys::open(place.folder(), &place.name, flags, 0o444)
    }

    /// A copy, because a bind could not be longer than the file itself. The root
    /// bounds how long it may be.
    fn longer(&mut self, source: &CStr, target: &CStr, more: &[u8]) -> Result<(), Errno> {
        let file = self.new_file(target)?;
        match sys::open(sys::CWD, source, libc::O_RDONLY, 0) {
            Ok(source) => {
                let mut buffer = [0; 16 * 1024];
                loop {
                    let length = sys::read(&source, &mut buffer)?;
                    if length == 0 {
                        break;
                    }
                    sys::write_all(&file, buffer.get(..length).unwrap_or(&[]))?;
                }
            }
            Err(Errno(libc::ENOENT)) => {}
            Err(errno) => return Err(errno),
        }
        sys::write_all(&file, more)
    }

    fn bind(&mut self, target: &CStr, mount: &OwnedFd) -> Result<(), Errno> {
        if sys::is_directory(mount)? {
            self.folder(target)?;
        } else {
            self.parents(target)?;
            let place = self.place(target)?;
            match sys::make_file(place.folder(), &place.name) {
                Ok(()) | Err(Errno(libc::EEXIST)) => {}
                Err(error) => return Err(error),
            }
        }
        self.attach(mount, target)
    }

    fn memory(&mut self, target: &CStr, bytes: u64, files: u64) -> Result<(), Errno> {
        self.folder(target)?;
        let number = |n: u64| CString::new(n.to_string()).map_err(|_| Errno(libc::EINVAL));
        let (size, inodes) = (number(bytes)?, number(files)?);
        let options =
            [(c"size", size.as_c_str()), (c"nr_inodes", inodes.as_c_str()), (c"mode", c"1777")];
        let attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        let mount = sys::new_mount(c"tmpfs", &options, attributes)?;
        self.attach(&mount, target)
    }

    /// `subset=pid` leaves out everything but processes (no `sys`, `kcore`,
    /// `keys`, `kallsyms`, `meminfo`...); `hidepid` hides those that may not be
    /// traced, which is the jail's own first process. Read-only, so that not
    /// even `self/mem` can be opened for writing.
    fn processes(&mut self, target: &CStr) -> Result<(), Errno> {
        self.folder(target)?;
        let attributes =
            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
        let options = [(c"subset", c"pid"), (c"hidepid", c"invisible")];
        let mount = sys::new_mount(c"proc", &options, attributes)?;
        self.attach(&mount, target)
    }
}
