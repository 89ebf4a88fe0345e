//! The load generator: connections that ask one request after another, and how long each took.
//!
//! It deliberately is small and does little per request: it shares the processors with what it
//! measures. Each connection waits for its answer before it asks again (a closed loop), as browsers
//! and programs with 64 connections do; so the service, not a clock, decides how many requests
//! there are.

mod answer;
mod client;
mod connection;
mod draw;
mod request;
#[cfg(test)]
mod small_server;
mod times;

pub use answer::Answer;
pub use client::Client;
pub use connection::Connection;
pub use draw::Draw;
pub use request::Caller;
pub use times::Times;

use crate::failure::{Doing, Failure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// How long after its end a round waits for the answers to its last requests.
const PATIENCE: Duration = Duration::from_secs(30);
/// Wrong answers that are kept to be shown, of each connection.
const EXAMPLES: usize = 2;

/// What one connection asks for, request after request.
pub trait Script: Send + 'static {
    /// Writes the next request into `out`, which is empty, and says of which kind it is: a number
    /// below `kinds` of the round.
    fn next(&mut self, out: &mut Vec<u8>) -> usize;

    /// Looks at the answer to the request before; the reason when it is not the one expected.
    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String>;
}

/// A time in which connections ask.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Who is asked.
    pub address: SocketAddr,
    /// Threads of the generator.
    pub threads: usize,
    /// Time at the start that is not counted.
    pub warm_up: Duration,
    /// Time that is counted.
    pub lasts: Duration,
    /// How many kinds of requests there are.
    pub kinds: usize,
}

/// What became of the requests that were begun in the counted time.
#[derive(Debug)]
pub struct Outcome {
    /// From the start of the counted time to the last answer.
    pub seconds: f64,
    /// How long each request took, from its first byte sent to its last byte received, by kind.
    pub times: Vec<Times>,
    /// How many answers were not the one expected, those of the warming up included.
    pub wrong: u64,
    /// Some of them, in words.
    pub examples: Vec<String>,
}

impl Outcome {
    /// Answers per second.
    #[expect(clippy::cast_precision_loss, reason = "a number for people")]
    pub fn rate(&self) -> f64 {
        self.times.iter().map(Times::count).sum::<usize>() as f64 / self.seconds
    }

    /// The times of some kinds together.
    pub fn of(&self, wanted: impl Fn(usize) -> bool) -> Times {
        let kinds = self.times.iter().enumerate().filter(|(kind, _)| wanted(*kind));
        let mut all = Times::default();
        kinds.for_each(|(_, times)| all.extend(times));
        all
    }
}

impl Round {
    /// Lets every script ask over a connection of its own. A connection that breaks or an answer
    /// that does not come fails the round; an answer that is not expected is counted.
    pub fn run<S: Script>(&self, scripts: Vec<S>) -> Result<Outcome, Failure> {
        runtime(self.threads)?.block_on(self.ask(scripts))
    }

    async fn ask<S: Script>(&self, scripts: Vec<S>) -> Result<Outcome, Failure> {
        let mut ready = Vec::with_capacity(scripts.len());
        for script in scripts {
            ready.push((Connection::open(self.address).await?, script));
        }
        let from = Instant::now() + self.warm_up;
        let until = from + self.lasts;
        let mut lanes = JoinSet::new();
        for (connection, script) in ready {
            lanes.spawn(lane(connection, script, self.kinds, [from, until]));
        }
        let mut outcome = Outcome {
            seconds: 0.0,
            times: (0..self.kinds).map(|_| Times::default()).collect(),
            wrong: 0,
            examples: Vec::new(),
        };
        let all = async {
            while let Some(lane) = lanes.join_next().await {
                outcome.add(lane.doing("finish a connection's work")??, from);
            }
            Ok(())
        };
        let patience = self.warm_up + self.lasts + PATIENCE;
        match tokio::time::timeout(patience, all).await {
            Ok(done) => done.map(|()| outcome),
            Err(_) => Err(Failure::new(format!(
                "{} did not answer a request within {} s",
                self.address,
                PATIENCE.as_secs()
            ))),
        }
    }
}

/// What one connection saw.
struct Lane {
    times: Vec<Times>,
    last: Instant,
    wrong: u64,
    examples: Vec<String>,
}

impl Outcome {
    fn add(&mut self, lane: Lane, from: Instant) {
        for (all, times) in self.times.iter_mut().zip(&lane.times) {
            all.extend(times);
        }
        let seconds = lane.last.saturating_duration_since(from).as_secs_f64();
        self.seconds = self.seconds.max(seconds);
        self.wrong += lane.wrong;
        self.examples.extend(lane.examples);
    }
}

