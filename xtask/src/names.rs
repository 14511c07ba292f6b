//! `cargo xtask names <npm|pypi> <downloads> [<dependents>]`: writes the lists of
//! well-known names that `crates/analysis` compares other names with.
//!
//! Both files hold names in quotes, the best known first, as the sources publish them:
//! for npm `lib/top-download.js` and `lib/top-dependent.js` of the package
//! `npm-high-impact` (MIT), for PyPI the JSON of top-pypi-packages (MIT). A name counts
//! as popular by its rank in downloads, or by its rank in dependents when it is in both:
//! anybody can make packages depend on each other.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

/// Ranks of downloads that are popular.
const POPULAR_BY_DOWNLOADS: [(&str, usize); 2] = [("npm", 4_000), ("pypi", 5_500)];
/// Ranks of dependents that are popular.
const POPULAR_BY_DEPENDENTS: usize = 1_500;
const FOLDER: &str = "crates/analysis/src/names";

pub(crate) fn run(words: &[&str]) -> crate::Result<()> {
    let [ecosystem, downloads, dependents @ ..] = words else {
        return Err("usage: cargo xtask names <npm|pypi> <downloads> [<dependents>]".into());
    };
    let most = POPULAR_BY_DOWNLOADS.iter().find(|(name, _)| name == ecosystem);
    let Some((_, most)) = most else { return Err("the first word is npm or pypi".into()) };
    let downloads = quoted(&fs::read_to_string(downloads)?);
    let all: BTreeSet<&String> = downloads.iter().collect();
    let mut popular: BTreeSet<String> = downloads.iter().take(*most).cloned().collect();
    if let [path] = dependents {
        let dependents = quoted(&fs::read_to_string(path)?);
        let both = dependents.into_iter().take(POPULAR_BY_DEPENDENTS);
        popular.extend(both.filter(|name| all.contains(name)));
    }
    let known = all.into_iter().filter(|name| !popular.contains(*name));
    write(&format!("{FOLDER}/{ecosystem}-known.txt"), known)?;
    write(&format!("{FOLDER}/{ecosystem}-popular.txt"), popular.iter())?;
    Ok(())
}

/// The names that stand in quotes in a list of JavaScript or JSON, in their order.
fn quoted(text: &str) -> Vec<String> {
    let lines = text.split(['\n', ',', '[', ']']).map(str::trim);
    let inner = lines.filter_map(|line| {
        let quote = line.chars().next().filter(|first| matches!(first, '"' | '\''))?;
        line.strip_prefix(quote)?.strip_suffix(quote)
    });
    let name = |c: char| c.is_ascii_alphanumeric() || "@/._-~".contains(c);
    inner.filter(|text| !text.is_empty() && text.chars().all(name)).map(str::to_owned).collect()
}

fn write<'n>(path: &str, names: impl Iterator<Item = &'n String>) -> crate::Result<()> {
    let mut text = String::new();
    for name in names {
        writeln!(text, "{name}")?;
    }
    Ok(fs::write(path, text)?)
}
