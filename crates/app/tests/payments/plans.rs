//! Plans that are bought, renewed, refunded and disputed, in any order; ends; prepaid customers.

use crate::dairy::Dairy;
use crate::kit::{billed, captured, delivery, dispute, now, receive, refund};
use crate::sales::{balances, free};
use app::AppError;
use app::customers::Said;
use app::entitlements::{self, Answer, PlanFacts, Whom};
use app::import::Kind;
use app::payments::{self, NewReceipt};
use app::verify::Invariant;
use domain::calendar::{Day, Moment};
use domain::ids::{CustomerId, PaymentId};
use domain::jobs::later;
use domain::money::Money;
use domain::payments::Provider;
use serde_json::json;
use std::time::Duration;
use testkit::on_both;

/// What premium costs, in paise.
pub const PREMIUM: i64 = 19_900;
/// When the gateway says that its payments were made.
const PAID: i64 = 1_790_000_000;

fn days_after_paid(days: i64) -> Moment {
    Moment::from_unix_micros((PAID + days * 86_400) * 1_000_000)
}

pub fn bought(id: &str, paise: i64, code: &str, plan: &str) -> String {
    captured(id, paise, json!({ "customer_code": code, "plan_code": plan }))
}

fn check_at(dairy: &Dairy<'_>, code: &str, feature: &str, at: Moment) -> Answer {
    dairy.store.read(|tx| entitlements::check(tx, code, feature, at)).unwrap()
}

/// Until when a customer may use a feature; nothing when they may not.
pub fn until(dairy: &Dairy<'_>, code: &str, feature: &str) -> Option<Moment> {
    let answer = check_at(dairy, code, feature, now());
    assert_eq!(answer.is_entitled, answer.until.is_some(), "{answer:?}");
    answer.until
}

#[test]
fn a_paid_plan_is_activated_renewed_and_pays_no_bill() {
    on_both(|database| {
        let dairy = billed(database);
        assert_eq!(until(&dairy, "C1", "analytics"), None);
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(30)));
        assert_eq!(until(&dairy, "C1", "copy"), None);
        assert_eq!(until(&dairy, "C2", "analytics"), None);
        assert_eq!(dairy.bill("C1", "2026-09").status, "issued");
        // What everybody has has no end.
        let basic = check_at(&dairy, "C2", "basic", now());
        assert!(basic.is_entitled && basic.until.is_none() && basic.holds_until.is_none());
        // A renewal goes on from the end, and the same told again changes nothing.
        let again = bought("pay_2", PREMIUM, "C1", "premium");
        receive(&dairy, &[delivery("e2", &again)]);
        receive(&dairy, &[delivery("e3", &again)]);
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(60)));
        // A larger plan runs beside it.
        receive(&dairy, &[delivery("e4", &bought("pay_3", 49_900, "C1", "vip"))]);
        assert_eq!(until(&dairy, "C1", "copy"), Some(days_after_paid(30)));
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(60)));
        // All features but deliveries, which no plan gives.
        receive(&dairy, &[delivery("e5", &bought("pay_4", 199_900, "C2", "enterprise"))]);
        assert_eq!(until(&dairy, "C2", "whatever"), Some(days_after_paid(30)));
        assert!(check_at(&dairy, "C2", "deliveries", now()).is_entitled);
        let whole = dairy.store.read(|tx| entitlements::of_customer(tx, "C1", now())).unwrap();
        let why: Vec<_> = whole
            .features
            .iter()
            .map(|one| (one.feature.as_str(), one.plan.as_str(), one.payment.map(|id| id.0)))
            .collect();
        let expected = [
            ("analytics", "premium", Some(2)),
            ("basic", "free", None),
            ("copy", "vip", Some(3)),
            ("premium", "premium", Some(2)),
            ("vip_support", "vip", Some(3)),
        ];
        assert_eq!(why, expected);
        assert_eq!(whole.grants.len(), 3);
        dairy.assert_verified();
    });
}

