//! Native programs that a package brings, as many do that are written in another language.

use crate::program::{Done, User};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Tries to start each program that it is told, and says what came.
const STARTS: &str = "const { spawnSync } = require('child_process');\n\
    const fs = require('fs');\n\
    for (const word of process.argv.slice(2)) {\n\
        let program = word;\n\
        if (word.startsWith('copy:')) {\n\
            program = word.slice(5);\n\
            try { fs.copyFileSync(__dirname + '/native', program); fs.chmodSync(program, 0o755) }\n\
            catch (error) { console.log('not written', error.code); continue }\n\
        } else if (word.startsWith('own:')) program = __dirname + '/' + word.slice(4);\n\
        const done = spawnSync(program, ['started']);\n\
        console.log(done.error ? done.error.code : done.stdout.toString().trim());\n\
    }\n";

struct Shipped {
    user: User,
}

impl Shipped {
    fn new() -> Self {
        let user = User::new();
        user.write("tool/index.js", STARTS);
        let native = user.write("tool/native", fs::read("/bin/echo").unwrap());
        fs::set_permissions(&native, fs::Permissions::from_mode(0o755)).unwrap();
        user.write("tool/plain", fs::read("/bin/echo").unwrap());
        Self { user }
    }

    fn starts(&self, options: &[&str], words: &[&str]) -> Done {
        let words = [&["run", "-q"], options, &["./tool", "--"], words].concat();
        self.user.ringfence(words).run()
    }
}

#[test]
fn a_program_that_a_package_brought_starts_where_it_may_start_any() {
    let shipped = Shipped::new();
    let done = shipped.starts(&["-g", "process.execute"], &["own:native", "/usr/bin/echo"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "started\nstarted\n"), "{done:?}");
}

#[test]
fn without_a_yes_to_every_program_it_does_not_start() {
    let shipped = Shipped::new();
    for options in [&[][..], &["-g", "process.execute=git"]] {
        let done = shipped.starts(options, &["own:native"]);
        assert_eq!((done.code, done.stdout.as_str()), (Some(0), "EACCES\n"), "{done:?}");
    }
}

#[test]
fn a_program_that_it_wrote_itself_does_not_start_in_spite_of_that() {
    let shipped = Shipped::new();
    let data = shipped.user.write("data/kept", "").parent().unwrap().display().to_string();
    let below = format!("{data}/**");
    let (read, write, delete) = (
        format!("files.read={below}"),
        format!("files.write={below}"),
        format!("files.delete={below}"),
    );
    let options = ["-g", "process.execute", "-g", &read, "-g", &write, "-g", &delete];
    let into_data = format!("copy:{data}/native");
    let own = format!("copy:{}", shipped.user.path("tool/plain").display());
    let done = shipped.starts(&options, &["copy:/tmp/native", &into_data, &own, "own:plain"]);
    let said: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(said[..2], ["EACCES", "EACCES"], "{done:?}");
    assert!(said[2].starts_with("not written"), "{done:?}");
    // It is no program by its mode, and stays none.
    assert_eq!(said[3], "EACCES", "{done:?}");
}
