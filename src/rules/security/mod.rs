//! Leaks and openings.

mod container_added_capability;
mod container_host_namespace;
mod container_mutable_tag;
mod container_sensitive_mount;
mod container_socket_mount;
mod firewall_global_open_vs_interface;
mod insecure_http_source;
mod mutable_users_with_passwords;
mod password_file_in_store;
mod plaintext_secret_in_store;
mod privileged_container;
mod published_port_bypasses_firewall;
mod secret_option_literal;
mod secret_read_into_store;
mod substituter_without_key;
mod tmpfiles_world_writable;
mod unexpanded_command_substitution;
mod weak_hash;

pub use container_added_capability::ContainerAddedCapability;
pub use container_host_namespace::ContainerHostNamespace;
pub use container_mutable_tag::ContainerMutableTag;
pub use container_sensitive_mount::ContainerSensitiveMount;
pub use container_socket_mount::ContainerSocketMount;
pub use firewall_global_open_vs_interface::FirewallGlobalOpenVsInterface;
pub use insecure_http_source::InsecureHttpSource;
pub use mutable_users_with_passwords::MutableUsersWithPasswords;
pub use password_file_in_store::PasswordFileInStore;
pub use plaintext_secret_in_store::PlaintextSecretInStore;
pub use privileged_container::PrivilegedContainer;
pub use published_port_bypasses_firewall::PublishedPortBypassesFirewall;
pub use secret_option_literal::SecretOptionLiteral;
pub use secret_read_into_store::SecretReadIntoStore;
pub use substituter_without_key::SubstituterWithoutKey;
pub use tmpfiles_world_writable::TmpfilesWorldWritable;
pub use unexpanded_command_substitution::UnexpandedCommandSubstitution;
pub use weak_hash::WeakHash;
