//! What makes evaluation slow, or builds happen too often.

mod liftable_let;
mod whole_tree_src;

pub use liftable_let::LiftableLet;
pub use whole_tree_src::WholeTreeSrc;