#[test]
fn money_that_goes_back_takes_its_days_with_it() {
    on_both(|database| {
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        receive(&dairy, &[delivery("e2", &bought("pay_2", PREMIUM, "C1", "premium"))]);
        let tell = |event: &str, body: &str| {
            receive(&dairy, &[delivery(event, body)]);
        };
        tell("e3", &refund("refund.processed", "rf_1", "pay_1", 5_000, "processed"));
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(60)));
        // The rest of it: the later one moves up.
        tell("e4", &refund("refund.processed", "rf_2", "pay_1", PREMIUM - 5_000, "processed"));
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(30)));
        // A dispute that is open takes nothing; one that is lost all.
        tell("e5", &dispute("payment.dispute.created", "dp_1", "pay_2", PREMIUM, "open"));
        assert_eq!(until(&dairy, "C1", "analytics"), Some(days_after_paid(30)));
        tell("e6", &dispute("payment.dispute.lost", "dp_1", "pay_2", PREMIUM, "lost"));
        assert_eq!(until(&dairy, "C1", "analytics"), None);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM entitlements"), 0);
        let revoked = "SELECT COUNT(*) FROM audit WHERE table_name = 'entitlement_grants' \
                       AND action = 'revoke'";
        assert_eq!(dairy.count(revoked), 2);
        dairy.assert_verified();
    });
}

