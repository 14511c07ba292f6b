//! The minimal root of a jail: what every program needs, what this plugin is
//! given, and nothing else.

use crate::datagrams::{self, NAME_SERVER};
use ringfence_jailer::CgroupLimits;
use ringfence_jailer::{JailSpec, LandlockRule, MountStep, Rlimit, SeccompProfile, access, bind};
use ringfence_sandbox::{Exposed, Plan, Programs, Runtime, StartError};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// Folders that hold shared libraries and data of the system: readable by
/// everybody on any machine, so nothing of the user is in them.
const LIBRARIES: [&str; 6] =
    ["/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/share", "/usr/local/lib", "/usr/local/share"];
/// Links to the above on a merged system, folders of their own on others.
const LIBRARY_LINKS: [&str; 4] = ["/lib", "/lib64", "/lib32", "/libx32"];
/// Folders of programs, seen whole only with a grant for every program.
const PROGRAMS: [&str; 6] =
    ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Loaders, which the kernel starts before a dynamic program.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"];
/// Mounts that would put the host's own state inside.
const FORBIDDEN: [&str; 6] = ["/proc", "/sys", "/dev", "/run", "/etc", "/tmp"];

/// Certificate authorities, by distribution; see ca-certificates(8) and
/// update-ca-trust(8).
const TRUST: [&str; 5] = [
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
];

/// The same as one file, by distribution.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Most files in the private `/tmp`: one for every 4 KiB, at least 1,024.
fn tmp_files(bytes: u64) -> u64 {
    (bytes / 4096).max(1024)
}

/// What the host looks like, read once.
#[derive(Clone, Debug)]
pub(crate) struct SystemRoot {
    base: Vec<MountStep>,
    /// For a static program of ours.
    bare: Vec<MountStep>,
    program_folders: Vec<MountStep>,
    loaders: Vec<PathBuf>,
}

impl SystemRoot {
    pub(crate) fn read() -> Self {
        let mut base = Vec::new();
        for path in LIBRARIES {
            if Path::new(path).is_dir() {
                base.push(system_bind(path));
            }
        }
        for path in LIBRARY_LINKS {
            base.extend(link_or_bind(path));
        }
        base.push(MountStep::Folder { target: c"usr/bin".into() });
        let mut program_folders = Vec::new();
        for path in PROGRAMS {
            let step = link_or_bind(path);
            if matches!(step, Some(MountStep::Link { .. })) {
                base.extend(step);
            } else {
                program_folders.extend(step);
            }
        }
        base.extend(small_files());
        for path in ["/etc/ld.so.cache", "/etc/localtime"] {
            base.push(optional(path));
        }
        program_folders.push(optional("/etc/alternatives"));
        base.extend(DEVICES.map(device));
        for (target, to) in [
            (c"dev/fd", c"/proc/self/fd"),
            (c"dev/stdin", c"/proc/self/fd/0"),
            (c"dev/stdout", c"/proc/self/fd/1"),
            (c"dev/stderr", c"/proc/self/fd/2"),
            (c"dev/shm", c"/tmp"),
        ] {
            base.push(MountStep::Link { target: target.into(), to: to.into() });
        }
        base.push(MountStep::Processes { target: c"proc".into() });
        // A static program looks for chance there, being unsure of its kernel.
        let mut bare: Vec<MountStep> = ["null", "random", "urandom"].map(device).into();
        bare.push(MountStep::Processes { target: c"proc".into() });
        let loaders = LOADERS.iter().filter_map(|path| std::fs::canonicalize(path).ok()).collect();
        Self { base, bare, program_folders, loaders }
    }

