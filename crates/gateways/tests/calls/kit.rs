//! What the tests of calls share: a clock that stands, both fakes with their clients, a receiver of
//! webhooks, and a server that answers each connection with given bytes.
//!
//! It deliberately asserts nothing.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use domain::calendar::Moment;
use gateways::Secret;
use gateways::call::{Retry, Tags, Timeouts, Transport};
use gateways::fake::{FakeRazorpay, FakeStripe, RazorpaySettings, StripeSettings};
use gateways::razorpay::Razorpay;
use gateways::stripe::Stripe;

/// The second at which the fakes stand still.
pub const NOW: i64 = 1_782_880_211;

pub const RAZORPAY_SECRET: &str = "rzp_hook_secret";
pub const STRIPE_SECRET: &str = "whsec_local";

pub fn moment(secs: i64) -> Moment {
    Moment::from_unix_micros(secs * 1_000_000)
}

pub fn now() -> Moment {
    moment(NOW)
}

pub fn tags(bill_no: &str) -> Tags {
    Tags {
        bill_no: Some(bill_no.to_owned()),
        customer_code: Some("C-1".to_owned()),
        plan_code: None,
        reference: None,
    }
}

/// Waits shortly, so that silence is noticed soon.
pub fn transport(url: &str) -> Transport {
    let timeouts = Timeouts { connect: Duration::from_secs(2), answer: Duration::from_millis(500) };
    Transport::new(url, timeouts).unwrap()
}

/// Repeats at once, and counts the waits.
pub fn retry(attempts: u32) -> (Retry, Arc<AtomicUsize>) {
    let waits = Arc::new(AtomicUsize::new(0));
    let counted = waits.clone();
    let pause = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    (Retry { attempts, pause, ..Retry::default() }, waits)
}

pub fn fake_razorpay() -> (FakeRazorpay, Razorpay) {
    let fake = FakeRazorpay::start(RazorpaySettings {
        port: 0,
        key_id: "rzp_test_A".to_owned(),
        key_secret: "key_secret_A".to_owned(),
        webhook_secret: RAZORPAY_SECRET.to_owned(),
        webhook_url: None,
        seed: 7,
        fee_basis_points: 200,
        clock: Arc::new(now),
    });
    let fake = fake.unwrap();
    let client = razorpay_at(&fake.url(), retry(3).0);
    (fake, client)
}

pub fn razorpay_at(url: &str, retry: Retry) -> Razorpay {
    Razorpay::new(transport(url), "rzp_test_A", &Secret::new("key_secret_A"), retry)
}

pub fn fake_stripe() -> (FakeStripe, Stripe) {
    let fake = FakeStripe::start(StripeSettings {
        port: 0,
        secret_key: "sk_test_A".to_owned(),
        webhook_secret: STRIPE_SECRET.to_owned(),
        webhook_url: None,
        seed: 7,
        fee_basis_points: 200,
        clock: Arc::new(now),
    });
    let fake = fake.unwrap();
    let client = stripe_at(&fake.url(), retry(3).0);
    (fake, client)
}

pub fn stripe_at(url: &str, retry: Retry) -> Stripe {
    Stripe::new(transport(url), &Secret::new("sk_test_A"), retry)
}

/// One request, as it came: head and body.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Takes requests one after the other, and answers each with what `answer` makes of its number;
/// nothing means to hang up.
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub fn start(answer: impl Fn(usize) -> Option<String> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let Some(request) = read_request(&mut stream) else { continue };
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request);
                    kept.len() - 1
                };
                if let Some(answer) = answer(number) {
                    let _ = stream.write_all(answer.as_bytes());
                }
            }
        });
        Self { url, received }
    }

    /// Answers everything with a status that can be changed.
    pub fn with_status(status: Arc<AtomicU16>) -> Self {
        Self::start(move |_| Some(reply(status.load(Ordering::SeqCst), "")))
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// An answer that ends its connection.
pub fn reply(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn read_request(stream: &mut impl Read) -> Option<Received> {
    let mut raw = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&raw[..end]).into_owned();
            let mut request = Received { head, body: raw[end + 4..].to_vec() };
            let length = request.header("content-length").map_or(0, |n| n.parse().unwrap());
            while request.body.len() < length {
                let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
                request.body.extend_from_slice(&chunk[..count]);
            }
            return Some(request);
        }
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        raw.extend_from_slice(&chunk[..count]);
    }
}
