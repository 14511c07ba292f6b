//! `cargo xtask tidy`: rules of the house that no compiler holds. One file per
//! kind of rule; every failure says why the rule is there.

mod closures;
mod documents;
mod golden;
mod licences;
mod order;
mod promises;
mod rules;
mod sources;
mod workspace;

use crate::Result;
use workspace::Workspace;

/// Checks every rule and prints every breach. With `bless`, the committed
/// dependency lists are written anew first.
pub(crate) fn run(bless: bool) -> Result<()> {
    if bless {
        golden::write()?;
        rules::write(&Workspace::read()?)?;
    }
    let workspace = Workspace::read()?;
    let rules: [(&str, Vec<String>); 9] = [
        ("order of crates", order::check(&workspace)),
        ("closures", closures::check(&workspace)),
        ("dependency lists", golden::check(&workspace)?),
        ("licences", licences::check(&workspace)?),
        ("sources", sources::check(&workspace)),
        ("purity", sources::check_purity(&workspace)),
        ("documents", documents::check(&workspace)),
        ("promises", promises::check(&workspace)),
        ("rules of the analysis", rules::check(&workspace)),
    ];
    let breaches: usize = rules.iter().map(|(_, found)| found.len()).sum();
    for (rule, found) in &rules {
        for breach in found {
            eprintln!("tidy: {rule}: {breach}");
        }
    }
    println!(
        "tidy: {} rules over {} crates and {} files, {breaches} breaches",
        rules.len(),
        workspace.members.len(),
        workspace.files.len()
    );
    if breaches == 0 { Ok(()) } else { Err(format!("{breaches} breaches").into()) }
}
