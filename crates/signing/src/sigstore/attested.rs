//! What comes of a Sigstore verification: who, and how far that counts.

use crate::standing::Standing;
use serde::{Deserialize, Serialize};
use sigstore_verify::VerificationResult;
use std::fmt;

/// Who signed, as the certificate says that was made for the signature. Text of strangers,
/// vouched for by the issuer; not made safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// The name: a URL of a workflow, or an address of electronic mail.
    pub identity: String,
    /// Who vouched for the name.
    pub issuer: String,
    /// The repository that was built, as a URL.
    pub repository: Option<String>,
    /// The workflow that was started, with its ref.
    pub workflow: Option<String>,
    /// The ref that was built, such as `refs/tags/v1.0.0`.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The commit that was built.
    pub commit: Option<String>,
    /// When, in seconds since 1970, as a log or a clock of the instance says; of several
    /// times the earliest.
    pub signed_at: i64,
}

/// How far something is vouched for through Sigstore, in the words of
/// [`Standing`]. Only [`Trusted`](Self::Trusted) says that it was somebody
/// whom the operator expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "level", rename_all = "snake_case")]
pub enum Attested {
    /// Signed by whom the operator expects.
    Trusted {
        /// Who it was.
        by: Box<Signer>,
    },
    /// Signed by somebody of whom nobody here said that they count.
    Unknown {
        /// Who it was.
        by: Box<Signer>,
    },
    /// It does not hold, is about something else, or was signed by somebody else.
    Failed {
        /// What is wrong.
        why: String,
    },
    /// Nobody signed.
    Absent,
    /// This program, or the root that it has, does not know how to check it.
    NotCheckable {
        /// Why.
        why: String,
    },
}

impl Attested {
    /// Who signed, when that holds.
    #[must_use]
    pub fn signer(&self) -> Option<&Signer> {
        match self {
            Self::Trusted { by } | Self::Unknown { by } => Some(by),
            Self::Failed { .. } | Self::Absent | Self::NotCheckable { .. } => None,
        }
    }

    /// The same where no certificate is expected and so nobody can be named.
    pub(crate) fn into_standing(self) -> Standing {
        match self {
            Self::Absent => Standing::Absent,
            Self::NotCheckable { why } => Standing::NotCheckable { why },
            Self::Failed { why } => Standing::Failed { why },
            Self::Trusted { by } | Self::Unknown { by } => {
                Standing::Failed { why: format!("it is signed by {by}, and not by a key") }
            }
        }
    }

    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into() }
    }

    pub(crate) fn not_checkable(why: impl Into<String>) -> Self {
        Self::NotCheckable { why: why.into() }
    }
}

impl fmt::Display for Attested {
    /// For a person; text of strangers in it is not made safe.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted { by } => write!(f, "trusted: signed by {by}"),
            Self::Unknown { by } => {
                write!(f, "signed by {by}, of whom nobody here said that they count")
            }
            Self::Failed { why } => write!(f, "FAILED: {why}"),
            Self::Absent => f.write_str("not signed: nobody says whose it is"),
            Self::NotCheckable { why } => write!(f, "cannot be checked: {why}"),
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (named by {})", self.identity, self.issuer)?;
        if let Some(repository) = &self.repository {
            write!(f, ", built from {repository}")?;
        }
        if let Some(commit) = &self.commit {
            write!(f, " at {commit}")?;
        }
        Ok(())
    }
}

const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// The signer of a bundle that verified with everything looked at.
///
/// # Errors
/// When the certificate does not say who it is for, or something was not looked at, which
/// nobody can ask for here.
pub(super) fn signer(result: &VerificationResult) -> Result<Signer, String> {
    if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
        return Err("the certificate or the log was not looked at".to_owned());
    }
    let identity = result.identity().ok_or("the certificate names nobody")?.to_string();
    let issuer = result.issuer().ok_or("the certificate does not say who named them")?.to_owned();
    let signed_at = result
        .verified_timestamps()
        .iter()
        .min()
        .map(|time| time.as_second())
        .ok_or("nobody says when it was signed")?;
    let mut signer = Signer {
        identity,
        issuer,
        repository: None,
        workflow: None,
        reference: None,
        commit: None,
        signed_at,
    };
    if let Some(certificate) = result.certificate() {
        let (claims, old) = (&certificate.ci_claims, &certificate.ci_claims.deprecated_github);
        // Certificates from before 2023 have the old claims only, of GitHub only; the old
        // name of a repository is without its host.
        let of_github = signer.issuer == GITHUB;
        let old_claim = |claim: &Option<String>| claim.clone().filter(|_| of_github);
        let old_repository =
            old_claim(&old.workflow_repository).map(|name| format!("https://github.com/{name}"));
        signer.repository = claims.source_repository_uri.clone().or(old_repository);
        signer.reference =
            claims.source_repository_ref.clone().or_else(|| old_claim(&old.workflow_ref));
        signer.commit =
            claims.source_repository_digest.clone().or_else(|| old_claim(&old.workflow_sha));
        signer.workflow = claims.build_config_uri.clone();
        if signer.workflow.is_none() && of_github {
            signer.workflow = Some(signer.identity.clone());
        }
    }
    Ok(signer)
}
