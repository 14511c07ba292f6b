//! What a running jail was handed, and cannot give up without ending.

use ringfence_sandbox::{Plan, Programs};
use ringfence_types::{Capability, Kind};
use std::path::{Path, PathBuf};

/// What was handed into a jail when it was started: folders that are mounted there,
/// variables, programs. What is asked for call by call is not of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    folders: Vec<PathBuf>,
    variables: bool,
    programs: bool,
}

impl Held {
    /// What this plan hands over.
    pub(crate) fn by(plan: &Plan) -> Self {
        let granted = plan.exposed.iter().filter(|exposed| !exposed.executable);
        Self {
            folders: granted.map(|exposed| exposed.target.clone()).collect(),
            variables: !plan.environment.is_empty(),
            programs: !matches!(plan.programs, Programs::None),
        }
    }

    /// Whether some of this capability is in the jail already.
    pub(super) fn has(&self, capability: &Capability) -> bool {
        match capability.kind() {
            Kind::FilesRead | Kind::FilesWrite | Kind::FilesDelete => {
                let path = capability.scope().path().map(Path::new);
                self.folders.iter().any(|folder| {
                    path.is_none_or(|path| path.starts_with(folder) || folder.starts_with(path))
                })
            }
            Kind::EnvironmentRead => self.variables,
            Kind::ProcessExecute => self.programs,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jail_holds_what_is_mounted_in_it_and_not_what_is_asked_for_call_by_call() {
        let held = Held { folders: vec!["/data/in".into()], variables: true, programs: false };
        for (text, has) in [
            ("files.read=/data/in/**", true),
            ("files.write=/data/**", true),
            ("files.read=/data/in/part/**", true),
            ("files.read=/data/input/**", false),
            ("environment.read=TOKEN", true),
            ("process.execute=git", false),
            ("network.request=example.com", false),
            ("storage.read", false),
        ] {
            assert_eq!(held.has(&text.parse().unwrap()), has, "{text}");
        }
    }
}
