//! Rows of figures, each of which is a filter.
//!
//! In: nothing; [`browse`](super::browse) fills them. Out: [`Table`]s.
//!
//! **Invariant**: cells are escaped; a row's filter means the sessions that its figures count.

use unicode_width::UnicodeWidthStr;

use super::theme::Part;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// Sessions.
    #[default]
    Sessions,
    /// Findings by rule.
    Findings,
    /// Clients by address or network.
    Clients,
    /// Users.
    Users,
    /// Protocols, ciphers, certificates.
    Tls,
    /// What only many sessions show.
    Patterns,
}

impl View {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 6] = [Self::Sessions, Self::Findings, Self::Clients, Self::Users, Self::Tls, Self::Patterns];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Findings => "Findings",
            Self::Clients => "Clients",
            Self::Users => "Users",
            Self::Tls => "TLS",
            Self::Patterns => "Patterns",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The cells that it is content with where room is scarce.
    pub width: u16,
    /// Whether it gets what is left over: the last column, for figures stand near what they count.
    pub is_wide: bool,
    /// Whether its values stand on the right.
    pub is_number: bool,
    /// Whether it is left out before others are cut.
    pub is_spare: bool,
}

impl Column {
    /// Text of so many cells.
    pub const fn text(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: false, is_number: false, is_spare: false }
    }

    /// Text that gets what is left over.
    pub const fn wide(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: true, is_number: false, is_spare: false }
    }

    /// Text that is left out where others would be cut for it.
    pub const fn spare(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: false, is_number: false, is_spare: true }
    }

    /// A number.
    pub const fn number(name: &'static str, width: u16) -> Self {
        Self { name, width, is_wide: false, is_number: true, is_spare: false }
    }
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it goes by when figures change.
    pub key: String,
    /// Its values, escaped.
    pub cells: Vec<String>,
    /// The filter that means its sessions; `None` for a heading.
    pub filter: Option<String>,
    /// What it is.
    pub part: Option<Part>,
}

/// Rows of figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is said where there is no row.
    pub empty: &'static str,
    /// The cells that the widest value of each column takes, or its name.
    needs: Vec<u16>,
}

impl Table {
    /// Rows under their columns; `empty` is said where there is no row.
    pub fn new(columns: Vec<Column>, rows: Vec<Row>, empty: &'static str) -> Self {
        let cells = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        let mut needs: Vec<u16> = columns.iter().map(|column| cells(column.name)).collect();
        // A row of one cell is a sentence across all columns.
        for row in rows.iter().filter(|row| row.cells.len() > 1) {
            for (need, cell) in needs.iter_mut().zip(&row.cells) {
                *need = cells(cell).max(*need);
            }
        }
        Self { columns, rows, empty, needs }
    }

    /// The columns on so many cells, each with its place and its width: none is wider than it needs,
    /// except that the wide one gets what is left over; what is missing is taken from the widest texts
    /// first.
    pub fn fitting(&self, width: u16) -> Vec<(usize, u16)> {
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        if self.wanted(&kept).iter().sum::<u16>() + gaps(&kept) > width {
            kept.retain(|at| !self.columns[*at].is_spare);
        }
        let widths = self.widths(&kept, width.saturating_sub(gaps(&kept)));
        kept.into_iter().zip(widths).collect()
    }

    /// What columns are content with.
    fn wanted(&self, kept: &[usize]) -> Vec<u16> {
        kept.iter().map(|at| self.columns[*at].width.min(self.needs[*at])).collect()
    }

    fn widths(&self, kept: &[usize], room: u16) -> Vec<u16> {
        let mut widths = self.wanted(kept);
        let sum = |widths: &[u16]| widths.iter().sum::<u16>();
        let columns = || kept.iter().map(|at| &self.columns[*at]);
        while sum(&widths) > room {
            let texts = columns().zip(&mut widths).filter(|(column, _)| !column.is_number);
            match texts.map(|(_, width)| width).filter(|width| **width > NARROW_CELLS).max() {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        let spare = room.saturating_sub(sum(&widths));
        let needs: Vec<u16> = kept.iter().map(|at| self.needs[*at]).collect();
        let left = share(&mut widths, &needs, spare);
        if let Some(wide) = columns().position(|column| column.is_wide) {
            widths[wide] += left;
        }
        widths
    }
}

/// A cell between each two.
fn gaps(kept: &[usize]) -> u16 {
    u16::try_from(kept.len()).unwrap_or(0).saturating_sub(1)
}

/// No text is made narrower, in cells.
const NARROW_CELLS: u16 = 12;

/// Gives columns what they lack, those that lack least first, so that as many as can be are whole; returns
/// what is left over.
pub(super) fn share(widths: &mut [u16], needs: &[u16], spare: u16) -> u16 {
    let mut lacking: Vec<(u16, usize)> =
        widths.iter().zip(needs).enumerate().map(|(at, (width, need))| (need.saturating_sub(*width), at)).collect();
    lacking.sort_unstable();
    let mut left = spare;
    for (lacks, at) in lacking {
        let given = lacks.min(left);
        widths[at] += given;
        left -= given;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[&str]) -> Table {
        let row = Row {
            key: String::new(),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            filter: None,
            part: None,
        };
        let columns = vec![Column::text("client", 24), Column::number("failed", 8), Column::wide("what", 10)];
        Table::new(columns, vec![row], "")
    }

    #[track_caller]
    fn check(table: &Table, width: u16, expected: [u16; 3]) {
        let widths: Vec<u16> = table.fitting(width).into_iter().map(|(_, width)| width).collect();
        assert_eq!(widths, expected, "{width}");
    }

    #[test]
    fn a_spare_column_goes_before_others_are_cut() {
        let row = Row { key: String::new(), cells: ["a".repeat(20), "b".repeat(10)].into(), filter: None, part: None };
        let table = Table::new(vec![Column::wide("what", 20), Column::spare("last", 10)], vec![row], "");
        assert_eq!(table.fitting(31), [(0, 20), (1, 10)]);
        assert_eq!(table.fitting(30), [(0, 30)]);
        assert_eq!(table.fitting(15), [(0, 15)]);
    }

    #[test]
    fn columns_are_as_wide_as_they_need() {
        let long = table(&["2001:db8:100:7:1234:5678:9abc:def0", "1", "short"]);
        check(&long, 80, [34, 6, 38]);
        check(&long, 47, [34, 6, 5]);
        check(&long, 40, [27, 6, 5]);
        check(&long, 30, [17, 6, 5]);
        check(&table(&["192.0.2.1", "1,000", "a sentence that is long"]), 40, [9, 6, 23]);
        check(&table(&["192.0.2.1", "1,000", "a sentence that is long"]), 30, [9, 6, 13]);
    }

    #[test]
    fn what_lacks_least_comes_first() {
        let mut widths = [5, 5, 5];
        assert_eq!(share(&mut widths, &[20, 8, 4], 10), 0);
        assert_eq!(widths, [12, 8, 5]);
        assert_eq!(share(&mut widths, &[20, 8, 4], 10), 2);
        assert_eq!(widths, [20, 8, 5]);
    }
}
