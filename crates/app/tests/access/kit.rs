//! An office for tests: a fresh database with an owner, a clock that is set by hand, random bytes
//! that repeat from run to run, and short ways to sign in.
//!
//! It deliberately knows no story.

use app::access::people::{self, NewcomerRequest, View};
use app::access::{Caller, KeyRing, Secrets, SignIn, Signed, sessions, sign_in, tokens, totp};
use app::{Actor, AppError, NoRandomness, Random};
use domain::access::Role;
use domain::billing::{BillPrefix, RoundOff};
use domain::calendar::Moment;
use domain::customers::State;
use domain::ids::PersonId;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::business::Business;
use store::{Store, StoreError};
use testkit::Database;

pub const OWNER: &str = "asha@example.com";
pub const PASSWORD: &str = "nine buffaloes cross the quiet road";
pub const AGENT: &str = "Mozilla/5.0 (X11)";
/// Where the office signs in from.
pub const OFFICE: &str = "203.0.113.7";
/// Where somebody else does.
pub const STRANGER: &str = "198.51.100.66";

/// Bytes that look random and are the same in every run.
pub struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for byte in bytes {
            // SplitMix64 of a counter.
            let n = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = u8::try_from((mixed ^ (mixed >> 31)) >> 56).unwrap();
        }
        Ok(())
    }
}

/// What somebody shows.
#[derive(Clone, Copy)]
pub struct Try<'a> {
    pub login: &'a str,
    pub password: &'a str,
    pub code: Option<&'a str>,
    pub device: Option<&'a str>,
    pub from: &'a str,
}

/// The owner with the right password, from the office, on a device that is not known.
pub const OWNERS: Try<'static> =
    Try { login: OWNER, password: PASSWORD, code: None, device: None, from: OFFICE };

/// A dairy's office with its owner, whose password is their own.
pub struct Office<'d> {
    pub store: Store,
    pub secrets: Secrets,
    pub random: Counting,
    pub owner: PersonId,
    database: &'d Database,
    now: AtomicI64,
}

impl<'d> Office<'d> {
    /// An office without people.
    pub fn empty(database: &'d Database) -> Self {
        let store = Store::create(&database.url).unwrap();
        let start = Moment::parse("2026-09-01T10:00:00+05:30").unwrap();
        let business = Business {
            name: "Gokul Dairy".to_owned(),
            state: State::parse("24").unwrap(),
            gstin: None,
            fssai: None,
            bill_prefix: BillPrefix::parse("INV").unwrap(),
            round_off: RoundOff::None,
        };
        let actor = Actor::program("office", start);
        app::business::set_up(&store, &actor, &business).unwrap();
        Self {
            store,
            secrets: secrets(&[("a", 1)]),
            random: Counting(AtomicU64::new(1)),
            owner: PersonId(0),
            database,
            now: AtomicI64::new(start.unix_micros()),
        }
    }

    /// An office with its owner.
    pub fn new(database: &'d Database) -> Self {
        let mut office = Self::empty(database);
        office.owner = office.person(OWNER, "Asha Patel", Role::Owner).id;
        office
    }

    pub fn now(&self) -> Moment {
        Moment::from_unix_micros(self.now.load(Ordering::Relaxed))
    }

    /// Lets seconds pass.
    pub fn pass(&self, secs: i64) {
        self.now.fetch_add(secs * 1_000_000, Ordering::Relaxed);
    }

    /// Somebody at the machine of the database.
    pub fn operator(&self) -> Actor {
        Actor::program("office", self.now())
    }

    /// Another connection to the same database.
    pub fn another_store(&self) -> Store {
        Store::open(&self.database.url).unwrap()
    }

    /// Adds a person; the initial password.
    pub fn newcomer(&self, login: &str, name: &str, role: Role) -> (View, String) {
        let newcomer = NewcomerRequest { login, name, role, customer_code: None };
        let added = people::add(&self.store, &self.random, &self.operator(), &newcomer).unwrap();
        (added.person, added.password)
    }

    /// Adds a person who has changed the initial password to `PASSWORD`.
    pub fn person(&self, login: &str, name: &str, role: Role) -> View {
        let (view, initial) = self.newcomer(login, name, role);
        let signed = self.sign_in(Try { login, password: &initial, ..OWNERS });
        let caller = self.caller(&signed);
        self.change_password(&caller, &initial, PASSWORD).unwrap();
        sessions::end_all(&self.store, &self.operator(), view.id).unwrap();
        self.pass(1);
        people::get(&self.store, view.id).unwrap()
    }

