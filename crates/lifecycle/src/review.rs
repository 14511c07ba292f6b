//! What a person sees before saying yes, and what their yes gives.

use crate::asking::Ask;
use crate::error::RunError;
use crate::installed::InstalledAs;
use ringfence_gate_secrets::Secrets;
use ringfence_limits::{Budget, Preset};
use ringfence_package::{Package, PackageError, PluginType, Protocol};
use ringfence_permission::{
    AdmitError, AdmitRequest, Admitted, Available, Consent, Consented, Policy, admit,
};
use ringfence_sandbox::Level;
use ringfence_sandbox_wasm::ENGINE;
use ringfence_types::{
    Capability, Denial, Host, IdError, InstanceId, Kind, NetworkScope, Publish, UntrustedText,
    WithheldBy,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::IpAddr;

/// What the operator brings to a run.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Which budget.
    pub preset: Preset,
    /// Limits of the operator's own in place of the preset's.
    pub budget: Option<Budget>,
    /// What is granted by name.
    pub grants: Vec<Capability>,
    /// Everything that the manifest declares is granted too.
    pub accept_declared: bool,
    /// Variables set for this run; granting `environment.read` for each.
    pub environment: Vec<(String, OsString)>,
    /// Secrets for this run beside the engine's; a grant of `secrets.use` says where
    /// each may go.
    pub secrets: Secrets,
    /// Addresses of hosts for this run beside the engine's.
    pub hosts: BTreeMap<Host, Vec<IpAddr>>,
    /// Ports of the plugin that are to be reachable, and where; granting
    /// `network.listen` for each.
    pub publish: Vec<Publish>,
    /// What may be granted at all.
    pub policy: Policy,
    /// Who says yes, for the record.
    pub by: String,
    /// What somebody said yes to before, each for the bytes that they looked at.
    pub consent: Consent,
    /// Whose storage and records these are, for what is installed; else they are those of
    /// the place where the package lies.
    pub instance: Option<InstanceId>,
    /// Which installed plugin is run, so that what is taken back from it reaches the run.
    pub installed: Option<InstalledAs>,
    /// Whose pinned definitions hold for an MCP server, when not those of `instance`.
    pub pins_of: Option<InstanceId>,
    /// Who is asked, while a call of the plugin waits, about what nobody granted; nobody when
    /// there is none, and what is denied is denied at once.
    pub ask: Option<Ask>,
}

/// One line of the permission card.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// What is asked for.
    pub capability: Capability,
    /// In plain words.
    pub plain: &'static str,
    /// Why, in the author's words; untrusted.
    pub reason: Option<String>,
    /// Whether the plugin can do without.
    pub optional: bool,
    /// Whether it will be granted.
    pub granted: bool,
    /// Which set withholds it, when it will not.
    pub withheld_by: Option<WithheldBy>,
}

/// The permission card: everything that one screen must tell.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// Name of the plugin.
    pub name: String,
    /// Its version; untrusted.
    pub version: Option<String>,
    /// What it says of itself; untrusted.
    pub description: Option<String>,
    /// Who wrote it, as it says; untrusted.
    pub author: Option<String>,
    /// Whether a manifest says what it needs.
    pub has_manifest: bool,
    /// What runs it.
    pub runtime: &'static str,
    /// How it talks.
    pub protocol: &'static str,
    /// What it asks for and gets.
    pub asks: Vec<Asked>,
    /// Its limits.
    pub budget: Budget,
    /// The preset they come from.
    pub preset: Preset,
    /// What isolates it here.
    pub level: Level,
    /// The engine that runs it inside those walls and is one more, when it is the
    /// built-in one.
    pub engine: Option<&'static str>,
    /// What else a person should know; safe to show.
    pub notes: Vec<String>,
}

