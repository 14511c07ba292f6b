//! What a person is told of a package that was admitted.

use crate::admitted::{Admitted, Judged, is_trusted};
use crate::oci::OciReference;
use crate::pypi::normalised;
use crate::record::Record;
use ringfence_package::Package;
use ringfence_types::{PluginName, UntrustedText};

/// Tells on the card where it came from and what was seen.
pub(crate) fn described(mut package: Package, record: Record, judged: Judged) -> Admitted {
    let Judged { known, signed } = judged;
    let publisher_change = record.publisher_change();
    let Record { version, registry, packages, looked, vouched, .. } = &record;
    // Whatever its files call themselves: they are a stranger's, and may say a name that
    // somebody trusts.
    package.version = Some(version.clone());
    let name = asked_for(&package, &record, signed.as_ref().is_some_and(is_trusted));
    if let Some(name) = name {
        package.name = name;
    }
    let many = match packages.len() {
        0 => String::new(),
        1 => ", 1 package in all".to_owned(),
        count => format!(", {count} packages in all"),
    };
    let mut notes = vec![
        format!(
            "from {} {} at {}{many}, hashes compared",
            UntrustedText::new(&without_query(&record.name)),
            UntrustedText::new(version),
            UntrustedText::new(registry),
        ),
        match &signed {
            Some(signed) => UntrustedText::new(&signed.standing.to_string()).to_string(),
            None => vouched.line(),
        },
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
    Admitted { package, looked, vouched, signed, publisher_change }
}

/// The name that it was asked for by, where its files say another one and nobody who is
/// trusted for that name says so.
fn asked_for(package: &Package, record: &Record, is_trusted: bool) -> Option<PluginName> {
    let (kind, name) = record.name.split_once(':')?;
    match kind {
        "oci" if is_trusted => return None,
        "oci" => return OciReference::parse(name).ok().map(|place| place.plugin_name().clone()),
        // Whoever named the digest meant these files, as if they lay here.
        "https" => return None,
        _ => {}
    }
    let is_same = match kind {
        "pypi" => normalised(package.name.as_str()) == normalised(name),
        _ => package.name.as_str() == name,
    };
    if is_same { None } else { name.parse().ok() }
}

/// What stands behind `?` may be a token.
fn without_query(name: &str) -> String {
    match name.strip_prefix("https:") {
        Some(url) => url.split('?').next().unwrap_or_default().to_owned(),
        None => name.to_owned(),
    }
}

fn reasons(why: &[String]) -> String {
    why.first().map(|first| format!(": {first}")).unwrap_or_default()
}
