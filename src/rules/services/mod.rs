//! Services that evaluate fine and fail at boot.

mod cdi_device_without_toolkit;
mod mkdir_in_unit_script;
mod oci_cdi_missing_ordering;
mod oci_extra_option_with_space;
mod oci_ports_with_shared_netns;
mod oci_runtime_flag_in_cmd;
mod oci_shared_netns_missing_dependson;
mod python_buildenv;
mod raw_nvidia_device;
mod sops_install_secrets_ungated;
mod sops_nix_service_ref;
mod sqlite_url_missing_rwc;

pub use cdi_device_without_toolkit::CdiDeviceWithoutToolkit;
pub use mkdir_in_unit_script::MkdirInUnitScript;
pub use oci_cdi_missing_ordering::{OciCdiMissingOrdering, Wanted};
pub use oci_extra_option_with_space::OciExtraOptionWithSpace;
pub use oci_ports_with_shared_netns::OciPortsWithSharedNetns;
pub use oci_runtime_flag_in_cmd::OciRuntimeFlagInCmd;
pub use oci_shared_netns_missing_dependson::OciSharedNetnsMissingDependson;
pub use python_buildenv::PythonBuildenv;
pub use raw_nvidia_device::RawNvidiaDevice;
pub use sops_install_secrets_ungated::SopsInstallSecretsUngated;
pub use sops_nix_service_ref::SopsNixServiceRef;
pub use sqlite_url_missing_rwc::SqliteUrlMissingRwc;
