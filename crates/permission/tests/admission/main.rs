//! What admission grants, and what a decision answers.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a broken set-up must fail the test")]

mod admit;
mod decide;
mod reference;

use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitError, AdmitRequest, Admitted, Available, Consent, Consented, Policy, admit,
};
use ringfence_types::{Capability, Digest};

/// The bytes that the tests admit.
pub(crate) const DIGEST: Digest = Digest::from_bytes([7; 32]);
/// When the tests run.
pub(crate) const NOW: u64 = 1_000_000;

pub(crate) fn cap(text: &str) -> Capability {
    text.parse().unwrap()
}

pub(crate) fn caps(texts: &[&str]) -> Vec<Capability> {
    texts.iter().map(|text| cap(text)).collect()
}

pub(crate) fn yes(text: &str) -> Consented {
    Consented {
        capability: cap(text),
        by: "ada".into(),
        at_ms: NOW - 1,
        expires_ms: None,
        digest: DIGEST,
    }
}

pub(crate) fn consent(texts: &[&str]) -> Consent {
    Consent { items: texts.iter().map(|text| yes(text)).collect() }
}

/// The three sets, with the defaults of a plain run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets {
    pub(crate) declared: Vec<Capability>,
    pub(crate) inferred: bool,
    pub(crate) policy: Policy,
    pub(crate) consent: Consent,
    pub(crate) available: Option<Available>,
}

impl Sets {
    pub(crate) fn declared(texts: &[&str]) -> Self {
        Self { declared: caps(texts), ..Self::default() }
    }

    pub(crate) fn inferred() -> Self {
        Self { inferred: true, ..Self::default() }
    }

    pub(crate) fn consent(mut self, texts: &[&str]) -> Self {
        self.consent = consent(texts);
        self
    }

    pub(crate) fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    pub(crate) fn available(mut self, available: Available) -> Self {
        self.available = Some(available);
        self
    }

    pub(crate) fn try_admit(&self) -> Result<Admitted, AdmitError> {
        let built_in = Available::built_in();
        admit(AdmitRequest {
            instance: &"demo".parse().unwrap(),
            digest: &DIGEST,
            declared: &self.declared,
            inferred: self.inferred,
            policy: &self.policy,
            consent: &self.consent,
            available: self.available.as_ref().unwrap_or(&built_in),
            budget: Preset::Production.budget(),
            now_ms: NOW,
        })
    }

    pub(crate) fn admit(&self) -> Admitted {
        self.try_admit().unwrap()
    }
}

/// The granted capabilities as text.
pub(crate) fn granted(admitted: &Admitted) -> Vec<String> {
    admitted.grants().iter().map(|grant| grant.capability().to_string()).collect()
}
