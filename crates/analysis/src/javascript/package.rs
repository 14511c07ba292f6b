//! What `package.json` calls files of its package: `imports`, and `exports` by the
//! package's own name.

use std::rc::Rc;

use serde_json::Value as Json;

use super::machine::Machine;
use super::module::{MAX_JSON_BYTES, normal};
use crate::place::FileId;

/// How deep conditions are looked through.
const MAX_DEPTH: u32 = 8;

impl Machine<'_> {
    /// The path of the package's file that a name leads to which only the package
    /// itself gives a meaning.
    pub(crate) fn own_name(&mut self, name: &str) -> Option<String> {
        let from = self.tree.file(self.file).map_or("", |file| file.path.as_str());
        let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        loop {
            let path = if folder.is_empty() {
                "package.json".to_owned()
            } else {
                format!("{folder}/package.json")
            };
            if let Some(file) = self.tree.find(&path) {
                let package = self.package(file)?;
                let target = target_of(&package, name)?;
                return normal(&format!("{folder}/{target}"));
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
    }

    /// A `package.json`, read once.
    fn package(&mut self, file: FileId) -> Option<Rc<Json>> {
        if let Some(known) = self.modules.packages.get(&file) {
            return known.clone();
        }
        let source = self.tree.file(file)?;
        let package = if source.bytes.len() < MAX_JSON_BYTES {
            serde_json::from_slice::<Json>(&source.bytes).ok().map(Rc::new)
        } else {
            None
        };
        self.modules.packages.insert(file, package.clone());
        package
    }
}

fn target_of(package: &Json, name: &str) -> Option<String> {
    if name.starts_with('#') {
        return mapped(package.get("imports")?, name);
    }
    let own = package.get("name")?.as_str()?;
    let rest = name.strip_prefix(own)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    match package.get("exports") {
        Some(exports) => {
            let is_map =
                exports.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with('.')));
            if is_map {
                mapped(exports, &format!(".{rest}"))
            } else if rest.is_empty() {
                first(exports, 0).map(str::to_owned)
            } else {
                None
            }
        }
        // Without a map of what it exports a package does not find itself.
        None => None,
    }
}

/// The target of a name in a map, whose keys may have one star.
fn mapped(map: &Json, name: &str) -> Option<String> {
    let map = map.as_object()?;
    if let Some(target) = map.get(name) {
        return first(target, 0).map(str::to_owned);
    }
    map.iter().find_map(|(key, target)| {
        let (before, after) = key.split_once('*')?;
        let star = name.strip_prefix(before)?.strip_suffix(after)?;
        first(target, 0).map(|target| target.replace('*', star))
    })
}

/// The first file among conditions, the one for Node.js before all others.
fn first(target: &Json, depth: u32) -> Option<&str> {
    if depth > MAX_DEPTH {
        return None;
    }
    match target {
        Json::String(path) => path.starts_with('.').then_some(path.as_str()),
        Json::Array(all) => all.iter().find_map(|one| first(one, depth + 1)),
        Json::Object(conditions) => ["node", "require", "import", "default"]
            .iter()
            .filter_map(|condition| conditions.get(*condition))
            .chain(conditions.values())
            .find_map(|one| first(one, depth + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(package: &str, name: &str) -> Option<String> {
        target_of(&serde_json::from_str(package).unwrap(), name)
    }

    #[test]
    fn names_of_a_package_lead_to_its_files() {
        let imports = r##"{"imports": {"#a": {"types": "./a.d.ts", "node": "./a.js"}, "#b/*": "./lib/*.js"}}"##;
        assert_eq!(target(imports, "#a").as_deref(), Some("./a.js"));
        assert_eq!(target(imports, "#b/x").as_deref(), Some("./lib/x.js"));
        assert_eq!(target(imports, "#c"), None);
        let exports =
            r#"{"name": "own", "exports": {".": {"default": "./m.js"}, "./p": ["./p.js"]}}"#;
        assert_eq!(target(exports, "own").as_deref(), Some("./m.js"));
        assert_eq!(target(exports, "own/p").as_deref(), Some("./p.js"));
        assert_eq!(target(exports, "owner"), None);
        assert_eq!(
            target(r#"{"name": "own", "exports": "./m.js"}"#, "own").as_deref(),
            Some("./m.js")
        );
    }
}
