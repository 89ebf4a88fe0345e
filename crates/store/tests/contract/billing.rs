//! Bills: drafts made, recomputed, issued and removed; numbers; bills as they are printed; sums
//! and runs.
//!
//! It deliberately computes no bill.

use crate::kit::{
    C1, C2, DRAFT, GHEE, ISSUED, MILK, actor, content, count, day, delivery, draft, execute,
    issued, line, month, new_bill, number, order, read, write,
};
use domain::billing::{BillState, Draft, LineKind};
use domain::calendar::{FinancialYear, Moment};
use domain::ids::{BillId, CustomerId, OrderId};
use domain::money::Money;
use domain::orders::Status;
use store::billing::{self, NewRun, Redraft};
use store::deliveries::Link;
use store::{Store, StoreError};
use testkit::on_both;

/// Bill 3: October of C1, a draft whose second line holds a late delivery and whose third holds a
/// late order.
pub fn late_bill(store: &Store) {
    let lines = draft(vec![
        line(LineKind::Delivery, MILK, 1000, "2026-10-01", "2026-10-01"),
        line(LineKind::Late, MILK, 1000, "2026-09-20", "2026-09-20"),
        line(LineKind::Late, GHEE, 1000, "2026-09-06", "2026-09-06"),
    ]);
    let id = BillId(3);
    write(store, |tx| {
        store::deliveries::add(tx, &[delivery(C1, "2026-10-01", MILK, 1000)], 1)?;
        let delivered = order("O2", C1, "2026-09-06", Status::Delivered);
        store::orders::correct(tx, OrderId(2), &delivered, 1)?;
        billing::add_lines(tx, [(id, &lines.lines[..])])?;
        let link = |line, on: &str| Link {
            bill: id,
            line,
            customer: C1,
            product: MILK,
            first: day(on),
            last: day(on),
        };
        store::deliveries::link(tx, &[link(1, "2026-10-01"), link(2, "2026-09-20")])?;
        store::orders::link(tx, &[(id, 3, OrderId(2))])?;
        let mut bill = new_bill(id, C1, &lines, None);
        bill.month = month("2026-10");
        billing::add_bills(tx, &[bill], actor().at)
    });
}

/// Puts the order O3 on a second line of the draft.
pub fn draft_with_order(store: &Store) {
    let lines = [
        line(LineKind::Delivery, MILK, 1000, "2026-09-01", "2026-09-01"),
        line(LineKind::Order, GHEE, 1000, "2026-09-01", "2026-09-01"),
    ];
    write(store, |tx| {
        billing::delete_lines(tx, &[DRAFT])?;
        billing::add_lines(tx, [(DRAFT, &lines[..])])?;
        assert_eq!(store::orders::link(tx, &[(DRAFT, 2, OrderId(3))])?, 1);
        Ok(())
    });
}

fn version(store: &Store, bill: BillId) -> i64 {
    count(store, &format!("SELECT version FROM bills WHERE id = {}", bill.0))
}

fn redraft_of(draft: &Draft, bill: BillId, version: i64) -> Redraft<'_> {
    Redraft {
        bill,
        version,
        day: day("2026-09-29"),
        interstate: true,
        draft,
        previous_balance: Money::from_paise(-700),
        content: content(draft).to_string(),
    }
}

