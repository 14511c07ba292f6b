//! What the library does: for each canonical name its effects, what each argument is
//! for, and what it gives. Tables of lines, one file a subject.

mod code;
mod files;
mod machine;
mod network;
mod process;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::event::{Effect, Role, Source};

/// One effect of one thing of the library.
#[derive(Clone, Debug)]
pub(super) struct Specification {
    pub(super) effect: Option<Effect>,
    /// What the arguments are for, by position and name.
    pub(super) parameters: Vec<(Use, &'static str)>,
    /// What all further positional arguments are for.
    pub(super) rest: Option<Role>,
    /// What the object is for whose method is called.
    pub(super) receiver: Option<Role>,
    pub(super) gives: Gives,
}

/// What an argument is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    As(Role),
    /// It is called.
    Called,
    Ignored,
}

/// What a call gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// Something with the origins of what went in.
    Like,
    Nothing,
    /// Something that came from there.
    From(Source),
    /// An object of this class, about the first argument that has a role.
    Object(&'static str),
    /// An object whose class has the name of what was called.
    Itself,
    /// The object whose method it is.
    Receiver,
}

/// What this name does; nothing for most.
pub(super) fn specifications(name: &str) -> &'static [Specification] {
    TABLE.get(name).map_or(&[], Vec::as_slice)
}

static TABLE: LazyLock<HashMap<String, Vec<Specification>>> = LazyLock::new(|| {
    let mut table: HashMap<String, Vec<Specification>> = HashMap::new();
    for line in lines() {
        if let Some((names, specification)) = parse(line) {
            for name in names {
                table.entry(name).or_default().push(specification.clone());
            }
        }
    }
    table
});

fn lines() -> impl Iterator<Item = &'static str> {
    [process::TABLE, network::TABLE, files::TABLE, machine::TABLE, code::TABLE]
        .into_iter()
        .flat_map(str::lines)
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// One line: `name effect parameter... [-> gives]`. A name may have alternatives in
/// braces. A parameter is a letter for its use, `:` and its name; `A*` takes the rest,
/// `@P` says what the receiver is for.
fn parse(line: &'static str) -> Option<(Vec<String>, Specification)> {
    let (left, gives) =
        line.split_once("->").map_or((line, "like"), |(left, right)| (left, right.trim()));
    let mut words = left.split_whitespace();
    let names = alternatives(words.next()?);
    let effect = match words.next()? {
        "-" => None,
        word => Some(effect(word)?),
    };
    let mut specification = Specification {
        effect,
        parameters: Vec::new(),
        rest: None,
        receiver: None,
        gives: parse_gives(gives)?,
    };
    for word in words {
        if let Some(letter) = word.strip_prefix('@') {
            specification.receiver = Some(role(letter)?);
        } else if let Some(letter) = word.strip_suffix('*') {
            specification.rest = Some(role(letter)?);
        } else {
            let (letter, name) = word.split_once(':').unwrap_or((word, ""));
            let purpose = match letter {
                "_" => Use::Ignored,
                "F" => Use::Called,
                letter => Use::As(role(letter)?),
            };
            specification.parameters.push((purpose, name));
        }
    }
    Some((names, specification))
}

fn alternatives(name: &str) -> Vec<String> {
    let parts = name.split_once('{').and_then(|(head, rest)| {
        let (middle, tail) = rest.split_once('}')?;
        Some((head, middle, tail))
    });
    match parts {
        Some((head, middle, tail)) => {
            middle.split(',').flat_map(|one| alternatives(&format!("{head}{one}{tail}"))).collect()
        }
        None => vec![name.to_owned()],
    }
}

fn role(letter: &str) -> Option<Role> {
    Some(match letter {
        "X" => Role::Code,
        "C" => Role::Command,
        "A" => Role::CommandArgument,
        "P" => Role::Path,
        "T" => Role::Target,
        "U" => Role::Url,
        "H" => Role::Host,
        "R" => Role::Port,
        "D" => Role::Data,
        "N" => Role::Name,
        "O" => Role::Other,
        _ => return None,
    })
}

fn effect(word: &str) -> Option<Effect> {
    Some(match word {
        "code" => Effect::DynamicCode,
        "import" => Effect::DynamicImport,
        "spawn" => Effect::Spawn,
        "shell" => Effect::Shell,
        "read" => Effect::FileRead,
        "write" => Effect::FileWrite,
        "delete" => Effect::FileDelete,
        "permission" => Effect::FilePermission,
        "request" => Effect::Request,
        "connect" => Effect::Connect,
        "listen" => Effect::Listen,
        "lookup" => Effect::NameLookup,
        "environment" => Effect::EnvironmentRead,
        "set-environment" => Effect::EnvironmentWrite,
        "open-address" => Effect::OpenAddress,
        "system" => Effect::SystemInformation,
        "peripheral" => Effect::Peripheral,
        "native" => Effect::NativeCode,
        "deserialize" => Effect::Deserialize,
        "cryptography" => Effect::Cryptography,
        "mining" => Effect::Mining,
        "opaque" => Effect::Opaque,
        _ => return None,
    })
}

fn parse_gives(word: &'static str) -> Option<Gives> {
    Some(match word {
        "like" => Gives::Like,
        "nothing" => Gives::Nothing,
        "itself" => Gives::Itself,
        "receiver" => Gives::Receiver,
        "network" => Gives::From(Source::Network),
        "process" => Gives::From(Source::ProcessOutput),
        "file" => Gives::From(Source::File),
        "credential" => Gives::From(Source::Credential),
        "environment" => Gives::From(Source::Environment),
        "system" => Gives::From(Source::SystemInformation),
        "peripheral" => Gives::From(Source::Peripheral),
        "decoded" => Gives::From(Source::Decoded),
        class if class.contains(':') => Gives::Object(class),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_something_that_is_understood() {
        for line in lines() {
            assert!(parse(line).is_some(), "{line}");
        }
    }
}
