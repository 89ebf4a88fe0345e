//! The files of a checkout as git knows them: tracked, or new and not ignored.
//!
//! New files count so that a violation shows before it is committed. Ignored files, such as build
//! results and the demo's data, are nobody's business here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// Files above this size are data, not text a person reads.
const MAX_TEXT_BYTES: u64 = 4 * 1024 * 1024;

/// A file by its path from the root, with `/` between folders.
#[derive(Debug)]
pub struct SourceFile {
    pub path: String,
    /// `None` for what is not UTF-8 text or too large to be a source.
    pub text: Option<String>,
}

/// A checkout.
#[derive(Debug)]
pub struct Repository {
    files: BTreeMap<String, SourceFile>,
    root: std::path::PathBuf,
}

impl Repository {
    /// Reads every file git lists.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let mut command = Command::new("git");
        // The checkout may belong to another user, as in a container; it is only listed.
        command.args(["-c", "safe.directory=*", "ls-files", "-z"]);
        command.args(["--cached", "--others", "--exclude-standard"]).current_dir(root);
        let output = process::capture(&mut command).map_err(|failure| {
            Failure::new(format!("tidy asks git for the files: {}", failure.message))
        })?;
        let listed = String::from_utf8_lossy(&output).into_owned();
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            let full = root.join(path);
            // A deleted file stays listed until the deletion is staged.
            let Ok(data) = fs::symlink_metadata(&full) else {
                continue;
            };
            if data.is_file() {
                let text = read_text(&full, data.len())?;
                files.insert(path.to_owned(), SourceFile { path: path.to_owned(), text });
            }
        }
        Ok(Self { files, root: root.to_path_buf() })
    }

    /// A checkout of the given files, for tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |path: &str, text: &str| SourceFile {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        };
        let files =
            files.iter().map(|(path, text)| ((*path).to_owned(), file(path, text))).collect();
        Self { files, root: std::path::PathBuf::from("/nonexistent") }
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.values()
    }

    pub fn contains(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The text of a file; `None` when there is no such text file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text.as_deref()
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

fn read_text(path: &Path, bytes: u64) -> Result<Option<String>, Failure> {
    if bytes > MAX_TEXT_BYTES {
        return Ok(None);
    }
    let bytes =
        fs::read(path).map_err(|error| Failure::io(format!("read {}", path.display()), &error))?;
    Ok(String::from_utf8(bytes).ok())
}

/// The line, counted from 1, on which a text first holds a word; 1 when it does not.
pub fn line_of(text: &str, word: &str) -> usize {
    text.lines().position(|line| line.contains(word)).map_or(1, |index| index + 1)
}
