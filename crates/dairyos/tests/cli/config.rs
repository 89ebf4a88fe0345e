//! `dairyos config`: what is in force and from where, what is wrong, and never a secret.
//!
//! They deliberately need no database.

use crate::kit::{Answer, assert_help, assert_words, fields, program, text};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const PRODUCTION: &str = "mode = \"production\"\n[http]\npublic_url = \"https://books.example.org\"\n\
    [sign_in]\n\
    token_keys = [{ kid = \"a\", secret = \"0f3c9a7be1d24865ab90fe1276cd3458\" }]\n\
    totp_keys = [{ kid = \"a\", secret = \"9e0d41b27c6a85f3e0d41b27c6a85f31\" }]\n";

fn folder(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my.toml"), config).unwrap();
    folder
}

fn run(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Answer {
    let mut command = program(folder);
    command.args(args).envs(variables.iter().copied());
    Answer::of(command.output().unwrap())
}

#[test]
fn help_is_there() {
    assert_help(&["config", "show"], &["--json", "--config <FILE>"]);
    assert_help(&["config", "check"], &["--json", "DAIRYOS_CONFIG"]);
}

#[test]
fn settings_are_shown_with_their_sources_and_without_secrets() {
    let folder = folder(
        "[database]\nurl = \"postgres://me:hunter2@host/db\"\n[sign_in]\n\
         token_keys = [{ kid = \"key-1\", secret = \"hunter2\" }]\n",
    );
    let variables =
        [("DAIRYOS_HTTP__LISTEN", "127.0.0.1:99"), ("DAIRYOS_REDIS_URL", "redis://:hunter2@h")];
    let args = ["config", "show", "--config", "my.toml"];
    let said = run(folder.path(), &args, &variables).done().out;
    assert!(!said.contains("hunter2"), "{said}");
    let line = |key: &str| {
        let line = said.lines().find(|line| line.split_whitespace().next() == Some(key));
        line.unwrap_or_else(|| panic!("no {key} in {said}")).to_owned()
    };
    assert_words(&line("http.listen"), &["\"127.0.0.1:99\"", "DAIRYOS_HTTP__LISTEN"]);
    assert_words(&line("database.url"), &["\"postgres://me:***@host/db\"", "my.toml"]);
    assert_words(&line("sign_in.token_keys"), &["key-1", "***", "my.toml"]);
    assert_words(&line("limits.redis_url"), &["redis://***@h", "DAIRYOS_REDIS_URL"]);
    assert_words(&line("jobs.threads"), &["2", "default"]);

    let json = run(folder.path(), &[&args[..], &["--json"]].concat(), &variables).done().json();
    assert!(!json.to_string().contains("hunter2"), "{json}");
    assert_eq!(fields(&json["http.listen"]), ["source", "value"]);
    assert_eq!(json["jobs.threads"]["value"], 2);
}

#[test]
fn the_command_line_and_the_variable_name_the_database() {
    let folder = folder("[database]\nurl = \"sqlite:of-file.db\"\n");
    let url = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["config", "show", "--json"], args].concat();
        let json = run(folder.path(), &args, variables).done().json();
        text(&json["database.url"]["value"]).to_owned()
    };
    let variable = [("DAIRYOS_DATABASE_URL", "sqlite:of-variable.db")];
    assert_eq!(url(&[], &[]), "sqlite:dairyos.db");
    assert_eq!(url(&["--config", "my.toml"], &[]), "sqlite:of-file.db");
    assert_eq!(url(&[], &[("DAIRYOS_CONFIG", "my.toml")]), "sqlite:of-file.db");
    assert_eq!(url(&["--config", "my.toml"], &variable), "sqlite:of-variable.db");
    assert_eq!(url(&["--database", "sqlite:of-line.db"], &variable), "sqlite:of-line.db");
}

#[test]
fn commands_use_the_database_of_the_file() {
    let folder = folder("[database]\nurl = \"sqlite:of-file.db\"\n");
    let init = ["init", "--name", "Gokul Dairy", "--state", "24", "--config", "my.toml"];
    run(folder.path(), &init, &[]).done();
    assert!(folder.path().join("of-file.db").exists());
    assert!(!folder.path().join("dairyos.db").exists());
    let bad = ["verify", "--json", "--config", "none.toml"];
    let (code, message) = run(folder.path(), &bad, &[]).error();
    assert_eq!(code, "bad_argument");
    assert_words(&message, &["none.toml", "No such file"]);
    // Without a file, settings of the service do not stand in the way of other commands.
    let other =
        run(folder.path(), &["init", "--name", "G", "--state", "24"], &[("DAIRYOS_X", "1")]);
    other.done();
}

#[test]
fn good_settings_are_good() {
    let folder = folder(PRODUCTION);
    let said = run(folder.path(), &["config", "check", "--config", "my.toml"], &[]).done().out;
    assert_eq!(said, "The settings are good for production.\n");
    let said = run(folder.path(), &["config", "check"], &[]).done().out;
    assert_words(&said, &["good for development", "sign_in.token_keys, sign_in.totp_keys"]);
    let json = run(folder.path(), &["config", "check", "--json"], &[]).done().json();
    assert_eq!(fields(&json), ["good", "mode", "problems", "random"]);
    assert_eq!((&json["good"], &json["mode"]), (&Value::from(true), &Value::from("development")));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let folder = folder("");
    let variables = [("DAIRYOS_MODE", "production"), ("DAIRYOS_JOBS__THREADS", "1000")];
    let answer = run(folder.path(), &["config", "check"], &variables);
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""));
    assert_words(
        &answer.out,
        &["cannot be used", "jobs.threads", "public_url", "token_keys", "totp_keys"],
    );
    let answer = run(folder.path(), &["config", "check", "--json"], &variables);
    assert_eq!(answer.code, Some(1));
    assert_eq!(answer.json()["problems"].as_array().unwrap().len(), 4);
}

#[test]
fn a_file_that_cannot_be_read_shows_nothing_of_itself() {
    let folder = folder("[sign_in]\ntoken_keys = \"hunter2\nmode = 1\n");
    for command in ["show", "check"] {
        let answer = run(folder.path(), &["config", command, "--config", "my.toml"], &[]);
        assert_eq!(answer.code, Some(1));
        let said = format!("{}{}", answer.out, answer.err);
        assert_words(&said, &["my.toml: line 2: "]);
        assert!(!said.contains("hunter2"), "{said}");
    }
}
