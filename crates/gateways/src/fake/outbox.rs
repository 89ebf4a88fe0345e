//! Events of a fake on their way to the dairy, and the ways a fake misbehaves.
//!
//! It deliberately holds no lock while it delivers: the receiver may call the fake meanwhile.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use ureq::Agent;

use super::{Delivery, Misbehaviour, lock};

/// How long the receiver may take. Razorpay gives it five seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts before an event is given up.
const MAX_ATTEMPTS: u32 = 10;

/// Makes the headers of a delivery: of the event's id and body, with a wrong signature if told.
pub(crate) type Signer = Box<dyn Fn(&str, &[u8], bool) -> Headers + Send + Sync>;

pub(crate) type Headers = Vec<(&'static str, String)>;

#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
    pub(crate) attempts: u32,
}

#[derive(Debug, Default)]
struct Inside {
    url: Option<String>,
    waiting: VecDeque<Queued>,
    /// Events nobody took in the end, or that were never sent.
    lost: Vec<Queued>,
    mischief: VecDeque<Misbehaviour>,
}

pub(crate) struct Outbox {
    inside: Mutex<Inside>,
    signer: Signer,
    agent: Agent,
}

impl Outbox {
    pub(crate) fn new(url: Option<String>, signer: Signer) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .build()
            .new_agent();
        Self { inside: Mutex::new(Inside { url, ..Inside::default() }), signer, agent }
    }

    pub(crate) fn send_to(&self, url: &str) {
        lock(&self.inside).url = Some(url.to_owned());
    }

    pub(crate) fn push(&self, id: String, kind: &str, body: Vec<u8>) {
        let queued = Queued { id, kind: kind.to_owned(), body, attempts: 0 };
        lock(&self.inside).waiting.push_back(queued);
    }

    pub(crate) fn misbehave(&self, misbehaviour: Misbehaviour) {
        lock(&self.inside).mischief.push_back(misbehaviour);
    }

    /// Takes the first misbehaviour that fits the occasion.
    pub(crate) fn mischief(&self, fits: impl Fn(Misbehaviour) -> bool) -> Option<Misbehaviour> {
        take(&mut lock(&self.inside).mischief, fits)
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.inside).waiting.len()
    }

    /// Events that were tried or given up, but not taken; newest last.
    pub(crate) fn undelivered(&self) -> Vec<Queued> {
        let inside = lock(&self.inside);
        let tried = inside.waiting.iter().filter(|queued| queued.attempts > 0);
        inside.lost.iter().chain(tried).cloned().collect()
    }

    /// Tries to deliver what waits, once. What is not taken waits for the next time.
    pub(crate) fn deliver_all(&self) -> Vec<Delivery> {
        let (url, mut batch) = {
            let mut inside = lock(&self.inside);
            let Some(url) = inside.url.clone() else { return Vec::new() };
            (url, std::mem::take(&mut inside.waiting))
        };
        let reorder = |one| one == Misbehaviour::Reorder;
        if batch.len() > 1 && self.mischief(reorder).is_some() {
            batch.make_contiguous().reverse();
        }
        let mut deliveries = Vec::with_capacity(batch.len());
        let mut kept = VecDeque::new();
        for mut queued in batch {
            let mischief = self.mischief(at_delivery);
            match mischief {
                Some(Misbehaviour::NeverDeliver) => {
                    lock(&self.inside).lost.push(queued);
                    continue;
                }
                Some(Misbehaviour::Delay) => {
                    kept.push_back(queued);
                    continue;
                }
                _ => {}
            }
            queued.attempts += 1;
            let wrong = mischief == Some(Misbehaviour::WrongSignature);
            let mut delivery = self.deliver(&url, &queued, wrong);
            if mischief == Some(Misbehaviour::Duplicate) {
                deliveries.push(delivery);
                delivery = self.deliver(&url, &queued, false);
            }
            if !delivery.taken() && queued.attempts < MAX_ATTEMPTS {
                kept.push_back(queued);
            } else if !delivery.taken() {
                lock(&self.inside).lost.push(queued);
            }
            deliveries.push(delivery);
        }
        let mut inside = lock(&self.inside);
        kept.append(&mut inside.waiting);
        inside.waiting = kept;
        deliveries
    }

    fn deliver(&self, url: &str, queued: &Queued, wrong: bool) -> Delivery {
        let mut request = self.agent.post(url).header("content-type", "application/json");
        for (name, value) in (self.signer)(&queued.id, &queued.body, wrong) {
            request = request.header(name, value);
        }
        let status = request.send(queued.body.as_slice()).ok().map(|r| r.status().as_u16());
        Delivery { event_id: queued.id.clone(), kind: queued.kind.clone(), status }
    }
}

fn at_delivery(misbehaviour: Misbehaviour) -> bool {
    matches!(
        misbehaviour,
        Misbehaviour::Duplicate
            | Misbehaviour::Delay
            | Misbehaviour::WrongSignature
            | Misbehaviour::NeverDeliver
    )
}

fn take(
    mischief: &mut VecDeque<Misbehaviour>,
    fits: impl Fn(Misbehaviour) -> bool,
) -> Option<Misbehaviour> {
    let place = mischief.iter().position(|one| fits(*one))?;
    mischief.remove(place)
}

/// What a call misbehaves with.
pub(crate) fn at_call(is_post: bool) -> impl Fn(Misbehaviour) -> bool {
    move |misbehaviour| match misbehaviour {
        Misbehaviour::Fail500 | Misbehaviour::TooManyRequests => true,
        Misbehaviour::TimeOutAfterSuccess | Misbehaviour::Fail500AfterSuccess => is_post,
        _ => false,
    }
}
