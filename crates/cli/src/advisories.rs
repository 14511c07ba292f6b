//! `ringfence advisories`: what is publicly known to be wrong with the parts of a package.

mod answer;

use crate::arguments::{Advisories as Verb, AdvisoriesCheck, AdvisoriesImport, AdvisoriesStatus};
use crate::failure::{Failure, chain};
use crate::signals::Caught;
use crate::verify::now;
use crate::{fetched, output};
use ringfence::{Changed, Packed, RecordError, home_folder, recorded};
use ringfence_advisories::{
    Advisories, AdvisoriesError, Covers, Found, Import, Lists, MAX_POLICY_BYTES, Origin, Policy,
    read_lists,
};
use ringfence_package::{TreeLimits, fetch};
use ringfence_types::{EventKind, ExitCode, UntrustedText};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is shorter needs no word meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long fetching a package of a registry may take.
const FETCHING: Duration = Duration::from_secs(300);
/// Endings of archives that are looked into.
const ARCHIVES: [&str; 7] = [".tgz", ".tar.gz", ".tar", ".zip", ".whl", ".crate", ".ringfence"];

pub(crate) fn run(verb: Verb) -> ExitCode {
    let (outcome, as_json) = match verb {
        Verb::Import(arguments) => (import(&arguments), arguments.json),
        Verb::Check(arguments) => (check(&arguments), arguments.json),
        Verb::Status(arguments) => (status(&arguments), arguments.json),
    };
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

impl From<AdvisoriesError> for Failure {
    fn from(error: AdvisoriesError) -> Self {
        let failure = Self::usage(chain(&error));
        match error {
            AdvisoriesError::MostlyMalformed { first, .. } => {
                let first: Vec<String> =
                    first.iter().take(5).map(|(place, why)| format!("{place}: {why}")).collect();
                failure.help(format!("are these records of OSV? {}", first.join("; ")))
            }
            AdvisoriesError::Damaged { .. } | AdvisoriesError::NewerFormat { .. } => failure.help(
                "remove `advisories.sqlite` from the home, then: ringfence advisories import PATH",
            ),
            AdvisoriesError::Empty => {
                failure.help("wanted: files ending in `.json`, or one record on each line")
            }
            AdvisoriesError::Busy => failure.help("try again when it has ended"),
            _ => failure,
        }
    }
}

fn home() -> Result<PathBuf, Failure> {
    home_folder().map_err(|error| Failure::caused(ExitCode::Usage, &error))
}

fn import(arguments: &AdvisoriesImport) -> Result<ExitCode, Failure> {
    let home = home()?;
    let mut import = Import::begin(&home, now())?;
    let begun = Instant::now();
    let mut told = begun;
    let progress = |records: u64| {
        if records.is_multiple_of(1_000) && told.elapsed() >= PATIENCE {
            told = Instant::now();
            output::say(&format!("{records} records, {} s", begun.elapsed().as_secs()));
        }
    };
    if arguments.source == Path::new("-") {
        let mut lines = BufReader::with_capacity(1 << 18, std::io::stdin());
        import.read(Origin::Lines(&mut lines), progress)?;
    } else {
        import.read(Origin::Path(&arguments.source), progress)?;
    }
    let covers = if arguments.covers.is_empty() {
        Covers::Most
    } else {
        Covers::These(arguments.covers.iter().filter_map(|covered| covered.0).collect())
    };
    let name = arguments.source.to_string_lossy().into_owned();
    let ready = import.finish(&name, &covers)?;
    let what = serde_json::json!({
        "source": name,
        "new": ready.imported().new,
        "updated": ready.imported().updated,
        "malformed": ready.imported().malformed,
    });
    let changed = Changed {
        kind: EventKind::AdvisoriesChanged,
        said: "advisories are imported",
        not_done: "the advisories were not changed",
        what: ("advisories", what),
    };
    let imported = recorded(&home, &changed, || ready.commit())
        .map_err(|error: RecordError| Failure::caused(ExitCode::Audit, &error))??;
    answer::imported(&imported, arguments.json);
    Ok(ExitCode::Success)
}

fn check(arguments: &AdvisoriesCheck) -> Result<ExitCode, Failure> {
    let policy = Policy {
        block: arguments.block.0,
        max_age_days: Some(arguments.max_age),
        demand_data: !arguments.allow_unchecked,
        ignored: arguments.ignore.as_deref().map_or_else(|| Ok(Vec::new()), ignored)?,
    };
    let mut found = found(&arguments.target)?;
    if arguments.production {
        found.without_development();
    }
    let checked = Advisories::open(&home()?)?.check(&found, &policy, now())?;
    answer::checked(&checked, &policy, arguments.json);
    Ok(if checked.blocks { ExitCode::Refused } else { ExitCode::Success })
}

fn status(arguments: &AdvisoriesStatus) -> Result<ExitCode, Failure> {
    let advisories = Advisories::open(&home()?)?;
    answer::status(&advisories.data(now())?, &advisories.sources()?, arguments.json);
    Ok(ExitCode::Success)
}

/// What the target says that it is made of.
fn found(target: &Path) -> Result<Found, Failure> {
    if let Some(source) = fetched::source(target).transpose()? {
        // It is gone again when it was looked at.
        let caught = Caught::begin()?;
        let fetched = fetched::to_look_at(&source, FETCHING, None, Some(caught.interrupt()))?;
        return Ok(read_lists(&fetched.folder())?);
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_archive = target.is_file() && ARCHIVES.iter().any(|ending| name.ends_with(ending));
    if !is_archive {
        return read_lists(target).map_err(|error| {
            Failure::from(error).help(
                "wanted: a folder, a lock file, requirements.txt, CycloneDX in JSON, or an archive",
            )
        });
    }
    let mut lists = Lists::default();
    if name.ends_with(".ringfence") {
        let packed = Packed::open(target).map_err(|error| crate::pack::wrong(target, &error))?;
        lists.read("sbom.cdx.json", packed.bill_of_materials());
    }
    let limits = TreeLimits::default();
    let fetched = fetch(target, &limits).map_err(Failure::usage)?;
    let tree = fetched.unpack(&limits);
    for file in &tree.files {
        lists.read(&file.path, &file.bytes);
    }
    for oddity in &tree.oddities {
        lists.unread(&oddity.path, oddity.why);
    }
    Ok(lists.finish())
}

fn ignored(path: &Path) -> Result<Vec<ringfence_advisories::Ignore>, Failure> {
    let wrong = |why: String| {
        let place = path.display().to_string();
        Failure::usage(format!("`{}`: {why}", UntrustedText::new(&place)))
            .help("the form is shown by: ringfence advisories check --help")
    };
    let most = u64::try_from(MAX_POLICY_BYTES).unwrap_or(u64::MAX);
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(most + 1).read_to_string(&mut text);
    let read = read.map_err(|error| wrong(error.to_string()))?;
    if read > MAX_POLICY_BYTES {
        return Err(wrong(format!("it is larger than {MAX_POLICY_BYTES} bytes")));
    }
    Policy::read_ignored(&text).map_err(|error| wrong(error.to_string()))
}
