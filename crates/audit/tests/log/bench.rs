//! A home folder with a log, and the ways in which tests damage it.

use ringfence_audit::{
    AuditLog, BadRecord, LogOptions, Verified, VerifyError, VerifyOptions, verify,
};
use ringfence_types::{AuditEvent, AuditSink as _, EventKind};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A home folder that goes away with it.
pub(crate) struct Bench {
    folder: TempDir,
}

pub(crate) fn event(text: &str) -> AuditEvent {
    AuditEvent::new(EventKind::EffectAllowed, text).with("path", "/tmp/x")
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A closed log of a checkpoint and so many events.
    pub(crate) fn with_events(count: u64) -> Self {
        Self::with_segments(count, LogOptions::default())
    }

    pub(crate) fn with_segments(count: u64, options: LogOptions) -> Self {
        let bench = Self::new();
        bench.add(count, options);
        bench
    }

    pub(crate) fn add(&self, count: u64, options: LogOptions) {
        let log = AuditLog::open(&self.home(), options).unwrap();
        for number in 0..count {
            log.append(event(&format!("event {number}"))).unwrap();
        }
        log.close().unwrap();
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn audit(&self) -> PathBuf {
        self.home().join("audit")
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.audit().join(format!("{number:08}.jsonl"))
    }

    pub(crate) fn head(&self) -> PathBuf {
        self.audit().join("head.json")
    }

    pub(crate) fn lines(&self, number: u32) -> Vec<Vec<u8>> {
        fs::read(self.segment(number))
            .unwrap()
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    }

    pub(crate) fn put_lines(&self, number: u32, lines: &[Vec<u8>]) {
        fs::write(self.segment(number), lines.concat()).unwrap();
    }

    pub(crate) fn open(&self) -> AuditLog {
        AuditLog::open(&self.home(), LogOptions::default()).unwrap()
    }

    pub(crate) fn verify(&self) -> Result<Verified, VerifyError> {
        verify(&self.home(), &VerifyOptions::default())
    }

    pub(crate) fn bad(&self) -> BadRecord {
        bad(self.verify())
    }

    /// Copies the whole home folder, as an attacker keeps an old state.
    pub(crate) fn copy(&self) -> Self {
        let other = Self::new();
        copy_folder(&self.home(), &other.home());
        other
    }
}

pub(crate) fn bad<T: std::fmt::Debug>(outcome: Result<T, VerifyError>) -> BadRecord {
    match outcome {
        Err(VerifyError::Bad(bad)) => bad,
        other => panic!("no bad record was named: {other:?}"),
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What an attacker without the key does: changes one line and makes every hash
/// and link from there on right again.
pub(crate) fn rechain(lines: &mut [Vec<u8>], from: usize, old: &str, new: &str) {
    use sha2::{Digest as _, Sha256};
    let text = String::from_utf8(lines[from].clone()).unwrap();
    assert!(text.contains(old), "{text}");
    lines[from] = text.replace(old, new).into_bytes();
    let mut link: Option<String> = None;
    for line in &mut lines[from..] {
        let mut text = String::from_utf8(line.clone()).unwrap();
        if let Some(hash) = link {
            let at = text.find("\"prev\":\"").unwrap() + 8;
            text.replace_range(at..at + 64, &hash);
        }
        let content = text.rfind(",\"hash\":\"").unwrap();
        let hash = Sha256::new()
            .chain_update("ringfence audit record v1\n")
            .chain_update(&text.as_bytes()[..content])
            .finalize();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        text.replace_range(content + 9..content + 73, &hash);
        link = Some(hash);
        *line = text.into_bytes();
    }
}
