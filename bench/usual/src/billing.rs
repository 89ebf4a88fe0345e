//! One customer after the other: select, compute, write in one transaction.
//!
//! It deliberately writes as code of this kind does: each delivery's link is an update of its own.

use crate::money::{Line, Prices, lines};
use crate::tables::{
    audit, bill_lines, bills, customer_prices, customers, deliveries, general_prices,
    ledger_entries, ledger_transactions, number_series, products,
};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectOptions, Database, DatabaseConnection,
    DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionTrait,
};
use std::collections::HashMap;
use std::time::Instant;

/// Every bill's prefix here.
const PREFIX: &str = "USL";
/// The moment everything happens at; what it is does not matter here.
const AT: i64 = 1_790_000_000_000_000;
/// The State of the business that the benchmark sets up.
const STATE: &str = "24";

/// What was billed.
#[derive(Default)]
pub struct Done {
    /// Bills written.
    pub bills: u64,
    /// Lines written.
    pub lines: u64,
    /// Deliveries linked.
    pub deliveries: u64,
    /// What the bills come to, in paise.
    pub total_paise: i64,
    /// How long it took, without connecting and without loading prices.
    pub seconds: f64,
}

/// What does not change from customer to customer.
struct Service {
    db: DatabaseConnection,
    month: i32,
    products: HashMap<i32, products::Model>,
    prices: Prices,
}

/// The keys of the next rows.
struct Next {
    bill: i32,
    transaction: i64,
    audit: i64,
}

/// Bills the first customers of a database.
pub async fn run(url: &str, month: i32, count: u64) -> Result<Done, String> {
    bill_all(url, month, count).await.map_err(|error| error.to_string())
}

async fn bill_all(url: &str, month: i32, count: u64) -> Result<Done, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await?;
    let all = products::Entity::find().all(&db).await?;
    let general = general_prices::Entity::find().all(&db).await?;
    let own = customer_prices::Entity::find().all(&db).await?;
    let mut next = Next {
        bill: 1,
        transaction: 1 + highest_transaction(&db).await?,
        audit: 1 + i64::try_from(audit::Entity::find().count(&db).await?).unwrap_or(i64::MAX - 1),
    };
    let service = Service {
        month,
        products: all.into_iter().map(|product| (product.id, product)).collect(),
        prices: Prices::new(general, own),
        db,
    };
    let customers = customers::Entity::find().order_by_asc(customers::Column::Id).limit(count);
    let customers = customers.all(&service.db).await?;
    let mut done = Done::default();
    let start = Instant::now();
    for customer in &customers {
        service.bill(customer, &mut next, &mut done).await?;
    }
    done.seconds = start.elapsed().as_secs_f64();
    service.db.close().await?;
    Ok(done)
}

async fn highest_transaction(db: &DatabaseConnection) -> Result<i64, DbErr> {
    let newest = ledger_transactions::Entity::find()
        .order_by_desc(ledger_transactions::Column::Id)
        .one(db)
        .await?;
    Ok(newest.map_or(0, |transaction| transaction.id))
}

impl Service {
    /// Bills one customer.
    async fn bill(
        &self,
        customer: &customers::Model,
        next: &mut Next,
        done: &mut Done,
    ) -> Result<(), DbErr> {
        let days = self.month * 100..=self.month * 100 + 31;
        let month = deliveries::Entity::find()
            .filter(deliveries::Column::CustomerId.eq(customer.id))
            .filter(deliveries::Column::Day.between(*days.start(), *days.end()))
            .filter(deliveries::Column::Status.eq(1))
            .filter(deliveries::Column::QuantityMilli.gt(0))
            .filter(deliveries::Column::BillId.is_null())
            .all(&self.db)
            .await?;
        if month.is_empty() {
            return Ok(());
        }
        let interstate = customer.state.as_deref().is_some_and(|state| state != STATE);
        let lines = lines(customer.id, interstate, &month, &self.products, &self.prices)
            .map_err(DbErr::Custom)?;
        let tx = self.db.begin().await?;
        let bill = self.add_bill(&tx, customer, interstate, &lines, next.bill).await?;
        add_lines(&tx, bill.id, &lines).await?;
        link(&tx, bill.id, &month, &lines).await?;
        post(&tx, &bill, next.transaction).await?;
        trace(&tx, customer, &bill, lines.len(), next.audit).await?;
        tx.commit().await?;
        *next =
            Next { bill: next.bill + 1, transaction: next.transaction + 1, audit: next.audit + 1 };
        done.bills += 1;
        done.lines += lines.len() as u64;
        done.deliveries += month.len() as u64;
        done.total_paise += bill.total_paise;
        Ok(())
    }

