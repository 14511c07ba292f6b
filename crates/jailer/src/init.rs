//! The first process of a jail: builds it from inside, gives up every
//! privilege, starts the program, reaps.

use crate::identity::{self, INSIDE};
use crate::spec::{ExecSpec, JailSpec, MountStep};
use crate::sys::{self, Errno, OwnedFd, RawFd};
use crate::wire::{MAX_MESSAGE, Report, Stage};
use crate::{landlock, mounts, network, reap, seccomp};
use alloc::ffi::CString;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// What init needs from the spawner it was cloned from.
pub(crate) struct Start<'a> {
    pub(crate) spec: &'a JailSpec,
    pub(crate) filter: &'a seccomp::Program,
    /// Prepared binds when the spawner is root; else init prepares them.
    pub(crate) binds: Option<Vec<Option<OwnedFd>>>,
    /// Where reports go.
    pub(crate) status: OwnedFd,
    /// Where the program to start comes from.
    pub(crate) go: OwnedFd,
    /// Readable when the id maps are written; end of file when the spawner died.
    pub(crate) maps_written: OwnedFd,
    /// cgroup v1 files to move ourselves through.
    pub(crate) tasks: Vec<OwnedFd>,
    /// The spawner built the network already.
    pub(crate) has_network: bool,
    /// Own user and group id on the host.
    pub(crate) ids: (u32, u32),
}

/// A failed step.
struct Failure {
    stage: Stage,
    errno: Errno,
    detail: Vec<u8>,
}

fn at(stage: Stage) -> impl Fn(Errno) -> Failure {
    move |errno| Failure { stage, errno, detail: Vec::new() }
}

const PDEATHSIG: i32 = libc::PR_SET_PDEATHSIG;
const KILL: usize = libc::SIGKILL as usize;

/// Runs init; never returns to the copied spawner.
pub(crate) fn run(mut start: Start<'_>) -> ! {
    // Made before the jail is ready, not while somebody waits.
    let mut buffer = vec![0; MAX_MESSAGE];
    let outcome = build(&mut start).and_then(|landlock| {
        let _ = sys::send(&start.status, &Report::Ready { landlock }.encode(), &[]);
        start_program(&start, &mut buffer)
    });
    match outcome {
        Ok(pid) => {
            let _ = sys::send(&start.status, &Report::Started.encode(), &[]);
            if start.spec.published.is_empty() {
                reap::silently(&start.status, pid)
            } else {
                reap::answering(&start.status, &start.go, pid)
            }
        }
        Err(Failure { stage, errno, detail }) => {
            let _ = sys::send(&start.status, &Report::failed(stage, errno, &detail).encode(), &[]);
            sys::exit_now(1)
        }
    }
}

fn build(start: &mut Start<'_>) -> Result<u32, Failure> {
    close_foreign_descriptors(start).map_err(at(Stage::Settings))?;
    // Set again after the ids change, which clears it.
    sys::prctl(PDEATHSIG, KILL, 0).map_err(at(Stage::Settings))?;
    for tasks in start.tasks.drain(..) {
        sys::write_all(&tasks, b"0").map_err(at(Stage::Cgroup))?;
    }
    // After joining, so that the own cgroup is the root of what is seen.
    sys::unshare(libc::CLONE_NEWCGROUP).map_err(at(Stage::Namespaces))?;

    let binds = take_identity(start)?;

    // A second wall behind seccomp: no further user namespace below this one.
    // Where /proc/sys is read-only (in a container), seccomp stands alone.
    let _ = sys::write_file(c"/proc/sys/user/max_user_namespaces", b"0");
    // File watchers are counted for the user over all namespaces: a plugin of an
    // ordinary user must not take those of the user's editor.
    let _ = sys::write_file(c"/proc/sys/user/max_inotify_instances", b"32");
    let _ = sys::write_file(c"/proc/sys/user/max_inotify_watches", b"8192");
    sys::set_hostname(&start.spec.hostname).map_err(at(Stage::Settings))?;
    sys::clear_domain_name().map_err(at(Stage::Settings))?;
    if start.spec.seccomp.network && !start.has_network {
        let sockets = network::build(start.spec).map_err(at(Stage::Network))?;
        network::hand_over(&sockets, &start.status).map_err(at(Stage::Network))?;
    }

    let root = mounts::build(&start.spec.mounts, binds).map_err(mount_failure)?;
    mounts::enter(&root).map_err(at(Stage::Pivot))?;
    drop(root);

    for limit in &start.spec.rlimits {
        sys::set_rlimit(limit.resource, limit.value).map_err(|errno| Failure {
            stage: Stage::Rlimit,
            errno,
            detail: limit.resource.to_string().into_bytes(),
        })?;
    }
    drop_privileges().map_err(at(Stage::Capabilities))?;
    let abi = landlock::restrict(&start.spec.landlock, start.spec.seccomp.network)
        .map_err(at(Stage::Landlock))?;
    if abi == 0 && start.spec.landlock_required {
        return Err(at(Stage::Landlock)(Errno(libc::EOPNOTSUPP)));
    }
    sys::install_filter(start.filter.instructions()).map_err(at(Stage::Seccomp))?;
    Ok(abi)
}

