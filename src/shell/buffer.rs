//! A template as one text that a shell parser can read, with the way back to the source.
//!
//! It must never guess: a byte without a known place has none.

use std::ops::Range;

use crate::text::{Hole, Piece, Segment, Span, Template, TextRange, TextSize};

/// What the parser reads in the place of a hole: a plain word.
///
/// Holes are told by their place in the buffer, never by this text, so a script may contain it.
const STAND_IN: &str = "__nixhole__";

/// A range of bytes of a [`Buffer`].
pub(super) type Bytes = Range<u32>;

/// The rendered template.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) text: String,
    /// Places of the holes, ascending.
    holes: Vec<(Bytes, Hole)>,
    /// Stretches with a source, ascending and disjoint.
    runs: Vec<Run>,
}

/// Bytes of the buffer that come from one stretch of a file.
#[derive(Debug)]
struct Run {
    bytes: Bytes,
    source: Span,
    /// How many of the runs up to this one do not continue the one before them.
    breaks: u32,
}

impl Run {
    /// Whether the bytes stand in the source one by one. Escape sequences and holes do not.
    fn is_verbatim(&self) -> bool {
        self.bytes.end - self.bytes.start == u32::from(self.source.range().len())
    }

    /// The source of the part of `self` that lies in `bytes`; the two must overlap.
    fn clip(&self, bytes: &Bytes) -> Span {
        if !self.is_verbatim() {
            return self.source;
        }
        let shift = |at: u32| self.source.range().start() + TextSize::new(at - self.bytes.start);
        let (start, end) = (bytes.start.max(self.bytes.start), bytes.end.min(self.bytes.end));
        Span::new(self.source.file, TextRange::new(shift(start), shift(end)))
    }
}

impl Buffer {
    /// Renders `template`; `None` when its known text and its holes need more than `limit` bytes.
    pub(super) fn new(template: &Template, limit: usize) -> Option<Self> {
        let mut size = 0usize;
        for piece in &template.pieces {
            size = size.saturating_add(match piece {
                Piece::Text { text, .. } => text.len(),
                Piece::Hole(_) => STAND_IN.len(),
            });
        }
        if size > limit {
            return None;
        }

        let mut buffer = Self { text: String::with_capacity(size), holes: Vec::new(), runs: Vec::new() };
        for piece in &template.pieces {
            let start = buffer.text.len() as u32;
            match piece {
                Piece::Text { text, map } => {
                    buffer.text.push_str(text);
                    buffer.add_segments(start, text.len() as u32, map);
                }
                Piece::Hole(hole) => {
                    buffer.text.push_str(STAND_IN);
                    let bytes = start..buffer.text.len() as u32;
                    buffer.holes.push((bytes.clone(), *hole));
                    if let Some(span) = hole.span {
                        buffer.add_run(bytes, span);
                    }
                }
            }
        }
        Some(buffer)
    }

    fn add_segments(&mut self, start: u32, len: u32, map: &[Segment]) {
        for (index, segment) in map.iter().enumerate() {
            let from = u32::from(segment.at).min(len);
            let to = map.get(index + 1).map_or(len, |next| u32::from(next.at).min(len));
            if from >= to {
                continue;
            }
            self.add_run(start + from..start + to, segment.source);
        }
    }

    fn add_run(&mut self, bytes: Bytes, source: Span) {
        if bytes.is_empty() || self.runs.last().is_some_and(|last| last.bytes.end > bytes.start) {
            return;
        }
        let continues = self.runs.last().is_some_and(|last| {
            let (end, start) = (last.source.range().end(), source.range().start());
            // Stripped indentation leaves a gap behind every line break of an indented string.
            let behind_line_break = self.text.as_bytes().get(bytes.start as usize - 1) == Some(&b'\n');
            last.bytes.end == bytes.start
                && last.source.file == source.file
                && (end == start || end < start && behind_line_break)
        });
        let breaks = self.runs.last().map_or(0, |last| last.breaks) + u32::from(!continues);
        self.runs.push(Run { bytes, source, breaks });
    }

