//! UPI links: of what is still due, and only of that.

use crate::office::Office;
use app::AppError;
use app::payments::{self, Desk, UpiPayment};
use testkit::on_both;

fn of_bill(office: &Office<'_>, desk: &Desk, number: &str) -> Result<UpiPayment, AppError> {
    office.dairy.store.read(|tx| payments::upi_of_bill(tx, desk, number))
}

#[test]
fn a_link_asks_for_what_is_due() {
    on_both(|database| {
        let office = Office::new(database);
        let number = office.bill_number("C1");
        let found = of_bill(&office, &office.desk, &number).unwrap();
        let plain = number.replace(['/', '-'], "");
        let note = number.replace('/', "%2F");
        let expected = format!(
            "upi://pay?pa=gokul@upiexample&pn=Gokul%20Dairy&tr={plain}&tn=Bill%20{note}\
             &am=600.00&cu=INR"
        );
        assert_eq!(found.link, expected);
        assert_eq!((found.qr, found.amount.as_str()), (found.link, "600.00"));
        let code = |error: Result<UpiPayment, AppError>| error.unwrap_err().code();
        assert_eq!(code(of_bill(&office, &office.desk, "INV/1")), "not_found");
        assert_eq!(code(of_bill(&office, &Desk::default(), &number)), "not_configured");
        let all = office
            .dairy
            .store
            .read(|tx| payments::upi_of_customer(tx, &office.desk, "C2"))
            .unwrap();
        assert_eq!((all.amount.as_str(), all.bill_number), ("1200.00", None));
        office.paid("C1");
        assert_eq!(code(of_bill(&office, &office.desk, &number)), "conflict");
        let nothing =
            office.dairy.store.read(|tx| payments::upi_of_customer(tx, &office.desk, "C1"));
        assert_eq!(nothing.unwrap_err().code(), "conflict");
    });
}
