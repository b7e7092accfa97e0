# Jupyter with the graphics card of the laptop, for the course.
{ lib, ... }:
let
  cdiGenerator = "nvidia-container-toolkit-cdi-generator.service";
in
{
  services.xserver.videoDrivers = [ "nvidia" ];

  hardware = {
    graphics.enable = true;
    nvidia = {
      open = true;
      prime = {
        offload.enable = true;
        intelBusId = "PCI:0:2:0";
        nvidiaBusId = "PCI:1:0:0";
      };
    };
    nvidia-container-toolkit.enable = true;
  };

  nixpkgs.config.allowUnfreePredicate = package: lib.hasPrefix "nvidia-" (lib.getName package);

  virtualisation.oci-containers.containers.notebook = {
    image = "quay.io/jupyter/pytorch-notebook:cuda12-python-3.13";
    ports = [ "127.0.0.1:8888:8888" ];
    volumes = [ "notebook:/home/jovyan/work" ];
    devices = [ "nvidia.com/gpu=0" ];
    extraOptions = [ "--security-opt=no-new-privileges" ];
  };

  # The device only exists once the CDI specification is written.
  systemd.services.podman-notebook = {
    after = [ cdiGenerator ];
    requires = [ cdiGenerator ];
  };
}
