//! Reads what the probe program said, which comes from inside a jail.
//!
//! Strict and bounded: whoever forges a report must at least forge one that
//! the real program could have written, and the bait has its own say.

use std::fmt;

use crate::catalog::{Class, ProbeInfo, catalog, find};
use crate::outcome::{DETAIL_BYTES, Verdict, neutralise};

/// Longest report in bytes: three times what the longest real one needs.
const REPORT_BYTES: usize = 256 * 1024;

/// Longest line in bytes: id, class, verdict, detail and tabs.
const LINE_BYTES: usize = 80 + DETAIL_BYTES;

/// What one probe found, as the program claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The probe.
    pub probe: &'static ProbeInfo,
    /// What it found.
    pub verdict: Verdict,
    /// How one can tell; printable ASCII only.
    pub detail: String,
}

/// A whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
    finished: bool,
}

/// Why something is not a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// Longer than any real report.
    TooLong,
    /// A line that is too long or not in the form of the report.
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// A probe that does not exist, or not in that class.
    Unknown {
        /// Counted from 1.
        line: usize,
    },
    /// A probe reported a second time.
    Repeated {
        /// The probe.
        id: &'static str,
    },
    /// The count at the end is not the number of lines.
    Miscounted,
    /// Something follows after the end.
    AfterEnd,
}

impl fmt::Display for ReportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(formatter, "the probe report is over {REPORT_BYTES} bytes"),
            Self::Malformed { line } => {
                write!(formatter, "line {line} of the probe report is malformed")
            }
            Self::Unknown { line } => {
                write!(formatter, "line {line} of the probe report names no known probe")
            }
            Self::Repeated { id } => write!(formatter, "the probe report names {id} twice"),
            Self::Miscounted => formatter.write_str("the probe report miscounts its own lines"),
            Self::AfterEnd => formatter.write_str("the probe report goes on after its end"),
        }
    }
}

impl std::error::Error for ReportError {}

