//! Aligned tables without lines, in any script.
//!
//! It deliberately leaves widths to a library that knows how wide characters are.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table as Inner, presets};

/// The side on which a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table.
pub struct Table {
    inner: Inner,
    sides: Vec<Side>,
}

impl Table {
    /// A table without a header.
    pub fn plain(sides: &[Side]) -> Self {
        let mut inner = Inner::new();
        inner.load_style(presets::NOTHING);
        inner.set_content_arrangement(ContentArrangement::Disabled);
        Self { inner, sides: sides.to_vec() }
    }

    /// A table with a header.
    pub fn new(columns: &[(&str, Side)]) -> Self {
        let sides: Vec<Side> = columns.iter().map(|(_, side)| *side).collect();
        let mut table = Self::plain(&sides);
        let cells = table.cells(columns.iter().map(|(name, _)| (*name).to_owned()));
        table.inner.set_header(cells);
        table
    }

    fn cells(&self, texts: impl Iterator<Item = String>) -> Vec<Cell> {
        texts
            .zip(&self.sides)
            .map(|(text, side)| {
                Cell::new(text).set_alignment(match side {
                    Side::Left => CellAlignment::Left,
                    Side::Right => CellAlignment::Right,
                })
            })
            .collect()
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(&mut self, texts: impl IntoIterator<Item = T>) {
        let cells = self.cells(texts.into_iter().map(Into::into));
        self.inner.add_row(cells);
    }

    /// The table as lines, each ended, without blanks at their ends.
    pub fn show(&self) -> String {
        let mut text = String::new();
        for line in self.inner.lines() {
            // The library pads every cell by a blank on both sides.
            text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
            text.push('\n');
        }
        text
    }
}
