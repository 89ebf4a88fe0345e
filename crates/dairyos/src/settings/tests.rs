//! The settings as a whole: default file and types agree, layers win over each other, and nothing
//! secret is ever told.
//!
//! They deliberately pass the environment in, as the program does.

use super::environment::Variable;
use super::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LONG: &str = "0f3c9a7be1d24865ab90fe1276cd3458";
const OTHER: &str = "9e0d41b27c6a85f3e0d41b27c6a85f31";

fn variables(all: &[(&str, &str)]) -> Vec<Variable> {
    all.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
}

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dairyos.toml");
    std::fs::write(&path, text).unwrap();
    File { _folder: folder, path }
}

fn loaded(text: &str, all: &[(&str, &str)]) -> Settings {
    let file = file(text);
    load(Some(&file.path), &variables(all)).unwrap_or_else(|error| panic!("{error}")).settings
}

fn refused(text: &str, all: &[(&str, &str)]) -> Vec<String> {
    let file = file(text);
    let lines = load(Some(&file.path), &variables(all)).map(|_| ()).unwrap_err().0;
    let folder = file.path.parent().unwrap().to_str().unwrap().to_owned();
    lines.into_iter().map(|line| line.replace(&format!("{folder}/"), "")).collect()
}

fn paths(value: &serde_json::Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                paths(value, &format!("{path}{name}."), found);
            }
        }
        _ => {
            found.insert(path.trim_end_matches('.').to_owned());
        }
    }
}

#[test]
fn the_default_file_and_the_types_have_the_same_keys() {
    let loaded = load(None, &[]).unwrap();
    // Every key of the file is known, or it would have been refused; every field has a default,
    // or it would be missing. The same again, by name:
    let mut of_types = BTreeSet::new();
    paths(&serde_json::to_value(&loaded.settings).unwrap(), "", &mut of_types);
    let of_file: BTreeSet<String> = loaded.show().into_iter().map(|shown| shown.key).collect();
    assert_eq!(of_types, of_file);
    assert!(of_file.len() > 25, "{of_file:?}");
    assert!(loaded.show().iter().all(|shown| shown.source == "default"));
}

#[test]
fn a_key_without_a_default_or_a_field_would_be_seen() {
    for key in loaded_keys() {
        let word = key.rsplit('.').next().unwrap();
        let own = format!("{word} =");
        let others: Vec<&str> = DEFAULTS.lines().filter(|line| !line.starts_with(&own)).collect();
        let without = others.join("\n");
        let parsed = figment::Figment::new()
            .merge(<figment::providers::Toml as figment::providers::Format>::string(&without));
        assert!(parsed.extract::<Settings>().is_err(), "{key} may be left out");
    }
}

fn loaded_keys() -> Vec<String> {
    load(None, &[]).unwrap().show().into_iter().map(|shown| shown.key).collect()
}

#[test]
fn every_key_of_the_default_file_has_a_comment() {
    let mut commented = false;
    for line in DEFAULTS.lines() {
        let key =
            line.split(" = ").next().filter(|_| line.contains(" = ") && !line.starts_with('#'));
        if let Some(key) = key {
            // The two keys of an allowance are explained together.
            assert!(commented || ["burst", "per_seconds"].contains(&key), "{key}");
        }
        commented = line.starts_with('#');
    }
}

#[test]
fn the_defaults_are_good_for_development() {
    let mut bytes = 0_u8;
    let mut random = |buffer: &mut [u8]| {
        for byte in buffer {
            *byte = bytes;
            bytes += 1;
        }
    };
    let (settings, made) = for_serving(None, &[], &mut random).unwrap();
    assert_eq!(made, ["sign_in.token_keys", "sign_in.totp_keys"]);
    let keys = [&settings.sign_in.token_keys[0], &settings.sign_in.totp_keys[0]];
    assert_eq!(keys.map(|key| key.secret.expose().len()), [64, 64]);
    assert_ne!(keys[0].secret, keys[1].secret);
    assert_eq!(settings.limits.quotas().unwrap().read.burst(), 300_000);
    assert!(!settings.sign_in.needs_second_factor(Role::Owner));
    assert!(!settings.sign_in.needs_second_factor(Role::Rider));
    assert!(settings.http.proxies().is_empty());
}

