//! Requests as bytes.
//!
//! It deliberately escapes nothing: whoever asks knows that paths and headers are plain.

use std::io::Write;
use std::net::SocketAddr;

/// What all requests of one who asks have in common.
#[derive(Clone, Debug)]
pub struct Caller {
    headers: String,
}

impl Caller {
    /// Somebody who asks at an address, with a bearer token or as nobody.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        let mut headers = format!("Host: {address}\r\nAccept: application/json\r\n");
        if let Some(token) = token {
            headers.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        Self { headers }
    }

    /// Adds a `GET` to `out`.
    pub fn get(&self, path: &str, out: &mut Vec<u8>) {
        // Writing to a vector does not fail.
        let _ = write!(out, "GET {path} HTTP/1.1\r\n{}\r\n", self.headers);
    }

    /// Adds a request with JSON to `out`.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        json: &str,
        out: &mut Vec<u8>,
    ) {
        // Writing to a vector does not fail.
        let _ = write!(out, "{method} {path} HTTP/1.1\r\n{}", self.headers);
        for (name, value) in headers {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        let length = json.len();
        let _ =
            write!(out, "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}");
    }
}

#[cfg(test)]
mod tests {
    use super::Caller;

    #[test]
    fn requests_are_whole() {
        let caller = Caller::new("127.0.0.1:80".parse().unwrap(), Some("abc"));
        let mut out = Vec::new();
        caller.send("PATCH", "/a", &[("If-Match", "\"1\"")], "{\"é\":1}", &mut out);
        let expected = "PATCH /a HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAccept: application/json\r\n\
                        Authorization: Bearer abc\r\nIf-Match: \"1\"\r\n\
                        Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"é\":1}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
