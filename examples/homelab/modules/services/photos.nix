# Photos: immich runs natively, only face recognition is a container of its own,
# because the CUDA build of onnxruntime takes hours here.
{ config, lib, ... }:
let
  cfg = config.homelab.photos;
  cdiGenerator = "nvidia-container-toolkit-cdi-generator.service";
in
{
  options.homelab.photos.enable = lib.mkEnableOption "the photo library";

  config = lib.mkIf cfg.enable {
    services.immich = {
      enable = true;
      mediaLocation = "/mnt/media/photos";
      machine-learning.enable = false;
      environment.IMMICH_MACHINE_LEARNING_URL = "http://127.0.0.1:3003";
    };

    virtualisation.oci-containers.containers.photos-ml = {
      image = "ghcr.io/immich-app/immich-machine-learning:v2.1.0-cuda";
      ports = [ "127.0.0.1:3003:3003" ];
      volumes = [ "photos-ml-cache:/cache" ];
      devices = [ "nvidia.com/gpu=all" ];
      extraOptions = [ "--security-opt=no-new-privileges" ];
    };

    # The device only exists once the CDI specification is written.
    systemd.services.podman-photos-ml = {
      after = [ cdiGenerator ];
      requires = [ cdiGenerator ];
    };
  };
}
