# Shared by the services written here: `serviceConfig = hardening // { … }`.
{
  LockPersonality = true;
  NoNewPrivileges = true;
  PrivateTmp = true;
  ProtectControlGroups = true;
  ProtectHome = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  ProtectSystem = "full";
  RestrictNamespaces = true;
  RestrictSUIDSGID = true;
}
