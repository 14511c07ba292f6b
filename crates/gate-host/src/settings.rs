//! The configuration of a plugin, kept by the host.

use ringfence_permission::{ConfigRead, ConfigWrite, Permit};
use ringfence_types::InstanceId;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest setting, in bytes of its JSON text.
pub const MAX_SETTING_BYTES: usize = 64 * 1024;

/// Most settings of one instance in [`MemorySettings`].
pub const MAX_SETTINGS: usize = 1024;

/// Where the host keeps settings.
pub trait SettingsStore: Send + Sync {
    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&self, instance: &InstanceId, key: &str) -> Result<Option<Value>, SettingsError>;

    /// Gives a key a value.
    ///
    /// # Errors
    /// When the store fails or takes no more.
    fn set(&self, instance: &InstanceId, key: &str, value: &Value) -> Result<(), SettingsError>;
}

/// Why a setting was not read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Over [`MAX_SETTING_BYTES`].
    #[error("the setting is larger than {MAX_SETTING_BYTES} bytes")]
    TooLarge,
    /// Over [`MAX_SETTINGS`].
    #[error("an instance may have {MAX_SETTINGS} settings")]
    TooMany,
    /// The host's store failed.
    #[error("the settings cannot be kept: {0}")]
    Failed(String),
}

/// The gate: settings behind a permit.
#[derive(Clone)]
pub struct Settings {
    store: Arc<dyn SettingsStore>,
}

impl Settings {
    /// Settings kept by the host.
    #[must_use]
    pub fn new(store: Arc<dyn SettingsStore>) -> Self {
        Self { store }
    }

    /// The value of a setting, if it has one.
    ///
    /// # Errors
    /// When the host's store fails.
    pub fn get(&self, permit: Permit<'_, ConfigRead>) -> Result<Option<Value>, SettingsError> {
        let spent = permit.spend();
        self.store.get(spent.instance, spent.object)
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// When the value is too large or the host's store fails.
    pub fn set(&self, permit: Permit<'_, ConfigWrite>, value: &Value) -> Result<(), SettingsError> {
        if value.to_string().len() > MAX_SETTING_BYTES {
            return Err(SettingsError::TooLarge);
        }
        let spent = permit.spend();
        self.store.set(spent.instance, spent.object, value)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Arc::new(MemorySettings::default()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

type ByInstance = BTreeMap<InstanceId, BTreeMap<String, Value>>;

/// Settings that end with the process.
#[derive(Debug, Default)]
pub struct MemorySettings {
    values: Mutex<ByInstance>,
}

impl MemorySettings {
    /// Starts with these settings of one instance.
    #[must_use]
    pub fn with(instance: &InstanceId, values: BTreeMap<String, Value>) -> Self {
        Self { values: Mutex::new(BTreeMap::from([(instance.clone(), values)])) }
    }

    fn values(&self) -> MutexGuard<'_, ByInstance> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SettingsStore for MemorySettings {
    fn get(&self, instance: &InstanceId, key: &str) -> Result<Option<Value>, SettingsError> {
        Ok(self.values().get(instance).and_then(|values| values.get(key)).cloned())
    }

    fn set(&self, instance: &InstanceId, key: &str, value: &Value) -> Result<(), SettingsError> {
        let mut all = self.values();
        let values = all.entry(instance.clone()).or_default();
        if values.len() >= MAX_SETTINGS && !values.contains_key(key) {
            return Err(SettingsError::TooMany);
        }
        values.insert(key.to_owned(), value.clone());
        Ok(())
    }
}
