//! Offline verification of a log's folder, with bounded memory.

use crate::chain::{Chain, Step};
use crate::checkpoint::{Gap, KeptFrom};
use crate::error::{BadRecord, Problem, VerifyError};
use crate::head::{self, Head};
use crate::key::{self, PublicKey};
use crate::lines::{self, Next};
use crate::record;
use crate::{segment, writer};
use ringfence_types::Digest;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What somebody noted earlier about a log: that it held this record. The only
/// defence against the holder of the key, and against an old copy of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The record's number.
    pub sequence: u64,
    /// Its hash.
    pub hash: Digest,
}

/// What the verifier knows beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The key that must have signed. Without it the key beside the log is
    /// taken, which whoever replaced the log may have replaced too.
    pub public_key: Option<PublicKey>,
    /// A record that must be in the log.
    pub witness: Option<Witness>,
    /// Gaps that the writer itself has found and recorded do not fail.
    pub accept_recorded_gaps: bool,
}

/// Where the key came from by which a log was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// From the caller.
    Given,
    /// From the file beside the log.
    Beside,
    /// From the log itself: it shows only that one key has signed all of it.
    Named,
}

/// A log without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Records read, checkpoints included.
    pub records: u64,
    /// The first and last record, and the milliseconds since 1970 of each.
    pub first_sequence: u64,
    /// See [`Self::first_sequence`].
    pub last_sequence: u64,
    /// See [`Self::first_sequence`].
    pub first_time: u64,
    /// See [`Self::first_sequence`].
    pub last_time: u64,
    /// The last record, to be noted by a witness.
    pub last_hash: Digest,
    /// Segments read.
    pub segments: u32,
    /// Checkpoints whose signature was checked.
    pub checkpoints: u64,
    /// The record that the signed head names: up to here nothing can have been
    /// cut from the end.
    pub signed_through: u64,
    /// Records after that, which somebody without the key could have cut or rewritten.
    pub unsigned: u64,
    /// What retention deleted: all records before this.
    pub dropped_before: Option<u64>,
    /// Gaps that the writer found, when they were accepted.
    pub gaps: Vec<Gap>,
    /// The log was begun with a key that was there before it: an earlier log
    /// may have been moved away.
    pub restarted: bool,
    /// Bytes after the last whole record: a write in progress or a crash.
    pub torn_bytes: u64,
    /// The key that signed.
    pub key: PublicKey,
    /// Where it came from.
    pub key_source: KeySource,
}

/// Verifies the log in `folder`: a home folder, or the `audit` folder of one.
///
/// # Errors
/// [`VerifyError::Bad`] names the first bad record.
pub fn verify(folder: &Path, options: &VerifyOptions) -> Result<Verified, VerifyError> {
    let log = LogFolder::open(folder)?;
    let (key, source) = log.key(options)?;
    // The head first: a log that grows meanwhile is then longer, never shorter.
    let (head, head_problem) = log.head(key)?;
    let Some((first, last)) = log.range()? else {
        return match head_problem {
            Some(Problem::HeadMissing) => Err(VerifyError::NoLog { path: log.path }),
            Some(problem) => Err(bad(0, None, 0, problem).into()),
            None => Err(bad(
                1,
                None,
                0,
                Problem::Truncated { head: head.map_or(0, |head| head.sequence), last: 0 },
            )
            .into()),
        };
    };
    let mut walk = Walk {
        chain: Chain::new(key, options.accept_recorded_gaps, options.witness),
        head: head.as_ref(),
        kept_from: head.as_ref().map_or(KeptFrom::START, |head| head.kept_from),
        torn: 0,
    };
    if first > walk.kept_from.segment {
        let missing = walk.kept_from;
        return Err(bad(missing.sequence, Some(missing.segment), 0, Problem::MissingSegment).into());
    }
    for number in first..=last {
        walk.segment(&log, number, last)?;
    }
    walk.finish(last, head_problem, source)
}

