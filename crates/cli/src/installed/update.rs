//! `ringfence update`: another version of an installed plugin.

use super::{home, install, source};
use crate::arguments::Update;
use crate::failure::Failure;
use ringfence::Plugins;
use ringfence_types::ExitCode;
use std::ffi::OsString;

pub(super) fn run(arguments: &Update) -> Result<ExitCode, Failure> {
    let home = home()?;
    let plugins = Plugins::open(&home)?;
    let installed = plugins.plugin(&arguments.name)?;
    let engine = install::engine(&home)?;
    let from = match &arguments.source {
        Some(source) => source.clone(),
        // A path from the root: what lies here is not asked for, whatever it is called.
        None => {
            let source = &installed.current.source;
            OsString::from(source.strip_prefix("file:").unwrap_or(source))
        }
    };
    // What was fetched before is the version that is installed.
    let incoming = source::incoming((&plugins, &engine), &from, &arguments.terms, true)?;
    if *incoming.name() != arguments.name {
        let (found, name) = (incoming.name(), &arguments.name);
        return Err(Failure::usage(format!("it is `{found}`, not `{name}`"))
            .help(format!("to have both: ringfence install {}", from.to_string_lossy())));
    }
    install::admit((&plugins, &engine), &incoming, &arguments.terms)
}
