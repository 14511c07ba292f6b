//! What can be typed about installed plugins.

use super::local::local;
use clap::{Args, Subcommand};
use ringfence::Capability;
use ringfence_types::PluginName;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Subcommand)]
pub(crate) enum InstalledVerb {
    /// Install a plugin, so that `ringfence run NAME` runs it
    #[command(after_help = INSTALL_HELP)]
    Install(Install),
    /// Print what is installed
    List(List),
    /// Print everything that is known of an installed plugin
    Info(OfPlugin),
    /// Install another version of a plugin, if it starts
    #[command(after_help = UPDATE_HELP)]
    Update(Update),
    /// Run the version of before again
    Rollback(OfPlugin),
    /// Take a plugin out, with all that it was granted
    Remove(OfPlugin),
    /// Let a plugin be run again
    Enable(OfPlugin),
    /// Let a plugin not be run
    Disable(OfPlugin),
    /// Put a plugin into quarantine, or let it out
    Quarantine(Quarantine),
    /// Grant an installed plugin a capability, whenever it is run
    Grant(Grant),
    /// Take a capability back from an installed plugin
    Revoke(Revoke),
    /// Say how content you are with a plugin, which counts for its reputation
    Rate(Rate),
    /// Remove files of packages that nobody needs
    Gc(Gc),
}

const INSTALL_HELP: &str = "\
Examples:
  ringfence install ./tool
  ringfence install --yes tool-1.0.0.ringfence
  ringfence install --grant files.read=/data/** ./tool
  ringfence install npm:@modelcontextprotocol/server-everything
Exit codes: 0 installed, 2 it is no package, 3 a yes is missing, 9 it is refused: what a
scan found, a signature that does not hold, a name like another one, a quarantine.";

const UPDATE_HELP: &str = "\
Examples:
  ringfence update tool
  ringfence update tool tool-2.0.0.ringfence
The new version is started once. When it does not start, the old one stays, and the exit
code is that of a run that failed so: 1, 3, 4, 5 or 7.";

/// Arguments of `ringfence install`.
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// A folder, a packed package, `npm:NAME[@VERSION]`, `pypi:NAME[==VERSION]`,
    /// `oci:HOST/REPOSITORY[:TAG]` or `https://...#sha256=HEX`
    #[arg(value_parser = local())]
    pub(crate) source: OsString,
    #[command(flatten)]
    pub(crate) terms: InstallTerms,
}

/// Arguments of `ringfence update`.
#[derive(Args, Debug)]
pub(crate) struct Update {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// The new version; without it, what is now where the installed one came from
    #[arg(value_parser = local())]
    pub(crate) source: Option<OsString>,
    #[command(flatten)]
    pub(crate) terms: InstallTerms,
}

/// On what terms something is installed.
#[derive(Args, Debug)]
pub(crate) struct InstallTerms {
    /// Grant a capability whenever it is run, such as `files.read=/data/**` (may be repeated)
    #[arg(long, short, value_name = "CAPABILITY", value_parser = super::granted)]
    pub(crate) grant: Vec<Capability>,
    /// Grant everything that the manifest declares, without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Install an older version than the one that is installed
    #[arg(long)]
    pub(crate) allow_downgrade: bool,
    /// Install what comes from somebody else than what is installed
    #[arg(long)]
    pub(crate) allow_publisher_change: bool,
    /// What a scan blocks, warns of and accepts, as TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Install it although a scan blocks it; of known malware nothing is installed
    #[arg(long)]
    pub(crate) despite_findings: bool,
    /// Of a package of a registry: install it only if advisories that are new enough are here,
    /// and nothing in them is against it
    #[arg(long)]
    pub(crate) require_advisories: bool,
    /// Of a package of a registry: install it only if its registry signed each part of it, by a
    /// key that is built in or that you trust
    #[arg(long)]
    pub(crate) require_signatures: bool,
    /// Of a package of a registry: install it only if somebody attests from which repository it
    /// was built, and that holds
    #[arg(long)]
    pub(crate) require_provenance: bool,
    /// Of a package of a registry: how long ago each part of it has to be published, such as
    /// `7d` or `12h`, as the registry says; 0 is at any age. Without it, what the variable
    /// RINGFENCE_MIN_AGE holds
    #[arg(long, value_name = "AGE", value_parser = super::MinAge::from_str)]
    pub(crate) min_age: Option<super::MinAge>,
    /// Of a package of a registry: seconds after which fetching it is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fetch_timeout: u32,
    /// One JSON object on standard output, no card
    #[arg(long)]
    pub(crate) json: bool,
    /// No card
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Arguments of `ringfence list`.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of a verb that takes the name of a plugin.
#[derive(Args, Debug)]
pub(crate) struct OfPlugin {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence quarantine`.
#[derive(Args, Debug)]
pub(crate) struct Quarantine {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// Why, for whoever reads it later
    #[arg(long, default_value = "by the operator")]
    pub(crate) reason: String,
    /// Let it out, switched off
    #[arg(long, conflicts_with = "reason")]
    pub(crate) release: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence grant`.
#[derive(Args, Debug)]
pub(crate) struct Grant {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// What, such as `files.read=/data/**`
    #[arg(value_parser = super::granted)]
    pub(crate) capability: Capability,
    /// Last day on which it stands, such as 2027-12-31 (UTC)
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<jiff::civil::Date>,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence revoke`.
#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// What; everything that lies within it is taken back
    #[arg(value_parser = super::granted)]
    pub(crate) capability: Capability,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence rate`.
#[derive(Args, Debug)]
pub(crate) struct Rate {
    /// The plugin's name
    #[arg(value_parser = PluginName::from_str)]
    pub(crate) name: PluginName,
    /// 1 to 5, in place of what was said before
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(crate) stars: u8,
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `ringfence gc`.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// One JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
