//! crun and runc, with a bundle that asks for about what a jail of ours has.

use crate::contest::{Entry, Name, Side};
use crate::jobs::Job;
use crate::native::Native;
use crate::rivals::{Timed, find};
use crate::scratch::Scratch;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bundles are numbered: a container's name must be its own.
pub(crate) struct Bundles<'a> {
    scratch: &'a Scratch,
    made: usize,
}

impl<'a> Bundles<'a> {
    pub(crate) fn new(scratch: &'a Scratch) -> Self {
        Self { scratch, made: 0 }
    }

    /// Both runtimes for this job.
    pub(crate) fn entries(&mut self, native: &Native, job: &Job) -> Vec<Entry> {
        ["crun", "runc"].map(|runtime| self.entry(runtime, native, job)).into()
    }

    fn entry(&mut self, runtime: &'static str, native: &Native, job: &Job) -> Entry {
        let absent = |reason: String| Entry::absent(Side::Rival, runtime, reason);
        let program = match find(runtime) {
            Ok(program) => program,
            Err(reason) => return absent(reason),
        };
        self.made += 1;
        let id = format!("ringfence-bench-{}-{}", std::process::id(), self.made);
        let bundle = match self.bundle(&id, job) {
            Ok(bundle) => bundle,
            Err(error) => return absent(error.to_string()),
        };
        let mut words: Vec<OsString> = vec![program.into(), "--root".into()];
        words.push(bundle.join("state").into());
        // crun 1.8 refuses a machine that has version 1 controllers beside an
        // almost empty version 2: it sees version 2 alone, without limits.
        let hybrid = runtime == "crun" && Path::new("/sys/fs/cgroup/unified").exists();
        if hybrid {
            words.push("--cgroup-manager=disabled".into());
        }
        words.extend(["run".into(), "--bundle".into(), bundle.into(), id.into()]);
        if hybrid {
            let name = Name::new(Side::Rival, "crun (cgroups off)");
            native.entry_with(name, "unified", &words)
        } else {
            Timed::entry(Name::new(Side::Rival, runtime), &words, job.answer)
        }
    }

    fn bundle(&self, id: &str, job: &Job) -> crate::Result<PathBuf> {
        let bundle = self.scratch.public(id)?;
        for folder in ["state", "rootfs", "rootfs/usr", "rootfs/proc", "rootfs/dev", "rootfs/tmp"] {
            std::fs::create_dir(bundle.join(folder))?;
        }
        for (link, to) in [("lib", "usr/lib"), ("lib64", "usr/lib64"), ("bin", "usr/bin")] {
            std::os::unix::fs::symlink(to, bundle.join("rootfs").join(link))?;
        }
        std::fs::write(bundle.join("config.json"), config(job).to_string())?;
        Ok(bundle)
    }
}

/// All namespaces but user, no capability, no new privileges, read-only root.
fn config(job: &Job) -> Value {
    let arguments: Vec<String> =
        job.words().map(|word| word.to_string_lossy().into_owned()).collect();
    let memory = |target: &str, options: &[&str]| json!({ "destination": target, "type": "tmpfs", "source": "tmpfs", "options": options });
    let bind = |path: &Path| {
        json!({
            "destination": path, "type": "bind", "source": path,
            "options": ["rbind", "ro", "nosuid", "nodev"],
        })
    };
    let mut mounts = vec![
        json!({ "destination": "/proc", "type": "proc", "source": "proc" }),
        memory("/dev", &["nosuid", "mode=755", "size=65536k"]),
        memory("/tmp", &["nosuid", "nodev", "noexec", "mode=1777", "size=64m"]),
        bind(Path::new("/usr")),
    ];
    mounts.extend(job.shown.iter().map(|path| bind(path)));
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({ "type": kind }));
    json!({
        "ociVersion": "1.0.2",
        "root": { "path": "rootfs", "readonly": true },
        "hostname": "plugin",
        "process": {
            "terminal": false,
            "user": { "uid": 0, "gid": 0 },
            "args": arguments,
            "env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": {
                "bounding": [], "effective": [], "inheritable": [], "permitted": [], "ambient": [],
            },
        },
        "mounts": mounts,
        "linux": {
            "namespaces": namespaces,
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
            "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
        },
    })
}
