//! What came along from the host: descriptors, environment, terminal, place.

use std::fs::read_link;

use crate::catalog::Class::{Boundary, Kernel};
use crate::context::{Context, settle};
use crate::outcome::{Outcome, Probe};
use crate::sys;

/// Variables that a jail may set itself. What is beyond them came from
/// somewhere else.
const USUAL_ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "TMPDIR",
    "TMP",
    "TEMP",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "HOSTNAME",
    "NO_COLOR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "NODE_ENV",
    "NODE_OPTIONS",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONNOUSERSITE",
    "PYTHONSAFEPATH",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
];

pub(super) const PROBES: &[Probe] = &[
    Probe::new("inherited-descriptors", Boundary, "use a descriptor left open by the host", |c| {
        settle(descriptors(c))
    }),
    Probe::new(
        "inherited-directory",
        Boundary,
        "reach the host through a directory descriptor",
        |c| settle(directory(c)),
    ),
    Probe::new("environment-secret", Boundary, "read a secret from the host's environment", |c| {
        settle(environment_secret(c))
    }),
    Probe::new("environment-beyond-list", Boundary, "find variables that no jail sets", |_| {
        environment()
    }),
    Probe::new("environment-in-proc", Boundary, "find the secret in a visible process", |c| {
        settle(environment_in_proc(c))
    }),
    Probe::new("working-directory-outside", Boundary, "start in a directory of the host", |c| {
        settle(working_directory(c))
    }),
    Probe::new("standard-stream-terminal", Boundary, "hold the caller's terminal", |_| terminal()),
    Probe::new("session-of-host", Boundary, "belong to a session whose leader is outside", |_| {
        outside(sys::call!(libc::SYS_getsid, 0))
    }),
    Probe::new(
        "process-group-of-host",
        Boundary,
        "belong to a process group led from outside",
        |_| outside(sys::call!(libc::SYS_getpgid, 0)),
    ),
    Probe::new("reopen-standard-stream", Boundary, "reopen a read-only stream for writing", |_| {
        reopen()
    }),
    Probe::new(
        "blocked-signals-inherited",
        Kernel,
        "inherit blocked signals from the host",
        |_| match status_field("SigBlk:") {
            Some(mask) if mask.bytes().any(|digit| digit != b'0') => Outcome::open(mask),
            Some(_) => Outcome::shut("none"),
            None => Outcome::not_tried("no /proc/self/status"),
        },
    ),
];

/// A field of our own status file.
pub(super) fn status_field(name: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().to_owned())
}

fn descriptors(context: &Context) -> Result<Outcome, Outcome> {
    let given: Vec<i32> = context
        .get("given")
        .into_iter()
        .flat_map(|list| list.split(','))
        .filter_map(|number| number.parse().ok())
        .collect();
    let strange: Vec<i32> =
        context.inherited.iter().copied().filter(|number| !given.contains(number)).collect();
    if strange.is_empty() {
        return Ok(Outcome::shut("none"));
    }
    let named: Vec<String> = strange
        .iter()
        .take(6)
        .map(|number| match read_link(format!("/proc/self/fd/{number}")) {
            Ok(target) => format!("{number}={}", target.display()),
            Err(_) => number.to_string(),
        })
        .collect();
    Ok(Outcome::open(named.join(" ")))
}

fn directory(context: &Context) -> Result<Outcome, Outcome> {
    for number in &context.inherited {
        if sys::call!(libc::SYS_faccessat, *number, c"..", libc::F_OK).is_ok() {
            return Ok(Outcome::open(format!("{number} is a directory")));
        }
    }
    Ok(Outcome::shut("none"))
}

fn environment_secret(context: &Context) -> Result<Outcome, Outcome> {
    let name = context.need("env")?;
    Ok(match std::env::var_os(name) {
        Some(value) => Outcome::open(value.to_string_lossy()),
        None => Outcome::shut("absent"),
    })
}

fn environment() -> Outcome {
    let strange: Vec<String> = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| !USUAL_ENVIRONMENT.contains(&name.as_str()))
        .filter(|name| !name.starts_with("RINGFENCE_"))
        .take(6)
        .collect();
    if strange.is_empty() { Outcome::shut("none") } else { Outcome::open(strange.join(" ")) }
}

fn environment_in_proc(context: &Context) -> Result<Outcome, Outcome> {
    let name = context.need("env")?;
    let own = [context.own_pid.to_string(), std::process::id().to_string()];
    let entries = std::fs::read_dir("/proc").map_err(|_| Outcome::shut("no /proc"))?;
    for entry in entries.flatten().take(4096) {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if own.contains(&pid) || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let Ok(bytes) = std::fs::read(entry.path().join("environ")) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        if let Some(found) =
            text.split('\0').find(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name))
        {
            return Ok(Outcome::open(format!("process {pid}: {found}")));
        }
    }
    Ok(Outcome::shut("absent"))
}

fn working_directory(context: &Context) -> Result<Outcome, Outcome> {
    let host = context.path("wdir")?;
    // A filter may refuse the call and leave the link.
    let here = std::env::current_dir()
        .or_else(|_| read_link("/proc/self/cwd"))
        .map_err(|_| Outcome::open("the place has no path here"))?;
    Ok(if here.starts_with(&host) || here.to_string_lossy().contains("unreachable") {
        Outcome::open(here.display().to_string())
    } else {
        Outcome::shut(here.display().to_string())
    })
}

fn terminal() -> Outcome {
    let mut size = [0_u8; 8];
    for number in 0..3 {
        if sys::call!(libc::SYS_ioctl, number, libc::TIOCGWINSZ, &mut size).is_ok() {
            return Outcome::open(format!("descriptor {number} is a terminal"));
        }
    }
    Outcome::shut("none is a terminal")
}

/// A leader outside the process namespace is shown as 0.
fn outside(leader: Result<i64, crate::errno::Errno>) -> Outcome {
    match leader {
        Ok(0) => Outcome::open("led from outside"),
        Ok(_) => Outcome::shut("led from inside"),
        Err(errno) => Outcome::shut(errno.to_string()),
    }
}

fn reopen() -> Outcome {
    for number in 0..3_i32 {
        let Ok(flags) = sys::call!(libc::SYS_fcntl, number, libc::F_GETFL) else { continue };
        let target = read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
        // Pipes and the null device have nothing to win.
        if flags & i64::from(libc::O_ACCMODE) != i64::from(libc::O_RDONLY)
            || !target.is_absolute()
            || target == std::path::Path::new("/dev/null")
        {
            continue;
        }
        let path = format!("/proc/self/fd/{number}");
        if std::fs::OpenOptions::new().write(true).open(path).is_ok() {
            return Outcome::open(format!("{number} is {}", target.display()));
        }
    }
    Outcome::shut("nothing to win")
}
