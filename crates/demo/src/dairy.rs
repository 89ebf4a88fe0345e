//! The demo dairy: its database, the program's commands on it, and the service while it runs.
//!
//! It deliberately shows each command as a person would type it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use domain::calendar::Day;
use serde_json::Value;

use crate::Result;
use crate::api::{Api, text};
use crate::fakes::{Fakes, now};

/// Who works at the counter of the demo dairy.
const LOGIN: &str = "counter@example.in";

/// What the program reads when `--database` is not given.
const DATABASE: &str = "DAIRYOS_DATABASE_URL";

/// The dairy, with the settings that lead to the local gateways.
pub struct Dairy {
    program: String,
    settings: Vec<(String, String)>,
    service: Option<Child>,
    /// The first password of the counter, until it is changed.
    initial: Option<String>,
}

/// Who takes money.
pub struct People {
    /// A rider with cash of the day.
    pub rider: (i64, String),
    /// A dispatcher with cash of days ago.
    pub dispatcher: (i64, String),
    /// Who counts.
    pub counter: String,
}

impl Drop for Dairy {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The business day.
pub fn today() -> Day {
    now().business_day()
}

impl Dairy {
    pub fn new(program: &str, database: &str, fakes: &Fakes) -> Self {
        let mut settings = fakes.settings();
        settings.push((DATABASE.to_owned(), database.to_owned()));
        // One after the other, so that the gateways give the same ids in every run.
        settings.push(("DAIRYOS_JOBS__THREADS".to_owned(), "1".to_owned()));
        Self { program: program.to_owned(), settings, service: None, initial: None }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::null());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command and reads its JSON. A command that found something wrong (1) prints it too.
    pub fn read(&self, words: &[&str]) -> Result<Value> {
        let output = self.command(words).stderr(Stdio::inherit()).output()?;
        let read = serde_json::from_slice(&output.stdout);
        read.map_err(|error| format!("`dairyos {}`: {error}", words.join(" ")).into())
    }

    /// Runs a command and lets its output be seen.
    pub fn show(&self, words: &[&str]) -> Result<()> {
        println!("$ dairyos {}", words.join(" "));
        self.command(words).status()?;
        println!();
        Ok(())
    }

    /// A command on the demo's database, complete, for copying.
    pub fn shown(&self, words: &str) -> String {
        let url = self.settings.iter().find(|(name, _)| name == DATABASE);
        let url = url.map_or("", |(_, url)| url.as_str());
        format!("{} {words} --database {url}", self.program)
    }

    /// Finds those who take money, and adds who works at the counter.
    pub fn people(&mut self) -> Result<People> {
        let words = ["people", "add", "--login", LOGIN, "--name", "Kavita Joshi"];
        let added = self.read(&[&words[..], &["--role", "accountant", "--json"]].concat())?;
        self.initial = Some(text(&added["password"])?.to_owned());
        let known = self.read(&["people", "list", "--json"])?;
        let find = |role: &str| -> Result<(i64, String)> {
            let one = known.as_array().into_iter().flatten().find(|one| one["role"] == role);
            let one = one.ok_or_else(|| format!("the demo dairy has no {role}"))?;
            let id = one["id"].as_i64().ok_or("`people list` names no id")?;
            Ok((id, text(&one["login"])?.to_owned()))
        };
        let (rider, dispatcher) = (find("rider")?, find("dispatcher")?);
        Ok(People { rider, dispatcher, counter: LOGIN.to_owned() })
    }

    /// Starts the service on a port of its own, and signs in.
    pub fn serve(&mut self, with_worker: bool) -> Result<Api> {
        let mut words = vec!["serve", "--listen", "127.0.0.1:0"];
        if !with_worker {
            words.push("--no-worker");
        }
        println!("$ dairyos {} &", words.join(" "));
        let mut command = self.command(&words);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take();
        self.service = Some(child);
        let mut lines = BufReader::new(log.ok_or("the service has no log")?).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().ok_or_else(|| format!("the service has ended: {said}"))??;
            let read: Value = serde_json::from_str(&line).unwrap_or_default();
            if read["message"] == "listening" {
                break format!("http://{}", text(&read["address"])?);
            }
            said = line;
        };
        // What nobody reads would stop the service once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Api::sign_in(&address, LOGIN, self.initial.take().as_deref())
    }

    /// Ends the service. What was answered is kept, however it ends.
    pub fn stop(&mut self) {
        if let Some(mut service) = self.service.take() {
            // It may have ended already.
            let _ = service.kill();
            let _ = service.wait();
        }
    }
}
