//! Identities of records inside one business's database: small integers, allotted by the store in
//! the transaction that creates the record. They are never shown to customers; people use codes,
//! SKUs, references and bill numbers.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    };
}

id!(
    /// A customer: a household, shop, hotel or canteen that is billed.
    CustomerId
);
id!(
    /// A product of the catalog.
    ProductId
);
id!(
    /// A bill, from its draft on.
    BillId
);
id!(
    /// A one-time order.
    OrderId
);
id!(
    /// A person who signs in.
    PersonId
);
id!(
    /// One balanced transaction of the ledger.
    TransactionId
);
id!(
    /// A job of the queue.
    JobId
);
id!(
    /// A payment: money of one customer that came in, or was asked for.
    PaymentId
);
id!(
    /// Something that we asked a gateway for.
    RequestId
);
id!(
    /// A refund that was asked for by us.
    RefundId
);
id!(
    /// Cash that one person handed over.
    HandOverId
);
id!(
    /// A sum that a gateway paid out to the bank.
    SettlementId
);
id!(
    /// An event that a gateway told us of.
    WebhookEventId
);
