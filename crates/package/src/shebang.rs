//! The first line of a script: which interpreter it names.

use crate::entry_text::{Runtime, split_words};

/// Longest first line that is looked at; the kernel reads 256 bytes.
const MAX_LINE: usize = 256;

/// What a `#!` line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shebang {
    /// The interpreter's file name without folder, such as `python3`.
    pub(crate) interpreter: String,
    /// Options for the interpreter.
    pub(crate) options: Vec<String>,
}

impl Shebang {
    /// Reads the first line of `head`; none if it is no `#!` line.
    pub(crate) fn read(head: &[u8]) -> Option<Shebang> {
        let rest = head.strip_prefix(b"#!")?;
        let line = rest.split(|byte| *byte == b'\n').next()?;
        if line.len() > MAX_LINE {
            return None;
        }
        let line = std::str::from_utf8(line).ok()?.trim();
        let (program, argument) = match line.split_once([' ', '\t']) {
            Some((program, argument)) => (program, argument.trim()),
            None => (line, ""),
        };
        let name = file_name(program)?;
        if name != "env" {
            let options = if argument.is_empty() { Vec::new() } else { vec![argument.to_owned()] };
            return Some(Shebang { interpreter: name.to_owned(), options });
        }
        Self::of_env(argument)
    }

    /// `env NAME`, `env -S NAME OPTIONS...`, with `VARIABLE=value` in between.
    fn of_env(argument: &str) -> Option<Shebang> {
        let split = argument
            .strip_prefix("-S")
            .or_else(|| argument.strip_prefix("--split-string="))
            .or_else(|| argument.strip_prefix("-vS"));
        let words = match split {
            Some(text) => split_words(text)?,
            // Without -S the kernel hands over one single argument.
            None => vec![argument.to_owned()],
        };
        let mut words = words.into_iter().skip_while(|word| {
            word.split_once('=').is_some_and(|(name, _)| !name.contains('/'))
                || word == "-i"
                || word == "-"
        });
        let interpreter = file_name(&words.next()?)?.to_owned();
        Some(Shebang { interpreter, options: words.collect() })
    }

    /// The runtime that the interpreter belongs to.
    pub(crate) fn runtime(&self) -> Runtime {
        let name = self.interpreter.as_str();
        if name == "node" || name == "nodejs" {
            return Runtime::Node;
        }
        let version = name.strip_prefix("python");
        if version.is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
            return Runtime::Python;
        }
        Runtime::Command
    }
}

fn file_name(program: &str) -> Option<&str> {
    program.rsplit('/').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_script_is_found_in_every_usual_form() {
        for (line, runtime, options) in [
            ("#!/usr/bin/env node\n", Runtime::Node, &[][..]),
            ("#! /usr/bin/env  node \r\n", Runtime::Node, &[]),
            ("#!/usr/bin/env -S node --no-warnings\n", Runtime::Node, &["--no-warnings"]),
            ("#!/usr/bin/env -S A=1 node -r 'x y'\n", Runtime::Node, &["-r", "x y"]),
            ("#!/usr/bin/python3.11\n", Runtime::Python, &[]),
            ("#!/home/u/venv/bin/python -I\n", Runtime::Python, &["-I"]),
            ("#!/usr/bin/env python3", Runtime::Python, &[]),
            ("#!/bin/sh -e\n", Runtime::Command, &["-e"]),
            ("#!/usr/bin/pythonic\n", Runtime::Command, &[]),
        ] {
            let shebang = Shebang::read(line.as_bytes()).unwrap();
            assert_eq!(shebang.runtime(), runtime, "{line}");
            assert_eq!(shebang.options, options, "{line}");
        }
    }

    #[test]
    fn other_first_lines_name_no_interpreter() {
        for line in [
            &b""[..],
            b"#",
            b"#!",
            b"#!\n",
            b"# !/bin/sh",
            b"#!/usr/bin/env",
            b"#!/usr/bin/",
            b"#!/usr/bin/env -S 'node",
            b"#!\xff\xfe",
        ] {
            assert_eq!(Shebang::read(line), None, "{line:?}");
        }
        assert_eq!(Shebang::read(&[b"#!/".as_slice(), &[b'a'; 300]].concat()), None);
    }
}
