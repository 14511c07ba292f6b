//! What one decision and one record cost.

use crate::Result;
use crate::figures::Summary;
use crate::scratch::Scratch;
use ringfence_audit::{AuditLog, Durability, LogOptions};
use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Available, Consent, Consented, FilesRead, Policy, admit, decide,
};
use ringfence_types::{AuditEvent, AuditSink as _, Digest, EventKind};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// One cost.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    name: String,
    summary: Summary,
}

impl Cost {
    pub(crate) fn line(&self) -> String {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        format!(
            "{:<44} min {:9.3} us   median {:9.3} us   p95 {:9.3} us",
            self.name,
            micros(self.summary.min),
            micros(self.summary.median),
            micros(self.summary.p95)
        )
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "name": self.name, "times": self.summary.json() })
    }
}

pub(crate) fn measure(scratch: &Scratch, quick: bool) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for grants in [1, 16, 256] {
        costs.push(decision(grants, if quick { 20 } else { 200 })?);
    }
    let count = if quick { 2_000 } else { 20_000 };
    costs.push(append(scratch, "a crash", Durability::Process, count)?);
    costs.push(append(scratch, "a power cut", Durability::Disk, count / 100)?);
    Ok(costs)
}

/// A clock is too coarse for one: each series is many in a row.
fn decision(grants: u32, series: usize) -> Result<Cost> {
    const IN_A_ROW: u32 = 5_000;
    let digest = Digest::from_bytes([0; 32]);
    let item = |number| {
        Ok(Consented {
            capability: format!("files.read /data/folder-{number}/**").parse()?,
            by: "bench".to_owned(),
            at_ms: 0,
            expires_ms: None,
            digest,
        })
    };
    let items = (0..grants).map(item).collect::<Result<Vec<_>>>()?;
    let admitted = admit(AdmitRequest {
        instance: &"bench".parse()?,
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent { items },
        available: &Available::built_in(),
        budget: Preset::Production.budget(),
        now_ms: 0,
    })?;
    // The last grant, so that the whole list is walked.
    let path = format!("/data/folder-{}/a/b/c.txt", grants - 1);
    let mut times = Vec::new();
    for _ in 0..series {
        let begin = Instant::now();
        for _ in 0..IN_A_ROW {
            let _permit = black_box(decide::<FilesRead>(admitted.grants(), black_box(&path), 1)?);
        }
        times.push(begin.elapsed() / IN_A_ROW);
    }
    let summary = Summary::of(&times).ok_or("nothing was measured")?;
    Ok(Cost { name: format!("one decision among {grants} grants of the kind"), summary })
}

fn append(scratch: &Scratch, name: &str, durability: Durability, count: usize) -> Result<Cost> {
    let home = scratch.private(&format!("log, {name}"))?;
    let log = AuditLog::open(&home, LogOptions { durability, ..LogOptions::default() })?;
    let mut times = Vec::new();
    for _ in 0..count.max(1) {
        let event = AuditEvent::new(EventKind::EffectAllowed, "read a file")
            .with("capability", "files.read data/**")
            .with("path", "data/input.json");
        let begin = Instant::now();
        log.append(event)?;
        times.push(begin.elapsed());
    }
    let summary = Summary::of(&times).ok_or("nothing was measured")?;
    Ok(Cost { name: format!("one record that survives {name}"), summary })
}