/// A reviewed package: the card, and what it may do on these terms.
#[derive(Debug)]
pub struct Review {
    /// What was reviewed.
    pub package: Package,
    /// What a person should see.
    pub card: Card,
    /// Whose storage and records these are.
    pub instance: InstanceId,
    pub(crate) admitted: Admitted,
    pub(crate) terms: Terms,
}

/// Why a package cannot be reviewed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// The package is not acceptable.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The grants are not acceptable.
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// Nothing here performs it, or holds it to its scope.
    #[error("`{capability}` cannot be granted: {}", why_not(capability))]
    NotEnforced {
        /// What was granted.
        capability: Capability,
    },
    /// A variable must be named.
    #[error("environment.read needs a variable's name, such as `environment.read=LANG`")]
    VariableNeeded,
    /// The name gives no instance id.
    #[error(transparent)]
    Instance(#[from] IdError),
}

impl Review {
    pub(crate) fn new(
        package: Package,
        terms: Terms,
        available: &Available,
        level: Level,
        now_ms: u64,
    ) -> Result<Self, ReviewError> {
        let declared: Vec<Capability> =
            package.declared.iter().map(|declared| declared.capability.clone()).collect();
        let mut wanted = terms.grants.clone();
        if let Some(capability) = wanted.iter().find(|grant| !available.enforces(grant)) {
            return Err(ReviewError::NotEnforced { capability: capability.clone() });
        }
        for (name, _) in &terms.environment {
            if let Ok(variable) = Capability::new(Kind::EnvironmentRead, name) {
                wanted.push(variable);
            }
        }
        for publish in &terms.publish {
            wanted.extend(Capability::new(Kind::NetworkListen, &publish.port.to_string()).ok());
        }
        if terms.accept_declared {
            // What a mount or a variable needs by name cannot be accepted whole.
            wanted.extend(declared.iter().filter(|declared| !needs_name(declared)).cloned());
        }
        if wanted.iter().any(|c| c.kind() == Kind::EnvironmentRead && c.scope().is_any()) {
            return Err(ReviewError::VariableNeeded);
        }
        // Reading every file only matters when a yes is bound to their content.
        let bound = !wanted.is_empty() || !terms.consent.items.is_empty();
        let digest = if bound { package.digest()? } else { package.identity() };
        let consent = wanted.into_iter().fold(terms.consent.clone(), |consent, capability| {
            consent.with(Consented {
                capability,
                by: terms.by.clone(),
                at_ms: now_ms,
                expires_ms: None,
                digest,
            })
        });
        let preset = terms.budget.clone().unwrap_or_else(|| terms.preset.budget());
        let (mut budget, shortfalls) = package.resources.apply(&preset);
        // The actions of a hook plugin are its hooks.
        if package.plugin_type == Some(PluginType::Hook) {
            budget.timeouts.call = budget.timeouts.call.min(budget.timeouts.hook);
        }
        let instance = match &terms.instance {
            Some(installed) => installed.clone(),
            None => instance_of(&package)?,
        };
        let admitted = admit(AdmitRequest {
            instance: &instance,
            digest: &digest,
            declared: &declared,
            inferred: package.inferred,
            policy: &terms.policy,
            consent: &consent,
            available,
            budget,
            now_ms,
        })?;
        let mut notes: Vec<String> =
            package.notes.iter().map(|note| UntrustedText::new(note).to_string()).collect();
        notes.extend(shortfalls.iter().map(ToString::to_string));
        notes.extend(hosts_to_name(&declared, &admitted));
        notes.extend(kept_read_only(&admitted, &level));
        notes.extend(level.missing().map(|wall| format!("no {}: {}", wall.name, wall.detail)));
        let card = Card {
            name: package.name.to_string(),
            version: package.version.clone(),
            description: package.description.clone(),
            author: package.author.clone(),
            has_manifest: !package.inferred,
            runtime: package.runtime.word(),
            protocol: match package.protocol {
                Protocol::Actions => "actions",
                Protocol::Mcp => "mcp",
                Protocol::Plain => "plain",
            },
            asks: asks(&package, &admitted),
            budget: admitted.budget().clone(),
            preset: terms.preset,
            level,
            engine: package.runtime.is_built_in().then_some(ENGINE),
            notes,
        };
        Ok(Self { package, card, instance, admitted, terms })
    }