struct Walk<'a> {
    chain: Chain,
    head: Option<&'a Head>,
    kept_from: KeptFrom,
    torn: u64,
}

impl Walk<'_> {
    fn segment(&mut self, log: &LogFolder, number: u32, last: u32) -> Result<(), VerifyError> {
        let expected = self.chain.expected();
        let Some(file) = log.segment(number)? else {
            return Err(bad(expected, Some(number), 0, Problem::MissingSegment).into());
        };
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut line = Vec::new();
        let mut offset = 0;
        let mut closed = false;
        for row in 1.. {
            let expected = self.chain.expected();
            let fail = |problem| Err(bad(expected, Some(number), row, problem).into());
            match lines::next(&mut reader, &mut line)
                .map_err(VerifyError::read(&log.path.join(segment::name(number))))?
            {
                Next::End => {
                    if number < last && !closed {
                        return fail(Problem::UnclosedSegment);
                    }
                    return Ok(());
                }
                Next::Torn(bytes) if number == last && !closed => {
                    self.torn = bytes;
                    return Ok(());
                }
                Next::Torn(_) => return fail(Problem::Unparsable("it is cut short")),
                Next::TooLong => return fail(Problem::LineTooLong),
                Next::Whole if closed => return fail(Problem::AfterClose),
                Next::Whole => {}
            }
            if row == 1 && self.chain.last().is_none() {
                self.begin(number, &line);
            }
            let end = offset + line.len() as u64 + 1;
            let checked = self.chain.step(&line, Some((number, offset))).and_then(|step| {
                self.against_head(&step, number, end)?;
                Ok(step)
            });
            match checked {
                Ok(step) => closed = step.closes,
                Err(problem) => {
                    let sequence = self.blame(expected, &line, &problem);
                    return Err(bad(sequence, Some(number), row, problem).into());
                }
            }
            offset = end;
        }
        Ok(())
    }

    /// The first segment says itself after which record it begins, unless it is
    /// the very first or the one from which retention kept the log.
    fn begin(&mut self, number: u32, line: &[u8]) {
        if number == self.kept_from.segment {
            self.chain.begin_after(self.kept_from.sequence.saturating_sub(1), self.kept_from.prev);
        } else if number == 1 {
            self.chain.begin_after(0, record::NO_RECORD);
        } else if let Ok(line) = record::parse(line) {
            self.chain.begin_after(line.sequence.saturating_sub(1), line.prev);
        }
    }

    fn blame(&self, expected: u64, line: &[u8], problem: &Problem) -> u64 {
        match (problem, self.chain.expected()) {
            // The step was taken and the head disagreed.
            (Problem::HeadDiffers, _) => self.chain.last().map_or(expected, |last| last.sequence),
            (_, 0) => record::parse(line).map_or(0, |line| line.sequence),
            (_, next) => next,
        }
    }

    fn against_head(&self, step: &Step, number: u32, end: u64) -> Result<(), Problem> {
        match self.head {
            Some(head)
                if head.sequence == step.sequence
                    && (head.hash != step.hash || head.segment != number || head.end != end) =>
            {
                Err(Problem::HeadDiffers)
            }
            _ => Ok(()),
        }
    }

    fn finish(
        self,
        last_segment: u32,
        head_problem: Option<Problem>,
        source: KeySource,
    ) -> Result<Verified, VerifyError> {
        let next = self.chain.expected().max(1);
        let at_end = |problem| bad(next, Some(last_segment), 0, problem);
        if let Some(problem) = head_problem {
            return Err(at_end(problem).into());
        }
        let signed_through = self.head.map_or(0, |head| head.sequence);
        let last = self.chain.last();
        let reached = last.map_or(0, |last| last.sequence);
        if signed_through > reached {
            return Err(at_end(Problem::Truncated { head: signed_through, last: reached }).into());
        }
        self.chain.finish().map_err(at_end)?;
        let (Some(last), Some(key), Some((first_sequence, first_time))) =
            (last, self.chain.key, self.chain.first)
        else {
            // Only a torn first record, or nothing.
            return Err(at_end(Problem::Unparsable("there is no whole record")).into());
        };
        let begins = self.kept_from.segment;
        Ok(Verified {
            records: self.chain.records,
            first_sequence,
            last_sequence: last.sequence,
            first_time,
            last_time: last.time,
            last_hash: Digest::from_bytes(last.hash),
            segments: (last_segment + 1).saturating_sub(begins.min(last_segment)),
            checkpoints: self.chain.checkpoints,
            signed_through,
            unsigned: reached - signed_through,
            dropped_before: (first_sequence > 1).then_some(first_sequence),
            gaps: self.chain.gaps,
            restarted: self.chain.restarted,
            torn_bytes: self.torn,
            key,
            key_source: source,
        })
    }
}

