//! An office that calls local gateways: a dairy, both fakes, a clock for all of them, and a worker.
//!
//! It deliberately delivers no webhooks by itself: what is not told must be asked for.

use crate::dairy::Dairy;
use crate::kit::{billed, now};
use app::jobs::{Registry, Stop, Worker};
use app::payments::gateways::{
    Razorpay, RazorpayAccess, Retry, Secret, Secrets, Stripe, StripeAccess, Timeouts, Transport,
};
use app::payments::{
    self, AskedFor, AskedRefund, Called, Desk, Gateways, NewRefund, NewRequest, Payee,
};
use app::{Actor, AppError};
use domain::calendar::Moment;
use domain::ids::{PaymentId, RefundId, RequestId};
use domain::money::Money;
use domain::payments::{Destination, Provider, RequestKind, Vpa};
use gateways::fake::{FakeRazorpay, FakeStripe, RazorpaySettings, StripeSettings};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::Database;

pub struct Office<'d> {
    pub dairy: Dairy<'d>,
    pub razorpay: FakeRazorpay,
    pub stripe: FakeStripe,
    pub desk: Desk,
    /// Ways of our own to the fakes, which nobody counts.
    pub way: Razorpay,
    pub stripe_way: Stripe,
    micros: Arc<AtomicI64>,
    calls: Arc<Mutex<Vec<String>>>,
    /// After a call of this kind the program dies, once.
    crash: Arc<Mutex<Option<&'static str>>>,
}

fn transport(url: &str) -> Transport {
    let (connect, answer) = (Duration::from_secs(2), Duration::from_millis(400));
    Transport::new(url, Timeouts { connect, answer }).unwrap()
}

fn razorpay(clock: Arc<dyn Fn() -> Moment + Send + Sync>) -> FakeRazorpay {
    FakeRazorpay::start(RazorpaySettings {
        port: 0,
        key_id: "rzp_test_A".to_owned(),
        key_secret: "key_secret_A".to_owned(),
        webhook_secret: "hook".to_owned(),
        webhook_url: None,
        seed: 7,
        fee_basis_points: 200,
        clock,
    })
    .unwrap()
}

fn stripe(clock: Arc<dyn Fn() -> Moment + Send + Sync>) -> FakeStripe {
    FakeStripe::start(StripeSettings {
        port: 0,
        secret_key: "sk_test_A".to_owned(),
        webhook_secret: "whsec_hook".to_owned(),
        webhook_url: None,
        seed: 7,
        fee_basis_points: 200,
        clock,
    })
    .unwrap()
}

impl<'d> Office<'d> {
    pub fn new(database: &'d Database) -> Self {
        let micros = Arc::new(AtomicI64::new(now().unix_micros()));
        let told = Arc::clone(&micros);
        let clock: Arc<dyn Fn() -> Moment + Send + Sync> =
            Arc::new(move || Moment::from_unix_micros(told.load(Ordering::SeqCst)));
        let (razorpay, stripe) = (razorpay(Arc::clone(&clock)), stripe(clock));
        let retry = || Retry { pause: Arc::new(|_| {}), ..Retry::never() };
        let secret = Secret::new("key_secret_A");
        let way = || Razorpay::new(transport(&razorpay.url()), "rzp_test_A", &secret, retry());
        let stripe_way =
            || Stripe::new(transport(&stripe.url()), &Secret::new("sk_test_A"), retry());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let crash = Arc::new(Mutex::new(None));
        let (heard, crashes) = (Arc::clone(&calls), Arc::clone(&crash));
        let hear = move |called: &Called| {
            let Called { provider, operation, outcome } = called;
            heard.lock().unwrap().push(format!("{} {operation} {outcome}", provider.as_str()));
            let dies = crashes.lock().unwrap().take_if(|what| what == operation).is_some();
            assert!(!dies, "the program is killed");
        };
        let access = RazorpayAccess {
            client: way(),
            key_id: "rzp_test_A".to_owned(),
            key_secret: Secrets::new(["key_secret_A"]).unwrap(),
            callback_url: None,
        };
        let stripes =
            StripeAccess { client: stripe_way(), success_url: "https://d.example".to_owned() };
        let desk = Desk {
            gateways: Gateways::new(Some(access), Some(stripes), hear),
            upi: Some(Payee {
                vpa: Vpa::parse("gokul@upiexample").unwrap(),
                name: None,
                category: None,
            }),
            ..Desk::default()
        };
        let (way, stripe_way) = (way(), stripe_way());
        let dairy = billed(database);
        Self { dairy, razorpay, stripe, desk, way, stripe_way, micros, calls, crash }
    }

    pub fn now(&self) -> Moment {
        Moment::from_unix_micros(self.micros.load(Ordering::SeqCst))
    }

