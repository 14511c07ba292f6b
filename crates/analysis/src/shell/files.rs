//! Programs that touch files, and redirections.

use super::programs::Call;
use super::run::{Shell, begins, known, text, with_origins};
use super::words::Span;
use crate::event::{Effect, Role, Source};
use crate::sensitive;
use crate::value::{Origin, Value};

impl Shell {
    /// What is in a file, as far as it matters where it comes from.
    pub(super) fn read_file(&mut self, program: &str, path: &Value, span: Span) -> Value {
        let written = begins(path).to_owned();
        if written == "/dev/null" || matches!(written.as_str(), "0" | "-") {
            return text("");
        }
        if let Some(answer) = self.device_connection(&written, None, span) {
            return answer;
        }
        self.emit(Effect::FileRead, program, span, vec![(Role::Path, path.clone())]);
        let source =
            if sensitive::is_credential(&written) { Source::Credential } else { Source::File };
        let value = self.origin(source, span, Some(&written));
        let fetched = self.fetched.get(written.trim_start_matches("./")).cloned();
        with_origins(with_origins(value, &fetched.unwrap_or_default()), &path.origins)
    }

    pub(super) fn write_file(&mut self, program: &str, path: Value, data: Value, span: Span) {
        let written = begins(&path).to_owned();
        if self.device_connection(&written, Some(data.clone()), span).is_some() {
            return;
        }
        let from: Vec<Origin> = data
            .origins
            .iter()
            .filter(|origin| origin.source == Source::Network)
            .cloned()
            .collect();
        if !from.is_empty() && self.fetched.len() < 10_000 {
            self.fetched.insert(written.trim_start_matches("./").to_owned(), from);
        }
        self.emit(Effect::FileWrite, program, span, vec![(Role::Path, path), (Role::Data, data)]);
    }

    /// Reads every operand that is a path; gives where all of it comes from.
    pub(super) fn read_operands(&mut self, call: &Call<'_>) -> Vec<Origin> {
        let mut origins = Vec::new();
        let operands = call.operands(&["-n", "-c", "-f", "-e", "-w", "-F", "-in", "-out", "-k"]);
        // The first one of these is what to do, in a language of its own.
        let scripted = ["sed", "awk", "gawk", "grep", "egrep", "tr", "jq"].contains(&call.program);
        let skip = usize::from(scripted && !call.has(&["-e", "-f"]));
        for operand in operands.into_iter().skip(skip) {
            let all = begins(operand);
            let path = all.contains('/')
                || all.starts_with('.')
                || all.starts_with('~')
                || sensitive::is_credential(all);
            if path && !all.contains([' ', '{', '$', '*']) {
                origins.extend(self.read_file(call.program, operand, call.span).origins);
            }
        }
        origins
    }

    pub(super) fn file_program(&mut self, call: &Call<'_>) -> Option<Value> {
        let span = call.span;
        let operands =
            call.operands(&["-m", "-o", "-g", "-n", "-c", "-t", "-f", "-C", "-type", "-maxdepth"]);
        match call.program {
            "cat" | "tac" | "head" | "tail" | "less" | "more" | "strings" | "nl" | "bat"
            | "type" => {
                if operands.is_empty() {
                    return Some(call.input.clone());
                }
                let mut read = Value::default();
                for operand in operands {
                    let one = self.read_file(call.program, operand, span);
                    read = with_origins(read, &one.origins);
                }
                return Some(read);
            }
            "ls" | "dir" | "find" | "locate" | "tree" | "du" | "stat" => {
                let path = operands.first().map_or_else(|| text("."), |path| (*path).clone());
                if call.has(&["-delete"]) {
                    self.emit(
                        Effect::FileDelete,
                        call.program,
                        span,
                        vec![(Role::Path, path.clone())],
                    );
                }
                self.emit(Effect::FileRead, call.program, span, vec![(Role::Path, path.clone())]);
                let exec = call
                    .arguments
                    .iter()
                    .position(|v| matches!(known(v), Some("-exec" | "-execdir" | "-ok")));
                if let Some(started) = exec.and_then(|at| call.arguments.get(at + 1..)) {
                    let end = started.iter().position(|v| matches!(known(v), Some(";" | "+")));
                    let command = started.get(..end.unwrap_or(started.len())).unwrap_or_default();
                    let replace =
                        |v: &Value| if known(v) == Some("{}") { path.clone() } else { v.clone() };
                    self.run_arguments(
                        &command.iter().map(replace).collect::<Vec<_>>(),
                        Value::default(),
                        span,
                    );
                }
                return Some(self.origin(Source::File, span, Some(begins(&path))));
            }
            "rm" | "unlink" | "shred" | "rmdir" | "del" | "erase" | "rd" => {
                for operand in operands {
                    self.emit(
                        Effect::FileDelete,
                        call.program,
                        span,
                        vec![(Role::Path, operand.clone())],
                    );
                }
            }
            "cp" | "mv" | "install" | "ln" | "copy" | "xcopy" | "move" => {
                let Some((target, sources)) = operands.split_last() else { return Some(text("")) };
                for source in sources {
                    let read = self.read_file(call.program, source, span);
                    self.write_file(call.program, (*target).clone(), read, span);
                }
            }
            "mkdir" | "touch" | "mkfifo" | "mknod" | "truncate" => {
                for operand in operands {
                    self.emit(
                        Effect::FileWrite,
                        call.program,
                        span,
                        vec![(Role::Path, operand.clone())],
                    );
                }
            }
            "tee" | "sponge" => {
                for operand in operands {
                    self.write_file(call.program, operand.clone(), call.input.clone(), span);
                }
                return Some(call.input.clone());
            }
            "dd" => {
                let mut data = call.input.clone();
                for argument in call.arguments {
                    if let Some(path) = known(argument).and_then(|all| all.strip_prefix("if=")) {
                        data = self.read_file("dd", &text(path), span);
                    }
                }
                for argument in call.arguments {
                    if let Some(path) = known(argument).and_then(|all| all.strip_prefix("of=")) {
                        self.write_file("dd", text(path), data.clone(), span);
                    }
                }
            }
            "chmod" | "chown" | "chgrp" | "setfacl" | "chattr" | "icacls" | "setcap" => {
                let mut operands = operands.into_iter();
                let rights = operands.next().cloned().unwrap_or_default();
                for operand in operands {
                    let roles = vec![(Role::Path, operand.clone()), (Role::Other, rights.clone())];
                    self.emit(Effect::FilePermission, call.program, span, roles);
                }
            }
            "tar" | "zip" | "unzip" | "7z" => {
                let read = self.read_operands(call);
                let roles = vec![(Role::Command, text(call.program))];
                self.emit(Effect::Spawn, call.program, span, roles);
                return Some(with_origins(
                    with_origins(Value::default(), &call.input.origins),
                    &read,
                ));
            }
            "crontab" => {
                if !call.has(&["-l"]) {
                    let data = call.input.clone();
                    let roles = vec![(Role::Path, text("/var/spool/cron")), (Role::Data, data)];
                    self.emit(Effect::FileWrite, "crontab", span, roles);
                }
                return Some(self.origin(Source::File, span, Some("crontab")));
            }
            "read" | "mapfile" | "readarray" => {
                let value = call.input.clone();
                for operand in operands {
                    if let Some(name) = known(operand) {
                        self.assign(name, value.clone(), span);
                    }
                }
            }
            _ => return None,
        }
        Some(text(""))
    }
}