#[test]
fn bills_of_a_month_are_read_as_kept() {
    on_both(|database| {
        let store = issued(database);
        let of_month = |from, to, text: &str| {
            read(&store, |tx| billing::bills_of_month(tx, month(text), from, to))
        };
        let bills = of_month(1, 3, "2026-09");
        assert_eq!(bills.len(), 2);
        let bill = &bills[0];
        assert_eq!((bill.id, bill.customer, bill.state), (ISSUED, C1, BillState::Issued));
        assert_eq!((bill.version, bill.needs_rerun, bill.interstate), (1, false, false));
        assert_eq!(bill.total, Money::from_paise(24_000));
        assert_eq!(bill.split.taxable, bill.total);
        assert_eq!(bill.previous_balance, Money::from_paise(500));
        assert_eq!((bills[1].id, bills[1].state), (DRAFT, BillState::Draft));
        assert_eq!(of_month(2, 2, "2026-09").len(), 1);
        assert!(of_month(1, 3, "2026-08").is_empty());
        let earlier =
            |text: &str| read(&store, |tx| billing::issued_earlier(tx, 1, 3, month(text)));
        assert_eq!(earlier("2026-10"), [(C1, month("2026-09"))]);
        assert!(earlier("2026-09").is_empty());
        let has_issued = |customer| read(&store, |tx| billing::has_issued_bill(tx, customer));
        assert!(has_issued(C1) && !has_issued(C2));
        late_bill(&store);
        let drafts_beside = |from, to, text: &str| {
            read(&store, |tx| billing::drafts_of_other_months(tx, from, to, month(text)))
        };
        assert_eq!(drafts_beside(1, 3, "2026-09"), [BillId(3)]);
        assert_eq!(drafts_beside(1, 3, "2026-10"), [DRAFT]);
        assert_eq!(drafts_beside(1, 1, "2026-10"), []);
        let mut days =
            read(&store, |tx| billing::days_on_bills(tx, &[BillId(3), ISSUED, BillId(9)]));
        days.sort_unstable();
        let expected = [
            (ISSUED, day("2026-09-01"), day("2026-09-05")),
            (BillId(3), day("2026-09-06"), day("2026-10-01")),
        ];
        assert_eq!(days, expected);
    });
}

#[test]
fn a_draft_is_recomputed_by_who_knows_its_version() {
    on_both(|database| {
        let store = issued(database);
        let new = draft(vec![line(LineKind::Delivery, MILK, 3000, "2026-09-01", "2026-09-01")]);
        let redraft = |bill, version| {
            let list = [redraft_of(&new, bill, version)];
            let later = Moment::from_unix_micros(7);
            write(&store, |tx| billing::redraft(tx, &list, later))
        };
        assert_eq!(redraft(DRAFT, 2), 0);
        assert_eq!(redraft(DRAFT, 0), 0);
        assert_eq!(redraft(ISSUED, 1), 0);
        assert_eq!(version(&store, DRAFT), 1);
        write(&store, |tx| billing::drafts_to_rerun(tx, &[DRAFT, ISSUED]));
        let marked = "SELECT COUNT(*) FROM bills WHERE needs_rerun = 1";
        assert_eq!(count(&store, marked), 1);

        assert_eq!(redraft(DRAFT, 1), 1);
        assert_eq!(redraft(DRAFT, 1), 0, "the version has moved on");
        let bills = read(&store, |tx| billing::bills_of_month(tx, month("2026-09"), 2, 2));
        let bill = &bills[0];
        assert_eq!((bill.version, bill.needs_rerun, bill.interstate), (2, false, true));
        assert_eq!(bill.total, new.total);
        assert_eq!(bill.content, content(&new));
        assert_eq!(bill.previous_balance, Money::from_paise(-700));
        let sum = "SELECT bill_day + updated_at FROM bills WHERE id = 2";
        assert_eq!(count(&store, sum), 2026_09_29 + 7);
        // Several at once: only those whose version is right count.
        let list = [redraft_of(&new, DRAFT, 2), redraft_of(&new, BillId(9), 1)];
        assert_eq!(write(&store, |tx| billing::redraft(tx, &list, actor().at)), 1);
    });
}

#[test]
fn drafts_are_issued_with_numbers() {
    on_both(|database| {
        let store = issued(database);
        let on = day("2026-09-30");
        let owed = Money::from_paise(42);
        let second = number(2);
        let issue = |bill, version| {
            write(&store, |tx| {
                billing::issue_drafts(tx, &[(bill, version, &second, on, owed)], actor().at)
            })
        };
        assert_eq!(issue(DRAFT, 2), 0);
        write(&store, |tx| billing::drafts_to_rerun(tx, &[DRAFT]));
        assert_eq!(issue(DRAFT, 1), 0, "it waits for a rerun");
        execute(&store, &["UPDATE bills SET needs_rerun = 0 WHERE id = 2"]).unwrap();
        assert_eq!(issue(DRAFT, 1), 1);
        assert_eq!(issue(DRAFT, 1), 0);
        assert_eq!(issue(ISSUED, 1), 0);
        let bill = read(&store, |tx| billing::bill_by_number(tx, "INV/26-27/000002"));
        let bill = bill.unwrap();
        assert_eq!((bill.id, bill.state, bill.version), (DRAFT, BillState::Issued, 1));
        assert_eq!((bill.previous_balance, bill.issued_at), (owed, Some(actor().at)));
    });
}