    /// The whole jail for one plan.
    pub(crate) fn spec(
        &self,
        plan: &Plan,
        file: &Path,
        prefix: Option<&Path>,
        cgroup_required: bool,
    ) -> Result<JailSpec, StartError> {
        let mut mounts = if !plan.code.is_empty() { self.bare.clone() } else { self.base.clone() };
        mounts.push(MountStep::Memory {
            target: c"tmp".into(),
            bytes: plan.budget.tmp_bytes,
            files: tmp_files(plan.budget.tmp_bytes),
        });
        let mut executables = if !plan.code.is_empty() { Vec::new() } else { self.loaders.clone() };
        if plan.programs == Programs::All {
            mounts.extend(self.program_folders.iter().cloned());
            executables.extend(PROGRAMS.iter().chain(&LIBRARIES).map(PathBuf::from));
            // Those that it brought are its own code, and no more than what it may start anyway.
            let brought = plan.exposed.iter().filter(|shown| shown.executable && !shown.writable);
            executables.extend(brought.map(|shown| shown.target.clone()));
        }
        if let Some(prefix) = prefix {
            let lib = prefix.join("lib");
            let flags = bind::EXECUTABLE | bind::FOREIGN | owned_unless_public(&lib);
            mounts.push(bind_step(&lib, &lib, flags)?);
        }
        mounts.extend(links_of(&plan.program, plan, prefix)?);
        let mut programs = vec![file.to_owned()];
        if let Programs::Listed(listed) = &plan.programs {
            mounts.push(optional("/etc/alternatives"));
            for program in listed {
                let real = std::fs::canonicalize(program)
                    .map_err(|e| StartError::Plan(format!("{}: {e}", program.display())))?;
                if real != *program {
                    programs.push(program.clone());
                }
                programs.push(real);
            }
        }
        refuse_writable_programs(&plan.exposed)?;
        for exposed in &plan.exposed {
            mounts.push(exposed_step(exposed)?);
        }
        for program in &programs {
            if let Some(inside) = shown_at(plan, program) {
                executables.push(inside);
                continue;
            }
            if !in_shown_folder(program, plan, prefix) {
                // A link that stands on the list is shown as the file behind it;
                // what becomes a link only now is not followed.
                let real = std::fs::canonicalize(program)
                    .map_err(|e| StartError::Plan(format!("{}: {e}", program.display())))?;
                refuse_private_or_writable(&real, plan)?;
                let flags = bind::EXECUTABLE | bind::FOREIGN | owned_unless_public(&real);
                mounts.push(bind_step(&real, program, flags)?);
            }
            executables.push(program.clone());
        }
        if plan.network {
            mounts.extend(network_files());
        }
        if let Some(certificates) = &plan.trusted {
            mounts.push(trust(certificates));
        }
        for (target, content) in &plan.files {
            mounts.push(MountStep::File { target: inside(target)?, content: content.clone() });
        }
        Ok(JailSpec {
            hostname: b"plugin".to_vec(),
            mounts,
            rlimits: rlimits(plan, cgroup_required),
            cgroup: CgroupLimits {
                memory: plan.budget.memory_bytes,
                // The jail's own first process counts too.
                pids: plan.budget.processes.saturating_add(1),
                cpu_percent: plan.budget.cpu_percent,
                required: cgroup_required,
            },
            landlock: landlock(plan, &executables)?,
            landlock_required: false,
            seccomp: SeccompProfile {
                writable_executable: plan.just_in_time_compiler || plan.runtime == Runtime::Node,
                network: plan.network,
                worker: !plan.code.is_empty(),
            },
            published: plan.published.clone(),
            datagrams: datagrams::places(&plan.datagrams)?,
        })
    }
}

/// Whether a program lies in a system folder that is shown anyway.
fn in_shown_folder(program: &Path, plan: &Plan, prefix: Option<&Path>) -> bool {
    LIBRARIES.iter().any(|folder| program.starts_with(folder))
        || prefix.is_some_and(|prefix| program.starts_with(prefix.join("lib")))
        || plan.programs == Programs::All
            && PROGRAMS.iter().any(|folder| program.starts_with(folder))
}

/// The links between a program's name and its file, as far as they are not shown
/// anyway: an environment's `python` often points at `/usr/bin/python3`, which
/// is itself a link.
fn links_of(
    program: &Path,
    plan: &Plan,
    prefix: Option<&Path>,
) -> Result<Vec<MountStep>, StartError> {
    /// As many as the kernel follows; see path_resolution(7).
    const MOST_LINKS: usize = 40;
    let mut steps = Vec::new();
    let mut path = program.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(to) = std::fs::read_link(&path) else { break };
        if shown_at(plan, &path).is_none() && !in_shown_folder(&path, plan, prefix) {
            steps.push(MountStep::Link { target: inside(&path)?, to: path_text(&to)? });
        }
        path = path.parent().unwrap_or(Path::new("/")).join(to);
    }
    Ok(steps)
}

/// Where a host path of the plugin's own code is inside.
pub(crate) fn shown_at(plan: &Plan, path: &Path) -> Option<PathBuf> {
    plan.exposed.iter().filter(|exposed| exposed.executable).find_map(|exposed| {
        let rest = path.strip_prefix(&exposed.source).ok()?;
        let is_whole = rest.as_os_str().is_empty();
        Some(if is_whole { exposed.target.clone() } else { exposed.target.join(rest) })
    })
}

/// Devices can be written on a read-only mount; their owner, mode and times on the
/// host cannot be changed then.
fn device(name: &str) -> MountStep {
    MountStep::Bind {
        source: text(&format!("/dev/{name}")),
        target: text(&format!("dev/{name}")),
        flags: bind::DEVICE,
    }
}

fn text(value: &str) -> CString {
    CString::new(value).unwrap_or_default()
}

fn path_text(path: &Path) -> Result<CString, StartError> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| StartError::Plan(format!("`{}` holds a zero byte", path.display())))
}