    async fn add_bill(
        &self,
        tx: &DatabaseTransaction,
        customer: &customers::Model,
        interstate: bool,
        lines: &[Line<'_>],
        id: i32,
    ) -> Result<bills::Model, DbErr> {
        let year = self.month / 100 - i32::from(self.month % 100 < 4);
        let serial = next_serial(tx, year).await?;
        let sum = |part: fn(&Line<'_>) -> i64| lines.iter().map(part).sum::<i64>();
        let halves = sum(|line| line.half_tax);
        let bill = bills::Model {
            id,
            customer_id: customer.id,
            month: self.month,
            kind: "regular".to_owned(),
            state: "issued".to_owned(),
            version: 1,
            needs_rerun: 0,
            number: Some(format!("{PREFIX}/{:02}-{:02}/{serial:06}", year % 100, year % 100 + 1)),
            prefix: Some(PREFIX.to_owned()),
            financial_year: Some(year),
            serial: Some(serial),
            bill_day: self.month * 100 + 28,
            interstate: i16::from(interstate),
            taxable_paise: sum(|line| line.taxable),
            cgst_paise: halves,
            sgst_paise: halves,
            igst_paise: sum(|line| line.igst),
            round_off_paise: 0,
            total_paise: lines.iter().map(Line::total).sum(),
            previous_balance_paise: 0,
            content_hash: format!("{id:064}"),
            created_at: AT,
            updated_at: AT,
            issued_at: Some(AT),
        };
        bill.into_active_model().reset_all().insert(tx).await
    }
}

/// Reads, then moves the series on, as a service does that keeps numbers in a table.
async fn next_serial(tx: &DatabaseTransaction, year: i32) -> Result<i64, DbErr> {
    let key = (PREFIX.to_owned(), year);
    if let Some(series) = number_series::Entity::find_by_id(key).one(tx).await? {
        let serial = series.next_serial;
        let mut series = series.into_active_model();
        series.next_serial = Set(serial + 1);
        series.update(tx).await?;
        return Ok(serial);
    }
    let series = number_series::ActiveModel {
        prefix: Set(PREFIX.to_owned()),
        financial_year: Set(year),
        next_serial: Set(2),
    };
    series.insert(tx).await?;
    Ok(1)
}

async fn add_lines(tx: &DatabaseTransaction, bill: i32, lines: &[Line<'_>]) -> Result<(), DbErr> {
    let models = lines.iter().zip(1..).map(|(line, line_no)| {
        let product = line.product;
        let model = bill_lines::Model {
            bill_id: bill,
            line_no,
            kind: "delivery".to_owned(),
            product_id: product.id,
            sku: product.sku.clone(),
            name: product.name.clone(),
            hsn: product.hsn.clone().unwrap_or_default(),
            unit: product.unit.clone(),
            quantity_milli: line.quantity_milli,
            unit_price_milli: line.price_milli,
            tax_rate: product.tax_rate,
            tax_inclusive: product.tax_inclusive,
            amount_paise: line.amount,
            taxable_paise: line.taxable,
            cgst_paise: line.half_tax,
            sgst_paise: line.half_tax,
            igst_paise: line.igst,
            first_day: line.days.0,
            last_day: line.days.1,
            item_count: i64::try_from(line.places.len()).unwrap_or(i64::MAX),
        };
        model.into_active_model().reset_all()
    });
    bill_lines::Entity::insert_many(models).exec_without_returning(tx).await?;
    Ok(())
}

async fn link(
    tx: &DatabaseTransaction,
    bill: i32,
    month: &[deliveries::Model],
    lines: &[Line<'_>],
) -> Result<(), DbErr> {
    for (line, line_no) in lines.iter().zip(1..) {
        for delivery in line.places.iter().filter_map(|place| month.get(*place)) {
            let mut delivery = delivery.clone().into_active_model();
            delivery.bill_id = Set(Some(bill));
            delivery.line_no = Set(Some(line_no));
            delivery.update(tx).await?;
        }
    }
    Ok(())
}

async fn post(tx: &DatabaseTransaction, bill: &bills::Model, id: i64) -> Result<(), DbErr> {
    let transaction = ledger_transactions::Model {
        id,
        day: bill.bill_day,
        customer_id: bill.customer_id,
        cause: "bill".to_owned(),
        bill_id: Some(bill.id),
        posted_at: AT,
    };
    transaction.into_active_model().reset_all().insert(tx).await?;
    let amounts = [
        ("receivable", bill.total_paise),
        ("sales", -bill.taxable_paise),
        ("output_cgst", -bill.cgst_paise),
        ("output_sgst", -bill.sgst_paise),
        ("output_igst", -bill.igst_paise),
    ];
    let entries = amounts.iter().filter(|(_, amount)| *amount != 0).zip(1..);
    let entries = entries.map(|((account, amount), entry_no)| {
        let entry = ledger_entries::Model {
            transaction_id: id,
            entry_no,
            account: (*account).to_owned(),
            customer_id: (*account == "receivable").then_some(bill.customer_id),
            amount_paise: *amount,
        };
        entry.into_active_model().reset_all()
    });
    ledger_entries::Entity::insert_many(entries).exec_without_returning(tx).await?;
    Ok(())
}

async fn trace(
    tx: &DatabaseTransaction,
    customer: &customers::Model,
    bill: &bills::Model,
    lines: usize,
    id: i64,
) -> Result<(), DbErr> {
    let (code, total) = (&customer.code, bill.total_paise);
    let after = serde_json::json!({ "customer": code, "lines": lines, "total_paise": total });
    let row = audit::Model {
        id,
        at: AT,
        actor: "usual".to_owned(),
        action: "issue".to_owned(),
        table_name: "bills".to_owned(),
        record: bill.number.clone().unwrap_or_default(),
        before: None,
        after: Some(after.to_string()),
    };
    row.into_active_model().reset_all().insert(tx).await?;
    Ok(())
}
