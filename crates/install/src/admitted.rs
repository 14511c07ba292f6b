//! From a name to a package that may be started: fetched, looked at, recorded, kept.

use crate::client::Around;
use crate::error::InstallError;
use crate::fetched::{Fetched, fetch};
use crate::known::{Known, known};
use crate::record::{Record, Records};
use crate::source::Source;
use crate::told::described;
use crate::vouched::Vouched;
use ringfence_lifecycle::{Engine, Standing, Vouched as Signatures};
use ringfence_package::Package;
use ringfence_types::{AuditEvent, EventKind, Severity, UntrustedText};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How an analysis ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing to say.
    Clean,
    /// Something that a person should know.
    Warning,
    /// Not to be run.
    Blocked,
}

/// What somebody saw who looked at a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// 0 to 100.
    pub score: u8,
    /// What follows from it.
    pub outcome: Outcome,
    /// Why, worst first; safe to show.
    pub why: Vec<String>,
    /// What its own code uses, without that of what it needs; safe to show.
    pub uses: Vec<String>,
}

/// Why nobody saw anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLooked {
    /// A person ended it.
    Interrupted,
    /// It cannot be looked at, in words that are safe to show.
    Failed(String),
}

/// Looks at the files of a package, which is hostile until somebody has. Nothing of it may
/// be executed.
pub trait Look {
    /// By what rules, in words that change when the rules do. None when that is not known:
    /// then what was seen before does not count.
    fn rules(&self) -> Option<String>;

    /// Looks at the folder. What is below `node_modules` or beside it is what the package
    /// `name` needs.
    ///
    /// # Errors
    /// When it cannot be looked at.
    fn look(&mut self, folder: &Path, name: &str) -> Result<Looked, NotLooked>;
}

/// What it takes to admit a package.
pub struct Admission<'a> {
    /// Fetches, and has the log.
    pub engine: &'a Engine,
    /// Looks at it.
    pub look: &'a mut dyn Look,
    /// Who hears of it meanwhile.
    pub around: &'a Around,
    /// Ask the registry, whatever was admitted before.
    pub fresh: bool,
    /// Take it whatever was found, because a person said so by name.
    pub despite_findings: bool,
    /// What it has to have.
    pub require: Require,
    /// Take it although it may be somebody else's than those before, and take whoever that is
    /// as its publisher from now on.
    pub accept_publisher: bool,
}

/// What a package has to have to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Require {
    /// Advisories, new enough, about all of it.
    pub advisories: bool,
    /// A signature of its registry over each part of it, by a key that counts here.
    pub signatures: bool,
    /// Provenance that holds.
    pub provenance: bool,
}

/// A package that may be started.
#[derive(Debug)]
pub struct Admitted {
    /// Its files are in the home.
    pub package: Package,
    /// What was seen by who looked at it.
    pub looked: Looked,
    /// How far it is vouched for.
    pub vouched: Vouched,
    /// Who signed it; nothing where it is no packed package.
    pub signed: Option<Signatures>,
    /// Why it may be somebody else's than those before; safe to show.
    pub publisher_change: Option<String>,
}