/// The path without its leading slash; refuses what is not plainly inside.
fn inside(path: &Path) -> Result<CString, StartError> {
    let mut parts = path.components();
    let plain = parts.next() == Some(Component::RootDir)
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && path != Path::new("/");
    if !plain {
        return Err(StartError::Plan(format!("`{}` is not a plain absolute path", path.display())));
    }
    path_text(path.strip_prefix("/").unwrap_or(path))
}

fn bind_step(source: &Path, target: &Path, flags: u8) -> Result<MountStep, StartError> {
    Ok(MountStep::Bind { source: path_text(source)?, target: inside(target)?, flags })
}

/// What may be changed must not be startable under another name.
fn refuse_writable_programs(exposed: &[Exposed]) -> Result<(), StartError> {
    for writable in exposed.iter().filter(|exposed| exposed.writable) {
        for program in exposed.iter().filter(|e| e.executable && !e.writable) {
            // Seen at one place, the mount that comes last decides.
            let apart = match (
                writable.source.strip_prefix(&program.source),
                program.source.strip_prefix(&writable.source),
            ) {
                (Ok(below), _) => program.target.join(below) != writable.target.join(""),
                (_, Ok(below)) => writable.target.join(below) != program.target.join(""),
                _ => false,
            };
            if apart {
                return Err(StartError::Plan(format!(
                    "`{}` may be changed at `{}` and started at `{}`; show it in one place",
                    writable.source.display(),
                    writable.target.display(),
                    program.target.display()
                )));
            }
        }
    }
    Ok(())
}

/// A program outside the plugin's own code is named by a link or a `#!` line,
/// which a package can write: what only its owner may start is not lent to it,
/// and what the plugin may change is not started.
fn refuse_private_or_writable(real: &Path, plan: &Plan) -> Result<(), StartError> {
    if plan.exposed.iter().any(|exposed| exposed.writable && real.starts_with(&exposed.source)) {
        return Err(StartError::Plan(format!(
            "`{}` lies in a folder that the plugin may change, and may not be started",
            real.display()
        )));
    }
    if owned_unless_public(real) != 0 {
        return Err(StartError::Plan(format!(
            "`{}` may be started by its owner only; a plugin's program must be readable and executable for everybody",
            real.display()
        )));
    }
    Ok(())
}

fn exposed_step(exposed: &Exposed) -> Result<MountStep, StartError> {
    for (what, path) in [("from the host", &exposed.source), ("inside", &exposed.target)] {
        // A folder below them is fine; the folders themselves would hide or
        // show what the jail is made of. `/tmp` is private inside.
        let is_system = FORBIDDEN.iter().any(|folder| path == Path::new(folder))
            || ["/proc", "/sys", "/dev"].iter().any(|folder| path.starts_with(folder));
        if is_system || *path == Path::new("/") {
            return Err(StartError::Plan(format!("`{}` may not be shown {what}", path.display())));
        }
    }
    // The plan names resolved paths; what is a link by now was put there since.
    inside(&exposed.source)?;
    // A folder may hold private files; a single public file does not.
    let is_public_file = exposed.source.is_file() && owned_unless_public(&exposed.source) == 0;
    let mut flags = bind::FOREIGN;
    if exposed.writable || !is_public_file {
        flags |= bind::OWNED;
    }
    if exposed.writable {
        flags |= bind::WRITABLE;
    } else if exposed.executable {
        flags |= bind::EXECUTABLE;
    }
    bind_step(&exposed.source, &exposed.target, flags)
}

/// What everybody on the host may read and start needs no change of owner,
/// which costs a user namespace of its own.
fn owned_unless_public(path: &Path) -> u8 {
    const PUBLIC: u32 = 0o005;
    let public =
        std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & PUBLIC == PUBLIC);
    if public { 0 } else { bind::OWNED }
}

fn system_bind(path: &str) -> MountStep {
    MountStep::Bind {
        source: text(path),
        target: text(path.trim_start_matches('/')),
        flags: bind::EXECUTABLE,
    }
}

fn optional(path: &str) -> MountStep {
    MountStep::Bind {
        source: text(path),
        target: text(path.trim_start_matches('/')),
        flags: bind::OPTIONAL,
    }
}

/// On a merged system `/lib` is a link to `usr/lib`: the same link inside.
fn link_or_bind(path: &str) -> Option<MountStep> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    if meta.is_symlink() {
        let to = std::fs::read_link(path).ok()?;
        return Some(MountStep::Link {
            target: text(path.trim_start_matches('/')),
            to: path_text(&to).ok()?,
        });
    }
    meta.is_dir().then(|| system_bind(path))
}

