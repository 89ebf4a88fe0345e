//! Servers of PostgreSQL that cannot be used. No message repeats the password.

use crate::kit::{Answer, assert_words, program, run};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use testkit::{Database, postgres_server};

const PASSWORD: &str = "geheim-7";

/// The failure of a command on a server, which nowhere holds the password.
fn failure(url: &str) -> (String, String) {
    let database = Database::sqlite();
    let folder = database.folder();
    let in_words = run(folder, &["verify", "--database", url]).failed();
    assert!(!format!("{in_words:?}").contains(PASSWORD), "{in_words:?}");
    let init = ["init", "--name", "Gokul Dairy", "--state", "24", "--json"];
    let of_init = program(folder).args(init).env("DAIRYOS_DATABASE_URL", url).output().unwrap();
    let of_init = Answer::of(of_init);
    assert!(!format!("{of_init:?}").contains(PASSWORD), "{of_init:?}");
    let (code, message) = run(folder, &["verify", "--json", "--database", url]).error();
    assert_eq!(of_init.error().0, code);
    (code, message)
}

/// The parts of the test server's URL: user, host with port.
fn server() -> Option<(String, String)> {
    let url = postgres_server()?;
    let (_, rest) = url.split_once("://").unwrap();
    let (user, rest) = rest.split_once('@').unwrap();
    let user = user.split(':').next().unwrap();
    Some((user.to_owned(), rest.split('/').next().unwrap().to_owned()))
}

#[test]
fn a_database_or_user_that_is_not_there() {
    let Some((user, host)) = server() else { return };
    let url = format!("postgres://{user}:{PASSWORD}@{host}/no_such_books");
    let (code, message) = failure(&url);
    assert_eq!(code, "database_unreachable", "{message}");
    assert_words(&message, &["no_such_books", "URL"]);
    let url = format!("postgres://no_such_user:{PASSWORD}@{host}/postgres");
    let (code, message) = failure(&url);
    assert_eq!(code, "database_unreachable", "{message}");
    assert_words(&message, &["no_such_user"]);
}

#[test]
fn nobody_answers_at_the_port() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://dairy:{PASSWORD}@127.0.0.1:{port}/books");
    let (code, message) = failure(&url);
    assert_eq!(code, "database_unreachable", "{message}");
    assert_words(&message, &["cannot be reached", "check that it runs"]);
}

#[test]
fn urls_that_are_none() {
    for url in [
        format!("postgres://dairy:{PASSWORD}@127.0.0.1:port/books"),
        format!("postgres://dairy:{PASSWORD}@127.0.0.1/books?sslmode=sometimes"),
        format!("postgres://dairy:{PASSWORD}@127.0.0.1/books?frob={PASSWORD}"),
        format!("mysql://dairy:{PASSWORD}@127.0.0.1/books"),
        format!("dairy:{PASSWORD}@127.0.0.1/books"),
    ] {
        let (code, message) = failure(&url);
        assert_eq!(code, "database_url", "{message}");
    }
}

/// A server that answers each connection with `answer` until the test ends; its port.
fn server_that(answer: impl Fn(TcpStream) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that has gone is no matter.
            let _ = answer(stream);
        }
    });
    port
}

#[test]
fn a_wrong_password() {
    let port = server_that(|mut stream| {
        let mut message = [0; 1024];
        let _ = stream.read(&mut message)?;
        stream.write_all(b"R\0\0\0\x08\0\0\0\x03")?; // the password, please
        let _ = stream.read(&mut message)?;
        let fields =
            b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"dairy\"\0\0";
        let length = u32::try_from(fields.len() + 4).unwrap();
        stream.write_all(&[b"E", &length.to_be_bytes()[..], fields].concat())
    });
    let (code, message) = failure(&format!("postgres://dairy:{PASSWORD}@127.0.0.1:{port}/books"));
    assert_eq!(code, "database_unreachable", "{message}");
    assert_words(&message, &["password authentication failed for user \"dairy\""]);
}

#[test]
fn a_server_that_hangs_up_or_speaks_another_language() {
    let port = server_that(|stream| stream.shutdown(std::net::Shutdown::Both));
    let (code, message) = failure(&format!("postgres://dairy:{PASSWORD}@127.0.0.1:{port}/books"));
    assert_eq!(code, "database_unreachable", "{message}");
    let port = server_that(|mut stream| {
        let mut message = [0; 1024];
        let _ = stream.read(&mut message)?;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    });
    let (_, message) = failure(&format!("postgres://dairy:{PASSWORD}@127.0.0.1:{port}/books"));
    assert!(message.len() > 20, "{message}");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let port = server_that(|stream| {
        thread::sleep(std::time::Duration::from_mins(1));
        drop(stream);
        Ok(())
    });
    let start = std::time::Instant::now();
    let url = format!("postgres://dairy:{PASSWORD}@127.0.0.1:{port}/books?connect_timeout=1");
    let database = Database::sqlite();
    let child = program(database.folder())
        .args(["verify", "--json", "--database", &url])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let answer = wait(child, std::time::Duration::from_secs(20));
    let (code, message) = answer.error();
    assert_eq!(code, "database_unreachable", "{message}");
    assert!(start.elapsed().as_secs() < 20);
}

/// Waits for a program for a while, and kills it if it takes longer.
fn wait(mut child: std::process::Child, at_most: std::time::Duration) -> Answer {
    let start = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > at_most {
            child.kill().unwrap();
        }
        thread::sleep(std::time::Duration::from_millis(20));
    }
    Answer::of(child.wait_with_output().unwrap())
}
