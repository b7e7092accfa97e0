# A binary cache for both machines, filled by the server itself.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.homelab.cache;
  hardening = import ../../lib/hardening.nix;
  dataDir = "/var/lib/atticd";
  listen = "127.0.0.1:${toString cfg.port}";
in
{
  options.homelab.cache = {
    enable = lib.mkEnableOption "the binary cache";
    port = lib.mkOption {
      type = lib.types.port;
      default = 8085;
      description = "Port on localhost.";
    };
  };

  config = lib.mkIf cfg.enable {
    sops.secrets = {
      "attic/env" = { };
      "attic/push-token" = { };
    };

    services.atticd = {
      enable = true;
      environmentFile = config.sops.secrets."attic/env".path;
      settings = {
        inherit listen;
        api-endpoint = "https://cache.${config.homelab.domain}/";
        database.url = "sqlite://${dataDir}/server.db?mode=rwc";
        storage = {
          type = "local";
          path = "${dataDir}/storage";
        };
        garbage-collection.default-retention-period = "3 months";
      };
    };

    # Pushes whatever is built here.
    systemd.services.attic-watch-store = {
      description = "Push new store paths to the binary cache";
      wantedBy = [ "multi-user.target" ];
      after = [ "atticd.service" ];
      path = [ pkgs.attic-client ];
      script = ''
        export XDG_CONFIG_HOME="$RUNTIME_DIRECTORY"
        attic login --set-default home http://${listen} "$(cat "$CREDENTIALS_DIRECTORY/token")"
        exec attic watch-store home:main
      '';
      serviceConfig = hardening // {
        DynamicUser = true;
        LoadCredential = "token:${config.sops.secrets."attic/push-token".path}";
        RuntimeDirectory = "attic-watch-store";
        Restart = "on-failure";
        RestartSec = 30;
      };
    };
  };
}
