//! A connection that is kept: one request, one answer.
//!
//! It deliberately sends nothing before the answer to what it sent last, and connects only once.

use super::answer::{Answer, Ending, Head, MAX_HEAD_BYTES, end_of_head, join_pieces};
use crate::failure::{Doing, Failure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer at the start; more is made when one is larger.
const ROOM: usize = 16 * 1024;

/// The connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    /// What has come of the answer.
    came: Vec<u8>,
    /// A body that came in pieces.
    joined: Vec<u8>,
    closed: bool,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.doing(format!("connect to {address}"))?;
        stream.set_nodelay(true).doing("send requests without delay")?;
        let (came, joined) = (Vec::with_capacity(ROOM), Vec::new());
        Ok(Self { stream, address, came, joined, closed: false })
    }

    /// Sends a request and reads its answer to the end.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        if self.closed {
            return Err(Failure::new(format!("{} closed the connection", self.address)));
        }
        self.came.clear();
        self.stream.write_all(request).await.doing(format!("ask {}", self.address))?;
        let mut searched = 0;
        let body_at = loop {
            if let Some(end) = end_of_head(&self.came, searched) {
                break end;
            }
            if self.came.len() > MAX_HEAD_BYTES {
                return Err(self.wrong("the head does not end"));
            }
            searched = self.came.len();
            self.read().await?;
        };
        let head = self.came.get(..body_at).unwrap_or_default();
        let head = Head::read(head).map_err(|reason| self.wrong(&reason))?;
        self.closed = head.closes;
        let (end, is_joined) = match head.ending {
            Ending::Length(length) => (self.read_length(body_at, length).await?, false),
            Ending::Chunked => (self.read_pieces(body_at).await?, true),
        };
        if self.came.len() > end {
            return Err(self.wrong("more came than the answer"));
        }
        let body: &[u8] =
            if is_joined { &self.joined } else { self.came.get(body_at..).unwrap_or_default() };
        let etag = head.etag.and_then(|place| self.came.get(place));
        let etag = etag.and_then(|bytes| str::from_utf8(bytes).ok());
        Ok(Answer { status: head.status, etag, body })
    }

    async fn read_length(&mut self, body_at: usize, length: usize) -> Result<usize, Failure> {
        let end = body_at.saturating_add(length);
        while self.came.len() < end {
            self.read().await?;
        }
        Ok(end)
    }

    async fn read_pieces(&mut self, body_at: usize) -> Result<usize, Failure> {
        loop {
            let pieces = self.came.get(body_at..).unwrap_or_default();
            let joined = join_pieces(pieces, &mut self.joined);
            if let Some(length) = joined.map_err(|reason| self.wrong(&reason))? {
                return Ok(body_at + length);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Failure> {
        if self.came.capacity() == self.came.len() {
            self.came.reserve(ROOM);
        }
        let read = self.stream.read_buf(&mut self.came).await;
        match read.doing(format!("read an answer of {}", self.address))? {
            0 => Err(self.wrong("the connection was closed in the middle of it")),
            _ => Ok(()),
        }
    }

    fn wrong(&self, reason: &str) -> Failure {
        Failure::new(format!(
            "could not understand an answer of {}: {reason}:\n{}",
            self.address,
            String::from_utf8_lossy(&self.came)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Connection;
    use crate::load::small_server::{LONG_BYTES, SmallServer};
    use crate::load::{Caller, runtime};

    fn request(path: &str) -> Vec<u8> {
        let mut out = Vec::new();
        Caller::new("127.0.0.1:80".parse().unwrap(), Some("token")).get(path, &mut out);
        out
    }

    #[test]
    fn one_connection_reads_answers_of_all_sizes() {
        let server = SmallServer::start();
        let asked = async {
            let mut connection = Connection::open(server.address).await.unwrap();
            for _ in 0..3 {
                for (path, status, length) in [
                    ("/text", 200, 9),
                    ("/long", 200, LONG_BYTES),
                    ("/long-pieces", 200, LONG_BYTES),
                    ("/nothing", 204, 0),
                    ("/not-there", 404, 0),
                ] {
                    let answer = connection.ask(&request(path)).await.unwrap();
                    assert_eq!((answer.status, answer.body.len()), (status, length), "{path}");
                }
            }
            let answer = connection.ask(&request("/tagged")).await.unwrap();
            assert_eq!((answer.etag, answer.body), (Some("\"7\""), b"tagged".as_slice()));
        };
        runtime(1).unwrap().block_on(asked);
    }

    #[tokio::test]
    async fn an_end_in_the_middle_is_a_failure() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfour",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nfour",
            "HTTP/1.0 200 OK\r\n\r\n",
        ] {
            let address = SmallServer::answer_once(answer);
            let mut connection = Connection::open(address).await.unwrap();
            assert!(connection.ask(&request("/")).await.is_err(), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_closed_connection_is_not_asked_again() {
        let closes = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
        let address = SmallServer::answer_once(closes);
        let mut connection = Connection::open(address).await.unwrap();
        let request = &request("/");
        assert_eq!(connection.ask(request).await.unwrap().body, b"ok");
        let failure = connection.ask(request).await.unwrap_err().to_string();
        assert!(failure.contains("closed the connection"), "{failure}");
    }
}
