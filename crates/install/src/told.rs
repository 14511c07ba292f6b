//! What a person is told of a package that was admitted.

use crate::admitted::Admitted;
use crate::known::Known;
use crate::pypi::normalised;
use crate::record::Record;
use ringfence_package::Package;
use ringfence_types::{PluginName, UntrustedText};

/// Tells on the card where it came from and what was seen.
pub(crate) fn described(mut package: Package, record: Record, known: Known) -> Admitted {
    let publisher_change = record.publisher_change();
    let Record { version, registry, packages, looked, vouched, .. } = &record;
    // Whatever its files call themselves: they are a stranger's, and may say a name that
    // somebody trusts.
    package.version = Some(version.clone());
    if let Some(name) = asked_for(&package, &record) {
        package.name = name;
    }
    let mut notes = vec![
        format!(
            "from {} {} at {}, {} in all, hashes compared",
            UntrustedText::new(&record.name),
            UntrustedText::new(version),
            UntrustedText::new(registry),
            packages_text(packages.len()),
        ),
        vouched.line(),
        format!("its code scores {} of 100{}", looked.score, reasons(&looked.why)),
    ];
    if let Some(change) = &publisher_change {
        notes.insert(0, format!("ANOTHER PUBLISHER: {change}"));
    }
    if !known.said.is_empty() {
        notes.push(known.said);
    }
    if !looked.uses.is_empty() {
        notes.push(format!("its own code uses {}", looked.uses.join(", ")));
    }
    let scripts: Vec<String> = packages
        .iter()
        .filter(|package| package.has_install_script)
        .map(|package| UntrustedText::new(&package.name).to_string())
        .collect();
    if !scripts.is_empty() {
        notes.push(format!("install scripts were not run, of {}", scripts.join(", ")));
    }
    notes.append(&mut package.notes);
    package.notes = notes;
    let Record { looked, vouched, .. } = record;
    Admitted { package, looked, vouched, publisher_change }
}

/// The name that it was asked for by, where its files say another one.
fn asked_for(package: &Package, record: &Record) -> Option<PluginName> {
    let (kind, name) = record.name.split_once(':')?;
    let is_same = match kind {
        "pypi" => normalised(package.name.as_str()) == normalised(name),
        _ => package.name.as_str() == name,
    };
    if is_same { None } else { name.parse().ok() }
}

fn packages_text(count: usize) -> String {
    if count == 1 { "1 package".to_owned() } else { format!("{count} packages") }
}

fn reasons(why: &[String]) -> String {
    why.first().map(|first| format!(": {first}")).unwrap_or_default()
}