impl Report {
    /// Reads a report. One that stops after a whole line is accepted and says
    /// so by [`Report::finished`]: the jail may have been ended.
    ///
    /// # Errors
    ///
    /// Anything that the real program cannot have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        if bytes.len() > REPORT_BYTES {
            return Err(ReportError::TooLong);
        }
        let mut report = Self { findings: Vec::new(), finished: false };
        // A last line without its end was cut off and says nothing.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (whole, _cut_off) = bytes.split_at(whole);
        for (index, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            if report.finished {
                return Err(ReportError::AfterEnd);
            }
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = std::str::from_utf8(line)
                .ok()
                .filter(|line| line.len() <= LINE_BYTES)
                .ok_or(ReportError::Malformed { line: number })?;
            report.read_line(number, line)?;
        }
        Ok(report)
    }

    fn read_line(&mut self, number: usize, line: &str) -> Result<(), ReportError> {
        if let Some(count) = line.strip_prefix("done ") {
            if count != self.findings.len().to_string() {
                return Err(ReportError::Miscounted);
            }
            self.finished = true;
            return Ok(());
        }
        let mut fields = line.split('\t');
        let (Some(id), Some(class), Some(verdict), Some(detail), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(ReportError::Malformed { line: number });
        };
        let verdict = Verdict::from_word(verdict).ok_or(ReportError::Malformed { line: number })?;
        let probe = find(id)
            .filter(|probe| probe.class.word() == class)
            .ok_or(ReportError::Unknown { line: number })?;
        if self.findings.iter().any(|finding| finding.probe.id == probe.id) {
            return Err(ReportError::Repeated { id: probe.id });
        }
        self.findings.push(Finding { probe, verdict, detail: neutralise(detail) });
        Ok(())
    }

    /// What was found, in the order it was reported.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether the program came to its end.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// The probes of the catalog that the report does not speak of. For a
    /// finished report of all probes this is empty; otherwise the first one is
    /// where the program was stopped.
    pub fn missing(&self) -> impl Iterator<Item = &'static ProbeInfo> + '_ {
        catalog()
            .iter()
            .filter(|info| !self.findings.iter().any(|finding| finding.probe.id == info.id))
    }

    /// Whether the jail was ended while resources were taken: everything else
    /// is reported, and what is missing is only that. Being ended is then the
    /// answer that the limit gave.
    #[must_use]
    pub fn stopped_by_limit(&self) -> bool {
        !self.finished && self.missing().all(|info| info.class == Class::Resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, proptest};

    fn line(index: usize, verdict: &str) -> String {
        let info = &catalog()[index];
        format!("{}\t{}\t{verdict}\tbecause\n", info.id, info.class.word())
    }

    #[test]
    fn a_report_of_every_probe_is_read_whole() {
        let mut text: String = (0..catalog().len()).map(|index| line(index, "shut")).collect();
        text.push_str(&format!("done {}\n", catalog().len()));
        let report = Report::parse(text.as_bytes()).unwrap();
        assert!(report.finished());
        assert_eq!(report.findings().len(), catalog().len());
        assert_eq!(report.missing().count(), 0);
    }

    #[test]
    fn the_longest_possible_report_fits_the_bounds() {
        let mut text = String::new();
        for info in catalog() {
            text.push_str(&format!(
                "{}\t{}\tnot-tried\t{}\n",
                info.id,
                info.class.word(),
                "x".repeat(DETAIL_BYTES)
            ));
        }
        text.push_str(&format!("done {}\n", catalog().len()));
        assert!(Report::parse(text.as_bytes()).unwrap().finished());
    }

    #[test]
    fn a_report_cut_within_a_line_keeps_the_whole_lines() {
        let text = format!("{}{}", line(0, "open"), line(1, "shut").trim_end());
        let report = Report::parse(text.as_bytes()).unwrap();
        assert!(!report.finished());
        assert_eq!(report.findings().len(), 1);
        assert_eq!(report.missing().next(), Some(&catalog()[1]));
    }

    #[test]
    fn being_ended_while_taking_resources_is_told_from_being_ended_before() {
        let first = catalog().iter().position(|info| info.class == Class::Resource).unwrap();
        let all_before: String = (0..first).map(|index| line(index, "shut")).collect();
        assert!(Report::parse(all_before.as_bytes()).unwrap().stopped_by_limit());
        let too_few: String = (1..first).map(|index| line(index, "shut")).collect();
        assert!(!Report::parse(too_few.as_bytes()).unwrap().stopped_by_limit());
    }

    #[test]
    fn forged_reports_are_refused() {
        let one = line(0, "shut");
        let cases: Vec<(String, ReportError)> = vec![
            (format!("{one}{one}"), ReportError::Repeated { id: catalog()[0].id }),
            (format!("{one}done 2\n"), ReportError::Miscounted),
            (format!("{one}done 1\n{one}"), ReportError::AfterEnd),
            ("no-such\tkernel\topen\tx\n".into(), ReportError::Unknown { line: 1 }),
            (one.replace("boundary", "resource"), ReportError::Unknown { line: 1 }),
            (one.replace("shut", "ajar"), ReportError::Malformed { line: 1 }),
            (one.replace("because", "a\tb"), ReportError::Malformed { line: 1 }),
            (one.replace("because", &"x".repeat(400)), ReportError::Malformed { line: 1 }),
            ("x".repeat(REPORT_BYTES + 1), ReportError::TooLong),
        ];
        for (text, error) in cases {
            assert_eq!(Report::parse(text.as_bytes()), Err(error), "{text:.60}");
        }
    }

    #[test]
    fn escape_codes_in_a_detail_never_reach_a_terminal() {
        let text = line(0, "open").replace("because", "\u{1b}[2J\u{202e}x");
        let report = Report::parse(text.as_bytes()).unwrap();
        assert_eq!(report.findings()[0].detail, "?[2J?x");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = Report::parse(&bytes);
        }

        #[test]
        fn no_damage_to_a_report_yields_a_probe_twice(
            cut in any::<usize>(), at in any::<usize>(), byte in any::<u8>()
        ) {
            let mut bytes: Vec<u8> = (0..20).flat_map(|i| line(i, "shut").into_bytes()).collect();
            let length = bytes.len();
            bytes[at % length] = byte;
            bytes.truncate(cut % (length + 1));
            if let Ok(report) = Report::parse(&bytes) {
                for (index, one) in report.findings().iter().enumerate() {
                    let rest = &report.findings()[index + 1..];
                    assert!(rest.iter().all(|other| other.probe.id != one.probe.id));
                    assert!(one.detail.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                }
            }
        }
    }
}
