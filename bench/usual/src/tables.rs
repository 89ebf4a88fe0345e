//! The tables a bill touches, as entities.
//!
//! They deliberately have no relations: nothing here loads one row through another.

/// Who is billed.
pub mod customers {
    use sea_orm::entity::prelude::*;

    /// A customer.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub code: String,
        pub state: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is sold.
pub mod products {
    use sea_orm::entity::prelude::*;

    /// A product.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "products")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub sku: String,
        pub name: String,
        pub unit: String,
        pub hsn: Option<String>,
        pub tax_rate: i32,
        pub tax_inclusive: i16,
        pub price_milli: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Dated prices for everyone.
pub mod general_prices {
    use sea_orm::entity::prelude::*;

    /// A price.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "general_prices")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub effective_from: i32,
        pub price_milli: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Dated prices of one customer.
pub mod customer_prices {
    use sea_orm::entity::prelude::*;

    /// A price; without one, the general price holds again.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "customer_prices")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub effective_from: i32,
        pub price_milli: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was delivered.
pub mod deliveries {
    use sea_orm::entity::prelude::*;

    /// A delivery.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "deliveries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub shift: i16,
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reference: String,
        pub quantity_milli: i32,
        pub status: i16,
        pub bill_id: Option<i32>,
        pub line_no: Option<i16>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The bills.
pub mod bills {
    use sea_orm::entity::prelude::*;

    /// A bill.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "bills")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub customer_id: i32,
        pub month: i32,
        pub kind: String,
        pub state: String,
        pub version: i64,
        pub needs_rerun: i16,
        pub number: Option<String>,
        pub prefix: Option<String>,
        pub financial_year: Option<i32>,
        pub serial: Option<i64>,
        pub bill_day: i32,
        pub interstate: i16,
        pub taxable_paise: i64,
        pub cgst_paise: i64,
        pub sgst_paise: i64,
        pub igst_paise: i64,
        pub round_off_paise: i64,
        pub total_paise: i64,
        pub previous_balance_paise: i64,
        pub content_hash: String,
        pub created_at: i64,
        pub updated_at: i64,
        pub issued_at: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The printed lines.
pub mod bill_lines {
    use sea_orm::entity::prelude::*;

    /// A line.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "bill_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub bill_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub line_no: i16,
        pub kind: String,
        pub product_id: i32,
        pub sku: String,
        pub name: String,
        pub hsn: String,
        pub unit: String,
        pub quantity_milli: i64,
        pub unit_price_milli: i64,
        pub tax_rate: i32,
        pub tax_inclusive: i16,
        pub amount_paise: i64,
        pub taxable_paise: i64,
        pub cgst_paise: i64,
        pub sgst_paise: i64,
        pub igst_paise: i64,
        pub first_day: i32,
        pub last_day: i32,
        pub item_count: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The series of bill numbers.
pub mod number_series {
    use sea_orm::entity::prelude::*;

    /// The next number of a series.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "number_series")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub prefix: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub financial_year: i32,
        pub next_serial: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The ledger's transactions.
pub mod ledger_transactions {
    use sea_orm::entity::prelude::*;

    /// A transaction.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_transactions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub day: i32,
        pub customer_id: i32,
        pub cause: String,
        pub bill_id: Option<i32>,
        pub posted_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The ledger's entries.
pub mod ledger_entries {
    use sea_orm::entity::prelude::*;

    /// An entry.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub transaction_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_no: i16,
        pub account: String,
        pub customer_id: Option<i32>,
        pub amount_paise: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The audit trail.
pub mod audit {
    use sea_orm::entity::prelude::*;

    /// A row of it.
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub at: i64,
        pub actor: String,
        pub action: String,
        pub table_name: String,
        pub record: String,
        pub before: Option<String>,
        pub after: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
