//! Paragraphs and tables of WordprocessingML. Members stand in the order of the schema.

use std::fmt::Write as _;

/// A text as XML holds it: markup is escaped, and what XML has no place for is left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\u{FFFE}' | '\u{FFFF}' => {}
            control if u32::from(control) < 0x20 => {}
            other => out.push(other),
        }
    }
    out
}

/// Where the lines of a paragraph stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left.
    Left,
    /// In the middle.
    Center,
    /// From edge to edge.
    Both,
}

/// How a paragraph looks. Sizes are half points, lengths twentieths of a point.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Size of the letters.
    pub size: u32,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Where the lines stand.
    pub align: Align,
    /// How far the first line is moved in.
    pub first: u32,
    /// Space before and after.
    pub space: (u32, u32),
    /// It stays on the page of the next one.
    pub keep: bool,
}

impl Look {
    /// Plain letters of a size, in the middle.
    pub const fn centered(size: u32) -> Self {
        Self { size, bold: false, italic: false, align: Align::Center, first: 0, space: (0, 0), keep: false }
    }

    /// A paragraph of the body.
    pub const fn body() -> Self {
        Self { align: Align::Both, first: 720, space: (0, 120), ..Self::centered(28) }
    }

    /// At the left.
    pub const fn left(size: u32) -> Self {
        Self { align: Align::Left, ..Self::centered(size) }
    }

    /// Bold.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Italic.
    pub const fn italic(self) -> Self {
        Self { italic: true, ..self }
    }

    /// With space before and after.
    pub const fn space(self, before: u32, after: u32) -> Self {
        Self { space: (before, after), ..self }
    }

    /// On the page of the next one.
    pub const fn keep(self) -> Self {
        Self { keep: true, ..self }
    }

    fn properties(&self) -> String {
        let keep = if self.keep { "<w:keepNext/>" } else { "" };
        let (before, after) = self.space;
        let first = if self.first > 0 { format!("<w:ind w:firstLine=\"{}\"/>", self.first) } else { String::new() };
        let align = match self.align {
            Align::Left => "left",
            Align::Center => "center",
            Align::Both => "both",
        };
        format!(
            "<w:pPr>{keep}<w:spacing w:before=\"{before}\" w:after=\"{after}\"/>{first}<w:jc w:val=\"{align}\"/></w:pPr>"
        )
    }

    fn run(&self, text: &str) -> String {
        let bold = if self.bold { "<w:b/><w:bCs/>" } else { "" };
        let italic = if self.italic { "<w:i/><w:iCs/>" } else { "" };
        let size = self.size;
        let properties = format!("<w:rPr>{bold}{italic}<w:sz w:val=\"{size}\"/><w:szCs w:val=\"{size}\"/></w:rPr>");
        let mut out = String::new();
        for (at, line) in text.lines().enumerate() {
            let broken = if at > 0 { "<w:br/>" } else { "" };
            let line = escape(line).replace('\t', " ");
            let _ = write!(out, "<w:r>{properties}{broken}<w:t xml:space=\"preserve\">{line}</w:t></w:r>");
        }
        out
    }
}

/// A paragraph; lines of the text are lines in it.
pub fn paragraph(look: &Look, text: &str) -> String {
    format!("<w:p>{}{}</w:p>", look.properties(), look.run(text))
}

/// A text as paragraphs, one for each line.
pub fn paragraphs(look: &Look, text: &str) -> String {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| paragraph(look, line)).collect()
}

/// A line drawn under what stands above it, moved in from both sides.
pub fn rule(inset: u32) -> String {
    format!(
        "<w:p><w:pPr><w:pBdr><w:top w:val=\"single\" w:sz=\"6\" w:space=\"1\" w:color=\"auto\"/></w:pBdr>\
         <w:spacing w:before=\"40\" w:after=\"0\" w:line=\"120\" w:lineRule=\"exact\"/>\
         <w:ind w:left=\"{inset}\" w:right=\"{inset}\"/><w:jc w:val=\"center\"/></w:pPr></w:p>"
    )
}

/// A table of columns this wide, with or without lines; cells are paragraphs. `heads` rows are said again on every page.
pub fn table(widths: &[u32], lines: bool, heads: usize, rows: &[Vec<String>]) -> String {
    let all: u32 = widths.iter().sum();
    let borders = if lines {
        let side = |name: &str| format!("<w:{name} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>");
        let sides: String = ["top", "left", "bottom", "right", "insideH", "insideV"].map(side).concat();
        format!("<w:tblBorders>{sides}</w:tblBorders>")
    } else {
        String::new()
    };
    let margin = if lines { 85 } else { 0 };
    let grid: String = widths.iter().map(|width| format!("<w:gridCol w:w=\"{width}\"/>")).collect();
    let mut out = format!(
        "<w:tbl><w:tblPr><w:tblW w:w=\"{all}\" w:type=\"dxa\"/>{borders}<w:tblLayout w:type=\"fixed\"/><w:tblCellMar>\
         <w:left w:w=\"{margin}\" w:type=\"dxa\"/><w:right w:w=\"{margin}\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr>\
         <w:tblGrid>{grid}</w:tblGrid>"
    );
    for (at, row) in rows.iter().enumerate() {
        let head = if at < heads { "<w:tblHeader/>" } else { "" };
        let _ = write!(out, "<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>");
        for (width, cell) in widths.iter().zip(row) {
            // a cell ends with a paragraph
            let cell = if cell.is_empty() { "<w:p/>" } else { cell };
            let _ = write!(out, "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>{cell}</w:tc>");
        }
        out.push_str("</w:tr>");
    }
    out.push_str("</w:tbl>");
    out
}
