//! Old names.

mod removed_option;
mod renamed_option;

pub use removed_option::RemovedOption;
pub use renamed_option::RenamedOption;