    /// What the plugin needs, is declared as needed, and is not granted: it
    /// would start and fail.
    pub fn unmet(&self) -> impl Iterator<Item = &Asked> {
        self.card.asks.iter().filter(|asked| !asked.optional && !asked.granted)
    }

    /// Whether a yes would change anything.
    #[must_use]
    pub fn has_question(&self) -> bool {
        self.card.asks.iter().any(|asked| asked.withheld_by == Some(WithheldBy::Consent))
    }

    /// The first unmet need as a denial, for those who cannot be asked.
    #[must_use]
    pub fn refusal(&self) -> Option<RunError> {
        self.unmet().next().map(denied)
    }
}

/// What was asked for and is not granted, as a denial with what mends it.
pub(crate) fn denied(asked: &Asked) -> RunError {
    let scope = asked.capability.scope();
    let object = if scope.is_any() { "" } else { scope.as_str() };
    let by = asked.withheld_by.unwrap_or(WithheldBy::Consent);
    let mut denial = Denial::not_granted(asked.capability.kind(), object, by);
    if by == WithheldBy::Consent {
        denial.repair = Some(if let Some(secret) = scope.secret() {
            format!("--secret {}@HOST, with the host it may go to", secret.name())
        } else if needs_name(&asked.capability) {
            format!("--grant {}=NAME, with the name you choose", asked.capability.kind())
        } else {
            "--yes grants what the manifest declares; --grant names one at a time".to_owned()
        });
    }
    RunError::Denied(denial)
}

/// Hosts of services that plugins often use: shown where a plugin asks for the
/// network without saying which, never granted by themselves.
const WELL_KNOWN: &str = "api.openai.com, api.anthropic.com, api.github.com, api.stripe.com";

/// What a person can write who is asked for the network and for no host.
fn hosts_to_name(declared: &[Capability], admitted: &Admitted) -> Option<String> {
    let whole = Capability::any(Kind::NetworkRequest);
    let asked = declared.contains(&whole);
    let none = admitted.grants().of_kind(Kind::NetworkRequest).is_empty();
    (asked && none).then(|| format!("it names no host; often: {WELL_KNOWN}"))
}

/// Granted folders that a program can read and not change, because nothing here
/// tells changing from deleting; the broker still writes there.
fn kept_read_only(admitted: &Admitted, level: &Level) -> Vec<String> {
    let landlock = level.walls.iter().any(|wall| wall.name == "landlock" && wall.stands);
    let removable = admitted.grants().of_kind(Kind::FilesDelete);
    let writes = admitted.grants().of_kind(Kind::FilesWrite).iter();
    writes
        .filter_map(|grant| grant.capability().scope().path())
        .filter(|path| !landlock || path.starts_with("/tmp/"))
        .filter(|path| {
            !removable
                .iter()
                .filter_map(|grant| grant.capability().scope().path())
                .any(|above| std::path::Path::new(path).starts_with(above))
        })
        .map(|path| {
            format!("programs cannot change `{}` without files.delete", UntrustedText::new(path))
        })
        .collect()
}

/// Why nothing here can hold a grant to its scope, and what can be granted instead.
fn why_not(capability: &Capability) -> String {
    match capability.scope().network().filter(|scope| scope.is_udp()).and_then(NetworkScope::port) {
        Some(port) => format!(
            "datagrams go to one host each; write every host by its name, such as `udp://dns.example.com:{port}`"
        ),
        None => "this version cannot enforce it".to_owned(),
    }
}