    /// The text of `bytes`, which must lie on character boundaries.
    pub(super) fn slice(&self, bytes: &Bytes) -> &str {
        &self.text[bytes.start as usize..bytes.end as usize]
    }

    /// The hole that begins at byte `at`, with the byte behind it.
    pub(super) fn hole_at(&self, at: u32) -> Option<(Hole, u32)> {
        let index = self.holes.binary_search_by_key(&at, |(bytes, _)| bytes.start).ok()?;
        let (bytes, hole) = &self.holes[index];
        Some((*hole, bytes.end))
    }

    /// Whether any part of a hole lies in `bytes`.
    pub(super) fn has_hole_in(&self, bytes: &Bytes) -> bool {
        let index = self.holes.partition_point(|(hole, _)| hole.end <= bytes.start);
        self.holes.get(index).is_some_and(|(hole, _)| hole.start < bytes.end)
    }

    /// Where the hole that follows byte `at` begins; the end of the text when there is none.
    pub(super) fn next_hole(&self, at: u32) -> u32 {
        let index = self.holes.partition_point(|(hole, _)| hole.start < at);
        self.holes.get(index).map_or(self.text.len() as u32, |(hole, _)| hole.start)
    }

    /// The source of `bytes` from first to last, when it is one stretch of one file. Indentation that
    /// was stripped behind a line break belongs to the stretch.
    pub(super) fn span(&self, bytes: &Bytes) -> Option<Span> {
        let (first, last) = self.overlapping(bytes)?;
        let (first, last) = (&self.runs[first], &self.runs[last]);
        let whole = first.bytes.start <= bytes.start && last.bytes.end >= bytes.end;
        if !whole || first.breaks != last.breaks {
            return None;
        }
        let (start, end) = (first.clip(bytes).range().start(), last.clip(bytes).range().end());
        Some(Span::new(first.source.file, TextRange::new(start, end)))
    }

    /// The source of the first part of `bytes` that has one.
    pub(super) fn anchor(&self, bytes: &Bytes) -> Option<Span> {
        let (first, _) = self.overlapping(bytes)?;
        Some(self.runs[first].clip(bytes))
    }

    /// The stretches of the file inside [`Buffer::span`] that are not in the buffer; `None` when there is
    /// no span or it has more than `limit` runs.
    pub(super) fn gaps(&self, bytes: &Bytes, limit: usize) -> Option<Vec<TextRange>> {
        self.span(bytes)?;
        let (first, last) = self.overlapping(bytes)?;
        if last - first > limit {
            return None;
        }
        let pairs = self.runs[first..=last].windows(2);
        let gaps =
            pairs.map(|pair| TextRange::new(pair[0].source.range().end(), pair[1].source.range().start()));
        Some(gaps.filter(|gap| !gap.is_empty()).collect())
    }

    /// Adds to `segments` the sources of `bytes`, which stand from byte `at` of another text on.
    pub(super) fn map_verbatim(&self, bytes: &Bytes, at: u32, segments: &mut Vec<Segment>) {
        let Some((first, last)) = self.overlapping(bytes) else { return };
        for run in &self.runs[first..=last] {
            let start = run.bytes.start.max(bytes.start);
            let at = TextSize::new(at + start - bytes.start);
            segments.push(Segment { at, source: run.clip(bytes) });
        }
    }

    /// First and last index of the runs that overlap `bytes`.
    fn overlapping(&self, bytes: &Bytes) -> Option<(usize, usize)> {
        if bytes.is_empty() {
            return None;
        }
        let first = self.runs.partition_point(|run| run.bytes.end <= bytes.start);
        let behind = self.runs.partition_point(|run| run.bytes.start < bytes.end);
        (first < behind).then(|| (first, behind - 1))
    }
}
