//! A client that was taken over: whatever npm does in its jail, it reaches neither the files
//! of the user nor a host beside the registry, and what it leaves behind is not followed.

use crate::npm::Shop;
use crate::program::Done;
use crate::registry::{Answer, Npm, Registry, integrity, tarball};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::{env, fs};

/// Runs with an `npm` that does this in its jail; `prefix` and `cache` are what it was told.
fn taken_over(shop: &Shop, does: &str) -> Done {
    let code = format!(
        "#!/usr/bin/env node\n\
         const fs = require('fs'), path = require('path');\n\
         const words = process.argv.slice(2);\n\
         const told = (word) => words[words.indexOf(word) + 1];\n\
         if (words[0] === 'config') {{\n\
           console.log(JSON.stringify({{ registry: process.env.npm_config_registry }}));\n\
           process.exit(0);\n\
         }}\n\
         const prefix = told('--prefix'), cache = told('--cache');\n\
         {does}\n"
    );
    let npm = shop.user.write("bin/npm", code);
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:{}", npm.parent().unwrap().display(), env::var("PATH").unwrap());
    let invocation = shop.user.ringfence(["run", "npm:tool"]).env("PATH", search);
    invocation.env("npm_config_registry", shop.registry.url("/")).env("MY_TOKEN", "hush").run()
}

fn lock(tarball: &[u8]) -> String {
    let tool = json!({ "version": "1.2.3", "integrity": integrity(tarball) });
    let packages = json!({ "": {}, "node_modules/tool": tool });
    json!({ "lockfileVersion": 3, "packages": packages }).to_string()
}

#[test]
fn what_it_leaves_behind_is_not_followed_out_of_its_folder() {
    let archive = tarball(&Npm::new("tool", "console.log('ran')").files());
    let hash = integrity(&archive);
    // In the place where npm's cache has an archive of this hash.
    let in_cache = format!(
        "const hex = Buffer.from('{}', 'base64').toString('hex');\n\
         const place = path.join(cache, '_cacache/content-v2/sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));\n\
         fs.mkdirSync(path.dirname(place), {{ recursive: true }});",
        hash.strip_prefix("sha512-").unwrap()
    );
    let written =
        format!("fs.writeFileSync(path.join(prefix, 'package-lock.json'), '{}');", lock(&archive));
    // The control: this is how it works when it stays inside.
    let shop = Shop::new();
    let fetched =
        shop.registry.url("/tool.tgz").replace("127.0.0.1", "registry.ringfence.internal");
    shop.registry.answer("/tool.tgz", Answer::Body(archive.clone()));
    let honest = format!(
        "{written} {in_cache}\n\
         require('http').get('{fetched}', (answer) => answer.pipe(fs.createWriteStream(place)));"
    );
    let done = taken_over(&shop, &honest);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");

    for outside in ["file", "folder", "lock"] {
        let shop = Shop::new();
        let file = shop.user.write(
            "outside/package-lock.json",
            if outside == "lock" { lock(&archive).into_bytes() } else { archive.clone() },
        );
        let folder = file.parent().unwrap().display().to_string();
        let file = file.display();
        let does = match outside {
            "file" => format!("{written} {in_cache} fs.symlinkSync('{file}', place);"),
            "folder" => format!(
                "{written} {in_cache} fs.rmSync(path.dirname(place), {{ recursive: true }}); fs.symlinkSync('{folder}', path.dirname(place));"
            ),
            _ => format!(
                "{in_cache} fs.rmSync(prefix, {{ recursive: true, force: true }}); fs.symlinkSync('{folder}', prefix);"
            ),
        };
        let done = taken_over(&shop, &does);
        assert!(matches!(done.code, Some(2 | 9)) && done.stdout.is_empty(), "{outside}: {done:?}");
        assert!(shop.is_empty(), "{outside}: something was kept");
    }
}

#[test]
fn it_sees_no_file_or_variable_of_the_user_and_reaches_nobody_else() {
    let (shop, elsewhere) = (Shop::new(), Registry::new());
    let secret = shop.user.write("secret.txt", "hush");
    let does = format!(
        "let seen = [];\n\
         for (const file of ['{}', '/root/.npmrc', require('os').homedir() + '/.npmrc', '/etc/shadow', '{}/keys/audit.ed25519'])\n\
           try {{ fs.readFileSync(file); seen.push(file) }} catch {{}}\n\
         if (Object.values(process.env).includes('hush')) seen.push('variable');\n\
         try {{ fs.writeFileSync('{}', '') ; seen.push('written') }} catch {{}}\n\
         const out = require('http').get('{}', () => {{}});\n\
         out.on('error', () => {{}});\n\
         setTimeout(() => {{ console.error('npm error seen ' + seen.length + ' ' + seen); process.exit(1) }}, 300);",
        secret.display(),
        shop.user.home().display(),
        shop.user.path("planted").display(),
        elsewhere.url("/").replace("127.0.0.1", "localhost"),
    );
    let done = taken_over(&shop, &does);
    assert!(done.stderr.contains("`npm:tool`: seen 0\n"), "{done:?}");
    assert!(!shop.user.path("planted").exists());
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
}