#[test]
fn variables_win_over_the_file_and_the_file_over_defaults() {
    let text = "[http]\nlisten = \"127.0.0.1:1\"\ncompression = false\n[limits.read]\nburst = 7\n";
    let settings = loaded(
        text,
        &[
            ("DAIRYOS_HTTP__LISTEN", "[::1]:2"),
            ("DAIRYOS_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("DAIRYOS_SIGN_IN__SECOND_FACTOR_REQUIRED_FOR", "[\"owner\"]"),
            ("DAIRYOS_SIGN_IN__TOKEN_KEYS", "[{ kid = \"a\", secret = \"123\" }]"),
            ("DAIRYOS_LIMITS__READ__PER_SECONDS", "9"),
            ("DAIRYOS_LIMITS__REDIS_PREFIX", "12345"),
            ("DAIRYOS_SENTRY__SAMPLE_RATE", "0"),
            ("DAIRYOS_FEATURES__METRICS", "false"),
            ("DAIRYOS_DATABASE_URL", "sqlite:other.db"),
            ("DAIRYOS_REDIS_URL", "redis://127.0.0.1"),
            ("DAIRYOS_MODE", "production"),
            ("DAIRYOS_LOGGING__LEVEL", ""),
        ],
    );
    assert_eq!(settings.http.listen.to_string(), "[::1]:2");
    assert_eq!(settings.http.proxies().len(), 2);
    assert!(!settings.http.compression && !settings.features.metrics);
    assert_eq!(settings.limits.read, Allowance { burst: 7, per_seconds: 9 });
    assert_eq!(settings.limits.write.burst, 60_000);
    assert_eq!(settings.limits.redis_prefix, "12345");
    assert_eq!(settings.limits.redis_url.expose(), "redis://127.0.0.1");
    assert_eq!(settings.database.url.expose(), "sqlite:other.db");
    assert_eq!(settings.sign_in.token_keys[0].secret.expose(), "123");
    assert!(settings.sign_in.needs_second_factor(Role::Owner));
    assert_eq!(settings.mode, Mode::Production);
    assert_eq!(settings.logging.level, "info");
}

#[test]
fn the_source_of_each_setting_is_shown() {
    let file = file("[http]\ncompression = false\n[limits.read]\nburst = 7\n");
    let all = variables(&[("DAIRYOS_HTTP__LISTEN", "127.0.0.1:2")]);
    let shown = load(Some(&file.path), &all).unwrap().show();
    let source = |key: &str| shown.iter().find(|shown| shown.key == key).unwrap().source.clone();
    assert_eq!(source("http.listen"), "DAIRYOS_HTTP__LISTEN");
    assert_eq!(source("http.compression"), file.path.display().to_string());
    assert_eq!(source("limits.read.burst"), file.path.display().to_string());
    assert_eq!(source("limits.read.per_seconds"), "default");
}

#[test]
fn unknown_keys_are_all_named_with_their_file() {
    let text = "moode = 1\n[http]\nlisten = \"127.0.0.1:1\"\nlistne = \"x\"\n[limits.raed]\n\
        burst = 1\n[features]\nteleport = true\n";
    let lines = refused(text, &[("DAIRYOS_HTTP__LISTNE", "x"), ("DAIRYOS_MOD", "production")]);
    let begins = [
        "dairyos.toml: features.teleport is not a setting; there are api_docs, metrics",
        "dairyos.toml: http.listne is not a setting; there are body_limit_bytes, ",
        "dairyos.toml: limits.raed is not a setting; there are import, ",
        "dairyos.toml: moode is not a setting; there are database, ",
        "DAIRYOS_HTTP__LISTNE: there is no setting http.listne",
        "DAIRYOS_MOD: there is no setting mod",
    ];
    assert_eq!(lines.len(), begins.len(), "{lines:#?}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    let key = "[sign_in]\ntoken_keys = [{ kid = \"a\", secrte = \"hunter2\" }]\n";
    let lines = refused(key, &[]);
    assert!(lines[0].starts_with("dairyos.toml: sign_in.token_keys.0"), "{lines:?}");
    assert!(lines[0].contains("there are kid, secret"), "{lines:?}");
}

#[test]
fn variables_of_others_are_left_alone() {
    let all = [
        ("DAIRYOS_CONFIG", "x"),
        ("DAIRYOS_TEST_POSTGRES_URL", "x"),
        ("DAIRYOS_SERVICE_HOST", "10.0.0.1"),
        ("DAIRYOS_PORT", "tcp://10.0.0.1:8080"),
        ("DAIRYOS_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ];
    assert!(load(None, &variables(&all)).is_ok());
}

#[test]
fn values_that_do_not_fit_are_told_without_the_value() {
    for (text, said) in [
        ("[http]\nlisten = \"hunter2\"", "dairyos.toml: http.listen: "),
        (
            "[http]\nbody_limit_bytes = \"hunter2\"",
            "expected a whole number, not negative, found a text",
        ),
        ("[http]\nbody_limit_bytes = -1", "expected a whole number, not negative"),
        ("[http]\ntrusted_proxies = [\"hunter2\"]", "expected an address or a network"),
        (
            "[sign_in]\ntoken_keys = \"hunter2\"",
            "sign_in.token_keys: expected a list, found a text",
        ),
        ("[sign_in]\ntoken_keys = [\"hunter2\"]", "sign_in.token_keys.0: expected { kid = "),
        ("[sign_in]\ntoken_keys = [{ kid = \"a\" }]", "secret is missing"),
        ("[sign_in]\nsecond_factor_required_for = [\"hunter2\"]", "expected roles: owner, "),
        ("mode = \"hunter2\"", "mode: expected one of development, production"),
        ("http = \"hunter2\"", "http: expected a section, found a text"),
        ("a = \"hunter2\nb = 1", "dairyos.toml: line 1: "),
        ("mode = \"production\"\nmode = \"hunter2\"", "dairyos.toml: line 2: "),
    ] {
        let all = refused(text, &[]).join("\n");
        assert!(all.contains(said) && !all.contains("hunter2"), "{text}: {all}");
    }
    for (name, value, said) in [
        ("DAIRYOS_HTTP__COMPRESSION", "hunter2", "expected true or false"),
        ("DAIRYOS_JOBS__THREADS", "hunter2", "expected a whole number"),
        ("DAIRYOS_SENTRY__SAMPLE_RATE", "hunter2", "expected a number"),
        ("DAIRYOS_SIGN_IN__TOKEN_KEYS", "hunter2", "expected { kid = "),
        ("DAIRYOS_SIGN_IN__TOKEN_KEYS", "[{ kid = \"hunter2", "line 1"),
        ("DAIRYOS_HTTP", "hunter2", "it is a section"),
        ("DAIRYOS_MODE", "hunter2", "expected one of"),
    ] {
        let all = refused("", &[(name, value)]).join("\n");
        assert!(all.starts_with(name), "{all}");
        assert!(all.contains(said) && !all.contains("hunter2"), "{name}: {all}");
    }
    let odd = [("DAIRYOS_MODE".to_owned(), None)];
    let error = load(None, &odd).map(|_| ()).unwrap_err();
    assert_eq!(error.0, ["DAIRYOS_MODE is not UTF-8 text"]);
    let none = load(Some(Path::new("none.toml")), &[]).map(|_| ()).unwrap_err();
    assert!(none.0[0].starts_with("none.toml: "), "{none}");
}

fn problems(text: &str) -> Vec<String> {
    loaded(text, &[]).problems()
}

#[test]
fn production_names_everything_that_is_missing_or_weak_at_once() {
    assert_eq!(
        problems("mode = \"production\"\n"),
        [
            "http.public_url: it is needed in production",
            "sign_in.token_keys: a key is needed in production",
            "sign_in.totp_keys: a key is needed in production",
        ]
    );
    let text = format!(
        "mode = \"production\"\n[http]\npublic_url = \"http://books.example.org\"\n[sign_in]\n\
         token_keys = [{{ kid = \"a\", secret = \"short\" }},\n\
         {{ kid = \"b\", secret = \"{LONG}\" }},\n\
         {{ kid = \"b\", secret = \"change-me-{LONG}\" }}]\n\
         totp_keys = [{{ kid = \"c d\", secret = \"{LONG}\" }}, {{ kid = \"e\", secret = \"\" }}]\n"
    );
    let found = problems(&text);
    assert_eq!(
        found,
        [
            "sign_in.token_keys 3 (b): two keys have this kid",
            "sign_in.totp_keys 1 (?): a kid is 1 to 64 of A-Z, a-z, 0-9 and . _ : -",
            "sign_in.totp_keys 2 (e): the secret is empty",
            "http.public_url: expected https:// in production",
            "sign_in.token_keys 1 (a): the secret has 5 bytes; 32 are needed",
            "sign_in.token_keys 3 (b): the secret is the one of an example",
            "sign_in.totp_keys 1 (?): another key has the same secret",
        ]
    );
    let file = file(&text);
    let error =
        for_serving(Some(&file.path), &[], &mut |_| panic!("no secret is made")).unwrap_err();
    assert_eq!(error.0, found);
    assert!(!error.to_string().contains(LONG));
}

#[test]
fn production_with_good_secrets_starts_and_makes_none() {
    let good = |url: &str| {
        format!(
            "mode = \"production\"\n[http]\npublic_url = \"{url}\"\n[sign_in]\n\
             token_keys = [{{ kid = \"a\", secret = \"{LONG}\" }}]\n\
             totp_keys = [{{ kid = \"a\", secret = \"{OTHER}\" }}]\n"
        )
    };
    for url in ["https://books.example.org", "http://127.0.0.1:8080"] {
        let file = file(&good(url));
        let made = for_serving(Some(&file.path), &[], &mut |_| panic!("made")).unwrap().1;
        assert!(made.is_empty());
    }
}

#[test]
fn the_example_of_the_environment_is_known_and_refused_in_production() {
    let example = include_str!("../../../../.env.example");
    let all: Vec<Variable> = example
        .lines()
        .map(|line| {
            line.strip_prefix("# DAIRYOS_").map_or(line.to_owned(), |r| format!("DAIRYOS_{r}"))
        })
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            (name.to_owned(), Some(value.to_owned()))
        })
        .collect();
    assert!(all.len() >= 10);
    let settings = load(None, &all).unwrap_or_else(|error| panic!("{error}")).settings;
    assert_eq!(
        settings.problems(),
        [
            "sign_in.token_keys 1 (2026-11): the secret is the one of an example",
            "sign_in.totp_keys 1 (2026-11): the secret is the one of an example",
        ]
    );
}

#[test]
fn values_out_of_bounds_are_all_told() {
    let found = problems(
        "[database]\nurl = \"\"\nconnections = 0\n[http]\npublic_url = \"books/\"\n\
         body_limit_bytes = 1\nimport_limit_bytes = 1\nrequest_timeout_secs = 0\n\
         header_read_timeout_secs = 0\n[limits]\nredis_url = \"rediss://:hunter2@x\"\n\
         redis_prefix = \"\"\n[limits.read]\nburst = 0\n[logging]\nlevel = \"a=b=c\"\n\
         [sentry]\ndsn = \"hunter2\"\nsample_rate = 1.5\n[jobs]\nthreads = 1000\n",
    );
    assert_eq!(found.len(), 14, "{found:#?}");
    assert!(!found.join("\n").contains("hunter2"));
}

#[test]
fn secrets_are_masked_when_shown() {
    let file = file(
        "[database]\nurl = \"postgres://me:hunter2@host/db\"\n[sentry]\n\
         dsn = \"https://hunter2@sentry.example.org/1\"\n[limits]\n\
         redis_url = \"redis://:hunter2@host\"\n[sign_in]\n\
         token_keys = [{ kid = \"a\", secret = \"hunter2\" }]\n",
    );
    let loaded = load(Some(&file.path), &[]).unwrap();
    let shown = format!("{:?}", loaded.show());
    assert!(!shown.contains("hunter2") && shown.contains("me:***@host/db"), "{shown}");
    let debug = format!("{:?} {:#?}", loaded.settings, loaded.settings);
    assert!(!debug.contains("hunter2"), "{debug}");
    let settings = of_commands(Some(&file.path), &[]).unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://me:hunter2@host/db");
}

#[test]
fn the_rest_of_a_session_is_within_bounds() {
    for (minutes, good) in
        [("0", true), ("30", true), ("10080", true), ("29", false), ("10081", false)]
    {
        let settings = loaded("", &[("DAIRYOS_SIGN_IN__SESSION_IDLE_MINUTES", minutes)]);
        assert_eq!(settings.problems().is_empty(), good, "{minutes}: {:?}", settings.problems());
    }
    let settings = loaded("", &[("DAIRYOS_SIGN_IN__SESSION_IDLE_FOR", "rider,owner")]);
    let roles: Vec<Role> = settings.sign_in.session_idle_for.iter().map(|name| name.0.0).collect();
    assert_eq!(roles, [Role::Rider, Role::Owner]);
    assert_eq!(settings.sign_in.session_idle_minutes, 1440);
}
