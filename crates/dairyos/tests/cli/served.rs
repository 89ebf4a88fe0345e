//! The service as a running program: started on a port of its own, asked over sockets, killed.
//!
//! It deliberately writes requests byte by byte, so that broken ones can be written as well.

#[path = "served/books.rs"]
mod books;
#[path = "served/hostile.rs"]
mod hostile;
#[path = "served/killed.rs"]
mod killed;
#[path = "served/together.rs"]
mod together;

use crate::kit::{Books, text};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A password that somebody chose.
const PASSWORD: &str = "plum rickshaw 47 monsoon";
/// The keys of all processes, so that the tokens of one are known to the others.
const KEYS: [(&str, &str); 2] = [
    (
        "DAIRYOS_SIGN_IN__TOKEN_KEYS",
        "[{ kid = \"a\", secret = \"0f3c9a7be1d24865ab90fe1276cd3458\" }]",
    ),
    (
        "DAIRYOS_SIGN_IN__TOTP_KEYS",
        "[{ kid = \"a\", secret = \"9e0d41b27c6a85f3e0d41b27c6a85f31\" }]",
    ),
];
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that serves; it ends with the test.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// The lines of its log since then.
    log: Arc<Mutex<Vec<String>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    pub fn start(books: &Books<'_>) -> Self {
        Self::start_with(books, &[])
    }

    /// Starts a process with further settings and waits until it listens.
    pub fn start_with(books: &Books<'_>, settings: &[(&str, &str)]) -> Self {
        let mut command = books.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(KEYS).envs(settings.iter().copied()).env("LLVM_PROFILE_FILE", "/dev/null");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {said}")).unwrap();
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| json!(line));
            if line["message"] == "listening" {
                break text(&line["address"]).parse().unwrap();
            }
            said.push_str(&line.to_string());
        };
        // What nobody reads would stop the process once the pipe is full.
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        Self { child, address, log }
    }

    /// The line of the log about a request of this id, as soon as it is there.
    pub fn line(&self, request_id: &str) -> Value {
        let begun = Instant::now();
        loop {
            let lines = self.log.lock().unwrap().clone();
            let lines = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            let mut lines = lines.filter(|line: &Value| line["message"] == "request");
            if let Some(line) = lines.find(|line| line["request_id"] == request_id) {
                return line;
            }
            assert!(begun.elapsed() < PATIENCE, "no line of {request_id}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The signal alone, for a moment when others are asking.
    pub fn signal_kill(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    }

    /// Sends bytes and reads what comes until the connection is closed.
    pub fn raw(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = self.connect()?;
        stream.write_all(bytes)?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Ok(all)
    }

    pub fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// A request on a connection of its own; an error when the process has gone.
    pub fn try_ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> std::io::Result<Reply> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        if !token.is_empty() {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            head.push_str("content-type: application/json\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        Reply::read(&self.raw(head.as_bytes())?)
    }

    pub fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Reply {
        self.ask_with(method, path, token, body, &[])
    }

    pub fn ask_with(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let asked = self.try_ask(method, path, token, body, headers);
        asked.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn get(&self, path: &str, token: &str) -> Reply {
        self.ask("GET", path, token, &Value::Null)
    }

    /// Adds an owner to the books, who signs in and changes the password; the access token.
    pub fn owner(&self, books: &Books<'_>) -> String {
        self.person(books, "owner")
    }

    /// The same for any role.
    pub fn person(&self, books: &Books<'_>, role: &str) -> String {
        let login = format!("{role}@example.in");
        let login = login.as_str();
        let added =
            books.json(&["people", "add", "--login", login, "--name", "Asha", "--role", role]);
        let token = self.sign_in(login, text(&added["password"]));
        let change = json!({ "current": added["password"], "new": PASSWORD });
        self.ask("POST", "/api/v1/me/password", &token, &change).ok(204);
        token
    }

    pub fn sign_in(&self, login: &str, password: &str) -> String {
        let body = json!({ "login": login, "password": password });
        let session = self.ask("POST", "/api/v1/session", "", &body).ok(201).json();
        text(&session["access_token"]).to_owned()
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    /// The first answer of a connection, read whole or not at all.
    pub fn read(bytes: &[u8]) -> std::io::Result<Self> {
        let cut = || std::io::Error::other("the answer was cut off");
        let all = String::from_utf8_lossy(bytes);
        let (head, rest) = all.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(cut)?;
        let mut reply = Self { status, head: head.to_lowercase(), body: String::new() };
        if reply.header("transfer-encoding") == "chunked" {
            reply.body = Self::chunks(rest).ok_or_else(cut)?;
        } else {
            let length = reply.header("content-length").parse().unwrap_or(0);
            rest.get(..length).ok_or_else(cut)?.clone_into(&mut reply.body);
        }
        Ok(reply)
    }

    /// A body in chunks (RFC 9112, 7.1), if it is whole.
    fn chunks(mut rest: &str) -> Option<String> {
        let mut body = String::new();
        loop {
            let (length, after) = rest.split_once("\r\n")?;
            let length = usize::from_str_radix(length, 16).ok()?;
            if length == 0 {
                return Some(body);
            }
            body.push_str(after.get(..length)?);
            rest = after.get(length..)?.strip_prefix("\r\n")?;
        }
    }

    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(known, value)| (known == name).then_some(value)).unwrap_or("")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn ok(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// A problem of a code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.json()["code"], code, "{self:?}");
        self
    }

    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == "true"
    }
}

/// The number that a query finds, read beside the running service.
pub fn count(books: &Books<'_>, sql: &str, params: &[&str]) -> i64 {
    let store = store::Store::open(&books.database.url).unwrap();
    let params: Vec<store::Value<'_>> = params.iter().map(|text| (*text).into()).collect();
    store
        .read(|tx| tx.find(sql, &params, |row| row.int(0)))
        .unwrap_or_else(|error: store::StoreError| panic!("{sql}: {error}"))
        .unwrap_or(0)
}

/// Closes the sending half of a connection and reads what still comes.
pub fn rest(mut stream: TcpStream) -> Vec<u8> {
    // The other side may have closed already.
    let _ = stream.shutdown(Shutdown::Write);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    all
}
