# Containers run on podman: the default of oci-containers since stateVersion 22.05.
{
  virtualisation.podman = {
    enable = true;
    autoPrune.enable = true;
    defaultNetwork.settings.dns_enabled = true;
  };
}
