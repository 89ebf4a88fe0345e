//! Gateways that tell nothing although something is expected of them: owners and admins are told,
//! once.

use crate::dairy::Dairy;
use crate::kit::{billed, captured, delivery};
use app::jobs::{Registry, Stop, Worker};
use app::webhooks::{SilenceLimits, health, silence};
use domain::calendar::Moment;
use domain::payments::Provider;
use serde_json::json;
use std::time::Duration;
use testkit::on_both;

fn at(moment: &str) -> Moment {
    Moment::parse(moment).unwrap()
}

fn people(dairy: &Dairy<'_>) {
    for (id, role, state) in [
        (1, "owner", "active"),
        (2, "admin", "active"),
        (3, "rider", "active"),
        (4, "owner", "disabled"),
    ] {
        dairy.sql(&format!(
            "INSERT INTO people (id, login, name, role, state, password_hash, \
             password_is_initial, sessions_from, created_at, updated_at) VALUES ({id}, \
             'p{id}@example.in', 'P', '{role}', '{state}', 'h', 0, 0, 0, 0)"
        ));
    }
}

/// Does the jobs that are due at a moment.
fn work(dairy: &Dairy<'_>, now: Moment) {
    let registry = Registry::standard();
    let worker = Worker {
        store: &dairy.store,
        registry: &registry,
        clock: &|| now,
        random: &|_| {},
        hear: &|_| {},
        name: "w",
        threads: 1,
    };
    worker.run_due(&Stop::new()).unwrap();
}

#[test]
fn what_is_open_and_not_told_of_is_a_silence() {
    on_both(|database| {
        let dairy = billed(database);
        people(&dairy);
        let asked = at("2026-10-02T10:00:00+05:30");
        dairy.sql(&format!(
            "INSERT INTO payment_requests (id, provider, kind, reference, provider_reference, \
             customer_id, amount_paise, in_parts, state, created_at, updated_at) VALUES \
             (1, 'stripe', 'checkout', 'our-1', 'cs_1', 1, 60000, 0, 'done', {0}, {0})",
            asked.unix_micros()
        ));
        let silent = |now: &str, hours| {
            let most = Duration::from_hours(hours);
            let limits = SilenceLimits { stripe: most, ..SilenceLimits::default() };
            let found = dairy.store.read(|tx| silence(tx, at(now), limits)).unwrap();
            found.iter().map(|one| (one.provider, one.since)).collect::<Vec<_>>()
        };
        assert_eq!(silent("2026-10-03T09:00:00+05:30", 24), []);
        assert_eq!(silent("2026-10-03T11:00:00+05:30", 24), [(Provider::Stripe, asked)]);
        assert_eq!(silent("2026-10-03T11:00:00+05:30", 48), []);
        // The worker tells of it, each person once.
        let notices = || dairy.count("SELECT COUNT(*) FROM notices WHERE kind = 'webhook_silent'");
        work(&dairy, at("2026-10-02T10:30:00+05:30"));
        work(&dairy, at("2026-10-02T11:30:00+05:30"));
        assert_eq!(notices(), 0);
        for hour in [12, 13, 14] {
            work(&dairy, at(&format!("2026-10-03T{hour}:05:00+05:30")));
            assert_eq!(notices(), 2);
        }
        assert_eq!(dairy.count("SELECT CAST(SUM(person_id) AS BIGINT) FROM notices"), 3);
        let rows = "SELECT COUNT(*) FROM jobs WHERE kind = 'webhooks.silence'";
        assert_eq!(dairy.count(rows), 1);
        let all = dairy
            .store
            .read(|tx| health(tx, at("2026-10-03T11:00:00+05:30"), SilenceLimits::default()))
            .unwrap();
        let shown: Vec<_> = all.iter().map(|one| (one.provider, one.is_silent, one.last)).collect();
        assert_eq!(shown, [(Provider::Razorpay, false, None), (Provider::Stripe, true, None)]);
    });
}

#[test]
fn payments_that_usually_come_are_missed() {
    on_both(|database| {
        let dairy = billed(database);
        for day in 1..=7 {
            let now = at(&format!("2026-10-{:02}T10:00:00+05:30", day + 1));
            let id = format!("pay_{day}");
            let body = captured(&id, 100, json!({ "customer_code": "C1" }));
            // The day of a payment is that of its capture, as far as it is told.
            let told = [delivery(&format!("e{day}"), &body)];
            dairy.store.write(|tx| app::webhooks::receive(tx, &told, now)).unwrap();
            let on = now.business_day().number();
            dairy.sql(&format!(
                "UPDATE payments SET received_day = {on}, version = version + 1 \
                 WHERE reference = '{id}'"
            ));
            dairy.sql(&format!(
                "INSERT INTO payment_log SELECT id, 2, 1, 'captured', 'captured', 'c', 'k', 'a', \
                 NULL, '{{}}' FROM payments WHERE reference = '{id}'"
            ));
        }
        let silent = |now: &str| {
            let limits = SilenceLimits::default();
            dairy.store.read(|tx| silence(tx, at(now), limits)).unwrap().len()
        };
        assert_eq!(silent("2026-10-09T09:00:00+05:30"), 0);
        assert_eq!(silent("2026-10-09T11:00:00+05:30"), 1);
        // What is a month ago is not expected any more.
        assert_eq!(silent("2026-11-20T11:00:00+05:30"), 0);
        dairy.assert_verified();
    });
}

#[test]
fn an_order_that_was_left_is_not_waited_for_without_end() {
    on_both(|database| {
        let dairy = billed(database);
        let asked = |id: i64, moment: &str| {
            dairy.sql(&format!(
                "INSERT INTO payment_requests (id, provider, kind, reference, provider_reference, \
                 customer_id, amount_paise, in_parts, state, created_at, updated_at) VALUES \
                 ({id}, 'razorpay', 'order', 'our-{id}', 'order_{id}', 1, 60000, 0, 'done', {0}, \
                 {0})",
                at(moment).unix_micros()
            ));
        };
        let silent = |now: &str| {
            let limits = SilenceLimits::default();
            let found = dairy.store.read(|tx| silence(tx, at(now), limits)).unwrap();
            found.iter().map(|one| one.since).collect::<Vec<_>>()
        };
        let first = "2026-10-02T10:00:00+05:30";
        asked(1, first);
        assert_eq!(silent("2026-10-05T10:00:00+05:30"), [at(first)]);
        assert_eq!(silent("2026-10-10T10:00:00+05:30"), []);
        // What is asked for now is expected again, and it is still the same silence.
        asked(2, "2026-10-10T10:00:00+05:30");
        assert_eq!(silent("2026-10-10T11:00:00+05:30"), []);
        assert_eq!(silent("2026-10-12T10:00:00+05:30"), [at(first)]);
    });
}