/// Every order of things, by Heap's rule.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in orders(count - 1) {
        for place in 0..count {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

#[test]
fn every_order_of_events_ends_in_the_same_entitlements() {
    on_both(|database| {
        let dairy = billed(database);
        let orders = orders(5);
        let codes: Vec<String> = (0..orders.len()).map(|place| format!("P{place}")).collect();
        dairy.import(Kind::Customers, &crate::dairy::customers(&codes));
        for (code, order) in codes.iter().zip(&orders) {
            let (one, two) = (format!("pay_{code}_1"), format!("pay_{code}_2"));
            let lost = ("payment.dispute.lost", "lost");
            let won = ("payment.dispute.won", "won");
            let dispute = |(kind, status): (&str, &str), id: &str| {
                dispute(kind, &format!("dp_{code}_{id}"), &two, 49_900, status)
            };
            let events = [
                bought(&one, PREMIUM, code, "premium"),
                bought(&two, 49_900, code, "vip"),
                refund("refund.processed", &format!("rf_{code}"), &one, PREMIUM, "processed"),
                // Lost once and won once: one event contradicts the other, and lost outweighs.
                dispute(if code.len() % 2 == 0 { lost } else { won }, "a"),
                bought(&format!("pay_{code}_3"), PREMIUM, code, "premium"),
            ];
            for place in order {
                let id = format!("{code}-{place}");
                receive(&dairy, &[delivery(&id, &events[*place])]);
            }
        }
        for (code, order) in codes.iter().zip(&orders) {
            let premium = Some(days_after_paid(30));
            assert_eq!(until(&dairy, code, "analytics"), premium, "{code} {order:?}");
            let vip = premium.filter(|_| code.len() % 2 == 1);
            assert_eq!(until(&dairy, code, "copy"), vip, "{code} {order:?}");
            let id = dairy.count(&format!("SELECT id FROM customers WHERE code = '{code}'"));
            let sold = PREMIUM + if vip.is_some() { 49_900 } else { 0 };
            assert_eq!(balances(&dairy, id), (sold, 0), "{code} {order:?}");
        }
        assert_eq!(free(&dairy), 0);
        dairy.assert_verified();
    });
}

#[test]
fn a_dispute_that_is_won_leaves_what_was_bought_and_a_lost_one_outweighs_it() {
    on_both(|database| {
        for (first, second) in [("won", "lost"), ("lost", "won"), ("won", "won")] {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
            for (event, status) in [("e2", first), ("e3", second)] {
                let kind = format!("payment.dispute.{status}");
                let told = dispute(&kind, "dp_1", "pay_1", PREMIUM, status);
                receive(&dairy, &[delivery(event, &told)]);
            }
            let stays = first == "won" && second == "won";
            assert_eq!(until(&dairy, "C1", "analytics").is_some(), stays, "{first} {second}");
            dairy.assert_verified();
        }
    });
}

#[test]
fn too_little_gives_nothing_and_a_plan_may_be_added_later() {
    on_both(|database| {
        let dairy = billed(database);
        let told = [
            delivery("e1", &bought("pay_1", PREMIUM - 1, "C1", "premium")),
            delivery("e2", &bought("pay_2", 5_000, "C2", "curd_club")),
            delivery("e3", &captured("pay_3", PREMIUM, json!({ "plan_code": "premium" }))),
        ];
        receive(&dairy, &told);
        assert_eq!(until(&dairy, "C1", "analytics"), None);
        assert_eq!(until(&dairy, "C2", "curd"), None);
        let short = "SELECT COUNT(*) FROM entitlement_grants WHERE state = 'short'";
        assert_eq!(dairy.count(short), 1);
        dairy.assert_verified();
        // A payment finds its customer.
        dairy
            .store
            .write(|tx| payments::assign(tx, &dairy.actor(), PaymentId(3), "C3", None))
            .unwrap();
        assert_eq!(until(&dairy, "C3", "analytics"), Some(days_after_paid(30)));
        // The plan becomes known, and is changed: what was sold stays.
        let club = |price: i64, features: &[&str]| PlanFacts {
            name: Some("Curd club".to_owned()),
            price: Some(Money::from_paise(price)),
            days: Some(7),
            features: Some(features.iter().map(|one| (*one).to_owned()).collect()),
            is_active: None,
        };
        let add = |facts: &PlanFacts| {
            dairy.store.write(|tx| entitlements::add(tx, &dairy.actor(), "curd_club", facts))
        };
        let wrong = add(&club(5_000, &["deliveries"])).unwrap_err();
        assert!(wrong.to_string().starts_with("features: "), "{wrong}");
        let kept = add(&club(5_000, &["curd"])).unwrap();
        assert_eq!((kept.version, kept.is_active), (1, true));
        assert!(matches!(add(&club(1, &["curd"])), Err(AppError::Conflict(_))));
        let at = days_after_paid(1);
        assert_eq!(check_at(&dairy, "C2", "curd", at).until, Some(days_after_paid(7)));
        let change = |version: i64, facts: &PlanFacts| {
            dairy
                .store
                .write(|tx| entitlements::change(tx, &dairy.actor(), "curd_club", version, facts))
        };
        let changed = change(1, &club(9_000, &["whey"])).unwrap();
        assert_eq!(changed.version, 2);
        let lost = change(1, &club(1, &["whey"])).unwrap_err();
        assert!(matches!(lost, AppError::VersionLost { asked: 1, present: 2 }), "{lost}");
        assert!(check_at(&dairy, "C2", "curd", at).is_entitled);
        assert!(!check_at(&dairy, "C2", "whey", at).is_entitled);
        dairy.assert_verified();
    });
}

fn receipt(way: Provider, paise: i64, reference: &str, plan: &str) -> NewReceipt {
    NewReceipt {
        way,
        amount: Money::from_paise(paise),
        reference: Some(reference.to_owned()),
        customer: Some("C1".to_owned()),
        bill: None,
        plan: Some(plan.to_owned()),
        person: None,
        day: None,
    }
}

#[test]
fn a_plan_is_bought_at_the_office_for_its_price() {
    on_both(|database| {
        let dairy = billed(database);
        let record =
            |new: &NewReceipt| dairy.store.write(|tx| payments::record(tx, &dairy.actor(), new));
        for (new, place) in [
            (receipt(Provider::Cheque, PREMIUM + 1, "000123", "premium"), "amount"),
            (receipt(Provider::Cheque, PREMIUM, "000123", "gold"), "plan"),
            (receipt(Provider::Cheque, 1, "000123", "free"), "plan"),
            (
                NewReceipt {
                    customer: None,
                    ..receipt(Provider::Upi, PREMIUM, "618200000117", "premium")
                },
                "customer_code",
            ),
        ] {
            let wrong = record(&new).unwrap_err();
            assert!(wrong.to_string().contains(place), "{wrong}");
        }
        let id = record(&receipt(Provider::Cheque, PREMIUM, "000123", "premium")).unwrap();
        let end = later(now(), Duration::from_hours(30 * 24));
        assert_eq!(until(&dairy, "C1", "analytics"), Some(end));
        // One that is sold no more cannot be bought, and holds for those who have it.
        let inactive = PlanFacts { is_active: Some(false), ..PlanFacts::default() };
        dairy
            .store
            .write(|tx| entitlements::change(tx, &dairy.actor(), "premium", 1, &inactive))
            .unwrap();
        let wrong = record(&receipt(Provider::Cheque, PREMIUM, "000124", "premium")).unwrap_err();
        assert!(wrong.to_string().contains("not sold"), "{wrong}");
        assert_eq!(until(&dairy, "C1", "analytics"), Some(end));
        // The cheque bounces.
        dairy.store.write(|tx| payments::reverse(tx, &dairy.actor(), id)).unwrap();
        assert_eq!(until(&dairy, "C1", "analytics"), None);
        dairy.assert_verified();
    });
}

#[test]
fn what_is_over_is_over_before_anybody_notes_it() {
    on_both(|database| {
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        let (end, feature) = (days_after_paid(30), "analytics");
        let before = Moment::from_unix_micros(end.unix_micros() - 1);
        assert!(check_at(&dairy, "C1", feature, before).is_entitled);
        assert!(!check_at(&dairy, "C1", feature, end).is_entitled);
        let ending = |at: Moment, until: Moment| {
            dairy.store.read(|tx| entitlements::ending(tx, at, until, None, 2)).unwrap()
        };
        let (found, next) = ending(now(), later(end, Duration::from_secs(1)));
        assert_eq!((found.len(), next.is_some()), (2, true));
        let (rest, none) = dairy
            .store
            .read(|tx| entitlements::ending(tx, now(), end.max(now()), next.as_deref(), 2))
            .unwrap();
        assert_eq!((rest.len(), none), (0, None), "the end itself is not before itself");
        let expire = |at: Moment| {
            let actor = app::Actor::program("job", at);
            entitlements::expire(&dairy.store, &actor, &|| true).unwrap()
        };
        let early = expire(before);
        assert_eq!((early.closed, early.ending_soon), (0, 3));
        let done = expire(end);
        assert_eq!((done.closed, done.ending_soon), (3, 0));
        assert_eq!(expire(end).closed, 0);
        let traces = "SELECT COUNT(*) FROM audit WHERE action = 'expire' AND record = 'C1'";
        assert_eq!(dairy.count(traces), 1);
        dairy.assert_verified();
        // A late payment begins anew; what was closed is open again.
        dairy.at("2026-10-30T10:00:00+05:30");
        let new = receipt(Provider::Cheque, PREMIUM, "000123", "premium");
        dairy.store.write(|tx| payments::record(tx, &dairy.actor(), &new)).unwrap();
        let at = dairy.actor().at;
        let until = later(at, Duration::from_hours(30 * 24));
        assert_eq!(check_at(&dairy, "C1", feature, at).until, Some(until));
        assert_eq!(expire(until).closed, 3);
        dairy.assert_verified();
    });
}

#[test]
fn prepaid_customers_are_delivered_to_while_they_have_a_balance() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.at("2026-09-10T10:00:00+05:30");
        let mode = |mode: &str| Said {
            billing_mode: Some(mode.to_owned()),
            route: Some("R1".to_owned()),
            ..Said::default()
        };
        let change = |version: i64, said: &Said| {
            dairy.store.write(|tx| app::customers::change(tx, &dairy.actor(), "C1", version, said))
        };
        assert!(change(1, &mode("sometimes")).unwrap_err().to_string().contains("billing_mode"));
        assert_eq!(change(1, &mode("prepaid")).unwrap().version, 2);
        let entitled = || check_at(&dairy, "C1", "deliveries", dairy.actor().at).is_entitled;
        let balance = || {
            let day = dairy.actor().at.business_day();
            let found = dairy
                .store
                .read(|tx| entitlements::deliveries_entitled(tx, Whom::Route("R1"), day))
                .unwrap();
            assert_eq!(found.len(), 1);
            found[&CustomerId(1)].balance.paise()
        };
        assert!(!entitled() && balance() == 0);
        // What buys a plan buys no milk.
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
        assert!(!entitled());
        let money = json!({ "customer_code": "C1" });
        receive(&dairy, &[delivery("e2", &captured("pay_2", 100_000, money))]);
        assert!(entitled() && balance() == 100_000);
        // Milk, and paneer with its tax: 600 and 420 rupees.
        dairy.deliver(&["2026-09-02 C1 MILK 10"]);
        assert!(entitled() && balance() == 40_000);
        dairy.deliver(&["2026-09-03 C1 PANEER 1"]);
        assert!(!entitled() && balance() == -2_000);
        // An order at its own price; curd has no price yet.
        dairy.order(&["O1 2026-09-01 2026-09-04 C1 PANEER 0.1 delivered 100"]);
        assert_eq!(balance(), -3_050);
        dairy.deliver(&["2026-09-05 C1 CURD 1"]);
        assert_eq!(balance(), -3_050);
        dairy.price(&["CURD - 2026-09-01 100"]);
        assert_eq!(balance(), -13_550);
        // Whether on a draft or on an issued bill, it is the same.
        dairy.draft("2026-09");
        assert_eq!(balance(), -13_550);
        dairy.on("2026-10-02");
        dairy.run_and_issue("2026-09");
        assert_eq!(balance(), -13_550);
        let of_c1 = json!({ "customer_code": "C1" });
        receive(&dairy, &[delivery("e3", &captured("pay_3", 20_000, of_c1))]);
        assert!(entitled() && balance() == 6_450);
        // Who pays after is entitled whatever they owe.
        assert!(change(2, &mode("postpaid")).is_ok());
        let none = dairy
            .store
            .read(|tx| entitlements::deliveries_entitled(tx, Whom::All, Day::MIN))
            .unwrap();
        assert!(none.is_empty() && entitled());
        dairy.assert_verified();
    });
}