pub(crate) fn bad(sequence: u64, segment: Option<u32>, line: u64, problem: Problem) -> BadRecord {
    BadRecord { sequence, segment, line, problem }
}

/// A log's folder, opened only to read: it may be anybody's.
#[derive(Debug)]
pub(crate) struct LogFolder {
    pub(crate) path: PathBuf,
    home: PathBuf,
    folder: OwnedFd,
}

impl LogFolder {
    pub(crate) fn open(folder: &Path) -> Result<Self, VerifyError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let below = folder.join(writer::FOLDER);
        let (path, home, opened) = match rustix::fs::open(&below, flags, Mode::empty()) {
            Ok(opened) => (below, folder.to_owned(), opened),
            Err(Errno::NOENT) => (
                folder.to_owned(),
                folder.parent().unwrap_or(folder).to_owned(),
                rustix::fs::open(folder, flags, Mode::empty())
                    .map_err(io::Error::from)
                    .map_err(VerifyError::read(folder))?,
            ),
            Err(error) => return Err(VerifyError::read(&below)(error.into())),
        };
        Ok(Self { path, home, folder: opened })
    }

    pub(crate) fn range(&self) -> Result<Option<(u32, u32)>, VerifyError> {
        segment::range(&self.folder).map_err(VerifyError::read(&self.path))
    }

    pub(crate) fn segment(&self, number: u32) -> Result<Option<File>, VerifyError> {
        self.file(&segment::name(number))
    }

    fn file(&self, name: &str) -> Result<Option<File>, VerifyError> {
        open_regular(&self.folder, name).map_err(VerifyError::read(&self.path.join(name)))
    }

    fn key(&self, options: &VerifyOptions) -> Result<(Option<PublicKey>, KeySource), VerifyError> {
        if options.public_key.is_some() {
            return Ok((options.public_key, KeySource::Given));
        }
        let path = key::public_path(&self.home);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let key = text.strip_suffix('\n').unwrap_or(&text).parse();
                Ok((Some(key.map_err(|_| VerifyError::Key { path })?), KeySource::Beside))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((None, KeySource::Named)),
            Err(error) => Err(VerifyError::read(&path)(error)),
        }
    }

    fn head(&self, key: Option<PublicKey>) -> Result<(Option<Head>, Option<Problem>), VerifyError> {
        let Some(file) = self.file(head::NAME)? else {
            return Ok((None, Some(Problem::HeadMissing)));
        };
        let bytes = head::read(file).map_err(VerifyError::read(&self.path.join(head::NAME)))?;
        // Without a key from outside, the head must at least be of the key it names.
        let key = key.or_else(|| Head::newest(&bytes, None).map(|head| head.key));
        Ok(match Head::newest_strict(&bytes, key) {
            Ok(head) => (Some(head), None),
            Err(problem) => (None, Some(problem)),
        })
    }
}

/// Opens a regular file to read, following no link; none when it is absent.
fn open_regular(folder: &OwnedFd, name: &str) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(Some(File::from(file)))
}
