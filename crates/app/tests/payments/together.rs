//! Several at once: two processes never allocate one due twice, and book one payment once.

use crate::kit::{billed, books, captured, delivery, now};
use app::AppError;
use serde_json::json;
use std::thread;
use store::StoreError;
use testkit::on_both;

#[test]
fn two_processes_allocate_a_due_once() {
    on_both(|database| {
        let dairy = billed(database);
        let stores = [dairy.another_store(), dairy.another_store()];
        thread::scope(|scope| {
            for (place, store) in stores.iter().enumerate() {
                scope.spawn(move || {
                    for turn in 0..12 {
                        // Half of the payments are told to both.
                        let id = if turn % 2 == 0 { turn } else { 100 * (place + 1) + turn };
                        let notes =
                            json!({ "customer_code": if turn % 3 == 0 { "C2" } else { "C1" } });
                        let body = captured(&format!("pay_{id}"), 5_000, notes);
                        let told = [delivery(&format!("e{id}"), &body)];
                        loop {
                            match store.write(|tx| app::webhooks::receive(tx, &told, now())) {
                                Ok(_) => break,
                                // Another was quicker; now it is known.
                                Err(
                                    AppError::Changed(_)
                                    | AppError::Store(StoreError::Refused(_) | StoreError::Busy(_)),
                                ) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                    }
                });
            }
        });
        assert_eq!(dairy.count("SELECT COUNT(*) FROM payments"), 18);
        let after = books(&dairy);
        assert!(after.contains(&"gateway_razorpay 0 88200".to_owned()), "{after:?}");
        dairy.assert_verified();
    });
}
