//! Services that evaluate fine and fail at boot.

mod cdi_device_without_toolkit;
mod mkdir_in_unit_script;
mod oci_cdi_missing_ordering;
mod python_buildenv;
mod sops_install_secrets_ungated;
mod sops_nix_service_ref;
mod sqlite_url_missing_rwc;

pub use cdi_device_without_toolkit::CdiDeviceWithoutToolkit;
pub use mkdir_in_unit_script::MkdirInUnitScript;
pub use oci_cdi_missing_ordering::{OciCdiMissingOrdering, Wanted};
pub use python_buildenv::PythonBuildenv;
pub use sops_install_secrets_ungated::SopsInstallSecretsUngated;
pub use sops_nix_service_ref::SopsNixServiceRef;
pub use sqlite_url_missing_rwc::SqliteUrlMissingRwc;
