//! Taste that most share.

mod top_level_with;

pub use top_level_with::TopLevelWith;
