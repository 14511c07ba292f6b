//! Programs that run code which they are given.

use super::programs::Call;
use super::run::{Shell, begins, join_all, known, text, with_origins};
use super::{Language, windows};
use crate::event::{Effect, Role, Source};
use crate::value::{Shape, Value};

impl Shell {
    pub(super) fn code_program(&mut self, call: &Call<'_>) -> Option<Value> {
        let program = call.program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match program {
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" | "rbash" => self.shell(call),
            "eval" => {
                let code = join_all(call.arguments.iter().cloned(), " ");
                self.code(Language::Shell, &code, call)
            }
            "source" | "." => {
                let path = call.arguments.first().cloned().unwrap_or_default();
                self.file(Language::Shell, path, call)
            }
            "python" | "pypy" | "py" | "pythonw" => {
                self.interpreter(Language::Python, &["-c"], &["-W", "-X"], call)
            }
            "node" | "nodejs" | "bun" | "deno" | "ts-node" | "tsx" | "electron" => {
                let code = ["-e", "--eval", "-p", "--print", "-pe", "eval"];
                self.interpreter(
                    Language::JavaScript,
                    &code,
                    &["-r", "--require", "--import", "--loader"],
                    call,
                )
            }
            "perl" | "ruby" | "php" | "lua" | "osascript" | "tclsh" | "Rscript" => {
                let code = call.option(&["-e", "-r", "-ne", "-pe", "-E"])?;
                let mut roles = vec![(Role::Code, code)];
                if !call.input.origins.is_empty() {
                    roles.push((Role::Data, call.input.clone()));
                }
                self.emit(Effect::DynamicCode, call.program, call.span, roles);
                self.origin(Source::ProcessOutput, call.span, Some(call.program))
            }
            "powershell" | "pwsh" => self.powershell(call),
            "cmd" => {
                let at = call.arguments.iter().position(|v| {
                    known(v).is_some_and(|all| {
                        all.eq_ignore_ascii_case("/c") || all.eq_ignore_ascii_case("/k")
                    })
                });
                let rest = at.and_then(|at| call.arguments.get(at + 1..))?;
                self.run_arguments(rest, call.input.clone(), call.span)
            }
            "npm" | "yarn" | "pnpm" | "bun-run" => self.package_manager(call)?,
            _ => return None,
        })
    }

    fn shell(&mut self, call: &Call<'_>) -> Value {
        let at = call.arguments.iter().position(|value| {
            known(value).is_some_and(|all| {
                all.starts_with('-') && !all.starts_with("--") && all.ends_with('c')
            })
        });
        if let Some(code) = at.and_then(|at| call.arguments.get(at + 1)) {
            return self.code(Language::Shell, &code.clone(), call);
        }
        let file = call
            .operands(&["-o", "-O", "--rcfile", "--init-file"])
            .first()
            .map(|path| (*path).clone());
        match file {
            Some(path) if !call.letter('s') && known(&path) != Some("-") => {
                self.file(Language::Shell, path, call)
            }
            _ if call.letter('i') && call.input.origins.is_empty() => {
                self.emit(
                    Effect::Shell,
                    call.program,
                    call.span,
                    vec![(Role::Command, text(call.program))],
                );
                self.origin(Source::ProcessOutput, call.span, Some(call.program))
            }
            _ => self.code(Language::Shell, &call.input.clone(), call),
        }
    }

    fn interpreter(
        &mut self,
        language: Language,
        code: &[&str],
        valued: &[&str],
        call: &Call<'_>,
    ) -> Value {
        for option in valued {
            if let Some(path) = call
                .option(&[option])
                .filter(|_| option.starts_with("-r") || option.starts_with("--"))
            {
                self.file(language, path, call);
            }
        }
        let at = call
            .arguments
            .iter()
            .position(|value| known(value).is_some_and(|all| code.contains(&all)));
        if let Some(text) = at.and_then(|at| call.arguments.get(at + 1)) {
            return self.code(language, &text.clone(), call);
        }
        let module = known_option(call, "-m").filter(|_| language == Language::Python);
        if let Some(module) = module {
            let roles = vec![(Role::Command, text(&format!("{} -m {module}", call.program)))];
            self.emit(Effect::Spawn, call.program, call.span, roles);
            return self.origin(Source::ProcessOutput, call.span, Some(call.program));
        }
        let operands = call.operands(valued);
        let skip =
            usize::from(matches!(operands.first().and_then(|v| known(v)), Some("run" | "x")));
        match operands.get(skip).map(|path| (*path).clone()) {
            Some(path) if known(&path) != Some("-") => self.file(language, path, call),
            _ if call
                .arguments
                .iter()
                .any(|v| matches!(known(v), Some("--version" | "-v" | "-V"))) =>
            {
                text("")
            }
            _ => self.code(language, &call.input.clone(), call),
        }
    }

    /// A file of code runs.
    fn file(&mut self, language: Language, path: Value, call: &Call<'_>) -> Value {
        let written = begins(&path).to_owned();
        let fetched =
            self.fetched.get(written.trim_start_matches("./")).cloned().unwrap_or_default();
        // `<(curl ...)` is a path whose content is known by where it comes from.
        let streamed = path.origins.iter().any(|origin| origin.source == Source::Network)
            && known(&path).is_none();
        if streamed {
            return self.code(language, &path, call);
        }
        if let Some(path) = known(&path) {
            let place = self.place(call.span);
            self.outcome.runs.push((language, path.into(), place));
        }
        let path = with_origins(path, &fetched);
        let roles = vec![(Role::Command, text(call.program)), (Role::CommandArgument, path)];
        self.emit(Effect::Spawn, call.program, call.span, roles);
        self.origin(Source::ProcessOutput, call.span, Some(&written))
    }

    /// A text runs as code. What is known of it is read on.
    fn code(&mut self, language: Language, code: &Value, call: &Call<'_>) -> Value {
        let told = known(code).map(str::to_owned);
        let hidden = !self.hiding.is_empty() || !code.origins.is_empty();
        let something = !matches!(code.shape, Shape::Unknown) || !code.origins.is_empty();
        if hidden || told.is_none() && something {
            let effect =
                if language == Language::Shell { Effect::Shell } else { Effect::DynamicCode };
            let role = if language == Language::Shell { Role::Command } else { Role::Code };
            self.emit(effect, call.program, call.span, vec![(role, code.clone())]);
        }
        match (told, language) {
            (Some(told), Language::Shell) => self.nested(&told, &call.input, call.span),
            (Some(told), language) => {
                self.inner(language, told.into(), call.span);
                self.origin(Source::ProcessOutput, call.span, Some(call.program))
            }
            (None, Language::Shell) => {
                // The pieces that are known are commands as well: `curl $url | sh`.
                if let Shape::Partial { prefix, .. } = &code.shape {
                    self.nested(&prefix.clone(), &call.input, call.span);
                }
                self.origin(Source::ProcessOutput, call.span, Some(call.program))
            }
            _ => self.origin(Source::ProcessOutput, call.span, Some(call.program)),
        }
    }

    fn powershell(&mut self, call: &Call<'_>) -> Value {
        let mut arguments = call.arguments.iter();
        let mut all = Vec::new();
        let mut decoded = None;
        while let Some(argument) = arguments.next() {
            let option = begins(argument).to_ascii_lowercase();
            let encoded = option.len() > 1
                && "-encodedcommand".starts_with(&option)
                && option.starts_with("-e");
            if encoded && !"-executionpolicy".starts_with(&option)
                || option == "-ec"
                || option == "-enc"
                || option == "-e"
            {
                let value = arguments.next().map(begins).unwrap_or_default();
                self.hiding.push(crate::event::Hiding::Base64);
                decoded = Some(text(&windows::encoded_command(value).unwrap_or_default()));
                break;
            }
            // What stands behind it is the command line, of which it is no word.
            let is_command = option.len() > 1 && "-command".starts_with(&option);
            if is_command && option.starts_with("-c") {
                all.clear();
                continue;
            }
            all.push(argument.clone());
        }
        let all = decoded.unwrap_or_else(|| join_all(all, " "));
        let scanned = begins(&all).to_owned();
        let roles = vec![(Role::Command, with_origins(all, &call.input.origins))];
        self.emit(Effect::Shell, call.program, call.span, roles);
        let place = self.place(call.span);
        let mut events = windows::scan(&scanned, |_, _| place, self.when);
        for event in &mut events {
            event.hiding = self.hiding.clone();
        }
        self.outcome.events.extend(events);
        self.origin(Source::ProcessOutput, call.span, Some(call.program))
    }

    fn package_manager(&mut self, call: &Call<'_>) -> Option<Value> {
        let operands = call.operands(&["--prefix", "-C", "--cwd"]);
        let verb = operands.first().and_then(|verb| known(verb))?;
        let script = match verb {
            "run" | "run-script" => operands.get(1).and_then(|name| known(name)),
            "test" | "start" | "stop" | "restart" => Some(verb),
            _ if call.program != "npm" => Some(verb),
            _ => None,
        };
        self.outcome.scripts.push(script?.into());
        // `yarn add x` is no script; the program itself is shown as well.
        matches!(verb, "run" | "run-script").then(|| text(""))
    }
}

fn known_option(call: &Call<'_>, name: &str) -> Option<String> {
    call.option(&[name]).and_then(|value| known(&value).map(str::to_owned))
}
