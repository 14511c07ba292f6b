//! The rules by which one record follows another; used on a folder, on an
//! export, and while exporting.

use crate::checkpoint::{Checkpoint, Gap, Reason};
use crate::error::Problem;
use crate::key::PublicKey;
use crate::record::{self, Body, Hash, NO_RECORD};
use crate::verify::Witness;

/// Gaps beyond this many are counted but not kept.
const MOST_GAPS: usize = 1000;

/// What has been read of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// None until a checkpoint has named one: then nobody vouches for it.
    pub(crate) key: Option<PublicKey>,
    accept_gaps: bool,
    witness: Option<Witness>,
    /// None before the first record.
    last: Option<Last>,
    pub(crate) first: Option<(u64, u64)>,
    pub(crate) records: u64,
    pub(crate) checkpoints: u64,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) restarted: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(crate) sequence: u64,
    pub(crate) hash: Hash,
    pub(crate) time: u64,
}

/// One record that follows.
pub(crate) struct Step {
    pub(crate) sequence: u64,
    pub(crate) prev: Hash,
    pub(crate) hash: Hash,
    pub(crate) closes: bool,
}

impl Chain {
    pub(crate) fn new(key: Option<PublicKey>, accept_gaps: bool, witness: Option<Witness>) -> Self {
        Self {
            key,
            accept_gaps,
            witness,
            last: None,
            first: None,
            records: 0,
            checkpoints: 0,
            gaps: Vec::new(),
            restarted: false,
        }
    }

    /// The number of the next record; 0 when the first may have any.
    pub(crate) fn expected(&self) -> u64 {
        self.last.map_or(0, |last| last.sequence.saturating_add(1))
    }

    pub(crate) fn last(&self) -> Option<Last> {
        self.last
    }

    /// Says after which record the chain begins, so that the first is checked too.
    pub(crate) fn begin_after(&mut self, sequence: u64, hash: Hash) {
        self.last = Some(Last { sequence, hash, time: 0 });
    }

    /// Takes the next line. `place` is its segment and where in it it begins.
    pub(crate) fn step(&mut self, line: &[u8], place: Option<(u32, u64)>) -> Result<Step, Problem> {
        let line = record::parse(line)?;
        if let Some(last) = self.last {
            let expected = self.expected();
            let found = line.sequence;
            if found > expected {
                return Err(Problem::SequenceGap { expected, found });
            }
            if found < expected {
                return Err(Problem::OutOfOrder { expected, found });
            }
            if line.prev != last.hash {
                return Err(Problem::BrokenLink);
            }
            if line.time < last.time {
                return Err(Problem::TimeBackwards);
            }
        }
        let mut closes = false;
        match line.body {
            Body::Event(json) => {
                if line.sequence <= 1 {
                    return Err(Problem::Unparsable("the first record is no checkpoint"));
                }
                record::parse_event(json)?;
            }
            Body::Checkpoint { json, content } => {
                let checkpoint = self.checkpoint(json, content)?;
                if place.is_some_and(|place| place != (checkpoint.segment, checkpoint.offset)) {
                    return Err(Problem::Misplaced);
                }
                closes = checkpoint.reason == Reason::Rotated;
                self.judge(&checkpoint, line.sequence, &line.prev)?;
            }
        }
        if let Some(witness) = self.witness
            && witness.sequence == line.sequence
        {
            if witness.hash.as_bytes() != &line.hash {
                return Err(Problem::WitnessDiffers);
            }
            self.witness = None;
        }
        self.first.get_or_insert((line.sequence, line.time));
        self.records += 1;
        self.last = Some(Last { sequence: line.sequence, hash: line.hash, time: line.time });
        Ok(Step { sequence: line.sequence, prev: line.prev, hash: line.hash, closes })
    }

    fn checkpoint(&mut self, json: &[u8], content: &[u8]) -> Result<Checkpoint, Problem> {
        let key = match self.key {
            Some(key) => key,
            None => Checkpoint::named_key(json)?,
        };
        let checkpoint = Checkpoint::parse(json, content, key)?;
        self.key = Some(key);
        self.checkpoints += 1;
        Ok(checkpoint)
    }

    fn judge(
        &mut self,
        checkpoint: &Checkpoint,
        sequence: u64,
        prev: &Hash,
    ) -> Result<(), Problem> {
        let begins = matches!(checkpoint.reason, Reason::Created | Reason::Restarted);
        if begins != (sequence == 1 && *prev == NO_RECORD) {
            return Err(Problem::Misplaced);
        }
        self.restarted |= checkpoint.reason == Reason::Restarted;
        if let Some(gap) = checkpoint.gap {
            if !self.accept_gaps {
                return Err(Problem::RecordedGap(gap));
            }
            if self.gaps.len() < MOST_GAPS {
                self.gaps.push(gap);
            }
        }
        Ok(())
    }

    /// What is wrong with the end, if the witness saw a record that is not there.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        match self.witness {
            Some(witness) => Err(Problem::WitnessMissing(witness.sequence)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditLog, LogOptions};
    use ringfence_types::{AuditEvent, AuditSink as _, EventKind};

    /// Each bit of each line, against the chain as it was before that line. The
    /// folder's verifier does no more with a line than this.
    #[test]
    fn every_flipped_bit_of_every_record_is_refused_at_that_record() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let log = AuditLog::open(&home, LogOptions::default()).unwrap();
        for number in 0..4 {
            log.append(AuditEvent::new(EventKind::Limit, "x").with("n", number)).unwrap();
        }
        drop(log);
        let key = AuditLog::public_key(&home).unwrap();
        let bytes = std::fs::read(home.join("audit/00000001.jsonl")).unwrap();
        let mut chain = Chain::new(Some(key), false, None);
        chain.begin_after(0, NO_RECORD);
        let mut offset = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap();
            for at in 0..line.len() {
                for bit in 0..8 {
                    let mut changed = line.to_vec();
                    changed[at] ^= 1 << bit;
                    let refused = chain.clone().step(&changed, Some((1, offset)));
                    assert!(refused.is_err(), "byte {at} bit {bit}");
                }
            }
            if offset == 0 {
                for moved in [(2, 0), (1, 1)] {
                    let refused = chain.clone().step(line, Some(moved));
                    assert_eq!(refused.err(), Some(Problem::Misplaced));
                }
            }
            chain.step(line, Some((1, offset))).unwrap();
            offset += line.len() as u64 + 1;
        }
        assert_eq!(chain.records, 5);

        // Even the key cannot begin a log in its middle.
        let signer = crate::key::load_existing(&home).unwrap();
        for (reason, allowed) in [(Reason::Periodic, true), (Reason::Created, false)] {
            let last = chain.last().unwrap();
            let mut line = Vec::new();
            Checkpoint::new(reason, 1, offset, key)
                .encode(6, last.time, &last.hash, &signer, &mut line)
                .unwrap();
            let line = line.strip_suffix(b"\n").unwrap();
            let step = chain.clone().step(line, Some((1, offset)));
            assert_eq!(step.is_ok(), allowed, "{reason:?}");
        }
    }
}
