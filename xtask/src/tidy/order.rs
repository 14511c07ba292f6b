//! The `members` list is the table of contents: a crate may depend only on
//! crates above it, is named for its folder, and takes the workspace's lints.

use super::workspace::Workspace;

/// Crates whose package is not `ringfence-<folder>`.
const OWN_NAMES: [(&str, &str); 2] = [("crates/ringfence", "ringfence"), ("xtask", "xtask")];

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for (position, member) in workspace.members.iter().enumerate() {
        let folder = &member.folder;
        let links = workspace.packages.get(&member.id).map(|package| package.links.as_slice());
        for link in links.unwrap_or_default() {
            let below = workspace.members.iter().skip(position).find(|other| other.id == *link);
            if let Some(below) = below {
                breaches.push(format!(
                    "{folder} depends on {}, which stands below it: the list of members in \
                     Cargo.toml is a plugin's way from bytes to effect, and a later stage \
                     must not be needed by an earlier one",
                    below.folder
                ));
            }
        }
        let last = folder.rsplit('/').next().unwrap_or(folder);
        let own = OWN_NAMES.iter().find(|(own, _)| own == folder);
        let wanted =
            own.map_or_else(|| format!("ringfence-{last}"), |(_, name)| (*name).to_owned());
        if member.name() != wanted {
            breaches.push(format!(
                "{folder} is named `{}` instead of `{wanted}`: one word per crate, in the tree \
                 and in the code",
                member.name()
            ));
        }
        let lints = member.manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            breaches.push(format!(
                "{folder}/Cargo.toml lacks `[lints] workspace = true`: without it the bans on \
                 panics and unsafe code do not hold there"
            ));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::workspace::tests::made_up;

    #[test]
    fn a_crate_that_depends_on_one_below_it_is_named() {
        let up: [(&str, &str, &[&str]); 2] =
            [("crates/a", "ringfence-a", &[]), ("crates/b", "ringfence-b", &["ringfence-a"])];
        assert_eq!(check(&made_up(&up, &[], &[])), Vec::<String>::new());
        let down: [(&str, &str, &[&str]); 2] =
            [("crates/a", "ringfence-a", &["ringfence-b"]), ("crates/b", "ringfence-b", &[])];
        let breaches = check(&made_up(&down, &[], &[]));
        assert!(breaches.len() == 1 && breaches[0].starts_with("crates/a depends on crates/b"));
    }

    #[test]
    fn a_crate_with_a_name_of_its_own_or_without_the_lints_is_named() {
        let mut workspace = made_up(&[("crates/a", "b", &[])], &[], &[]);
        workspace.members[0].manifest.remove("lints");
        assert_eq!(check(&workspace).len(), 2);
    }
}
