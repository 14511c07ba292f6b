//! Everything that is known of one installed plugin.

use super::reputation::Reputation;
use super::{InstalledError, Plugins};
use ringfence_store::{GrantRow, Incident, PluginRow, ScanRow, SignatureRow, UsageRow, VersionRow};
use ringfence_types::{Capability, PluginName};
use serde::Serialize;

/// Everything that is known of one installed plugin.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// What is run, and whether it may be.
    pub plugin: PluginRow,
    /// Every version that was ever installed, newest first.
    pub versions: Vec<VersionRow>,
    /// What a person was asked for when this version was installed.
    pub asked: Vec<Capability>,
    /// Every yes, oldest first; those that were taken back too.
    pub grants: Vec<GrantRow>,
    /// Who vouched for this version when it came.
    pub signature: Option<SignatureRow>,
    /// What the last scan said of this version.
    pub scan: Option<ScanRow>,
    /// Every quarantine, newest first.
    pub incidents: Vec<Incident>,
    /// What it used, newest day first.
    pub usage: Vec<UsageRow>,
    /// What is known of it from having had it here.
    pub reputation: Reputation,
}

impl Plugins {
    /// Everything that is known of one installed plugin.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn info(&self, name: &PluginName) -> Result<Info, InstalledError> {
        let plugin = self.plugin(name)?;
        let package = plugin.current.package;
        let signature = self.store.signatures(&package)?.into_iter().next();
        let scan = self.store.scans(&package)?.into_iter().next();
        Ok(Info {
            reputation: self.reputation(name, scan.as_ref(), signature.as_ref())?,
            versions: self.store.versions(name)?,
            asked: self.store.asked(name, &package)?,
            grants: self.store.grants(name)?,
            signature,
            scan,
            incidents: self.store.incidents(name)?,
            usage: self.store.usage(&plugin.instance)?,
            plugin,
        })
    }
}
