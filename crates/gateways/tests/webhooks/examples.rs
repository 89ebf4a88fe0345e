//! The example deliveries of the protocol reference and their signatures, byte for byte.
//!
//! They deliberately keep the provider's oddities; see the notes on shapes there.

/// P1: a captured UPI payment.
pub const CAPTURED: &str = concat!(
    r#"{"entity":"event","account_id":"acc_T3stAcc0000001","event":"payment.captured","contains":["payment"],"#,
    r#""payload":{"payment":{"entity":{"id":"pay_T3stPay0000001","entity":"payment","amount":184250,"currency":"INR","base_amount":184250,"status":"captured","order_id":"order_T3stOrd0000001","invoice_id":null,"international":false,"method":"upi","amount_refunded":0,"amount_transferred":0,"refund_status":null,"captured":true,"description":"Milk bill 06\/2026","card_id":null,"bank":null,"wallet":null,"vpa":"lakshmi@exampleupi","email":null,"contact":"+919812300001","notes":{"bill_no":"DB-0617-0117"},"fee":4348,"tax":663,"error_code":null,"error_description":null,"error_source":null,"error_step":null,"error_reason":null,"acquirer_data":{"rrn":"618200000117"},"upi":{"vpa":"lakshmi@exampleupi"},"created_at":1782880205}}},"created_at":1782880211}"#,
);

/// Its signature under [`SECRET`].
pub const CAPTURED_SIGNATURE: &str =
    "07c144c980f9b2a1ce8634503dd61bd45432f7c800bcaf2d33b77cabcbb796e1";

/// P2: a month-old link is paid; ids without prefix, notes `[]` and null.
pub const LINK_PAID: &str = concat!(
    r#"{"account_id":"acc_T3stAcc0000001","contains":["payment_link","order","payment"],"created_at":1780288200,"entity":"event","event":"payment_link.paid","#,
    r#""payload":{"order":{"entity":{"amount":184250,"amount_due":0,"amount_paid":184250,"attempts":1,"created_at":1780288260,"currency":"INR","id":"T3stOrd0000002","notes":[],"product_id":"T3stLnk0000001","product_type":"payment_link_v2","receipt":"DB-0617-0118","status":"paid"}},"payment":{"entity":{"id":"pay_T3stPay0000002","entity":"payment","amount":184250,"currency":"INR","status":"captured","order_id":"order_T3stOrd0000002","method":"upi","captured":true,"contact":"+919812300002","email":null,"notes":[],"fee":4348,"tax":663,"acquirer_data":{"rrn":"618200000118"},"created_at":1782880905}},"payment_link":{"entity":{"id":"plink_T3stLnk0000001","amount":184250,"amount_paid":184250,"cancelled_at":0,"created_at":1780288200,"currency":"INR","customer":{"contact":"9812300002"},"expire_by":0,"expired_at":0,"notes":null,"order_id":"order_T3stOrd0000002","reference_id":"DB-0617-0118","reminders":{"status":"failed"},"short_url":"https:\/\/rzp.io\/rzp\/t3stLnk","status":"paid","updated_at":1782880906}}}}"#,
);

/// Its signature under [`SECRET`].
pub const LINK_PAID_SIGNATURE: &str =
    "86bb9d5b588cdce01c62c368899f266b00e1c1601cf2a7cbc4cca426c2a7682a";

/// P3: no `created_at` at the top.
pub const SPEED_CHANGED: &str = concat!(
    r#"{"entity":"event","account_id":"acc_T3stAcc0000001","event":"refund.speed_changed","contains":["refund","payment"],"#,
    r#""payload":{"refund":{"entity":{"id":"rfnd_T3stRfd0000001","entity":"refund","amount":25000,"currency":"INR","payment_id":"pay_T3stPay0000001","notes":[],"receipt":null,"acquirer_data":{},"created_at":1782966600,"status":"processed","speed_processed":"normal","speed_requested":"optimum"}},"payment":{"entity":{"id":"pay_T3stPay0000001","entity":"payment","amount":184250,"status":"captured","amount_refunded":25000,"refund_status":"partial","acquirer_data":{"rrn":"618200000117"}}},"created_at":1782966600}}"#,
);

/// Its signature under [`SECRET`].
pub const SPEED_CHANGED_SIGNATURE: &str =
    "4bae3fd55c6b75be9dadcc26ed0ae9e6f0ba90b982678ef78c6f6930dad578a6";

/// P4: no order, counters of the QR code still zero.
pub const QR_CREDITED: &str = concat!(
    r#"{"entity":"event","account_id":"acc_T3stAcc0000001","event":"qr_code.credited","contains":["payment","qr_code"],"#,
    r#""payload":{"payment":{"entity":{"id":"pay_T3stPay0000003","entity":"payment","amount":6400,"currency":"INR","status":"captured","order_id":null,"method":"upi","captured":true,"vpa":"ravi@exampleupi","customer_id":"cust_T3stCus0000001","notes":{"route":"R7"},"fee":0,"tax":0,"acquirer_data":{"rrn":"618200000119"},"created_at":1782881500}},"qr_code":{"entity":{"id":"qr_T3stQrc0000001","entity":"qr_code","usage":"multiple_use","type":"upi_qr","payment_amount":null,"status":"active","fixed_amount":false,"payments_amount_received":0,"payments_count_received":0,"notes":{"route":"R7"},"customer_id":"cust_T3stCus0000001","close_by":1798741799,"closed_at":null,"close_reason":null}}},"created_at":1782881501}"#,
);

/// Its signature under [`SECRET`].
pub const QR_CREDITED_SIGNATURE: &str =
    "74c103ddc3fe6fab647da8f796f135e17659606dd9b280f46accfc7135558b70";

/// The secret of the examples.
pub const SECRET: &str = "dairyos_example_secret";

/// A body whose slashes are escaped as PHP does.
pub const SLASHES: &str = concat!(
    r#"{"entity":"event","account_id":"acc_BFQ7uQEaa7j2z7","event":"qr_code.created","contains":["qr_code"],"#,
    r#""payload":{"qr_code":{"entity":{"id":"qr_HO2e0813YlchUn","entity":"qr_code","image_url":"https:\/\/rzp.io\/i\/X6QM7LL","notes":[],"close_by":"1625077799"}}},"created_at":1623914349}"#,
);