#[test]
fn numbers_are_allotted_in_a_row() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let year = |start| FinancialYear::starting_in(start).unwrap();
        let allot = |prefix: &str, start, many| {
            write(&store, |tx| billing::allot_numbers(tx, prefix, year(start), many))
        };
        assert_eq!(allot("INV", 2026, 3), 1);
        assert_eq!(allot("INV", 2026, 1), 4);
        assert_eq!(allot("INV", 2027, 2), 1);
        assert_eq!(allot("B", 2026, 2), 1);
        assert_eq!(allot("INV", 2026, 1), 5);
        // Numbers of a transaction that fails are not lost.
        let failed = store.write(|tx| {
            billing::allot_numbers(tx, "INV", year(2026), 10)?;
            Err::<(), _>(StoreError::unexpected("the power is gone"))
        });
        assert!(failed.is_err());
        assert_eq!(allot("INV", 2026, 1), 6);
    });
}

#[test]
fn drafts_are_touched_and_removed_and_issued_bills_are_not() {
    on_both(|database| {
        let store = issued(database);
        let owed = Money::from_paise(9);
        write(&store, |tx| billing::touch_previous_balance(tx, &[(DRAFT, owed), (ISSUED, owed)]));
        let touched = "SELECT id FROM bills WHERE previous_balance_paise = 9";
        assert_eq!(count(&store, touched), DRAFT.0);
        assert_eq!(version(&store, DRAFT), 1);
        assert!(store.write(|tx| billing::delete_lines(tx, &[ISSUED])).is_err());
        write(&store, |tx| {
            store::deliveries::unlink(tx, &[(C2, day("2026-09-01"), day("2026-09-01"), DRAFT)])?;
            billing::delete_lines(tx, &[DRAFT])?;
            billing::delete_drafts(tx, &[DRAFT, ISSUED])
        });
        assert_eq!(count(&store, "SELECT COUNT(*) FROM bills"), 1);
        assert_eq!(version(&store, ISSUED), 1);
    });
}

#[test]
fn lines_are_kept_in_printed_order() {
    on_both(|database| {
        let store = issued(database);
        late_bill(&store);
        let lines = read(&store, |tx| billing::lines_of_bill(tx, BillId(3)));
        let expected = line(LineKind::Late, MILK, 1000, "2026-09-20", "2026-09-20");
        assert_eq!(lines[1].line, expected);
        let numbers: Vec<_> = lines.iter().map(|line| (line.bill.0, line.line_no)).collect();
        assert_eq!(numbers, [(3, 1), (3, 2), (3, 3)]);
        let of_month = |from, to, drafts| {
            let september = month("2026-09");
            let mut lines =
                read(&store, |tx| billing::lines_of_month(tx, september, from, to, drafts));
            lines.sort_by_key(|line| (line.bill, line.line_no));
            lines.iter().map(|line| line.bill.0).collect::<Vec<_>>()
        };
        assert_eq!(of_month(1, 3, false), [1, 1, 1]);
        assert_eq!(of_month(1, 3, true), [1, 1, 1, 2]);
        assert_eq!(of_month(2, 3, true), [2]);
    });
}

#[test]
fn one_customer_has_one_bill_a_month() {
    on_both(|database| {
        let store = issued(database);
        let lines = draft(vec![line(LineKind::Delivery, MILK, 1000, "2026-09-01", "2026-09-01")]);
        let again = store.write(|tx| {
            billing::add_lines(tx, [(BillId(9), &lines.lines[..])])?;
            billing::add_bills(tx, &[new_bill(BillId(9), C1, &lines, None)], actor().at)
        });
        assert!(matches!(again, Err(StoreError::Refused(_))));
        let same = number(1);
        let repeated = store.write(|tx| {
            billing::add_lines(tx, [(BillId(9), &lines.lines[..])])?;
            let bill = new_bill(BillId(9), CustomerId(3), &lines, Some(&same));
            billing::add_bills(tx, &[bill], actor().at)
        });
        assert!(matches!(repeated, Err(StoreError::Refused(_))));
    });
}

