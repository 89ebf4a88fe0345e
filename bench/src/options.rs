//! The command line of the benchmarks.
//!
//! It deliberately checks only the form of arguments.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Benchmarks, beside the bare databases and the usual service.
#[derive(Debug, Parser)]
#[command(name = "dairyos-bench", version, max_term_width = 100)]
pub struct Options {
    /// What to measure.
    #[command(subcommand)]
    pub benchmark: Benchmark,
}

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub enum Benchmark {
    /// Import a month of deliveries, bill and issue it, run it again, verify it; compare with the
    /// bare database and with the usual service.
    Bills(BillsOptions),
    /// Start the service, read one bill beside a bare handler, and send mixed traffic of 64
    /// connections.
    Service(ServiceOptions),
    /// Send signed webhooks over 8, 64 and 256 connections; every event is booked before it is
    /// answered.
    Webhooks(WebhooksOptions),
    /// Compare as many payments with as many bills, clean and with faults.
    Reconciliation(ReconciliationOptions),
    /// Send a million events in any order while the service and the database are killed, and prove
    /// that every payment is posted once.
    Storm(StormOptions),
    /// The bare handler that `service` compares with; it starts this by itself.
    #[command(hide = true)]
    Bare(BareOptions),
}

/// A database to measure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// SQLite, inside the program.
    Sqlite,
    /// PostgreSQL, by URL.
    Postgres,
}

/// Arguments that every benchmark has: which dairy, on which databases, and what becomes of the
/// report.
#[derive(Debug, Args)]
pub struct Setting {
    /// How many customers.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub customers: u32,
    /// The seed of the generated dairy.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The month that is billed: one that is over.
    #[arg(long, default_value = "2026-09")]
    pub month: String,
    /// The databases, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    pub databases: Vec<Engine>,
    /// Measure on SQLite alone; starts no PostgreSQL.
    #[arg(long)]
    pub sqlite_only: bool,
    /// Any database of a PostgreSQL server, for a user who may create databases. Databases whose
    /// names begin with `dairyos_bench_` are made there and removed, but for the one that `service`
    /// copies for each run.
    #[arg(long, value_name = "URL")]
    pub postgres_url: Option<String>,
    /// The program to measure.
    #[arg(long, value_name = "PATH")]
    pub dairyos: PathBuf,
    /// Where databases and generated files are kept: a folder `dairyos-bench` is made in it. Use a
    /// real disk.
    #[arg(long, value_name = "DIR", env = "TMPDIR", default_value = "/var/tmp")]
    pub work_dir: PathBuf,
    /// Write the report as JSON too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// End with exit code 1 when a bound is missed.
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `bills`.
#[derive(Debug, Args)]
pub struct BillsOptions {
    /// What every benchmark has.
    #[command(flatten)]
    pub setting: Setting,
    /// How many customers the usual service bills; the rate is what counts.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub usual_customers: u32,
    /// Do without the usual service, and without compiling it.
    #[arg(long)]
    pub without_usual: bool,
    /// Bill twice as many customers as well, and compare time and memory.
    #[arg(long)]
    pub double: bool,
    /// On PostgreSQL, write every row of the floor one by one instead of scaling up a sample.
    #[arg(long)]
    pub full_floor: bool,
    /// How often each time is measured; the shortest counts. More than once where other programs
    /// use the machine too.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeat: u32,
}

/// Arguments of `service`.
#[derive(Debug, Args)]
pub struct ServiceOptions {
    /// What every benchmark has.
    #[command(flatten)]
    pub setting: Setting,
    /// Seconds of each round in which one bill is asked for.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub round_seconds: u64,
    /// How often the program and the bare handler take turns; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub turns: u32,
    /// Seconds of mixed traffic.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub mixed_seconds: u64,
    /// How often the service is started; the median counts.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub starts: u32,
    /// Seconds without requests after which the memory at rest is read.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub idle_seconds: u64,
    /// Threads of the load generator, which share the processors with the service.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
}

/// Arguments of `webhooks`.
#[derive(Debug, Args)]
pub struct WebhooksOptions {
    /// What every benchmark has.
    #[command(flatten)]
    pub setting: Setting,
    /// Seconds of each round.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub round_seconds: u64,
    /// Threads of the load generator, which share the processors with the service.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
}

/// Arguments of `reconciliation`.
#[derive(Debug, Args)]
pub struct ReconciliationOptions {
    /// What every benchmark has; customers, seed and month do not matter here.
    #[command(flatten)]
    pub setting: Setting,
    /// How many payments, and how many bills.
    #[arg(long, default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub payments: u32,
    /// How often the clean books are compared.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeat: u32,
}

/// Arguments of `storm`.
#[derive(Debug, Args)]
pub struct StormOptions {
    /// What every benchmark has.
    #[command(flatten)]
    pub setting: Setting,
    /// How many different events; one in ten is sent twice.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
    /// How often something is killed: the service and, on PostgreSQL, a process of the server, in
    /// turn.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub kills: u64,
    /// How many connections send.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub connections: u16,
}

/// Arguments of `bare`.
#[derive(Debug, Args)]
pub struct BareOptions {
    /// The port on 127.0.0.1.
    #[arg(long)]
    pub port: u16,
    /// The file whose bytes are the answer.
    #[arg(long, value_name = "FILE")]
    pub body: PathBuf,
}

impl Setting {
    /// The databases to measure on, each once.
    pub fn engines(&self) -> Vec<Engine> {
        [Engine::Sqlite, Engine::Postgres]
            .into_iter()
            .filter(|engine| self.databases.contains(engine))
            .filter(|engine| *engine == Engine::Sqlite || !self.sqlite_only)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Benchmark, Engine, Options};
    use clap::Parser;

    fn engines(arguments: &str) -> Vec<Engine> {
        let words = format!("bench bills --dairyos d {arguments}");
        let options = Options::try_parse_from(words.split_whitespace()).unwrap();
        let Benchmark::Bills(options) = options.benchmark else { panic!("another benchmark") };
        options.setting.engines()
    }

    #[test]
    fn both_databases_unless_one_is_named() {
        assert_eq!(engines(""), [Engine::Sqlite, Engine::Postgres]);
        assert_eq!(engines("--databases postgres"), [Engine::Postgres]);
        assert_eq!(engines("--databases postgres,sqlite"), [Engine::Sqlite, Engine::Postgres]);
        assert_eq!(engines("--sqlite-only"), [Engine::Sqlite]);
    }
}
