//! A connection to PostgreSQL. A statement whose answer nobody waits for is sent at once, and heard
//! of together with the next one: a set of writes costs one exchange, not one for each. So do
//! questions that do not depend on each other.
//!
//! It deliberately forgets no answer: the first refusal is that of whoever asks next, or of the
//! commit. PostgreSQL itself runs nothing of a transaction after a statement that failed.

use super::{Row, StoreError, Value, from_postgres};
use futures_util::TryStreamExt;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Row as Found, Statement};

/// Statements sent and not heard of; beyond it they are waited for.
const MOST_UNHEARD: usize = 64;

/// A parameter that is kept until it is sent.
pub(crate) type Param<'v> = Box<dyn ToSql + Sync + Send + 'v>;
/// The answer to something sent.
type Answer = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;
/// The rows that something sent asks for, on their way. They are taken in by a task of their own: a
/// connection that nobody takes an answer from hears no other.
pub(crate) type Coming = JoinHandle<Result<Vec<Found>, Error>>;

/// A connection with its prepared statements.
pub(crate) struct Server {
    // Before the runtime, which drives them, is gone.
    unheard: VecDeque<Answer>,
    client: Arc<Client>,
    statements: HashMap<String, Statement>,
    /// Whether each answer is heard before the next statement is sent.
    patient: bool,
    runtime: Runtime,
}

/// Hears all answers that are due, in order; the first refusal counts.
async fn hear(unheard: &mut VecDeque<Answer>) -> Result<(), StoreError> {
    let mut first = Ok(());
    for answer in unheard.iter_mut() {
        let heard = answer.await;
        first = first.and(heard);
    }
    unheard.clear();
    first
}

/// The refusal of a set that has found fewer rows than it was to change.
pub(crate) fn not_all(changed: u64, expected: u64) -> StoreError {
    let why = format!("only {changed} of {expected} rows stood as they were read");
    StoreError::Refused(why)
}

impl Server {
    /// Connects within the time allowed; a server that takes the connection and then says nothing
    /// is given up too.
    pub(crate) fn connect(config: &Config, within: Duration) -> Result<Self, StoreError> {
        let made = Builder::new_current_thread().enable_all().build();
        let runtime = made.map_err(|error| StoreError::unexpected(error.to_string()))?;
        let connected =
            runtime.block_on(async { tokio::time::timeout(within, config.connect(NoTls)).await });
        let (client, connection) = connected
            .map_err(|_| {
                let secs = within.as_secs();
                StoreError::Unreachable(format!("no answer within {secs} seconds"))
            })?
            .map_err(|error| from_postgres(&error))?;
        // Why it ended is told to whoever uses it next.
        runtime.spawn(async { connection.await.unwrap_or(()) });
        let client = Arc::new(client);
        let (unheard, statements) = (VecDeque::new(), HashMap::new());
        Ok(Self { unheard, client, statements, patient: false, runtime })
    }

    /// Whether nothing can be asked of it any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Hears each answer at once, as works need that share a transaction: what failed must be known
    /// to be its own.
    pub(crate) fn be_patient(&mut self, patient: bool) {
        self.patient = patient;
    }

