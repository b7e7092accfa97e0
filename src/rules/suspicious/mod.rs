//! What is probably not what was meant.

mod merged_rec_mismatch;
mod shadowed_builtin;
mod shadowed_constant;
mod unneeded_rec;
mod unused_at_binding;
mod unused_formal;
mod unused_inherited_name;
mod unused_let_binding;
mod unused_with;

pub use merged_rec_mismatch::MergedRecMismatch;
pub use shadowed_builtin::ShadowedBuiltin;
pub use shadowed_constant::ShadowedConstant;
pub use unneeded_rec::UnneededRec;
pub use unused_at_binding::UnusedAtBinding;
pub use unused_formal::UnusedFormal;
pub use unused_inherited_name::UnusedInheritedName;
pub use unused_let_binding::UnusedLetBinding;
pub use unused_with::UnusedWith;
