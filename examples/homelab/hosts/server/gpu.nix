{ lib, ... }:
let
  # The second card is reserved for the desktop VM.
  gpu = "nvidia.com/gpu=0";
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
}