#[test]
fn printed_bills_carry_everything() {
    on_both(|database| {
        let store = issued(database);
        let found = read(&store, |tx| billing::bill_by_number(tx, "INV/26-27/000001")).unwrap();
        assert_eq!((found.customer_code.as_str(), found.customer_name.as_str()), ("C1", "Of C1"));
        assert_eq!(found.month, month("2026-09"));
        assert_eq!(found.day, day("2026-09-30"));
        assert_eq!(found.lines.len(), 3);
        let of_customer = |code: &str, text: &str| {
            read(&store, |tx| billing::bill_of_customer(tx, code, month(text)))
        };
        assert_eq!(of_customer("C1", "2026-09"), Some(found.clone()));
        assert_eq!(of_customer("C1", "2026-10"), None);
        assert_eq!(of_customer("C9", "2026-09"), None);
        assert_eq!(read(&store, |tx| billing::bill_by_number(tx, "")), None);
        let mut all = Vec::new();
        read(&store, |tx| {
            billing::printed_of_month(tx, month("2026-09"), |bill| {
                all.push(bill);
                Ok::<_, StoreError>(())
            })
        });
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], found);
        assert_eq!((all[1].id, all[1].number.clone()), (DRAFT, None));
        // Whoever reads may stop.
        let mut seen = 0;
        let stopped = store.read(|tx| {
            billing::printed_of_month(tx, month("2026-09"), |_| {
                seen += 1;
                Err(StoreError::unexpected("the pipe is closed"))
            })
        });
        assert!(stopped.is_err());
        assert_eq!(seen, 1);
    });
}

#[test]
fn sums_of_a_month() {
    on_both(|database| {
        let store = issued(database);
        let sums = |from, to, text: &str| {
            let sums = read(&store, |tx| billing::sums_of_month(tx, month(text), from, to));
            assert_eq!(sums.bills, sums.lines.plus(sums.round_off).unwrap());
            [sums.lines, sums.round_off, sums.issued, sums.receivable].map(Money::paise)
        };
        assert_eq!(sums(1, 3, "2026-09"), [30_000, 0, 24_000, 24_000]);
        assert_eq!(sums(2, 3, "2026-09"), [6_000, 0, 0, 0]);
        assert_eq!(sums(1, 3, "2026-08"), [0, 0, 0, 0]);
        write(&store, |tx| billing::drafts_to_rerun(tx, &[DRAFT]));
        assert_eq!(sums(1, 3, "2026-09"), [24_000, 0, 24_000, 24_000]);
        // A draft of 60.00 that is brought up by 50 paise.
        let rounded = "UPDATE bills SET needs_rerun = 0, round_off_paise = 50, \
                       total_paise = total_paise + 50 WHERE id = 2";
        execute(&store, &[rounded]).unwrap();
        assert_eq!(sums(1, 3, "2026-09"), [30_000, 50, 24_000, 24_000]);
    });
}

#[test]
fn runs_are_recorded_and_months_marked() {
    on_both(|database| {
        let store = Store::create(&database.url).unwrap();
        let run = |certificate| NewRun {
            month: month("2026-09"),
            mode: "issue",
            content: "00".to_owned(),
            certificate,
            finished_at: actor().at,
        };
        let ids = write(&store, |tx| {
            let first = billing::add_run(tx, &run("{\"first\":1}"), &actor())?;
            Ok([first, billing::add_run(tx, &run("{\"second\":2}"), &actor())?])
        });
        assert_eq!(ids, [1, 2]);
        let last = |text: &str| read(&store, |tx| billing::last_run(tx, month(text)));
        assert_eq!(last("2026-09").as_deref(), Some("{\"second\":2}"));
        assert_eq!(last("2026-08"), None);
        write(&store, |tx| {
            billing::mark_issued(tx, month("2026-09"), actor().at)?;
            billing::mark_issued(tx, month("2026-08"), actor().at)?;
            billing::mark_issued(tx, month("2026-09"), actor().at)
        });
        let months = read(&store, billing::issued_months);
        assert_eq!(months, [month("2026-08"), month("2026-09")]);
        let unknown = NewRun { mode: "whim", ..run("{}") };
        assert!(store.write(|tx| billing::add_run(tx, &unknown, &actor())).is_err());
    });
}
