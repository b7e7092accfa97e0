//! Services that evaluate fine and fail at boot.

mod cdi_device_without_toolkit;
mod hm_sops_shared_module;
mod home_file_clobber;
mod mkdir_in_unit_script;
mod mount_path_mismatch;
mod oci_cdi_missing_ordering;
mod oci_extra_option_with_space;
mod oci_ports_with_shared_netns;
mod oci_runtime_flag_in_cmd;
mod oci_shared_netns_missing_dependson;
mod python_buildenv;
mod pythonpath_workaround;
mod raw_nvidia_device;
mod sops_install_secrets_ungated;
mod sops_nix_service_ref;
mod sqlite_url_missing_rwc;
mod tensorrt_fp16_pascal;

pub use cdi_device_without_toolkit::CdiDeviceWithoutToolkit;
pub use hm_sops_shared_module::HmSopsSharedModule;
pub use home_file_clobber::HomeFileClobber;
pub use mkdir_in_unit_script::MkdirInUnitScript;
pub use mount_path_mismatch::MountPathMismatch;
pub use oci_cdi_missing_ordering::{OciCdiMissingOrdering, Wanted};
pub use oci_extra_option_with_space::OciExtraOptionWithSpace;
pub use oci_ports_with_shared_netns::OciPortsWithSharedNetns;
pub use oci_runtime_flag_in_cmd::OciRuntimeFlagInCmd;
pub use oci_shared_netns_missing_dependson::OciSharedNetnsMissingDependson;
pub use python_buildenv::PythonBuildenv;
pub use pythonpath_workaround::PythonpathWorkaround;
pub use raw_nvidia_device::RawNvidiaDevice;
pub use sops_install_secrets_ungated::SopsInstallSecretsUngated;
pub use sops_nix_service_ref::SopsNixServiceRef;
pub use sqlite_url_missing_rwc::SqliteUrlMissingRwc;
pub use tensorrt_fp16_pascal::TensorrtFp16Pascal;
