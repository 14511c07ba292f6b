//! The small process that jails are cloned from.

use crate::cgroup::{Cgroup, Entrance, Hierarchy, discover};
use crate::identity::Identity;
use crate::init::{self, Start};
use crate::spec::{JailSpec, SeccompProfile};
use crate::sys::{self, Errno, Forked, OwnedFd};
use crate::wire::{MAX_MESSAGE, Report, Stage, Usage};
use crate::{cgroup, network, seccomp};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// New user, mount, process and host name namespaces. The cgroup namespace is
/// made later, from inside the jail's cgroup.
const NAMESPACES: i32 =
    libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWUTS;
/// The network and IPC namespaces, which take half of the time of a start: a
/// spawner with the right to do so makes them for the next jail ahead of time,
/// by moving into new ones itself.
const AHEAD: i32 = libc::CLONE_NEWNET | libc::CLONE_NEWIPC;

/// One jail that runs.
struct Jail {
    pid: i32,
    pidfd: OwnedFd,
    status: OwnedFd,
    cgroup: Option<Cgroup>,
    /// Closed when this process dies, which tells a jail still being built.
    _lifeline: OwnedFd,
    /// The host has closed its end or asked for the end.
    ending: bool,
}

struct Spawner {
    control: OwnedFd,
    identity: Identity,
    hierarchy: Hierarchy,
    /// Those that were asked for, each built once.
    filters: Vec<(SeccompProfile, seccomp::Program)>,
    jails: Vec<Jail>,
    next: u64,
    /// What the names of its cgroups begin with.
    prefix: String,
    /// This process stands in network and IPC namespaces that are new and that no
    /// jail has. Taken back with every clone: no two jails ever share them.
    stands_in_new: bool,
    /// It makes one jail: nothing is made ahead for a second, and it ends with it.
    only_one: bool,
    /// What a killed jailer left has been looked for, and some could not be removed.
    swept: Option<bool>,
}

/// Serves requests on the socket that is this program's input until the other
/// side closes it, then ends every jail. `cgroup` names a folder for cgroups. With
/// `only_one` it serves one request, and ends with the jail that it made.
///
/// # Errors
/// When the control socket itself fails.
pub fn serve(cgroup: Option<&str>, only_one: bool) -> Result<(), Errno> {
    // The host's own descriptors, as far as it did not close them on exec: a pipe
    // that it forgot to close would never end while this program holds it.
    let _ = sys::close_range(3, u32::MAX);
    let control = sys::input()?;
    // Nor does it keep the host's folder busy.
    sys::chdir(c"/")?;
    let mut spawner = Spawner {
        control,
        identity: Identity::choose(),
        // Looked up before the first request, while the host does other things.
        hierarchy: discover(cgroup),
        filters: Vec::new(),
        jails: Vec::new(),
        next: 0,
        prefix: cgroup::own_prefix(),
        stands_in_new: false,
        only_one,
        swept: None,
    };
    spawner.move_ahead();
    let result = spawner.run();
    spawner.end_all();
    spawner.sweep();
    if spawner.swept == Some(true) {
        // What dies together with its jailer takes a moment. What is still not
        // empty now waits for the next jailer.
        let _ = cgroup::sweep(&spawner.hierarchy);
    }
    result
}

impl Spawner {
    fn run(&mut self) -> Result<(), Errno> {
        let mut buffer = vec![0; MAX_MESSAGE];
        loop {
            let mut fds = self.poll_set();
            sys::poll(&mut fds, -1)?;
            let ready: Vec<bool> = fds.iter().map(|fd| fd.revents != 0).collect();
            let mut ready = ready.into_iter();
            let request = ready.next().unwrap_or(false);
            let per_jail: Vec<(bool, bool)> = self
                .jails
                .iter()
                .map(|_| (ready.next() == Some(true), ready.next() == Some(true)))
                .collect();
            self.serve_jails(&per_jail);
            if request {
                let (length, fds) = sys::receive(&self.control, &mut buffer)?;
                if length == 0 {
                    return Ok(());
                }
                self.start(buffer.get(..length).unwrap_or(&[]), fds);
                if !self.only_one {
                    self.move_ahead();
                }
                // After the first request, which somebody waits for.
                self.sweep();
            }
            if self.only_one && self.swept.is_some() && self.jails.is_empty() {
                return Ok(());
            }
        }
    }

