{ config, lib, ... }:
let
  cfg = config.homelab;

  # Services of this host that have a name of their own.
  backends =
    lib.optionalAttrs cfg.cache.enable { cache = cfg.cache.port; }
    // lib.optionalAttrs cfg.inventory.enable { inventory = cfg.inventory.port; }
    // lib.optionalAttrs cfg.nvr.enable { nvr = cfg.nvr.port; }
    // lib.optionalAttrs cfg.transcribe.enable { transcribe = cfg.transcribe.port; };
in
{
  options.homelab.proxy.enable = lib.mkEnableOption "the reverse proxy";

  config = lib.mkIf cfg.proxy.enable {
    services.caddy = {
      enable = true;
      virtualHosts = lib.mapAttrs' (
        name: port:
        lib.nameValuePair "${name}.${cfg.domain}" {
          extraConfig = ''
            tls internal
            reverse_proxy 127.0.0.1:${toString port}
          '';
        }
      ) backends;
    };

    networking.firewall.allowedTCPPorts = [
      80
      443
    ];
  };
}
