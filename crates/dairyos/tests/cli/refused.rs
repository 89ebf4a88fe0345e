//! Databases of a file that cannot be used: locked, read-only, damaged, somebody else's, or on a
//! full disk. Each gets a clear error, and nothing is lost.

#![expect(clippy::print_stderr, reason = "what is passed over is said")]

use crate::kit::{Answer, Books, DELIVERIES, assert_words, run};
use crate::many;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use store::{Store, StoreError};
use testkit::Database;

const RUN: [&str; 5] = ["bills", "run", "--month", "2024-10", "--issue"];
const LIST: [&str; 4] = ["bills", "list", "--month", "2024-10"];
/// What writes, and what only reads.
const WRITING: [&[&str]; 4] = [
    &RUN,
    &["bills", "issue", "--month", "2024-10"],
    &["import", "--kind", "deliveries", "more.csv"],
    &["init", "--name", "Other", "--state", "24"],
];
const READING: [&[&str]; 4] =
    [&LIST, &["verify"], &["ledger", "balances"], &["explain", "INV/24-25/000001"]];

/// The small dairy, issued, with a further delivery at hand in `more.csv`.
fn issued(database: &Database) -> Books<'_> {
    let books = Books::issued(database);
    database.file("more.csv", DELIVERIES.replace("2024-10-0", "2024-10-1").replace("R-1", "R-2"));
    books
}

fn file_of(database: &Database) -> PathBuf {
    database.folder().join("dairyos.db")
}

