//! Plans as shipped, grants and entitlements as they are kept, and the guards over them by name.

use crate::kit::{C1, C2, actor, count, execute, read, small, write};
use domain::calendar::Moment;
use domain::entitlements::{Grant, GrantState, example_plans};
use domain::ids::{CustomerId, PaymentId};
use domain::money::Money;
use store::Store;
use store::entitlements::{self, Entitled, KeptGrant};
use testkit::on_both;

fn at(micros: i64) -> Moment {
    Moment::from_unix_micros(micros)
}

/// A captured payment of C1 for premium.
const PAYMENT: &str = "INSERT INTO payments (id, provider, reference, customer_id, amount_paise, \
    currency, state, authorized, failed, captured_paise, captured_at, cleared, reversed, \
    free_paise, plan_code, received_day, allocation_count, version, created_at, updated_at) \
    VALUES (1, 'upi', 'R1', 1, 19900, 'INR', 'captured', 0, 0, 19900, 5, 0, 0, 19900, 'premium', \
    20260901, 0, 1, 1, 1)";

fn grant(state: GrantState, time: Option<(i64, i64)>) -> KeptGrant {
    KeptGrant {
        customer: C1,
        grant: Grant {
            payment: PaymentId(1),
            plan: "premium".to_owned(),
            features: vec!["basic".to_owned(), "premium".to_owned()],
            days: 30,
            paid_at: at(5),
            is_revoked: state != GrantState::Given,
        },
        price: Money::from_paise(19_900),
        state,
        time: time.map(|(from, until)| (at(from), at(until))),
    }
}

fn with_grant(store: &Store) {
    execute(store, &[PAYMENT]).unwrap();
    let given = grant(GrantState::Given, Some((5, 100)));
    write(store, |tx| entitlements::add_grants(tx, &[&given], actor().at));
}

#[test]
fn the_examples_are_there_from_the_start() {
    on_both(|database| {
        let store = small(database);
        let kept = read(&store, entitlements::plans);
        assert!(kept.iter().all(|kept| kept.is_active && kept.version == 1));
        assert!(kept.iter().all(|kept| kept.changed_at.is_none()));
        let plans: Vec<_> = kept.into_iter().map(|kept| kept.plan).collect();
        assert_eq!(plans, example_plans());
        let checked = read(&store, |tx| entitlements::check(tx, "C1", "vip_support"));
        assert_eq!(checked.unwrap().free, ["basic"]);
        let found = read(&store, |tx| entitlements::by_codes(tx, &["vip", "none"]));
        assert_eq!(found.len(), 1);
        let lost =
            write(&store, |tx| entitlements::change_plan(tx, &found[0].plan, false, 7, actor().at));
        assert!(!lost);
    });
}

#[test]
fn grants_and_entitlements_come_back_as_they_went() {
    on_both(|database| {
        let store = small(database);
        with_grant(&store);
        let all = |store: &Store| read(store, |tx| entitlements::of_customers(tx, &[C1, C2]));
        assert_eq!(all(&store), [grant(GrantState::Given, Some((5, 100)))]);
        let revoked = grant(GrantState::Revoked, None);
        write(&store, |tx| entitlements::move_grants(tx, &[&revoked], actor().at));
        assert_eq!(all(&store), [revoked]);
        let one = |customer, feature: &str, until| Entitled {
            customer,
            feature: feature.to_owned(),
            until: at(until),
            is_closed: false,
        };
        let kept = [one(C1, "a", 10), one(C1, "*", 30), one(C2, "a", 20)];
        write(&store, |tx| entitlements::put(tx, &kept));
        let check = |code: &str, feature: &str| {
            read(&store, |tx| entitlements::check(tx, code, feature)).map(|found| found.until)
        };
        assert_eq!(check("C1", "a"), Some(Some(at(30))));
        assert_eq!(check("C2", "a"), Some(Some(at(20))));
        assert_eq!((check("C2", "b"), check("C9", "a")), (Some(None), None));
        let ended = |moment| read(&store, |tx| entitlements::ended(tx, at(moment), 9));
        assert_eq!(ended(20), [kept[0].clone(), kept[2].clone()]);
        let ending = |after: (Moment, CustomerId, &str), before| {
            let found = read(&store, |tx| entitlements::ending(tx, after, at(before), 9));
            found.into_iter().map(|one| one.customer_code).collect::<Vec<_>>()
        };
        assert_eq!(ending((at(0), CustomerId(0), ""), 30), ["C1", "C2"]);
        assert_eq!(ending((at(10), C1, "a"), 31), ["C2", "C1"]);
        // What goes on by now is not closed.
        let stale = one(C1, "a", 9);
        assert_eq!(write(&store, |tx| entitlements::close(tx, &[stale, kept[2].clone()])), 1);
        assert_eq!(ended(20), [kept[0].clone()]);
        write(&store, |tx| entitlements::remove(tx, &kept[..1]));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM entitlements"), 2);
    });
}