async fn lane<S: Script>(
    mut connection: Connection,
    mut script: S,
    kinds: usize,
    [from, until]: [Instant; 2],
) -> Result<Lane, Failure> {
    let times = (0..kinds).map(|_| Times::default()).collect();
    let mut lane = Lane { times, last: from, wrong: 0, examples: Vec::new() };
    let mut request = Vec::new();
    loop {
        request.clear();
        let kind = script.next(&mut request);
        let begun = Instant::now();
        if begun >= until {
            return Ok(lane);
        }
        let answer = connection.ask(&request).await?;
        lane.last = Instant::now();
        if let Err(reason) = script.judge(&answer) {
            lane.wrong += 1;
            if lane.examples.len() < EXAMPLES {
                lane.examples.push(reason);
            }
        }
        if begun >= from
            && let Some(times) = lane.times.get_mut(kind)
        {
            times.add(lane.last - begun);
        }
    }
}

/// One thread is this one; more are threads of their own.
pub fn runtime(threads: usize) -> Result<Runtime, Failure> {
    let mut builder =
        if threads <= 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().doing("start the load generator")
}

#[cfg(test)]
mod tests {
    use super::small_server::SmallServer;
    use super::{Answer, Caller, Round, Script};
    use std::time::Duration;

    /// Asks in turn for a text, for one in pieces, for nothing, and sends one.
    struct Turns {
        caller: Caller,
        asked: usize,
    }

    impl Script for Turns {
        fn next(&mut self, out: &mut Vec<u8>) -> usize {
            self.asked = (self.asked + 1) % 4;
            match self.asked {
                0 => self.caller.get("/text", out),
                1 => self.caller.get("/pieces", out),
                2 => self.caller.get("/nothing", out),
                _ => self.caller.send("POST", "/echo", &[], "{\"a\":1}", out),
            }
            self.asked
        }

        fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
            let expected: (u16, &[u8]) = match self.asked {
                0 => (200, b"some text"),
                1 => (200, b"one two three "),
                2 => (204, b""),
                _ => (200, b"{\"a\":1}"),
            };
            if (answer.status, answer.body) == expected {
                return Ok(());
            }
            Err(answer.shown())
        }
    }

    fn round(server: &SmallServer, threads: usize) -> Round {
        let lasts = Duration::from_millis(200);
        Round { address: server.address, threads, warm_up: lasts / 4, lasts, kinds: 4 }
    }

    #[test]
    fn every_answer_is_read_to_its_end_and_counted_by_its_kind() {
        let server = SmallServer::start();
        for threads in [1, 2] {
            let caller = Caller::new(server.address, None);
            let scripts = (0..8).map(|_| Turns { caller: caller.clone(), asked: 3 }).collect();
            let outcome = round(&server, threads).run(scripts).unwrap();
            assert_eq!((outcome.wrong, &outcome.examples), (0, &Vec::new()));
            let counts: Vec<_> = outcome.times.iter().map(super::Times::count).collect();
            assert!(counts.iter().all(|count| *count > 8), "{counts:?}");
            let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
            assert!(spread <= 2 * 8, "{counts:?}");
            assert!(outcome.seconds >= 0.1 && outcome.rate() > 0.0);
            assert_eq!(outcome.of(|kind| kind < 2).count(), counts[0] + counts[1]);
        }
    }

    struct Lost(Caller);

    impl Script for Lost {
        fn next(&mut self, out: &mut Vec<u8>) -> usize {
            self.0.get("/not-there", out);
            0
        }

        fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
            Err(answer.shown())
        }
    }

    #[test]
    fn a_wrong_answer_is_counted_and_shown() {
        let server = SmallServer::start();
        let scripts = vec![Lost(Caller::new(server.address, None))];
        let outcome = round(&server, 1).run(scripts).unwrap();
        assert!(outcome.wrong > 0);
        assert_eq!(outcome.examples.len(), 2);
        assert!(outcome.examples[0].contains("404"), "{:?}", outcome.examples);
    }

    #[test]
    fn nobody_there_is_a_failure() {
        let mut round = round(&SmallServer::start(), 1);
        round.address = SmallServer::free_address();
        let failure = round.run(vec![Lost(Caller::new(round.address, None))]).unwrap_err();
        assert!(failure.to_string().contains("connect"), "{failure}");
    }
}