/// What is never accepted without a name: the widest scope of these kinds, and a
/// secret that could go anywhere.
pub(crate) fn needs_name(capability: &Capability) -> bool {
    let scope = capability.scope();
    let without_place = scope.secret().is_some_and(|secret| secret.to().is_none());
    let by_name = matches!(
        capability.kind(),
        Kind::FilesRead
            | Kind::FilesWrite
            | Kind::FilesDelete
            | Kind::EnvironmentRead
            | Kind::NetworkListen
            | Kind::NetworkRequest
            | Kind::SecretsUse
    );
    without_place || (by_name && scope.is_any())
}

fn asks(package: &Package, admitted: &Admitted) -> Vec<Asked> {
    let granted = |capability: &Capability| {
        let mut grants = admitted.grants().of_kind(capability.kind()).iter();
        grants.any(|grant| {
            grant.capability().covers(capability) || capability.covers(grant.capability())
        })
    };
    let withheld = |capability: &Capability| {
        admitted.withheld().iter().find(|(known, _)| known == capability).map(|(_, by)| *by)
    };
    let mut asks: Vec<Asked> = package
        .declared
        .iter()
        .map(|declared| Asked {
            capability: declared.capability.clone(),
            plain: declared.capability.kind().plain(),
            reason: declared.reason.clone(),
            optional: declared.optional,
            granted: granted(&declared.capability),
            withheld_by: withheld(&declared.capability),
        })
        .collect();
    // What was granted by name without being declared word for word.
    for grant in admitted.grants().iter() {
        if !asks.iter().any(|asked| asked.capability == *grant.capability()) {
            asks.push(Asked {
                capability: grant.capability().clone(),
                plain: grant.capability().kind().plain(),
                reason: None,
                optional: true,
                granted: true,
                withheld_by: None,
            });
        }
    }
    for (capability, by) in admitted.withheld() {
        if !asks.iter().any(|asked| asked.capability == *capability) {
            asks.push(Asked {
                capability: capability.clone(),
                plain: capability.kind().plain(),
                reason: None,
                optional: true,
                granted: false,
                withheld_by: Some(*by),
            });
        }
    }
    asks
}

/// Storage and records belong to this plugin at this place.
fn instance_of(package: &Package) -> Result<InstanceId, IdError> {
    let plain: String = package
        .name
        .as_str()
        .trim_start_matches('@')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '.' })
        .take(96)
        .collect();
    let hex = package.identity().hex();
    format!("{plain}-{}", hex.get(..12).unwrap_or(&hex)).parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn review(manifest: &str) -> Review {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plugin.yaml"), manifest).unwrap();
        std::fs::write(folder.path().join("p.py"), "def go(input, ringfence): pass\n").unwrap();
        let level = Level { backend: "none", walls: Vec::new() };
        let package = Package::open(folder.path()).unwrap();
        Review::new(package, Terms::default(), &Available::built_in(), level, 0).unwrap()
    }

    #[test]
    fn a_hook_gets_the_time_of_a_hook_and_not_that_of_a_call() {
        let manifest = |kind: &str| {
            format!(
                "name: p\ntype: {kind}\nruntime: python\nentry: p.py\ntimeouts: {{hook: 2s, call: 8s}}\n"
            )
        };
        let of = |kind: &str| review(&manifest(kind)).card.budget.timeouts.call;
        assert_eq!(of("hook"), Duration::from_secs(2));
        assert_eq!(of("tool"), Duration::from_secs(8));
    }

    #[test]
    fn what_is_needed_and_not_granted_is_refused_with_the_option_that_mends_it() {
        let manifest = "name: p\nruntime: python\nentry: p.py\npermissions: [storage.read]\n";
        let review = review(manifest);
        let Some(RunError::Denied(denial)) = review.refusal() else { panic!("it was not refused") };
        assert_eq!(denial.withheld_by, Some(WithheldBy::Consent));
        assert!(denial.repair.unwrap().contains("--yes"));
    }
}
