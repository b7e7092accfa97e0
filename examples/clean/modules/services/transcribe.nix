# Turns voice memos into text.
{ config, lib, ... }:
let
  cfg = config.homelab.transcribe;
  cdiGenerator = "nvidia-container-toolkit-cdi-generator.service";
in
{
  options.homelab.transcribe = {
    enable = lib.mkEnableOption "speech to text";
    model = lib.mkOption {
      type = lib.types.str;
      default = "medium";
      description = "Whisper model to load.";
    };
    port = lib.mkOption {
      type = lib.types.port;
      default = 9010;
      description = "Port on localhost.";
    };
  };

  config = lib.mkIf cfg.enable {
    virtualisation.oci-containers.containers.transcribe = {
      image = "docker.io/onerahmet/openai-whisper-asr-webservice:v1.9.1-gpu";
      ports = [ "127.0.0.1:${toString cfg.port}:9000" ];
      volumes = [ "transcribe-models:/root/.cache" ];
      environment = {
        ASR_ENGINE = "faster_whisper";
        ASR_MODEL = cfg.model;
      };
      extraOptions = [
        "--security-opt=no-new-privileges"
        "--device=nvidia.com/gpu=all"
      ];
    };

    # The device only exists once the CDI specification is written.
    systemd.services.podman-transcribe = {
      after = [ cdiGenerator ];
      requires = [ cdiGenerator ];
    };
  };
}