#[test]
fn a_locked_database_is_waited_for_and_then_told() {
    let database = Database::sqlite();
    let books = issued(&database);
    let before = books.ok(&LIST);
    let impatient = format!("{}?busy_timeout_ms=200", database.url);
    let writer = Store::open(&database.url).unwrap();
    writer
        .write(|_| {
            for args in WRITING {
                let start = Instant::now();
                let args = [args, &["--json", "--database", &impatient]].concat();
                let (code, message) = run(database.folder(), &args).error();
                let waited = start.elapsed();
                if args.contains(&"init") && code == "business_exists" {
                    continue; // It has read enough to know.
                }
                assert_eq!(code, "database_busy", "{args:?}: {message}");
                assert_words(&message, &["in use by another program", "try again"]);
                assert!(waited >= Duration::from_millis(190), "{args:?}: {waited:?}");
                assert!(waited < Duration::from_secs(20), "{args:?}: {waited:?}");
            }
            // Who only reads is not kept waiting.
            for args in READING {
                run(database.folder(), &[args, &["--database", &impatient]].concat()).done();
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    drop(writer);
    assert_eq!(books.ok(&LIST), before);
    books.ok(&["import", "--kind", "deliveries", "more.csv"]);
    books.ok(&RUN);
    books.assert_verified();
}

#[test]
fn a_text_file_is_no_database_and_stays_as_it_is() {
    let database = Database::sqlite();
    let books = Books::none(&database);
    for content in ["hello", "Dear customer, please find our prices attached.\n"].map(|text| {
        let times = if text.len() > 10 { 500 } else { 1 };
        text.repeat(times)
    }) {
        let file = database.file("dairyos.db", &content);
        for args in WRITING.iter().chain(&READING).filter(|args| args[0] != "import") {
            let (code, message) = books.error(args);
            assert_eq!(code, "database_damaged", "{args:?}: {message}");
            assert_words(&message, &["not a DairyOS database", "dairyos.db", "backup"]);
        }
        let answer = books.run(&["migrate"]).failed();
        assert_words(&answer.err, &["not a DairyOS database"]);
        assert_eq!(fs::read_to_string(file).unwrap(), content);
    }
}

#[test]
fn a_damaged_database_is_told() {
    let database = Database::sqlite();
    let books = issued(&database);
    let file = file_of(&database);
    let whole = fs::read(&file).unwrap();
    // Everything but the first page is overwritten.
    let mut damaged = whole.clone();
    for byte in damaged.iter_mut().skip(4096) {
        *byte = 0x5a;
    }
    fs::write(&file, &damaged).unwrap();
    for args in WRITING.iter().chain(&READING) {
        let (code, message) = books.error(args);
        assert_eq!(code, "database_damaged", "{args:?}: {message}");
        assert_words(&message, &["damaged", "keep a copy", "backup"]);
    }
    // The second half is missing.
    fs::write(&file, &whole[..whole.len() / 8192 * 4096]).unwrap();
    let answer = books.run(&["verify"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let said = format!("{}{}", answer.out, answer.err);
    assert!(said.contains("damaged") || said.contains("broken"), "{said}");
    // A page in the middle was lost: whoever asks verify is told.
    let mut damaged = whole.clone();
    let middle = whole.len() / 8192 * 4096;
    damaged[middle..middle + 4096].fill(0);
    fs::write(&file, &damaged).unwrap();
    let answer = books.run(&["verify"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    fs::write(&file, &whole).unwrap();
    books.assert_verified();
}

#[test]
fn what_is_not_there_is_not_made_by_asking() {
    let database = Database::sqlite();
    let books = Books::none(&database);
    database.file("more.csv", DELIVERIES);
    for args in WRITING.iter().chain(&READING).filter(|args| args[0] != "init") {
        let (code, message) = books.error(args);
        assert_eq!(code, "database_missing", "{args:?}");
        assert_words(&message, &["dairyos.db", "dairyos init"]);
    }
    assert!(!file_of(&database).exists());
    let folder = database.folder();
    let init = ["init", "--name", "A", "--state", "24", "--json", "--database"];
    let (code, message) =
        run(folder, &[&init[..], &["sqlite:no/such/folder/x.db"]].concat()).error();
    assert_eq!(code, "database_read_only", "{message}");
    assert_words(&message, &["no/such/folder/x.db"]);
    let (_, message) = run(folder, &[&init[..], &["sqlite:."]].concat()).error();
    assert!(message.len() > 20, "{message}");
    for url in ["", "dairyos.db", "sqlite:", "mysql://root:geheim@x/y", "sqlite:x.db?mode=ro"] {
        let args = ["verify", "--json", "--database", url];
        let (code, message) = run(folder, &args).error();
        assert!(["database_url", "database_missing"].contains(&code.as_str()), "{url}: {message}");
        assert!(!message.contains("geheim"), "{message}");
    }
}

#[test]
fn somebody_elses_tables_are_left_alone() {
    let database = Database::sqlite();
    let books = Books::empty(&database);
    books.sql(&["DROP TABLE refinery_schema_history"]);
    let before = fs::read(file_of(&database)).unwrap();
    for args in WRITING.iter().chain(&READING) {
        database.file("more.csv", DELIVERIES);
        let (code, message) = books.error(args);
        let expected =
            if args[0] == "init" { "database_foreign" } else { "database_not_initialised" };
        assert_eq!(code, expected, "{args:?}: {message}");
    }
    assert!(fs::read(file_of(&database)).unwrap() == before, "the file has changed");
}

/// A command for whom the permissions of files count: as it is, or, for the superuser, without the
/// right to overrule them. `None` when that cannot be had here.
fn bound_by_permissions(folder: &Path, command: &Command) -> Option<Command> {
    let probe = folder.join("probe");
    fs::write(&probe, "").unwrap();
    fs::set_permissions(&probe, Permissions::from_mode(0o444)).unwrap();
    let mut bound = Command::new("setpriv");
    bound.arg("--bounding-set=-dac_override,-dac_read_search");
    if fs::File::options().write(true).open(&probe).is_err() {
        bound = Command::new("env");
    } else {
        let mut test = Command::new("setpriv");
        test.args(["--bounding-set=-dac_override,-dac_read_search", "test", "-w"]).arg(&probe);
        let refused = test.stderr(Stdio::null()).status().is_ok_and(|it| it.code() == Some(1));
        if !refused {
            eprintln!("passed over: here, the permissions of files do not count");
            return None;
        }
    }
    bound.arg(command.get_program()).args(command.get_args()).current_dir(folder);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    Some(bound)
}

/// Sets the permissions of a folder and of all files in it.
fn protect(folder: &Path, files: u32, itself: u32) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::set_permissions(path, Permissions::from_mode(files)).unwrap();
    }
    fs::set_permissions(folder, Permissions::from_mode(itself)).unwrap();
}

#[test]
fn a_read_only_database_is_read_and_not_written() {
    let database = Database::sqlite();
    let books = issued(&database);
    let folder = database.folder();
    let before = books.ok(&LIST);
    for itself in [0o755, 0o555] {
        for args in WRITING.iter().chain(&READING) {
            let command = books.command(&[args, &["--json"][..]].concat());
            protect(folder, 0o644, 0o755);
            let Some(mut command) = bound_by_permissions(folder, &command) else { return };
            protect(folder, 0o444, itself);
            let answer = Answer::of(command.output().unwrap());
            if READING.contains(args) {
                answer.done();
            } else {
                let (code, message) = answer.error();
                if code == "business_exists" {
                    continue; // It has read enough to know.
                }
                assert_eq!(code, "database_read_only", "{itself:o} {args:?}: {message}");
                assert_words(&message, &["permissions"]);
            }
        }
    }
    protect(folder, 0o644, 0o755);
    assert_eq!(books.ok(&LIST), before);
    books.ok(&["import", "--kind", "deliveries", "more.csv"]);
    books.assert_verified();
}

#[test]
fn what_a_killed_program_left_beside_a_read_only_file_is_not_overlooked() {
    let database = Database::sqlite();
    let books = Books::small(&database);
    // A second reader keeps what is issued now in the file beside, as a kill would.
    let reader = Store::open(&database.url).unwrap();
    books.ok(&RUN);
    let copy = Database::sqlite();
    for name in ["dairyos.db", "dairyos.db-wal"] {
        fs::copy(database.folder().join(name), copy.folder().join(name)).unwrap();
    }
    drop(reader);
    let expected = books.ok(&LIST);
    let command = Books::none(&copy).command(&LIST);
    if let Some(mut command) = bound_by_permissions(copy.folder(), &command) {
        protect(copy.folder(), 0o444, 0o555);
        let answer = Answer::of(command.output().unwrap());
        protect(copy.folder(), 0o644, 0o755);
        if answer.code == Some(0) {
            assert_eq!(answer.out, expected, "what was issued is not shown");
        } else {
            answer.failed();
        }
    }
    let after = Books::none(&copy);
    assert_eq!(after.ok(&LIST), expected);
    after.assert_verified();
}

/// Runs a script of `sh` with the program, its arguments following, as `"$@"`.
fn scripted(script: &str, command: &Command) -> Answer {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap()).env("LLVM_PROFILE_FILE", "/dev/null");
    Answer::of(shell.output().unwrap())
}

#[test]
fn a_file_that_may_not_grow_keeps_what_it_has() {
    let database = Database::sqlite();
    let books = many::books(&database);
    database.file("many.csv", many::deliveries(1..=3));
    let import = ["import", "--kind", "deliveries", "many.csv"];
    // Blocks of 512 bytes; the write beyond fails instead of killing the program.
    let limited = |blocks: u64, args: &[&str]| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let answer = scripted(&script, &books.command(&[args, &["--json"]].concat()));
        let (code, message) = answer.error();
        assert!(["disk_full", "database_other"].contains(&code.as_str()), "{message}");
        message
    };
    for blocks in [8, 200, 600] {
        limited(blocks, &import);
        books.assert_verified();
    }
    let counts = &books.json(&import)["imported"][0];
    assert_eq!(counts["added"], 3 * many::CUSTOMERS);
    for blocks in [8, 1_500, 4_000] {
        limited(blocks, &RUN);
        books.assert_verified();
    }
    assert_eq!(books.json(&RUN)["bills"]["issued"], many::CUSTOMERS - 1);
    books.assert_verified();
}

#[test]
fn a_full_disk_is_told_and_the_same_command_succeeds_once_there_is_room() {
    let probe = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"])
        .stderr(Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("passed over: here, no small disk can be made");
        return;
    }
    let database = Database::sqlite();
    let books = many::books(&database);
    let file = database.file("many.csv", many::deliveries(1..=3));
    let folder = database.folder();
    fs::create_dir(folder.join("disk")).unwrap();
    // A small disk that only this script sees. Each start leaves its code and its words outside.
    let script = "
        mount -t tmpfs -o size=1200k none disk && cp dairyos.db disk/ || exit 9
        start() {
            name=$1; shift
            \"$PROGRAM\" \"$@\" --json --database sqlite:disk/dairyos.db >$name.out 2>$name.err
            echo $? >$name.code
        }
        start import1 import --kind deliveries many.csv
        start verify1 verify
        mount -o remount,size=3400k disk
        start import2 import --kind deliveries many.csv
        start run1 bills run --month 2024-10 --issue
        start verify2 verify
        mount -o remount,size=64m disk
        start run2 bills run --month 2024-10 --issue
        start verify3 verify
        cp disk/dairyos.db after.db";
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .env("PROGRAM", env!("CARGO_BIN_EXE_dairyos"))
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .env_remove("DAIRYOS_DATABASE_URL")
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let answer = |name: &str| {
        let text = |end: &str| fs::read_to_string(folder.join(format!("{name}.{end}"))).unwrap();
        Answer { code: text("code").trim().parse().ok(), out: text("out"), err: text("err") }
    };
    for name in ["import1", "run1"] {
        let answer = answer(name);
        let (code, message) = answer.error();
        assert_eq!(code, "disk_full", "{name}: {message}");
        assert_words(&message, &["full", "free some space", "again"]);
    }
    for name in ["verify1", "import2", "verify2", "run2", "verify3"] {
        answer(name).done();
    }
    assert_eq!(answer("import2").json()["imported"][0]["added"], 3 * many::CUSTOMERS);
    // The same as if there had always been room.
    books.ok(&["import", "--kind", "deliveries", file.to_str().unwrap()]);
    let alone = books.json(&RUN);
    assert_eq!(answer("run2").json()["content_hash"], alone["content_hash"]);
    let list = |url: &str| {
        let args = [&LIST[..], &["--json", "--database", url]].concat();
        run(folder, &args).done().out
    };
    assert!(list("sqlite:after.db") == list(&database.url), "the bills differ");
}
