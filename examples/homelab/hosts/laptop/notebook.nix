# Jupyter with the graphics card of the laptop, for the course.
{ lib, ... }:
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
  };

  nixpkgs.config.allowUnfreePredicate = package: lib.hasPrefix "nvidia-" (lib.getName package);

  virtualisation.oci-containers.containers.notebook = {
    image = "quay.io/jupyter/pytorch-notebook:cuda12-python-3.13";
    ports = [ "127.0.0.1:8888:8888" ];
    volumes = [ "notebook:/home/jovyan/work" ];
    devices = [ "nvidia.com/gpu=0" ];
    extraOptions = [ "--security-opt=no-new-privileges" ];
  };
}
