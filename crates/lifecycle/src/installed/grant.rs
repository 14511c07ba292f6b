//! Granting and taking back one capability.

use super::proposal::stamp;
use super::{InstalledError, Plugins, actor};
use crate::engine::now_ms;
use crate::review::{Review, Terms};
use ringfence_permission::Available;
use ringfence_sandbox::Level;
use ringfence_store::NewGrant;
use ringfence_types::{Capability, EventKind, PluginName};
use serde_json::json;

impl Plugins {
    /// Grants a capability to the version that is installed, until `expires_ms`
    /// (milliseconds since 1970-01-01 UTC) where that is given.
    ///
    /// # Errors
    /// When it is not installed, switched off or altered, or the grant would have no effect.
    pub fn grant(
        &self,
        name: &PluginName,
        capability: &Capability,
        expires_ms: Option<u64>,
    ) -> Result<(), InstalledError> {
        let plugin = self.plugin(name)?;
        let ready = self.checked(&plugin, Vec::new())?;
        let by = actor();
        // As it will be when it is run: what would not be granted then is told now.
        let terms = Terms { grants: vec![capability.clone()], by: by.clone(), ..Terms::default() };
        let nowhere = Level { backend: "none", walls: Vec::new() };
        let available = Available::built_in();
        let review = Review::new(ready.package, terms, &available, nowhere, now_ms())?;
        if let Some((_, by)) =
            review.admitted.withheld().iter().find(|(held, _)| held == capability)
        {
            let (name, capability) = (name.to_string(), capability.clone());
            return Err(InstalledError::Withheld { name, capability, by: *by });
        }
        let package = plugin.current.package;
        let what = json!({
            "name": name, "digest": package, "capability": capability.to_string(),
            "until_ms": expires_ms,
        });
        let grant = NewGrant { capability: capability.clone(), at_ms: now_ms(), by, expires_ms };
        self.change(EventKind::Granted, "a capability is granted to a plugin", what, || {
            self.store.grant(name, &package, &grant)
        })
    }

    /// Takes back everything that lies within `capability`, from every version of it. What
    /// runs loses it within two seconds, or ends. Gives what was taken back.
    ///
    /// # Errors
    /// When it is not installed, or nothing of it was granted. When the version that is run,
    /// or the one to go back to, was granted more of which it is a part: it would still be
    /// had, by a yes that is not taken back.
    pub fn revoke(
        &self,
        name: &PluginName,
        capability: &Capability,
    ) -> Result<Vec<Capability>, InstalledError> {
        let plugin = self.plugin(name)?;
        let can_run = |package| {
            package == plugin.current.package
                || plugin.previous.as_ref().is_some_and(|before| before.package == package)
        };
        let now = now_ms();
        let grants = self.store.grants(name)?;
        let mut standing = grants.iter().filter(|grant| grant.revoked_ms.is_none());
        let wider = standing.clone().find(|grant| {
            can_run(grant.package)
                && grant.expires_ms.is_none_or(|end| end > now)
                && grant.capability.covers(capability)
                && !capability.covers(&grant.capability)
        });
        if wider.is_some() || !standing.any(|grant| capability.covers(&grant.capability)) {
            return Err(InstalledError::NotGranted {
                name: name.to_string(),
                capability: capability.clone(),
                wider: wider.map(|grant| grant.capability.clone()),
            });
        }
        let what = json!({ "name": name, "capability": capability.to_string() });
        let by = actor();
        self.change(EventKind::Revoked, "a capability is taken back from a plugin", what, || {
            self.store.revoke(name, capability, stamp(&by))
        })
    }
}