fn close_foreign_descriptors(start: &Start<'_>) -> Result<(), Errno> {
    let mut keep =
        vec![start.status.as_raw_fd(), start.go.as_raw_fd(), start.maps_written.as_raw_fd()];
    keep.extend(start.tasks.iter().map(OwnedFd::as_raw_fd));
    keep.extend(start.binds.iter().flatten().flatten().map(OwnedFd::as_raw_fd));
    sys::close_all_but(&keep)
}

/// Becomes the plugin's user, keeping the privileges inside the own namespaces,
/// and gives back the prepared binds.
fn take_identity(start: &mut Start<'_>) -> Result<Vec<Option<OwnedFd>>, Failure> {
    let mapped_by_root = start.binds.is_some();
    let binds = match start.binds.take() {
        Some(binds) => {
            wait_for_maps(&start.maps_written).map_err(at(Stage::Identity))?;
            sys::clear_groups().map_err(at(Stage::Identity))?;
            binds
        }
        None => {
            let (uid, gid) = start.ids;
            identity::map_self(uid, gid).map_err(at(Stage::Identity))?;
            prepare_binds(&start.spec.mounts, |_| None).map_err(mount_failure)?
        }
    };
    sys::prctl(libc::PR_SET_KEEPCAPS, 1, 0).map_err(at(Stage::Identity))?;
    sys::set_ids(INSIDE, INSIDE).map_err(at(Stage::Identity))?;
    sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).map_err(at(Stage::Identity))?;
    sys::prctl(PDEATHSIG, KILL, 0).map_err(at(Stage::Identity))?;
    if !mapped_by_root {
        wait_for_maps(&start.maps_written).map_err(at(Stage::Identity))?;
    }
    // A spawner that died before the last prctl could not have killed us. Its
    // end of the pipe would be closed then.
    let mut fds =
        [libc::pollfd { fd: start.maps_written.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
    sys::poll(&mut fds, 0).map_err(at(Stage::Identity))?;
    if fds.iter().any(|fd| fd.revents & libc::POLLHUP != 0) {
        sys::exit_now(1);
    }
    Ok(binds)
}

/// Prepares every bind of `steps`, in order.
pub(crate) fn prepare_binds(
    steps: &[MountStep],
    mut owner_map: impl FnMut(u32) -> Option<OwnedFd>,
) -> Result<Vec<Option<OwnedFd>>, mounts::MountError> {
    steps
        .iter()
        .filter_map(|step| match step {
            MountStep::Bind { source, flags, .. } => Some((source, *flags)),
            _ => None,
        })
        .map(|(source, flags)| mounts::prepare(source, flags, &mut owner_map))
        .collect()
}

fn mount_failure(error: mounts::MountError) -> Failure {
    Failure { stage: Stage::Mount, errno: error.errno, detail: error.path.into_bytes() }
}

fn wait_for_maps(pipe: &OwnedFd) -> Result<(), Errno> {
    match sys::read(pipe, &mut [0])? {
        0 => sys::exit_now(1),
        _ => Ok(()),
    }
}

/// Gives up everything: bounding, ambient, inheritable, permitted, effective.
fn drop_privileges() -> Result<(), Errno> {
    for capability in 0..64 {
        match sys::prctl(libc::PR_CAPBSET_DROP, capability, 0) {
            Ok(()) => {}
            // Past the last capability this kernel knows.
            Err(Errno(libc::EINVAL)) => break,
            Err(error) => return Err(error),
        }
    }
    give_up_capabilities()
}

/// Ambient, inheritable, permitted, effective, and the way to new ones.
pub(crate) fn give_up_capabilities() -> Result<(), Errno> {
    sys::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as usize, 0)?;
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
    sys::drop_capability_sets()
}