    /// Removes, once, what a killed jailer left.
    fn sweep(&mut self) {
        let hierarchy = &self.hierarchy;
        self.swept.get_or_insert_with(|| cgroup::sweep(hierarchy));
    }

    /// Makes the slow namespaces of the next jail. An ordinary user may not; its
    /// jails get theirs with the clone.
    fn move_ahead(&mut self) {
        if !self.stands_in_new && self.identity.is_mapped() {
            self.stands_in_new = sys::unshare(AHEAD).is_ok();
        }
    }

    /// The control socket, then for each jail its host and its end.
    fn poll_set(&self) -> Vec<libc::pollfd> {
        let entry =
            |fd: &OwnedFd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let mut fds = vec![entry(&self.control)];
        for jail in &self.jails {
            let mut host = entry(&jail.status);
            if jail.ending {
                // It stays readable; do not spin on it.
                host.fd = -1;
            }
            fds.extend([host, entry(&jail.pidfd)]);
        }
        fds
    }

    fn serve_jails(&mut self, ready: &[(bool, bool)]) {
        let mut index = 0;
        let mut ready = ready.iter();
        while let (Some(jail), Some(&(host, ended))) = (self.jails.get_mut(index), ready.next()) {
            if host {
                // One byte or end of file: either way the host wants it ended.
                jail.ending = true;
                let _ = sys::kill(&jail.pidfd, libc::SIGKILL);
            }
            if ended {
                let jail = self.jails.remove(index);
                finish(jail);
            } else {
                index += 1;
            }
        }
    }

    fn end_all(&mut self) {
        for jail in &self.jails {
            let _ = sys::kill(&jail.pidfd, libc::SIGKILL);
        }
        for jail in self.jails.drain(..) {
            finish(jail);
        }
    }

    fn start(&mut self, request: &[u8], fds: Vec<OwnedFd>) {
        let mut fds = fds.into_iter();
        let (Some(status), Some(go)) = (fds.next(), fds.next()) else {
            return;
        };
        let report = match JailSpec::decode(request) {
            Ok(spec) => match self.create(&spec, &status, go) {
                Ok(()) => return,
                Err(report) => report,
            },
            Err(_) => Report::failed(Stage::Request, Errno(libc::EBADMSG), b""),
        };
        let _ = sys::send(&status, &report.encode(), &[]);
        let _ = sys::send(&status, &Report::Ended { usage: Usage::default() }.encode(), &[]);
    }

    fn create(&mut self, spec: &JailSpec, status: &OwnedFd, go: OwnedFd) -> Result<(), Report> {
        let request = |errno| Report::failed(Stage::Request, errno, b"");
        let (cgroup, entrance) = self.make_cgroup(spec)?.unzip();
        let mut cgroup = cgroup;
        let result = self.clone_init(spec, status, go, entrance);
        let (pid, pidfd, lifeline) = match result {
            Ok(created) => created,
            Err(report) => {
                if let Some(cgroup) = &mut cgroup {
                    cgroup.remove();
                }
                return Err(report);
            }
        };
        let bytes =
            |folder: Option<&str>| folder.map(|path| path.as_bytes().to_vec()).unwrap_or_default();
        let created = Report::Created {
            pid,
            cgroup: bytes(cgroup.as_ref().and_then(Cgroup::memory_folder)),
            time: bytes(cgroup.as_ref().and_then(Cgroup::time_folder)),
        };
        let _ = sys::send(status, &created.encode(), &[pidfd.as_raw_fd()]);
        let status = status.try_clone().map_err(|_| request(Errno(libc::EMFILE)))?;
        self.jails.push(Jail { pid, pidfd, status, cgroup, _lifeline: lifeline, ending: false });
        Ok(())
    }