    pub fn try_sign_in(&self, shown: Try<'_>) -> Result<Signed, AppError> {
        self.try_sign_in_on(&self.store, shown)
    }

    pub fn try_sign_in_on(&self, store: &Store, shown: Try<'_>) -> Result<Signed, AppError> {
        let request = SignIn {
            login: shown.login,
            password: shown.password,
            code: shown.code,
            device: shown.device,
            address: shown.from.parse::<IpAddr>().unwrap(),
            user_agent: AGENT,
            request_id: Some("req-1"),
        };
        sign_in(store, &self.secrets, &self.random, self.now(), &request)
    }

    pub fn sign_in(&self, shown: Try<'_>) -> Signed {
        self.try_sign_in(shown).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The code of the refusal of an attempt.
    pub fn refused(&self, shown: Try<'_>) -> &'static str {
        match self.try_sign_in(shown) {
            Ok(_) => panic!("signed in"),
            Err(error) => error.code(),
        }
    }

    pub fn refresh(&self, token: &str) -> Result<Signed, AppError> {
        let (secrets, random) = (&self.secrets, &self.random);
        sessions::refresh(&self.store, secrets, random, self.now(), token, Some("req-2"))
    }

    /// Who an access token is taken for at this moment.
    pub fn check(&self, access_token: &str) -> Result<Caller, AppError> {
        let claims = tokens::read(&self.secrets, access_token, self.now())?;
        self.store.read(|tx| sessions::check(tx, &self.secrets, &claims, self.now()))
    }

    pub fn caller(&self, signed: &Signed) -> Caller {
        self.check(&signed.access_token).unwrap()
    }

    pub fn actor(&self, caller: &Caller) -> Actor {
        caller.actor(self.now(), Some("req-3"))
    }

    pub fn change_password(
        &self,
        caller: &Caller,
        present: &str,
        new: &str,
    ) -> Result<(), AppError> {
        let (store, secrets, random) = (&self.store, &self.secrets, &self.random);
        let actor = self.actor(caller);
        people::change_password(store, secrets, random, caller, &actor, present, new)
    }

    /// Gives a caller a confirmed second factor; the secret and the recovery codes.
    pub fn second_factor(&self, caller: &Caller) -> (String, Vec<String>) {
        let actor = self.actor(caller);
        let (store, secrets, random) = (&self.store, &self.secrets, &self.random);
        let made = totp::set_up(store, secrets, random, caller, &actor).unwrap();
        let code = self.code(&made.secret);
        let codes = totp::confirm(store, secrets, random, caller, &actor, &code).unwrap();
        self.pass(30);
        (made.secret, codes)
    }

    /// The code of this moment, as an authenticator app shows it.
    pub fn code(&self, secret: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let secs = self.now().unix_micros() / 1_000_000;
        totp.generate(u64::try_from(secs).unwrap()).to_string()
    }

    pub fn sql(&self, sql: &str) -> Result<u64, StoreError> {
        self.store.write(|tx| tx.execute(sql, &[]))
    }

    /// One integer by raw SQL.
    pub fn count(&self, sql: &str) -> i64 {
        let found: Result<_, StoreError> =
            self.store.read(|tx| tx.find(sql, &[], |row| row.int(0)));
        found.unwrap().unwrap()
    }

    /// The outcomes of all attempts, the oldest first.
    pub fn outcomes(&self) -> Vec<String> {
        let page = app::access::Page { after: 0, limit: 200 };
        let mut all = app::access::attempts(&self.store, None, page).unwrap();
        all.reverse();
        all.into_iter().map(|attempt| attempt.outcome).collect()
    }
}

pub fn secrets(keys: &[(&str, u8)]) -> Secrets {
    let keys = keys.iter().map(|(id, byte)| ((*id).to_owned(), vec![*byte; 32])).collect();
    let totp = KeyRing::new(vec![("t".to_owned(), vec![9; 32])]).unwrap();
    Secrets::new("dairyos", "dairyos-api", KeyRing::new(keys).unwrap(), totp).unwrap()
}

/// The code of a refusal.
pub fn code_of<T>(result: Result<T, AppError>) -> &'static str {
    match result {
        Ok(_) => panic!("not refused"),
        Err(error) => error.code(),
    }
}