#[test]
fn a_file_may_say_who_pays_before() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let count = || dairy.count("SELECT COUNT(*) FROM customers WHERE billing_mode = 'prepaid'");
        dairy.import(Kind::Customers, "code,name,billing_mode\nC1,Asha,prepaid\nC2,Bina,\n");
        assert_eq!(count(), 1);
        // A file that does not say it leaves it.
        dairy.import(Kind::Customers, "code,name\nC1,Asha K\n");
        assert_eq!(count(), 1);
        dairy.refused(Kind::Customers, "code,name,billing_mode\nC1,Asha,later\n");
    });
}

#[test]
fn verify_finds_entitlements_that_do_not_follow() {
    let damages = [
        "UPDATE entitlements SET until_at = until_at + 1 WHERE feature = 'analytics'",
        "DELETE FROM entitlements WHERE feature = 'analytics'",
        "INSERT INTO entitlements VALUES (2, 'analytics', 1, 0)",
        "UPDATE entitlement_grants SET state = 'revoked', from_at = NULL, until_at = NULL",
        "UPDATE entitlement_grants SET until_at = until_at + 1",
        "UPDATE entitlement_grants SET paid_at = paid_at - 1",
    ];
    let sales = [
        (
            vec!["UPDATE payments SET free_paise = 19900, version = version + 1"],
            vec![Invariant::PaymentsAllocated, Invariant::PaymentLogs],
        ),
        (
            vec![
                "INSERT INTO ledger_entries (transaction_id, entry_no, account, customer_id, \
                 amount_paise) VALUES (9999, 1, 'receivable', 1, 5), (9999, 2, 'plan_sales', \
                 NULL, -5)",
                "INSERT INTO ledger_transactions (id, day, customer_id, cause, payment_id, \
                 posting, posted_at) VALUES (9999, 20261002, 1, 'payment', 1, 'plan-sale@2', 1)",
            ],
            vec![Invariant::PaymentsPosted],
        ),
    ];
    on_both(|database| {
        for damage in damages {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
            dairy.assert_verified();
            dairy.sql(damage);
            assert_eq!(dairy.broken(), [Invariant::Entitlements], "{damage}");
        }
        for (damage, expected) in &sales {
            let fresh = testkit::databases().into_iter().find(|d| d.kind == database.kind).unwrap();
            let dairy = billed(&fresh);
            receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "premium"))]);
            dairy
                .store
                .write(|tx| {
                    for sql in damage {
                        tx.execute(sql, &[])?;
                    }
                    Ok::<_, AppError>(())
                })
                .unwrap();
            assert_eq!(dairy.broken(), *expected, "{damage:?}");
        }
        // A payment that came while its plan was being added has no grant, until the job looks.
        let dairy = billed(database);
        receive(&dairy, &[delivery("e1", &bought("pay_1", PREMIUM, "C1", "club"))]);
        dairy.assert_verified();
        dairy.sql(
            "INSERT INTO plans (code, name, price_paise, days, features, active) \
             VALUES ('club', 'Club', 100, 30, 'curd', 1)",
        );
        assert_eq!(dairy.broken(), [Invariant::Entitlements]);
        let actor = app::Actor::program("job", now());
        entitlements::expire(&dairy.store, &actor, &|| true).unwrap();
        assert_eq!(until(&dairy, "C1", "curd"), Some(days_after_paid(30)));
        dairy.assert_verified();
    });
}
