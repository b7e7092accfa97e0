{ lib, ... }:
let
  # The second card is reserved for the desktop VM.
  gpu = "nvidia.com/gpu=0";
  cdiGenerator = "nvidia-container-toolkit-cdi-generator.service";
in
{
  services.xserver.videoDrivers = [ "nvidia" ];

  hardware = {
    graphics.enable = true;
    nvidia.open = true;
    nvidia-container-toolkit.enable = true;
  };

  nixpkgs.config.allowUnfreePredicate = package: lib.hasPrefix "nvidia-" (lib.getName package);

  virtualisation.oci-containers.containers.llm.devices = [ gpu ];

  # The device only exists once the CDI specification is written.
  systemd.services.podman-llm = {
    after = [ cdiGenerator ];
    requires = [ cdiGenerator ];
  };
}
