//! What `ringfence run NAME` needs of an installed plugin.

use super::plugins;
use crate::arguments::Run;
use crate::failure::Failure;
use crate::output;
use crate::secret::GivenSecret;
use ringfence::{Ended, Engine, Kind, Package, RunError, Terms, find_installed, home_folder};
use ringfence_types::PluginName;
use std::ffi::OsStr;

/// The installed plugin that the command line names, if it names one.
pub(crate) fn named(arguments: &Run) -> Result<Option<PluginName>, Failure> {
    // In front of a command, a bare word is an action of it.
    let bare = arguments.command.is_empty();
    let target = arguments.target.as_deref().filter(|word| bare || is_plugin(word));
    let Some(word) = target else {
        return Ok(None);
    };
    // Without a home nothing is installed; that there is none is told where it is needed.
    let Ok(home) = home_folder() else { return Ok(None) };
    Ok(find_installed(&home, word)?)
}

fn is_plugin(word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| word.starts_with("installed:"))
}

/// Its package; what was consented to for it stays with the arguments.
pub(crate) fn ready(
    engine: &Engine,
    name: &PluginName,
    arguments: &mut Run,
) -> Result<Package, Failure> {
    let ready =
        plugins()?.ready(engine, name, arguments.command.clone(), arguments.despite_findings)?;
    arguments.installed = Some(ready.kept);
    Ok(ready.package)
}

/// The terms with what was consented to before, and where its secrets come from.
pub(crate) fn add_kept(mut terms: Terms, arguments: &Run) -> Result<Terms, Failure> {
    let Some(kept) = &arguments.installed else {
        return Ok(terms);
    };
    kept.add_to(&mut terms);
    let home = super::home()?;
    let secrets: Vec<_> = terms
        .consent
        .items
        .iter()
        .filter(|item| item.capability.kind() == Kind::SecretsUse)
        .collect();
    for item in secrets {
        let Some(secret) = item.capability.scope().secret() else { continue };
        let is_given = arguments.secret.iter().any(|given| {
            given.capability.scope().secret().is_some_and(|other| other.name() == secret.name())
        });
        if let (false, Some(given)) = (is_given, GivenSecret::consented(&item.capability)) {
            terms.secrets = given.add_to(terms.secrets, &home).map_err(Failure::usage)?;
        }
    }
    Ok(terms)
}

/// Writes down what the run used. It is over, whether or not that can be written.
pub(crate) fn ended(arguments: &Run, ended: &Ended, failure: Option<&RunError>) {
    if let Some(kept) = &arguments.installed
        && let Err(error) = kept.ended(ended, failure)
        && !arguments.quiet
    {
        output::say(&format!("  what it used was not written down: {error}"));
    }
}
