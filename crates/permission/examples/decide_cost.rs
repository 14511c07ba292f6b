//! Measures one decision: `cargo run --release -p ringfence-permission --example decide_cost`.
#![expect(clippy::print_stdout, reason = "an example that prints what it measured")]

use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Available, Consent, Consented, FilesRead, Policy, admit, decide,
};
use ringfence_types::Digest;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digest = Digest::from_bytes([0; 32]);
    for count in [1, 16, 256] {
        let items = (0..count)
            .map(|number| {
                Ok(Consented {
                    capability: format!("files.read /data/folder-{number}/**").parse()?,
                    by: "ada".into(),
                    at_ms: 0,
                    expires_ms: None,
                    digest,
                })
            })
            .collect::<Result<Vec<_>, ringfence_types::CapabilityError>>()?;
        let admitted = admit(AdmitRequest {
            instance: &"demo".parse()?,
            digest: &digest,
            declared: &[],
            inferred: true,
            policy: &Policy::default(),
            consent: &Consent { items },
            available: &Available::built_in(),
            budget: Preset::Production.budget(),
            now_ms: 0,
        })?;
        // The last grant: the whole list is walked.
        let path = format!("/data/folder-{}/a/b/c.txt", count - 1);
        let started = Instant::now();
        for _ in 0..ROUNDS {
            let _permit = black_box(decide::<FilesRead>(admitted.grants(), black_box(&path), 1)?);
        }
        let nanos = started.elapsed().as_nanos() / u128::from(ROUNDS);
        println!("{count} grants of the kind: {nanos} ns for one allowed decision");
    }
    Ok(())
}
