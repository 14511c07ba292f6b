//! How one name is made from another.

use super::confusable::{looks, skeleton};
use super::{Form, Names, Resemblance, letters};

/// Shorter names have too many honest neighbours for a letter to mean anything.
const SHORTEST: usize = 5;
/// Names of which two letters may differ.
const LONG: usize = 12;
/// What is put in front or behind, with or without a separator before it.
const ENDINGS: [&str; 15] = [
    "js", "py", "python", "node", "lib", "sdk", "cli", "api", "npm", "ts", "official", "dev",
    "latest", "pkg", "package",
];
const BEGINNINGS: [&str; 8] = ["node", "python", "py", "python3", "npm", "js", "the", "lib"];

/// The closest well-known name.
pub(super) fn closest(names: &Names, name: &str) -> Option<Resemblance> {
    let plain = skeleton(name);
    let own = Shape::of(&plain);
    let foreign = !name.is_ascii();
    let mut best: Option<Resemblance> = None;
    let mut found = |popular: &'static str, form: Form| {
        let candidate = Resemblance { popular, form };
        if best.is_none_or(|best| (form, popular) < (best.form, best.popular)) {
            best = Some(candidate);
        }
    };
    for popular in &names.popular {
        if popular.name.len().abs_diff(plain.len()) > 10 {
            continue;
        }
        // Letters that only one of them has: two edits change at most four, separators
        // come and go freely.
        let differs = (popular.letters ^ own.letters).count_ones();
        if differs > 8 {
            continue;
        }
        if popular.name == plain {
            found(popular.name, if foreign { Form::Confusable } else { Form::Case });
            continue;
        }
        if let Some(form) = form(&own, popular.name, differs) {
            found(popular.name, form);
        }
    }
    if best.is_none()
        && let Some((scope, rest)) = plain.split_once('/')
        && scope.len() > SHORTEST
    {
        for known in &names.scopes {
            if edit(scope, known).is_some() {
                let whole = format!("{known}/{rest}");
                let same = names.popular.iter().find(|popular| popular.name == whole);
                let popular = same.map_or(*known, |popular| popular.name);
                return Some(Resemblance { popular, form: Form::Scope });
            }
        }
    }
    best
}

/// A name with what is asked of it for every other one.
struct Shape<'n> {
    name: &'n str,
    letters: u64,
    joined: String,
    looks: String,
    words: Vec<String>,
    bare: String,
    /// What is left of it without a usual ending or beginning.
    cores: Vec<&'n str>,
}

impl<'n> Shape<'n> {
    fn of(name: &'n str) -> Self {
        Self {
            name,
            letters: letters(name),
            joined: joined(name),
            looks: looks(name),
            words: words(name),
            bare: name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(),
            cores: cores(name),
        }
    }
}

fn separator(letter: char) -> bool {
    matches!(letter, '-' | '_' | '.' | '/' | '@')
}

/// Whether two names may look alike from their first letter on; spares most comparisons.
fn looks_begin_alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| looks(name.get(..1).unwrap_or_default());
    plain(one) == plain(other) || one.starts_with("rn") || other.starts_with("rn")
}

fn joined(name: &str) -> String {
    name.chars().filter(|letter| !separator(*letter)).collect()
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> =
        name.split(separator).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}

