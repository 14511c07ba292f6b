//! Files about one call: `--profile` and `--core-dump`.
//!
//! They are made before anything runs, so that nothing runs for a file that cannot be
//! written, and taken away again when nothing came.

use crate::arguments::Run;
use crate::output;
use ringfence::{Inspect, Inspected, Report};
use ringfence_types::UntrustedText;
use rustix::fs::{Mode, OFlags};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The files that were asked for.
pub(crate) struct ReportFiles {
    profile: Option<ReportFile>,
    core_dump: Option<ReportFile>,
}

/// One file, private to this user.
struct ReportFile {
    path: PathBuf,
    file: File,
    /// Bytes of the report, and what had no room.
    written: Option<(u64, u64)>,
}

/// Why a file was not made: what happened, and what mends it.
pub(crate) struct NoFile {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// What is asked about the call.
pub(crate) fn inspect(arguments: &Run) -> Inspect {
    Inspect { profile: arguments.profile.is_some(), core_dump: arguments.core_dump.is_some() }
}

impl ReportFiles {
    /// Makes them, empty.
    pub(crate) fn create(arguments: &Run) -> Result<Self, NoFile> {
        let make = |path: &Option<PathBuf>| path.as_deref().map(ReportFile::create).transpose();
        Ok(Self { profile: make(&arguments.profile)?, core_dump: make(&arguments.core_dump)? })
    }

    /// Writes what came.
    pub(crate) fn write(&mut self, inspected: &Inspected) -> std::io::Result<()> {
        let both =
            [(&mut self.profile, &inspected.profile), (&mut self.core_dump, &inspected.core_dump)];
        for (file, report) in both {
            if let (Some(file), Some(report)) = (file, report) {
                file.write(report)?;
            }
        }
        Ok(())
    }

    /// What became of them, for a person.
    pub(crate) fn say(&self) {
        if let Some(file) = &self.profile {
            let samples = |left_out| format!("{left_out} samples");
            file.say(
                "profile",
                "no call was watched to its end",
                samples,
                "open it in profiler.firefox.com",
            );
        }
        if let Some(file) = &self.core_dump {
            let memory = |left_out| format!("{} of memory", output::bytes_text(left_out));
            let none = "no call ended in a trap";
            file.say("core dump", none, memory, "it holds all that the plugin was told");
        }
    }

    /// What became of them, for a program.
    pub(crate) fn json(&self, report: &mut Map<String, Value>) {
        for (name, file) in [("profile", &self.profile), ("core_dump", &self.core_dump)] {
            let Some(file) = file else { continue };
            let written = file.written.filter(|(bytes, _)| *bytes > 0);
            let value = json!({
                "file": written.map(|_| file.path.to_string_lossy()),
                "bytes": written.map(|(bytes, _)| bytes),
                "left_out": file.written.map(|(_, left_out)| left_out),
            });
            report.insert(name.to_owned(), value);
        }
    }
}

impl ReportFile {
    fn create(path: &Path) -> Result<Self, NoFile> {
        let shown = UntrustedText::new(&path.to_string_lossy()).to_string();
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
        match opened {
            Ok(file) => Ok(Self { path: path.to_owned(), file: File::from(file), written: None }),
            Err(rustix::io::Errno::EXIST) => Err(NoFile {
                message: format!("`{shown}` exists already, and nothing is written over it"),
                help: Some(if output::is_word(&shown) {
                    format!("another name, or first: rm {shown}")
                } else {
                    "choose another name".to_owned()
                }),
            }),
            Err(error) => {
                Err(NoFile { message: format!("`{shown}` cannot be written: {error}"), help: None })
            }
        }
    }

    fn write(&mut self, report: &Report) -> std::io::Result<()> {
        self.file.write_all(&report.bytes)?;
        let bytes = u64::try_from(report.bytes.len()).unwrap_or(u64::MAX);
        self.written = Some((bytes, report.left_out));
        Ok(())
    }

    fn say(&self, what: &str, none: &str, lacks: impl Fn(u64) -> String, hint: &str) {
        let shown = UntrustedText::new(&self.path.to_string_lossy()).to_string();
        output::say(&match self.written {
            None => format!("  {what}: none, {none}"),
            Some((0, left_out)) => format!("  {what}: none, {} had no room", lacks(left_out)),
            Some((bytes, left_out)) => {
                let without = match left_out {
                    0 => String::new(),
                    some => format!(", without {} that had no room", lacks(some)),
                };
                format!("  {what}: {shown}, {}{without}; {hint}", output::bytes_text(bytes))
            }
        });
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if self.written.is_some_and(|(bytes, _)| bytes > 0) {
            return;
        }
        // Only the file that was made here: somebody may have put another in its place.
        let own = self.file.metadata().map(|own| (own.dev(), own.ino())).ok();
        let there = std::fs::symlink_metadata(&self.path).map(|one| (one.dev(), one.ino())).ok();
        if own.is_some() && own == there {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
