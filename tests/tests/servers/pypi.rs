//! Servers from PyPI.

use crate::cache::{Server, pypi};
use crate::program::User;
use serde_json::json;
use std::path::Path;
use std::process::Command;

#[test]
fn mcp_server_time_and_mcp_server_calculator_need_nothing() {
    let user = User::new();
    let path = pypi("mcp-server-time", "mcp-server-time");
    let time = Server::new(&user, &path);
    assert_eq!(time.tools(), ["get_current_time", "convert_time"]);
    let noon =
        json!({ "source_timezone": "UTC", "target_timezone": "Asia/Tokyo", "time": "12:00" });
    let answer = time.call("convert_time", &noon);
    assert!(answer.contains("21:00:00+09:00"), "{answer}");
    let path = pypi("mcp-server-calculator", "mcp-server-calculator");
    let calculator = Server::new(&user, &path);
    assert_eq!(calculator.tools(), ["calculate"]);
    assert_eq!(calculator.call("calculate", &json!({ "expression": "6*7" })), "42");
}

/// A repository of the test's own with one commit and one change.
fn repository(folder: &Path) {
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    std::fs::create_dir(folder).unwrap();
    git(&["init", "-q"]);
    std::fs::write(folder.join("poem.txt"), "first line\n").unwrap();
    git(&["add", "poem.txt"]);
    git(&["commit", "-q", "-m", "begin a poem"]);
    std::fs::write(folder.join("poem.txt"), "first line\nsecond line\n").unwrap();
}

#[test]
fn mcp_server_git_reads_a_granted_repository_and_cannot_change_it() {
    let user = User::new();
    let path = pypi("mcp-server-git", "mcp-server-git");
    let folder = user.path("repository");
    repository(&folder);
    let folder = folder.canonicalize().unwrap();
    let read = format!("files.read={}/**", folder.display());
    let reader =
        Server::new(&user, &path).with("--grant", "process.execute=git").with("--grant", &read);
    assert!(reader.tools().contains(&"git_log".to_owned()));
    let here = json!({ "repo_path": folder });
    let status = reader.call("git_status", &here);
    assert!(status.contains("modified:") && status.contains("poem.txt"), "{status}");
    let log = reader.call("git_log", &here);
    assert!(log.contains("begin a poem"), "{log}");
    let branch = json!({ "repo_path": folder, "branch_name": "planted" });
    reader.refused("git_create_branch", &branch);
    assert!(!folder.join(".git/refs/heads/planted").exists());
    // Without the grant to start git it cannot even start.
    let without = Server::new(&user, &path).with("--grant", &read);
    let (code, _) = without.refused("git_status", &here);
    assert_eq!(code, 7);
}

#[test]
fn mcp_shell_server_starts_the_granted_programs_and_no_other() {
    let user = User::new();
    let path = pypi("mcp-shell-server", "mcp-shell-server");
    let sum = json!({ "command": ["expr", "40", "+", "2"], "directory": "/tmp" });
    let allowed = "ALLOW_COMMANDS=expr,cat";
    let bare = Server::new(&user, &path).with("--env", allowed);
    assert_eq!(bare.tools(), ["shell_execute"]);
    bare.refused("shell_execute", &sum);
    let granted = || {
        Server::new(&user, &path)
            .with("--env", allowed)
            .with("--grant", "process.execute=expr")
            .with("--grant", "process.execute=sh")
    };
    assert!(granted().call("shell_execute", &sum).contains("42"));
    let file = json!({ "command": ["cat", "/etc/hostname"], "directory": "/tmp" });
    granted().refused("shell_execute", &file);
}
