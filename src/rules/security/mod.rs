//! Leaks and openings.

mod container_added_capability;
mod container_host_namespace;
mod container_mutable_tag;
mod container_sensitive_mount;
mod container_socket_mount;
mod privileged_container;
mod published_port_bypasses_firewall;
mod tmpfiles_world_writable;

pub use container_added_capability::ContainerAddedCapability;
pub use container_host_namespace::ContainerHostNamespace;
pub use container_mutable_tag::ContainerMutableTag;
pub use container_sensitive_mount::ContainerSensitiveMount;
pub use container_socket_mount::ContainerSocketMount;
pub use privileged_container::PrivilegedContainer;
pub use published_port_bypasses_firewall::PublishedPortBypassesFirewall;
pub use tmpfiles_world_writable::TmpfilesWorldWritable;
