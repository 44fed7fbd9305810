//! The files for CI that the guides show: YAML whose scripts call `seedbed`.

use saphyr_parser::{Event, Parser};

use super::fence::Fence;

/// Every line of every text in a YAML fence, with its index in the fence;
/// or the fault that keeps it from being read.
pub(crate) fn lines(fence: &Fence) -> Result<Vec<(usize, String)>, String> {
    let mut lines = Vec::new();
    for event in Parser::new_from_str(&fence.text) {
        let (event, span) = event.map_err(|error| {
            fence.fault(error.marker().line().saturating_sub(1), &error.to_string())
        })?;
        if let Event::Scalar(text, ..) = event {
            let first = span.start.line().saturating_sub(1);
            lines.extend(text.lines().enumerate().map(|(at, line)| (first + at, line.to_owned())));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippets::fence;

    fn yaml(text: &str) -> Fence {
        fence::all("a.md", &format!("```yaml\n{text}```\n")).remove(0)
    }

    #[test]
    fn scripts_are_found_with_their_lines() {
        let fence = yaml("- run: seedbed gc\n- run: |\n    one\n    seedbed ps\n");
        let lines = lines(&fence).unwrap();
        for (index, text) in [(0, "seedbed gc"), (2, "one"), (3, "seedbed ps")] {
            assert!(lines.contains(&(index, text.to_owned())), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_a_fault_with_its_line() {
        let fault = lines(&yaml("a: 1\nb: [\n")).unwrap_err();
        assert!(fault.starts_with("a.md:"), "{fault}");
        assert!(lines(&yaml("a: b: c\n")).is_err());
    }
}