/// The few files of `/etc` that libraries look for, with nothing of the host in them.
fn small_files() -> Vec<MountStep> {
    [
        (c"etc/passwd", "plugin:x:1000:1000:plugin:/tmp:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        (c"etc/group", "plugin:x:1000:\nnogroup:x:65534:\n"),
        (c"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 plugin\n"),
        (c"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ]
    .into_iter()
    .map(|(target, content)| MountStep::File {
        target: target.into(),
        content: content.as_bytes().to_vec(),
    })
    .collect()
}

/// What programs read before they speak to a network: whom to ask for names, and
/// which certificate authorities this machine trusts.
fn network_files() -> Vec<MountStep> {
    let mut steps = vec![MountStep::File {
        target: c"etc/resolv.conf".into(),
        content: format!("nameserver {NAME_SERVER}\n").into_bytes(),
    }];
    steps.extend(TRUST.into_iter().filter(|path| Path::new(path).exists()).map(optional));
    steps
}

/// Where programs find what they trust, when it is more than what this machine does.
pub(crate) const TRUSTED: &str = "/ringfence/trusted.pem";
/// Variables that name such a file, by OpenSSL, curl, requests, Node, git, pip, npm,
/// cargo, the AWS tools, Deno. Node adds to its own list, the others replace theirs.
pub(crate) const TRUST_VARIABLES: [&str; 10] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NPM_CONFIG_CAFILE",
    "CARGO_HTTP_CAINFO",
    "AWS_CA_BUNDLE",
    "DENO_CERT",
];

/// What this machine trusts and then `certificates`, as one file.
fn trust(certificates: &str) -> MountStep {
    let bundle = BUNDLES.into_iter().find(|path| Path::new(path).exists());
    MountStep::Longer {
        source: text(bundle.unwrap_or(BUNDLES[0])),
        target: text(TRUSTED.trim_start_matches('/')),
        more: format!("\n{certificates}").into_bytes(),
    }
}

fn rlimits(plan: &Plan, cgroup_required: bool) -> Vec<Rlimit> {
    let budget = &plan.budget;
    let mut limits = vec![
        // Not 0: only 1 also keeps the kernel from starting the host's crash
        // handler (core_pattern with a pipe; fs/coredump.c). No dump fits one byte.
        (libc::RLIMIT_CORE, 1),
        (libc::RLIMIT_NOFILE, budget.open_files.into()),
        (libc::RLIMIT_FSIZE, budget.file_bytes),
        // The jail's own first process counts too. Since Linux 5.14 this counts
        // per user namespace, so jails do not share the number.
        // A cgroup refuses first where there is one, since it counts refusals.
        (
            libc::RLIMIT_NPROC,
            u64::from(budget.processes).saturating_add(if cgroup_required { 8 } else { 1 }),
        ),
        (libc::RLIMIT_MEMLOCK, 64 * 1024),
        (libc::RLIMIT_MSGQUEUE, 0),
        (libc::RLIMIT_NICE, 0),
        (libc::RLIMIT_RTPRIO, 0),
        (libc::RLIMIT_SIGPENDING, 1024),
        (libc::RLIMIT_STACK, 8 * 1024 * 1024),
    ];
    if !plan.long_lived {
        // A second wall behind the watch over the whole jail, in whole seconds.
        limits.push((libc::RLIMIT_CPU, budget.cpu_time.as_secs().saturating_add(1)));
    }
    if !cgroup_required {
        // Nothing counts the whole jail: at least no process alone gets more.
        limits.push((libc::RLIMIT_DATA, budget.memory_bytes));
        // Shared memory does not count there. A compiler reserves address space
        // by the gigabyte, others get room for libraries and thread stacks.
        if !plan.just_in_time_compiler && plan.runtime != Runtime::Node && plan.code.is_empty() {
            let room = budget.memory_bytes.saturating_mul(2).saturating_add(1 << 30);
            limits.push((libc::RLIMIT_AS, room));
        }
    }
    limits.into_iter().map(|(resource, value)| Rlimit { resource, value }).collect()
}

fn landlock(plan: &Plan, executables: &[PathBuf]) -> Result<Vec<LandlockRule>, StartError> {
    let rule = |path: &Path, access| Ok(LandlockRule { path: path_text(path)?, access });
    // Everything that is mounted may be read: the root holds nothing else.
    let mut rules = vec![
        rule(Path::new("/"), access::READ)?,
        rule(Path::new("/tmp"), access::READ | access::WRITE | access::REMOVE)?,
    ];
    // The folder holds the five harmless devices and is itself read-only.
    rules.push(rule(Path::new("/dev"), access::READ | access::WRITE)?);
    for exposed in plan.exposed.iter().filter(|exposed| exposed.writable) {
        let remove = if exposed.removable { access::REMOVE } else { 0 };
        rules.push(rule(&exposed.target, access::READ | access::WRITE | remove)?);
    }
    for path in executables {
        rules.push(rule(path, access::READ | access::EXECUTE)?);
    }
    Ok(rules)
}
