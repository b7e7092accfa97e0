//! Old names.

mod removed_option;
mod renamed_option;
mod renamed_unit;

pub use removed_option::RemovedOption;
pub use renamed_option::RenamedOption;
pub use renamed_unit::RenamedUnit;