    fn make_cgroup(&mut self, spec: &JailSpec) -> Result<Option<(Cgroup, Entrance)>, Report> {
        let limits = &spec.cgroup;
        if limits.memory == 0 && limits.pids == 0 && limits.cpu_percent == 0 {
            return Ok(None);
        }
        self.next += 1;
        let name = format!("{}{}", self.prefix, self.next);
        let made = match Cgroup::create(&self.hierarchy, &name, limits, spec.seccomp.network) {
            Ok(made) => made,
            Err(error) => {
                return Err(Report::failed(Stage::Cgroup, error.errno, error.path.as_bytes()));
            }
        };
        if made.is_none() && limits.required {
            return Err(Report::failed(Stage::Cgroup, Errno(libc::EOPNOTSUPP), b""));
        }
        Ok(made)
    }

    fn clone_init(
        &mut self,
        spec: &JailSpec,
        status: &OwnedFd,
        go: OwnedFd,
        entrance: Option<Entrance>,
    ) -> Result<(i32, OwnedFd, OwnedFd), Report> {
        let request = |errno| Report::failed(Stage::Request, errno, b"");
        let binds = if self.identity.is_mapped() {
            let identity = &mut self.identity;
            let binds = init::prepare_binds(&spec.mounts, |owner| identity.owner_map(owner))
                .map_err(|e| Report::failed(Stage::Mount, e.errno, e.path.as_bytes()))?;
            Some(binds)
        } else {
            None
        };
        let (maps_written, tell) = sys::pipe().map_err(request)?;
        let (folder, tasks) = match entrance {
            Some(Entrance::Clone(folder)) => (Some(folder), Vec::new()),
            Some(Entrance::Tasks(tasks)) => (None, tasks),
            None => (None, Vec::new()),
        };
        let status = status.try_clone().map_err(|_| request(Errno(libc::EMFILE)))?;
        let ids = (sys::effective_uid(), sys::effective_gid());
        if !self.filters.iter().any(|(profile, _)| *profile == spec.seccomp) {
            self.filters.push((spec.seccomp, seccomp::assemble(spec.seccomp)));
        }
        let filter = self.filters.iter().find(|(profile, _)| *profile == spec.seccomp);
        let (_, filter) = filter.ok_or_else(|| request(Errno(libc::EINVAL)))?;
        let stands_in_new = core::mem::take(&mut self.stands_in_new);
        let has_network = spec.seccomp.network && stands_in_new;
        if has_network {
            // From here, where it is: a jail has no rights over a namespace that
            // the spawner made.
            let sockets =
                network::build(spec).map_err(|e| Report::failed(Stage::Network, e, b""))?;
            network::hand_over(&sockets, &status).map_err(request)?;
        }
        let ahead = if stands_in_new { 0 } else { AHEAD };
        let flags = u64::from((NAMESPACES | ahead).unsigned_abs());
        match sys::fork_with(flags, folder.as_ref()) {
            Ok(Forked::Child) => {
                drop(tell);
                init::run(Start {
                    spec,
                    filter,
                    binds,
                    status,
                    go,
                    maps_written,
                    tasks,
                    has_network,
                    ids,
                })
            }
            Ok(Forked::Parent { pid, pidfd }) => {
                let told = self.identity.write_maps(pid).and_then(|()| sys::write_all(&tell, b"1"));
                if let Err(errno) = told {
                    let _ = sys::kill(&pidfd, libc::SIGKILL);
                    let _ = sys::wait(pid);
                    return Err(Report::failed(Stage::Identity, errno, b""));
                }
                Ok((pid, pidfd, tell))
            }
            Err(errno) => Err(Report::failed(Stage::Namespaces, errno, b"")),
        }
    }
}

/// Waits for a jail's first process, collects the figures, removes the cgroup.
fn finish(mut jail: Jail) {
    let mut usage = Usage::default();
    if let Ok(ended) = sys::wait(jail.pid) {
        usage.user_micros = ended.user_micros;
        usage.system_micros = ended.system_micros;
        usage.peak_memory = ended.peak_rss_bytes;
    }
    if let Some(cgroup) = &mut jail.cgroup {
        cgroup.read_usage(&mut usage);
        cgroup.remove();
    }
    let _ = sys::send(&jail.status, &Report::Ended { usage }.encode(), &[]);
}