impl Admission<'_> {
    /// The package of this name: the one that was admitted before, if its files are as they
    /// were, else fetched from the registry, looked at and kept.
    ///
    /// # Errors
    /// When it cannot be fetched, is refused, or the log does not take it. Nothing of it
    /// ran, and what was admitted before is as it was.
    pub fn package(&mut self, source: &Source) -> Result<Admitted, InstallError> {
        let records = Records::of(self.engine.home());
        if !self.fresh
            && let Some(mut record) = records.find(source)?.filter(|record| self.is_old(record))
            && let Some(package) = self.again(&record)
        {
            let judged = self.judge(source, &record)?;
            if self.accept_publisher && record.publisher_change().is_some() {
                record.accept();
                records.keep(source, &record)?;
            }
            return Ok(described(package, record, judged));
        }
        let before = records.latest(source)?.and_then(|before| before.builder);
        let fetched = fetch(self.engine, source, self.around)?;
        let (package, record, judged) = self.admit(source, &fetched, before)?;
        records.keep(source, &record)?;
        Ok(described(package, record, judged))
    }

    /// Whether it is as old as is demanded. What nobody asked for when it was fetched is not.
    fn is_old(&self, record: &Record) -> bool {
        let published = record.published;
        self.around.before.is_none_or(|before| published.is_some_and(|at| at <= before))
    }

    /// The package of a record, if every byte of it is as it was and the rules are too.
    fn again(&self, record: &Record) -> Option<Package> {
        let folder = self.folder(&record.folder)?;
        let package = Package::open(&folder).ok()?;
        let is_whole = package.digest().ok()? == record.content;
        // A record of rules that nobody knew has nothing here, and fits none. They come last:
        // finding out which they are can take as long.
        let rules = self.look.rules().filter(|rules| *rules == record.looked_by);
        (is_whole && rules.is_some()).then_some(package)
    }

    /// A folder of the home by its name, which is a digest.
    fn folder(&self, name: &str) -> Option<PathBuf> {
        let is_digest = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| self.engine.home().join("packages").join(name))
    }

    fn admit(
        &mut self,
        source: &Source,
        fetched: &Fetched,
        before: Option<String>,
    ) -> Result<(Package, Record, Judged), InstallError> {
        let beside = fetched.packed.unpack_beside(self.engine.home())?;
        let statement = fetched.packed.statement();
        let looked =
            self.look.look(&beside.folder(), &statement.name).map_err(|error| match error {
                NotLooked::Interrupted => InstallError::Interrupted,
                NotLooked::Failed(why) => InstallError::Look { what: source.shown(), why },
            })?;
        let folder = fetched.packed.digest()?.hex();
        let mut record = Record {
            source: source.to_string(),
            folder,
            content: fetched.packed.digest()?,
            name: format!("{}:{}", source.kind(), source.name()),
            version: fetched.version.clone(),
            registry: fetched.registry.clone(),
            packages: fetched.packages.clone(),
            vouched: fetched.vouched.clone(),
            builder: before,
            published: fetched.published,
            looked,
            looked_by: self.look.rules().unwrap_or_default(),
            fetched_at: now(),
            vouching: fetched.packed.vouching(),
        };
        if self.accept_publisher || record.builder.is_none() {
            record.accept();
        }
        // Before it has its place: what is refused leaves nothing behind.
        let judged = self.judge(source, &record)?;
        let package = Package::open(&beside.keep()?)?;
        record.content = package.digest()?;
        Ok((package, record, judged))
    }

    /// Says no, or lets it be known. What is publicly known of it is looked up each time: it
    /// can be more than when it was fetched.
    fn judge(&self, source: &Source, record: &Record) -> Result<Judged, InstallError> {
        let signed = match &record.vouching {
            Some(vouching) => Some(vouching.look(self.engine, now())?),
            None => None,
        };
        let home = self.engine.home();
        let known = known(home, source.kind(), &record.packages, self.require.advisories, now())?;
        let Looked { score, outcome, why, .. } = &record.looked;
        let mut against = known.blocks.clone();
        if *outcome == Outcome::Blocked {
            let why: Vec<&str> = why.iter().take(3).map(String::as_str).collect();
            against.push(format!("its code scores {score} of 100: {}", why.join("; ")));
        }
        let unmet = self.unmet(&record.vouched, signed.as_ref());
        against.extend(unmet.clone());
        let failed = signed.as_ref().map(|signed| &signed.standing).filter(|standing| {
            matches!(standing, Standing::Failed { .. } | Standing::NotCheckable { .. })
        });
        against
            .extend(failed.map(|standing| UntrustedText::new(&standing.to_string()).to_string()));
        let insists = self.despite_findings;
        let refused = !unmet.is_empty()
            || failed.is_some()
            || (*outcome == Outcome::Blocked && !insists)
            || (!known.blocks.is_empty() && (!insists || known.malware || self.require.advisories));
        let (kind, message) = if refused {
            (EventKind::Refused, "a fetched package was refused")
        } else {
            (EventKind::PackageRead, "a fetched package was read")
        };
        let mut event = AuditEvent::new(kind, message)
            .with("source", source.shown())
            .with("version", record.version.clone())
            .with("registry", record.registry.clone())
            .with("digest", record.folder.clone())
            .with("packages", record.packages.len())
            .with("score", *score)
            .with("findings", why.clone())
            .with("advisories", known.said.clone())
            .with("vouched", record.vouched.line())
            .with("signatures", json!(signed.as_ref().map(|signed| &signed.standing)));
        if let Some(change) = record.publisher_change() {
            event = event.severity(Severity::Warning).with("publisher_change", change);
        }
        if !against.is_empty() {
            event = event
                .severity(Severity::Warning)
                .with("against", against.clone())
                .with("despite_findings", self.despite_findings);
        }
        self.engine.append(event).map_err(|error| InstallError::Audit(error.to_string()))?;
        if !refused {
            return Ok(Judged { known, signed });
        }
        let more = against.len().saturating_sub(MOST_AGAINST);
        against.truncate(MOST_AGAINST);
        let mut why = against.join("; ");
        if more > 0 {
            why.push_str(&format!("; and {more} more"));
        }
        let insist = if known.malware {
            "nothing runs it under this name"
        } else if failed.is_some() {
            "nothing runs it; get it from its publisher again"
        } else if !unmet.is_empty() {
            "what is demanded, its registry does not give"
        } else if self.require.advisories {
            "`ringfence advisories status` tells how old the data is"
        } else {
            "`--despite-findings` runs it all the same"
        };
        Err(InstallError::Blocked {
            what: source.shown(),
            why,
            help: format!(
                "`ringfence scan '{source}'` and `ringfence advisories check '{source}'` show \
                 more; {insist}",
                source = source.shown()
            ),
        })
    }
}

/// What speaks for it and against it.
pub(crate) struct Judged {
    pub(crate) known: Known,
    /// Who signed it as a packed package.
    pub(crate) signed: Option<Signatures>,
}

impl Admission<'_> {
    /// What it has to have, and does not; nobody can insist on that.
    fn unmet(&self, vouched: &Vouched, signed: Option<&Signatures>) -> Vec<String> {
        let Require { signatures, provenance, .. } = self.require;
        let is_trusted = signed.is_some_and(is_trusted);
        let unsigned = (signatures && !is_trusted).then(|| vouched.unsigned()).flatten();
        let unproven = provenance.then(|| vouched.unproven()).flatten();
        unsigned.into_iter().chain(unproven).collect()
    }
}

/// Whether somebody whom the operator knows signed all of it.
pub(crate) const fn is_trusted(signed: &Signatures) -> bool {
    matches!(signed.standing, Standing::Trusted { .. })
}

/// Most reasons that are told at once.
const MOST_AGAINST: usize = 3;

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
