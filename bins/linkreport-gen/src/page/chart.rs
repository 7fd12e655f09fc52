//! Additions over time as bars of plain HTML, which every skin shows in its own colours, light or dark, at any width.

use shared::core::text::{Wikitext, literal, plain};

use super::pen::Pen;

/// Bars that are shown; more months are put together.
const BARS: usize = 24;

/// The chart; empty where there is one month or none.
pub fn chart(pen: &Pen<'_>) -> Wikitext {
    let bars = bars(&pen.model.by_month);
    if bars.len() < 2 {
        return Wikitext::new();
    }
    let most = bars.iter().map(|bar| bar.n).max().unwrap_or(0).max(1);
    let mut text = literal("<div id=\"lr-months\"></div>\n<div style=\"max-width:40em\">\n");
    text.push_literal("{| style=\"width:100%; border-collapse:collapse\"\n|+ ")
        .push(&pen.words("chart-title"));
    text.push_literal("\n");
    for bar in &bars {
        let width = (bar.n * 100).div_ceil(most);
        text.push_literal("|-\n! scope=\"row\" style=\"white-space:nowrap; font-weight:normal; text-align:left\" | ");
        text.push(&label(pen, bar));
        text.push_literal("\n| style=\"width:100%; padding:0 .5em\" | <div style=\"width:");
        text.push(&plain(&width.to_string(), 3));
        text.push_literal("%; height:.9em; background:currentColor; opacity:.5\"></div>\n");
        text.push_literal("| style=\"text-align:right\" | ")
            .push(&pen.number(bar.n))
            .push_literal("\n");
    }
    text.push_literal("|}\n</div>\n");
    text
}

/// Additions of some months.
#[derive(Debug, PartialEq, Eq)]
struct Bar {
    from: (i32, u32),
    to: (i32, u32),
    n: u64,
}

/// One month each where these are few, else as many together as fit, always whole quarters or years.
fn bars(months: &[(i32, u32, u64)]) -> Vec<Bar> {
    let years = match (months.first(), months.last()) {
        (Some((first, ..)), Some((last, ..))) => usize::try_from(last - first + 1).unwrap_or(1),
        _ => return Vec::new(),
    };
    let step = match months.len() {
        ..=BARS => 1,
        _ if years * 4 <= BARS => 3,
        _ => 12 * years.div_ceil(BARS).max(1),
    };
    let slot = |year: i32, month: u32| (i64::from(year) * 12 + i64::from(month) - 1).div_euclid(step as i64);
    let mut bars: Vec<Bar> = Vec::new();
    for (year, month, n) in months {
        match bars.last_mut() {
            Some(bar) if slot(bar.from.0, bar.from.1) == slot(*year, *month) => {
                bar.to = (*year, *month);
                bar.n += n;
            }
            _ => bars.push(Bar {
                from: (*year, *month),
                to: (*year, *month),
                n: *n,
            }),
        }
    }
    bars
}

fn label(pen: &Pen<'_>, bar: &Bar) -> Wikitext {
    let from = pen.month(bar.from.0, bar.from.1);
    match bar.from == bar.to {
        true => from,
        false => {
            let to = pen.month(bar.to.0, bar.to.1);
            pen.say("chart-span", &[("from", &from), ("to", &to)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_months_become_few_bars_with_the_same_sum() {
        for count in [1, 2, 24, 25, 60, 70, 73, 200, 400] {
            let months: Vec<(i32, u32, u64)> = (0..count)
                .map(|i| (2001 + (i + 5) / 12, ((i + 5) % 12) as u32 + 1, i as u64))
                .collect();
            let bars = bars(&months);
            assert!(bars.len() <= BARS, "{count} months, {} bars", bars.len());
            assert_eq!(
                bars.iter().map(|bar| bar.n).sum::<u64>(),
                months.iter().map(|(.., n)| n).sum::<u64>()
            );
            assert_eq!(bars.first().unwrap().from, (2001, 6));
            assert!(bars.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
        assert_eq!(bars(&[]), []);
    }
}
