//! What the kernel counts for a jail's cgroup.

use ringfence_sandbox::Live;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The files of one jail's cgroup.
#[derive(Debug)]
pub(crate) struct Counted {
    folder: PathBuf,
    /// `None` when the file is not there: then nothing is known.
    time: Option<Time>,
}

/// Processor time is read at the beginning of every call, so its file stays open,
/// which keeps no cgroup from being removed.
#[derive(Debug)]
enum Time {
    /// A number of nanoseconds: `cpuacct.usage`, version 1.
    Nanoseconds(File),
    /// A line `usage_usec`: `cpu.stat`, version 2.
    Statistics(File),
}

impl Counted {
    /// Memory is counted in one folder and time in another, which can be the same.
    pub(crate) fn new(folder: PathBuf, time: &Path) -> Self {
        let open = |name: &str| File::open(time.join(name)).ok();
        let time = open("cpuacct.usage")
            .map(Time::Nanoseconds)
            .or_else(|| open("cpu.stat").map(Time::Statistics));
        Self { folder, time }
    }

    /// Processor time of everything that ran in it; `None` once it is gone.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        match self.time.as_ref()? {
            Time::Nanoseconds(file) => {
                Some(Duration::from_nanos(beginning(file)?.trim().parse().ok()?))
            }
            Time::Statistics(file) => {
                let text = beginning(file)?;
                let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
                Some(Duration::from_micros(micros.parse().ok()?))
            }
        }
    }

    /// Everything; `None` once it is gone.
    pub(crate) fn live(&self) -> Option<Live> {
        let text = |name: &str| std::fs::read_to_string(self.folder.join(name)).ok();
        let memory = text("memory.current").or_else(|| text("memory.usage_in_bytes"))?;
        let killed = ["memory.events", "memory.oom_control"].into_iter().find_map(|file| {
            text(file)?.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
        });
        Some(Live {
            cpu: self.cpu()?,
            memory: memory.trim().parse().ok()?,
            out_of_memory: killed.unwrap_or(0),
        })
    }
}

/// The first bytes of a file of the kernel's, which makes them anew for each read.
fn beginning(file: &File) -> Option<String> {
    let mut bytes = [0; 512];
    let length = file.read_at(&mut bytes, 0).ok()?;
    Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn processor_time_is_read_anew_each_time_in_the_form_of_either_version() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let counted = || Counted::new(folder.path().to_owned(), folder.path());
        assert_eq!(counted().cpu(), None);
        put("cpu.stat", "usage_usec 7\nuser_usec 5\nsystem_usec 2\n");
        assert_eq!(counted().cpu(), Some(Duration::from_micros(7)));
        put("cpuacct.usage", "1000\n");
        let one = counted();
        assert_eq!(one.cpu(), Some(Duration::from_nanos(1000)));
        put("cpuacct.usage", "2500\n");
        assert_eq!(one.cpu(), Some(Duration::from_nanos(2500)));
        assert!(one.live().is_none(), "no memory is counted");
        put("memory.current", "4096\n");
        put("memory.events", "low 0\noom_kill 3\n");
        let live = one.live().unwrap();
        assert_eq!((live.memory, live.out_of_memory), (4096, 3));
        assert_eq!(live.cpu, Duration::from_nanos(2500));
    }
}
