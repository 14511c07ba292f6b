//! Where the servers are, and how one is asked.

use crate::TESTED;
use crate::program::{Done, User};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder into which `cargo xtask setup` installs.
fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("RINGFENCE_TEST_CACHE") {
        return folder.into();
    }
    let base = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&set("HOME")?).join(".cache")))
        .unwrap();
    base.join("ringfence-tests")
}

fn there(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} is missing: run cargo xtask setup", path.display());
    path
}

/// The folder of an installed npm package.
pub(crate) fn npm(folder: &str, package: &str) -> PathBuf {
    assert!(TESTED.contains(&folder));
    there(cache().join("npm").join(folder).join("node_modules").join(package))
}

/// A file in the virtual environment of an installed PyPI package.
pub(crate) fn pypi(folder: &str, file: &str) -> PathBuf {
    assert!(TESTED.contains(&folder));
    there(cache().join("pypi").join(folder).join("bin").join(file))
}

/// One server with what it is given.
pub(crate) struct Server<'a> {
    pub(crate) user: &'a User,
    pub(crate) path: &'a Path,
    pub(crate) options: Vec<String>,
}

impl<'a> Server<'a> {
    pub(crate) fn new(user: &'a User, path: &'a Path) -> Self {
        Self { user, path, options: Vec::new() }
    }

    /// With one more grant or variable.
    pub(crate) fn with(mut self, option: &str, value: &str) -> Self {
        self.options.extend([option.to_owned(), value.to_owned()]);
        self
    }

    fn run(&self, rest: &[&str]) -> Done {
        let mut arguments = vec!["run", "--mcp", "--json"];
        arguments.extend(self.options.iter().map(String::as_str));
        arguments.push(self.path.to_str().unwrap());
        arguments.extend(rest);
        let mut invocation = self.user.ringfence(arguments);
        for (name, value) in SECRETS {
            invocation = invocation.env(name, value);
        }
        let done = invocation.run();
        assert!(!done.stdout.contains(SECRET), "a secret of the host came out: {done:?}");
        done
    }

    /// Names of its tools.
    pub(crate) fn tools(&self) -> Vec<String> {
        let done = self.run(&[]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let tools = done.json()["result"]["tools"].clone();
        let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
        tools.as_array().unwrap().iter().map(name).collect()
    }

    /// What a tool answers, as text.
    pub(crate) fn call(&self, tool: &str, input: &Value) -> String {
        let done = self.run(&[tool, "--input", &input.to_string()]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let content = done.json()["result"]["content"].clone();
        let text = |part: &Value| part["text"].as_str().map(str::to_owned);
        content.as_array().unwrap().iter().filter_map(text).collect()
    }

    /// How a tool that must not work fails: the exit code and the message.
    pub(crate) fn refused(&self, tool: &str, input: &Value) -> (i32, String) {
        let done = self.run(&[tool, "--input", &input.to_string()]);
        let code = done.code.unwrap();
        assert_ne!(code, 0, "{done:?}");
        (code, done.json()["error"].to_string())
    }
}

/// A word of every secret that lies in the environment of every run.
pub(crate) const SECRET: &str = "teeth-of-the-hen";
const SECRETS: [(&str, &str); 3] = [
    ("AWS_SECRET_ACCESS_KEY", "teeth-of-the-hen-1"),
    ("GITHUB_TOKEN", "teeth-of-the-hen-2"),
    ("NODE_OPTIONS_OF_MINE", "teeth-of-the-hen-3"),
];
