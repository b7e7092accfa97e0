# Language models for the house. The container runs on the CPU as it is;
# a host with a graphics card hands it over in its own configuration.
{ config, lib, ... }:
let
  cfg = config.homelab.llm;
in
{
  options.homelab.llm = {
    enable = lib.mkEnableOption "the language model server";
    port = lib.mkOption {
      type = lib.types.port;
      default = 11434;
      description = "Port on localhost.";
    };
  };

  config = lib.mkIf cfg.enable {
    virtualisation.oci-containers.containers.llm = {
      image = "docker.io/ollama/ollama:0.12.6";
      ports = [ "127.0.0.1:${toString cfg.port}:11434" ];
      volumes = [ "llm-models:/root/.ollama" ];
      environment.OLLAMA_KEEP_ALIVE = "30m";
      extraOptions = [ "--security-opt=no-new-privileges" ];
    };
  };
}