#[track_caller]
fn refused(store: &Store, sql: &str, why: &str) {
    match execute(store, &[sql]) {
        Ok(_) => panic!("{sql} was let through"),
        Err(error) => assert!(error.to_string().contains(why), "{sql}: {error}"),
    }
}

#[test]
fn plans_stay_under_their_codes() {
    on_both(|database| {
        let store = small(database);
        refused(&store, "DELETE FROM plans WHERE code = 'vip'", "a plan is never removed");
        let renamed = "UPDATE plans SET code = 'gold', version = 2 WHERE code = 'vip'";
        refused(&store, renamed, "a plan keeps its code");
        let silent = "UPDATE plans SET price_paise = 5 WHERE code = 'vip'";
        refused(&store, silent, "each change of a plan is a version");
        for change in ["price_paise = -1", "days = 0", "features = ''", "active = 2", "name = ''"] {
            let sql = format!("UPDATE plans SET {change}, version = 2 WHERE code = 'vip'");
            refused(&store, &sql, "");
        }
        if store.is_sqlite() {
            let replaced = "REPLACE INTO plans SELECT code, name, 5, days, features, active, \
                            version, changed_at FROM plans WHERE code = 'vip'";
            refused(&store, replaced, "a plan is added once");
        } else {
            refused(&store, "TRUNCATE plans CASCADE", "never removed");
        }
    });
}

#[test]
fn grants_stay_as_they_were_sold() {
    on_both(|database| {
        let store = small(database);
        with_grant(&store);
        refused(&store, "DELETE FROM entitlement_grants", "a grant is never removed");
        for change in [
            "customer_id = 2",
            "plan_code = 'vip'",
            "features = '*'",
            "days = 31",
            "price_paise = 5",
            "paid_at = 6, from_at = 6",
        ] {
            let sql = format!("UPDATE entitlement_grants SET {change}");
            refused(&store, &sql, "a grant stays as it was sold");
        }
        // Only what is given has a time, and none before it was paid.
        for change in [
            "state = 'revoked'",
            "from_at = NULL",
            "until_at = NULL",
            "from_at = 4",
            "until_at = 5",
            "state = 'lost'",
        ] {
            refused(&store, &format!("UPDATE entitlement_grants SET {change}"), "");
        }
        let earlier = "UPDATE entitlement_grants SET paid_at = 4, from_at = 4";
        assert_eq!(execute(&store, &[earlier]).unwrap(), 1);
        if store.is_sqlite() {
            let replaced = "REPLACE INTO entitlement_grants SELECT payment_id, customer_id, \
                            plan_code, '*', days, price_paise, paid_at, state, from_at, \
                            until_at, changed_at FROM entitlement_grants";
            refused(&store, replaced, "a grant is added once");
        } else {
            refused(&store, "TRUNCATE entitlement_grants", "a grant is never removed");
        }
        refused(&store, "UPDATE customers SET billing_mode = 'later'", "");
    });
}