    pub fn pass(&self, secs: i64) {
        self.micros.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }

    pub fn actor(&self, name: &str) -> Actor {
        Actor::program(name, self.now())
    }

    pub fn die_after(&self, operation: &'static str) {
        *self.crash.lock().unwrap() = Some(operation);
    }

    /// Calls since the last time.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// Does what is due.
    pub fn work(&self) {
        let registry = Registry::with_gateways(&self.desk.gateways);
        let worker = Worker {
            store: &self.dairy.store,
            registry: &registry,
            clock: &|| self.now(),
            random: &|bytes| bytes.fill(0),
            hear: &|_| {},
            name: "w",
            threads: 1,
        };
        worker.run_due(&Stop::new()).unwrap();
    }

    /// Lets time pass in steps and does what becomes due.
    pub fn work_for(&self, steps: usize, secs: i64) {
        for _ in 0..steps {
            self.pass(secs);
            self.work();
        }
    }

    /// Asks the gateways now.
    pub fn ask_now(&self) -> serde_json::Value {
        let actor = self.actor("office");
        let id = self.dairy.store.write(|tx| payments::ask_now(tx, &actor)).unwrap();
        self.work();
        let job = app::jobs::show(&self.dairy.store, domain::ids::JobId(id)).unwrap();
        serde_json::from_str(job.result.as_deref().unwrap_or_else(|| panic!("{job:?}"))).unwrap()
    }

    pub fn bill_number(&self, customer: &str) -> String {
        self.dairy.bill(customer, "2026-09").number.unwrap()
    }

    pub fn new_request(&self, kind: RequestKind, customer: &str) -> NewRequest {
        let is_checkout = kind == RequestKind::Checkout;
        NewRequest {
            provider: if is_checkout { Provider::Stripe } else { Provider::Razorpay },
            kind,
            customer: None,
            bill: Some(self.bill_number(customer)),
            amount: None,
            in_parts: false,
            expires_at: None,
            plan: None,
        }
    }

    pub fn try_ask(&self, new: &NewRequest) -> Result<RequestId, AppError> {
        let actor = self.actor("office");
        self.dairy.store.write(|tx| payments::ask(tx, &actor, &self.desk.gateways, new))
    }

    pub fn ask(&self, kind: RequestKind, customer: &str) -> RequestId {
        self.try_ask(&self.new_request(kind, customer)).unwrap()
    }

    pub fn request(&self, id: RequestId) -> AskedFor {
        self.dairy.store.read(|tx| payments::show_request(tx, id)).unwrap()
    }

    pub fn state(&self, id: RequestId) -> &'static str {
        self.request(id).state.as_str()
    }

    pub fn cancel(&self, id: RequestId) -> Result<(), AppError> {
        let actor = self.actor("office");
        self.dairy.store.write(|tx| payments::cancel(tx, &actor, id))
    }

    /// A payment of Razorpay that is booked.
    pub fn paid(&self, customer: &str) -> PaymentId {
        let id = self.ask(RequestKind::Order, customer);
        self.work();
        let order = self.request(id).provider_reference.unwrap();
        let payment = self.razorpay.pay(&order, gateways::fake::Outcome::Captured).unwrap();
        self.ask_now();
        self.payment_id(Provider::Razorpay, &payment)
    }

    pub fn payment_id(&self, provider: Provider, reference: &str) -> PaymentId {
        let read = |tx: &mut app::Tx<'_>| store::payments::by_reference(tx, provider, reference);
        self.dairy.store.read(read).unwrap().unwrap()
    }

    pub fn refund_of(paise: i64, destination: Destination) -> NewRefund {
        NewRefund {
            amount: Money::from_paise(paise),
            destination,
            reason: "spilt milk".to_owned(),
            person: None,
            reference: None,
        }
    }

    pub fn try_refund(
        &self,
        who: &str,
        payment: PaymentId,
        new: &NewRefund,
    ) -> Result<RefundId, AppError> {
        let actor = self.actor(who);
        self.dairy.store.write(|tx| payments::ask_refund(tx, &actor, &self.desk, payment, new))
    }

    pub fn refund(&self, payment: PaymentId, paise: i64) -> RefundId {
        self.try_refund("maker", payment, &Self::refund_of(paise, Destination::Source)).unwrap()
    }

    pub fn shown_refund(&self, id: RefundId) -> AskedRefund {
        self.dairy.store.read(|tx| payments::show_refund(tx, id)).unwrap()
    }

    pub fn refund_state(&self, id: RefundId) -> &'static str {
        self.shown_refund(id).state.as_str()
    }

    /// Refunds of a payment at Razorpay.
    pub fn refunds_there(&self, payment: &str) -> usize {
        self.way.refunds_of_payment(payment).unwrap().items.len()
    }
}
