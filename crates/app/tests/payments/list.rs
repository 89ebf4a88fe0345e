//! Payments as they are listed: by customer, whatever became of them.
//!
//! Days, ways and states as filters are asked over HTTP and by the command.

use crate::dairy::Dairy;
use crate::kit::{billed, captured, delivery, event, payment, receive};
use app::payments::Wanted;
use domain::ids::PaymentId;
use serde_json::json;
use testkit::on_both;

fn of(dairy: &Dairy<'_>, customer: &str) -> Vec<String> {
    let wanted = Wanted { customer: Some(customer), ..Wanted::default() };
    let (page, next) = dairy.store.read(|tx| app::payments::page(tx, &wanted, None, 50)).unwrap();
    assert_eq!(next, None);
    let mut found: Vec<_> = page.into_iter().map(|listed| listed.payment.reference).collect();
    found.sort_unstable();
    found
}

#[test]
fn a_customers_payments_are_those_that_came_failed_and_were_assigned() {
    on_both(|database| {
        let dairy = billed(database);
        let of_c1 = json!({ "customer_code": "C1" });
        let failed = payment("pay_2", 500, "failed", of_c1.clone());
        let authorized = payment("pay_3", 700, "authorized", of_c1.clone());
        let told = [
            delivery("e1", &captured("pay_1", 60_000, of_c1.clone())),
            delivery("e2", &event("payment.failed", &[("payment", failed)])),
            delivery("e3", &event("payment.authorized", &[("payment", authorized)])),
            delivery("e4", &captured("pay_4", 900, json!([]))),
            delivery("e5", &captured("pay_5", 800, json!({ "customer_code": "C2" }))),
        ];
        receive(&dairy, &told);
        assert_eq!(of(&dairy, "C1"), ["pay_1", "pay_2", "pay_3"]);
        assert_eq!(of(&dairy, "C2"), ["pay_5"]);
        // One becomes money, one is somebody's after all.
        receive(&dairy, &[delivery("e6", &captured("pay_3", 700, of_c1))]);
        let id = dairy.count("SELECT id FROM payments WHERE reference = 'pay_4'");
        dairy
            .store
            .write(|tx| app::payments::assign(tx, &dairy.actor(), PaymentId(id), "C1", None))
            .unwrap();
        assert_eq!(of(&dairy, "C1"), ["pay_1", "pay_2", "pay_3", "pay_4"]);
        assert_eq!(of(&dairy, "C3"), [""; 0]);
    });
}