/// What the child that shares our memory needs.
struct Launch {
    program: CString,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
    folder: CString,
    descriptors: Vec<RawFd>,
    error: Option<(Errno, bool)>,
}

fn start_program(start: &Start<'_>, buffer: &mut [u8]) -> Result<i32, Failure> {
    let (length, fds) = sys::receive(&start.go, buffer).map_err(at(Stage::Go))?;
    if length == 0 {
        // The host gave this jail up before it was used.
        sys::exit_now(0);
    }
    let spec = ExecSpec::decode(buffer.get(..length).unwrap_or(&[]))
        .map_err(|_| at(Stage::Go)(Errno(libc::EBADMSG)))?;
    // Input, output and errors; the channel, code, and what the code evaluates.
    if !(3..=6).contains(&fds.len()) {
        return Err(at(Stage::Go)(Errno(libc::EBADF)));
    }
    // Above the numbers they will get, so that placing one cannot close another.
    let fds: Vec<OwnedFd> = fds
        .iter()
        .map(|fd| sys::duplicate_above(fd, 16))
        .collect::<Result<_, _>>()
        .map_err(at(Stage::Go))?;
    let end = core::iter::once(core::ptr::null());
    let mut launch = Launch {
        arguments: spec.arguments.iter().map(|text| text.as_ptr()).chain(end.clone()).collect(),
        environment: spec.environment.iter().map(|text| text.as_ptr()).chain(end).collect(),
        program: spec.program.clone(),
        folder: spec.folder.clone(),
        descriptors: fds.iter().map(OwnedFd::as_raw_fd).collect(),
        error: None,
    };
    sys::default_signal(libc::SIGPIPE);
    let pid = sys::spawn_sharing_memory(child, &mut launch).map_err(at(Stage::Exec))?;
    if let Some((errno, in_folder)) = launch.error {
        let path = if in_folder { spec.folder } else { spec.program };
        return Err(Failure { stage: Stage::Exec, errno, detail: path.into_bytes() });
    }
    Ok(pid)
}

extern "C" fn child(data: *mut libc::c_void) -> i32 {
    // SAFETY: needed because clone passes one untyped pointer. Sound because
    // `start_program` passes a `Launch` that outlives this child and is
    // suspended while it runs.
    let launch = unsafe { &mut *data.cast::<Launch>() };
    launch.error = Some(match launch_program(launch) {
        Err(errno) => (errno, true),
        Ok(errno) => (errno, false),
    });
    sys::exit_now(127)
}

/// Milliseconds for which a program that somebody writes is waited for.
const BUSY_TRIES: u32 = 100;

/// Returns only on failure: `Err` when the folder is the trouble.
fn launch_program(launch: &Launch) -> Result<Errno, Errno> {
    let _ = sys::set_session();
    sys::chdir(&launch.folder)?;
    let mut next = 0;
    for &fd in &launch.descriptors {
        if let Err(errno) = sys::place(fd, next) {
            return Ok(errno);
        }
        next += 1;
    }
    if let Err(errno) = sys::close_range(next.unsigned_abs(), u32::MAX) {
        return Ok(errno);
    }
    // A program that was just written is held open for writing by every process
    // that was forked meanwhile, until it starts a program of its own.
    for _ in 0..BUSY_TRIES {
        match sys::execute(&launch.program, &launch.arguments, &launch.environment) {
            Errno(libc::ETXTBSY) => sys::sleep_a_millisecond(),
            errno => return Ok(errno),
        }
    }
    Ok(Errno(libc::ETXTBSY))
}