    /// Asks something and hears all that is due before it.
    fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let (client, unheard) = (&*self.client, &mut self.unheard);
        let (answer, before) =
            self.runtime.block_on(async { tokio::join!(question(client), hear(unheard)) });
        before?;
        answer.map_err(|error| from_postgres(&error))
    }

    /// Sends something whose answer is heard later.
    fn send(
        &mut self,
        question: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Result<(), StoreError> {
        let mut question: Answer = Box::pin(question);
        let answered = self.runtime.block_on(async {
            // Polled once, it is on its way to the connection, behind what was sent before.
            let first = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(match question.as_mut().poll(cx) {
                    std::task::Poll::Ready(answer) => Some(answer),
                    std::task::Poll::Pending => None,
                })
            });
            let answered = first.await;
            // The connection takes its turn and writes.
            tokio::task::yield_now().await;
            answered
        });
        match answered {
            None => self.unheard.push_back(question),
            Some(Ok(())) => {}
            Some(Err(error)) => {
                self.settle()?;
                return Err(error);
            }
        }
        if self.patient || self.unheard.len() > MOST_UNHEARD { self.settle() } else { Ok(()) }
    }

    /// Waits for all answers.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        if self.unheard.is_empty() {
            return Ok(());
        }
        let unheard = &mut self.unheard;
        self.runtime.block_on(hear(unheard))
    }

    /// Runs a statement without parameters, such as `COMMIT`, after all that was sent.
    pub(crate) fn command(&mut self, sql: &str) -> Result<(), StoreError> {
        self.ask(async |client| client.batch_execute(sql).await)
    }

    /// The same, heard of later.
    pub(crate) fn command_later(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let client = Arc::clone(&self.client);
        self.send(
            async move { client.batch_execute(sql).await.map_err(|error| from_postgres(&error)) },
        )
    }

    /// Undoes the transaction, whatever became of what was sent.
    pub(crate) fn undo(&mut self) {
        // A connection that cannot do even this is closed, and the server undoes it.
        let _ = self.settle();
        let _ = self.command("ROLLBACK");
    }

    /// The prepared statement of a text, prepared once per connection.
    pub(crate) fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.ask(async |client| client.prepare(sql).await)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Reads rows one at a time, as a stream.
    pub(crate) fn query<'p>(
        &mut self,
        sql: &str,
        params: impl ExactSizeIterator<Item = &'p (dyn ToSql + Sync)>,
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        let (client, unheard) = (&*self.client, &mut self.unheard);
        let wrong = |error: Error| from_postgres(&error);
        self.runtime.block_on(async {
            let (rows, before) = tokio::join!(client.query_raw(&statement, params), hear(unheard));
            before?;
            let mut rows = pin!(rows.map_err(wrong)?);
            while let Some(row) = rows.try_next().await.map_err(wrong)? {
                each(&Row::Postgres(&row))?;
            }
            Ok(())
        })
    }

    /// Executes a statement and says how many rows it changed.
    pub(crate) fn execute<'p>(
        &mut self,
        sql: &str,
        params: impl ExactSizeIterator<Item = &'p (dyn ToSql + Sync)>,
    ) -> Result<u64, StoreError> {
        let statement = self.prepared(sql)?;
        self.ask(async |client| client.execute_raw(&statement, params).await)
    }

    /// The same, heard of later. When it is said how many rows are to be changed, and others are,
    /// that is a refusal.
    pub(crate) fn execute_later(
        &mut self,
        sql: &str,
        params: Vec<Param<'static>>,
        expected: Option<u64>,
    ) -> Result<(), StoreError> {
        let statement = self.prepared(sql)?;
        let client = Arc::clone(&self.client);
        self.send(async move {
            let changed = client.execute_raw(&statement, params).await;
            let changed = changed.map_err(|error| from_postgres(&error))?;
            match expected {
                Some(expected) if changed != expected => Err(not_all(changed, expected)),
                _ => Ok(()),
            }
        })
    }

    /// Asks for rows, which are heard of later.
    pub(crate) fn query_later(
        &mut self,
        sql: &str,
        params: Vec<Param<'static>>,
    ) -> Result<Coming, StoreError> {
        let statement = self.prepared(sql)?;
        let client = Arc::clone(&self.client);
        let coming = self
            .runtime
            .spawn(async move { client.query_raw(&statement, params).await?.try_collect().await });
        // It is sent, and the connection takes its turn and writes.
        self.runtime.block_on(tokio::task::yield_now());
        Ok(coming)
    }

    /// Hears the rows that were asked for, and all that is due.
    pub(crate) fn rows(
        &mut self,
        coming: Coming,
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let unheard = &mut self.unheard;
        let (rows, before) = self.runtime.block_on(async { tokio::join!(coming, hear(unheard)) });
        before?;
        let rows = rows.map_err(|error| StoreError::unexpected(error.to_string()))?;
        for row in rows.map_err(|error| from_postgres(&error))? {
            each(&Row::Postgres(&row))?;
        }
        Ok(())
    }

    /// Adds many rows of these types by `COPY`; returns how many.
    pub(crate) fn copy_in<'v, const N: usize>(
        &mut self,
        sql: &str,
        types: &[Type],
        rows: impl Iterator<Item = [Value<'v>; N]>,
    ) -> Result<u64, StoreError> {
        self.ask(async |client| {
            let sink = client.copy_in(sql).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
            for row in rows {
                let row = row.each_ref().map(|value| value as &(dyn ToSql + Sync));
                writer.as_mut().write(&row).await?;
            }
            writer.as_mut().finish().await
        })
    }

    /// Does something that needs the connection for itself.
    pub(crate) fn alone<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client) -> T,
    ) -> Result<T, StoreError> {
        self.settle()?;
        let client = Arc::get_mut(&mut self.client)
            .ok_or_else(|| StoreError::unexpected("a connection in use"))?;
        Ok(self.runtime.block_on(work(client)))
    }
}