fn form(own: &Shape<'_>, popular: &str, differs: u32) -> Option<Form> {
    let name = own.name;
    let long = popular.len() >= SHORTEST;
    let letters = popular.chars().filter(|letter| !separator(*letter));
    if differs <= 5 && own.joined.len() >= 4 && own.joined.chars().eq(letters) {
        // `babel-core` came before `@babel/core`: a scope's name in front is often honest.
        let scoped = popular.starts_with('@') && !name.starts_with('@');
        return Some(if scoped { Form::Scope } else { Form::Separator });
    }
    let near = differs <= 6 && popular.len().abs_diff(name.len()) <= 2;
    if long && near && looks_begin_alike(name, popular) && own.looks == looks(popular) {
        return Some(Form::Confusable);
    }
    if long
        && differs <= 4
        && popular.len().abs_diff(name.len()) <= 1
        && let Some(form) = edit(name, popular)
        && (popular.len() > SHORTEST || form <= Form::Repetition)
    {
        return Some(form);
    }
    if differs == 0 && popular.len() >= 7 && moved(name, popular) {
        return Some(Form::Transposition);
    }
    if differs <= 1 && own.words.len() > 1 && own.words == words(popular) {
        return Some(Form::Order);
    }
    let bare = popular.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = bare.len() < popular.len() || own.bare.len() < name.len();
    if digits && bare.len() >= SHORTEST && own.bare == bare {
        return Some(Form::Digit);
    }
    if long && own.cores.contains(&popular) {
        return Some(Form::Affix);
    }
    let near = differs <= 4 && popular.len() >= LONG && popular.len().abs_diff(name.len()) <= 2;
    if near && !popular.starts_with('@') && strsim::osa_distance(name, popular) == 2 {
        return Some(Form::TwoLetters);
    }
    None
}

/// How two names differ in one letter.
fn edit(name: &str, popular: &str) -> Option<Form> {
    let (one, other) = (name.as_bytes(), popular.as_bytes());
    let front = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(front..)?, other.get(front..)?);
    let back = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let one = one.get(..one.len() - back)?;
    let other = other.get(..other.len() - back)?;
    let before = front.checked_sub(1).and_then(|at| popular.as_bytes().get(at));
    match (one, other) {
        ([a, b], [c, d]) if a == d && b == c => Some(Form::Transposition),
        ([], [missing]) => {
            Some(if missing.is_ascii_digit() { Form::Digit } else { Form::Omission })
        }
        ([added], []) => Some(if Some(added) == before {
            Form::Repetition
        } else if added.is_ascii_digit() {
            Form::Digit
        } else if before.is_some_and(|before| neighbours(*added, *before)) {
            Form::Keyboard
        } else {
            Form::Insertion
        }),
        ([wrong], [right]) => Some(if wrong.is_ascii_digit() && right.is_ascii_digit() {
            Form::Digit
        } else if neighbours(*wrong, *right) {
            Form::Keyboard
        } else if (wrong ^ right).count_ones() == 1 && right.is_ascii_alphabetic() {
            Form::BitFlip
        } else {
            Form::Substitution
        }),
        _ => None,
    }
}

/// Keys that stand beside each other on the usual keyboard.
fn neighbours(one: u8, other: u8) -> bool {
    const ROWS: [&[u8]; 4] = [b"1234567890-", b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];
    let place = |key: u8| {
        ROWS.iter().enumerate().find_map(|(row, keys)| {
            keys.iter().position(|other| *other == key).map(|column| (row, column))
        })
    };
    let (Some((row, column)), Some((other_row, other_column))) = (place(one), place(other)) else {
        return false;
    };
    let sideways = row == other_row && column.abs_diff(other_column) == 1;
    // Each row is moved half a key to the right of the one above.
    let (upper, lower) =
        if row < other_row { (column, other_column) } else { (other_column, column) };
    sideways || row.abs_diff(other_row) == 1 && (upper == lower || upper == lower + 1)
}

/// Whether one letter of a name stands somewhere else in the other.
fn moved(name: &str, popular: &str) -> bool {
    if name.len() != popular.len() {
        return false;
    }
    let mut sorted: [Vec<u8>; 2] = [name.as_bytes().to_vec(), popular.as_bytes().to_vec()];
    sorted.iter_mut().for_each(|letters| letters.sort_unstable());
    let [one, other] = &sorted;
    one == other && strsim::levenshtein(name, popular) <= 2
}

fn cores(name: &str) -> Vec<&str> {
    let ends = ENDINGS.iter().filter_map(|ending| name.strip_suffix(ending));
    let begins = BEGINNINGS.iter().filter_map(|beginning| name.strip_prefix(beginning));
    ends.chain(begins).map(|core| core.trim_matches(separator)).collect()
}
