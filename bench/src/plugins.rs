//! The first answer of a plugin, and the second.

use crate::contest::{Contender, Entry, Name, Side};
use crate::jobs::Job;
use crate::ours::{Ours, example, start};
use crate::rivals::find;
use ringfence::{Answer, Engine, Package};
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the examples answer.
const ANSWER: &str = "Hello, Ada!";

/// An example plugin, and the same call made without Ringfence.
pub(crate) struct Plugin {
    pub(crate) folder: PathBuf,
    /// Or why there is no interpreter.
    pub(crate) job: Result<Job, String>,
    pub(crate) title: String,
}

impl Plugin {
    pub(crate) fn python() -> Self {
        Self::new("hello-python", "python3", |folder| {
            let code = format!(
                "import sys, json; sys.path.insert(0, {folder:?}); import plugin; \
                 print(json.dumps(plugin.greet({{'name': 'Ada'}})))"
            );
            // The flags that Ringfence starts it with: `-S` alone saves milliseconds.
            let flags = ["-I", "-S", "-B", "-c"].map(str::to_owned);
            flags.into_iter().chain([code]).collect()
        })
    }

    pub(crate) fn node() -> Self {
        Self::new("hello-node", "node", |folder| {
            let code = format!(
                "import {{ greet }} from {:?}; \
                 console.log(JSON.stringify(greet({{ name: 'Ada' }})));",
                format!("{folder}/index.mjs")
            );
            vec!["--input-type=module".to_owned(), "-e".to_owned(), code]
        })
    }

    fn new(name: &str, interpreter: &str, arguments: impl Fn(&str) -> Vec<String>) -> Self {
        let folder = example(name).canonicalize().unwrap_or_else(|_| example(name));
        let title = format!("first answer of the plugin {name}");
        let job = find(interpreter).map(|program| {
            let arguments = arguments(&folder.to_string_lossy());
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut job = Job::new(&program, &words);
            job.shown.push(folder.clone());
            job.answer = Some(ANSWER);
            job
        });
        Self { folder, job, title }
    }

    /// Our rows.
    pub(crate) fn ours(&self, ours: &Ours) -> Vec<Entry> {
        let words: [OsString; 4] = [
            self.folder.clone().into(),
            "greet".into(),
            "--input".into(),
            r#"{"name":"Ada"}"#.into(),
        ];
        vec![
            Entry::Runs(Box::new(FirstAnswer {
                engine: Arc::clone(&ours.engine),
                folder: self.folder.clone(),
            })),
            ours.command("run -q <folder> greet", words.into_iter(), Some(ANSWER)),
        ]
    }
}

struct FirstAnswer {
    engine: Arc<Engine>,
    folder: PathBuf,
}

fn greet(instance: &mut ringfence::Instance) -> Result<(), String> {
    let input = json!({ "name": "Ada" });
    match instance.execute("greet", &input).map_err(|error| error.to_string())? {
        Answer::Value(value) if value.to_string().contains(ANSWER) => Ok(()),
        Answer::Value(_) | Answer::Bytes(_) => Err("it gave another answer".to_owned()),
    }
}

impl Contender for FirstAnswer {
    fn names(&self) -> Vec<Name> {
        ["first answer", "nothing left", "one more answer, alone"]
            .map(|what| Name::new(Side::Library, format!("Ringfence library: {what}")))
            .into()
    }

    fn once(&mut self) -> Result<Vec<Duration>, String> {
        let begin = Instant::now();
        let package = open(&self.folder)?;
        let mut instance = start(&self.engine, package)?;
        greet(&mut instance)?;
        let first = begin.elapsed();
        let again = Instant::now();
        greet(&mut instance)?;
        let second = again.elapsed();
        instance.terminate();
        // As if the second call had not been made.
        let whole = begin.elapsed().saturating_sub(second);
        Ok(vec![first, whole, second])
    }
}

fn open(folder: &Path) -> Result<Package, String> {
    Package::open(folder).map_err(|error| error.to_string())
}
