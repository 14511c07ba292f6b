//! What may still come about a call that is inspected.

use crate::jsonrpc::Raw;
use crate::violation::Violation;
use crate::worker::{Inspect, REPORT_PART_BYTES, ReportKind, ReportPart};

/// Most characters of a part in base64.
const PART: usize = REPORT_PART_BYTES.div_ceil(3) * 4;

/// A call, and the parts of its reports that have not come.
#[derive(Debug)]
pub(crate) struct Inspected {
    call: i64,
    profile: usize,
    core_dump: usize,
}

/// Parts of a report, with one that only says what had no room.
const fn parts(asked: bool, kind: ReportKind) -> usize {
    if asked { kind.most_bytes().div_ceil(REPORT_PART_BYTES) + 1 } else { 0 }
}

impl Inspected {
    pub(crate) const fn new(call: i64, inspect: Inspect) -> Self {
        Self {
            call,
            profile: parts(inspect.profile, ReportKind::Profile),
            core_dump: parts(inspect.core_dump, ReportKind::CoreDump),
        }
    }

    pub(crate) const fn is(&self, call: i64) -> bool {
        self.call == call
    }

    /// One part: of what was asked, and not more of it than a report may have.
    pub(crate) fn take(
        inspected: Option<&mut Self>,
        params: Option<Raw>,
    ) -> Result<ReportPart, Violation> {
        let unasked = Violation::OutOfOrder { what: "a report that nobody asked for" };
        let Some(inspected) = inspected else { return Err(unasked) };
        let part: ReportPart = params
            .and_then(|params| serde_json::from_str(params.get()).ok())
            .filter(|part: &ReportPart| part.data.len() <= PART)
            .ok_or(Violation::OutOfOrder { what: "a report that is none" })?;
        let left = match part.kind {
            ReportKind::Profile => &mut inspected.profile,
            ReportKind::CoreDump => &mut inspected.core_dump,
        };
        *left = left.checked_sub(1).ok_or(unasked)?;
        Ok(part)
    }
}
