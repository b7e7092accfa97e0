//! Every rule that is written in Rust.

pub mod correctness;
pub mod deprecated;
pub mod flakes;
pub mod modules;
pub mod security;
pub mod services;

use crate::rule::Entry;

/// The rules, in the order they are listed.
pub static RULES: &[Entry] = &[
    Entry::project::<flakes::FetchWithoutHash>(),
    Entry::project::<flakes::ImpureBuiltin>(),
    Entry::project::<modules::ConditionalModuleBody>(),
    Entry::project::<modules::ConfigDependentImports>(),
    Entry::project::<modules::DuplicateImport>(),
    Entry::host::<deprecated::RemovedOption>(),
    Entry::host::<deprecated::RenamedOption>(),
    Entry::host::<deprecated::RenamedUnit>(),
    Entry::file::<modules::EnableDefaultTrue>(),
    Entry::project::<correctness::ImportCycle>(),
    Entry::project::<correctness::MissingPath>(),
    Entry::project::<modules::MixedModuleSyntax>(),
    Entry::project::<modules::ModuleNotImported>(),
    Entry::file::<modules::UpdateOnMkif>(),
    Entry::host::<security::ContainerAddedCapability>(),
    Entry::host::<security::ContainerHostNamespace>(),
    Entry::host::<security::ContainerMutableTag>(),
    Entry::host::<security::ContainerSensitiveMount>(),
    Entry::host::<security::ContainerSocketMount>(),
    Entry::file::<security::InsecureHttpSource>(),
    Entry::host::<security::MutableUsersWithPasswords>(),
    Entry::host::<security::PasswordFileInStore>(),
    Entry::host::<security::PlaintextSecretInStore>(),
    Entry::host::<security::PrivilegedContainer>(),
    Entry::host::<security::PublishedPortBypassesFirewall>(),
    Entry::host::<security::SecretOptionLiteral>(),
    Entry::file::<security::SecretReadIntoStore>(),
    Entry::host::<services::CdiDeviceWithoutToolkit>(),
    Entry::host::<services::HmSopsSharedModule>(),
    Entry::host::<services::HomeFileClobber>(),
    Entry::host::<services::MkdirInUnitScript>(),
    Entry::host::<services::MountPathMismatch>(),
    Entry::host::<services::OciCdiMissingOrdering>(),
    Entry::host::<services::OciExtraOptionWithSpace>(),
    Entry::host::<services::OciPortsWithSharedNetns>(),
    Entry::host::<services::OciRuntimeFlagInCmd>(),
    Entry::host::<services::OciSharedNetnsMissingDependson>(),
    Entry::file::<services::PythonBuildenv>(),
    Entry::host::<services::PythonpathWorkaround>(),
    Entry::host::<services::RawNvidiaDevice>(),
    Entry::host::<services::SopsInstallSecretsUngated>(),
    Entry::host::<services::SopsNixServiceRef>(),
    Entry::host::<services::SqliteUrlMissingRwc>(),
    Entry::host::<services::TensorrtFp16Pascal>(),
    Entry::host::<services::UnknownSystemdDirective>(),
    Entry::host::<services::SystemdDirectiveWrongSection>(),
    Entry::host::<services::TmpfilesMalformedRule>(),
    Entry::host::<security::SubstituterWithoutKey>(),
    Entry::host::<security::TmpfilesWorldWritable>(),
    Entry::host::<security::UnexpandedCommandSubstitution>(),
    Entry::file::<security::WeakHash>(),
    Entry::host::<services::AfterNetworkOnlineWithoutWants>(),
    Entry::host::<services::ShellSyntaxInExec>(),
    Entry::host::<services::HostPathInExec>(),
    Entry::host::<modules::InertAssertion>(),
    Entry::host::<services::PortConflict>(),
    Entry::host::<services::UnknownUnitRef>(),
    Entry::host::<services::DeviceallowGlob>(),
];
