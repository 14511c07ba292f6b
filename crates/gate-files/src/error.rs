//! Why a file could not be touched.

use rustix::io::Errno;

/// Why a file could not be touched. None of them names a path: the caller knows
/// which one it asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// A granted folder cannot be opened at the start.
    #[error("the granted folder `{folder}` cannot be opened")]
    Root {
        /// The folder.
        folder: String,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// A granted folder has a symbolic link on its way.
    #[error(
        "the granted folder `{folder}` is reached through a symbolic link, grant the folder that it leads to"
    )]
    RootIsLink {
        /// The folder.
        folder: String,
    },
    /// A granted folder shows the kernel's own state, such as `/proc`.
    #[error("the granted folder `{folder}` holds no files but the kernel's own state")]
    RootIsKernelState {
        /// The folder.
        folder: String,
    },
    /// The permit is for another instance, or for a folder that was not opened.
    #[error("the permit does not belong to these folders")]
    ForeignPermit,
    /// There is nothing of this name.
    #[error("no such file or folder")]
    NotFound,
    /// Something of this name is there already.
    #[error("it exists already")]
    Exists,
    /// A symbolic link is on the way or at the end.
    #[error("a symbolic link is on the way, links are not followed")]
    SymbolicLink,
    /// Another file system is mounted on the way.
    #[error("the path leaves the granted folder or enters another mount")]
    OtherMount,
    /// A device, FIFO, socket, or a folder where a file is wanted.
    #[error("it is not a regular file")]
    NotAFile,
    /// A file where a folder is wanted.
    #[error("it is not a folder")]
    NotAFolder,
    /// A folder that still holds something.
    #[error("the folder is not empty")]
    NotEmpty,
    /// The file has a second name, maybe outside the granted folder.
    #[error("the file has more than one hard link, so it may be somebody else's file too")]
    HardLinked,
    /// The granted folder itself is not replaced or deleted.
    #[error("the granted folder itself cannot be changed")]
    GrantedFolder,
    /// Over the file size limit.
    #[error("the file would be larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A folder with more entries than one listing looks at.
    #[error("the folder has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
    /// A name that the file system does not take.
    #[error("a name in the path is too long")]
    NameTooLong,
    /// No room on the file system, or a quota of the user is used up.
    #[error("the file system is full")]
    NoSpace,
    /// The operating system refuses it to this user.
    #[error("the operating system does not permit it")]
    NotPermitted {
        /// What the kernel said.
        source: std::io::Error,
    },
    /// Anything else.
    #[error("the operating system failed to do it")]
    System {
        /// What the kernel said.
        source: std::io::Error,
    },
}

impl From<Errno> for FilesError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::NotFound,
            Errno::EXIST => Self::Exists,
            Errno::LOOP => Self::SymbolicLink,
            Errno::XDEV => Self::OtherMount,
            Errno::NOTDIR => Self::NotAFolder,
            // ENXIO: a socket, or a FIFO or device that nobody is behind.
            Errno::ISDIR | Errno::NXIO | Errno::NODEV => Self::NotAFile,
            Errno::NOTEMPTY => Self::NotEmpty,
            Errno::NAMETOOLONG => Self::NameTooLong,
            Errno::NOSPC | Errno::DQUOT => Self::NoSpace,
            Errno::ACCESS | Errno::PERM | Errno::ROFS => {
                Self::NotPermitted { source: errno.into() }
            }
            _ => Self::System { source: errno.into() },
        }
    }
}
