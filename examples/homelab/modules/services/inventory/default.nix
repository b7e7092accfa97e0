# What is in which box in the cellar: a few lines of Python with an HTTP API.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.homelab.inventory;
  hardening = import ../../../lib/hardening.nix;

  pythonEnv = pkgs.buildEnv {
    name = "inventory-env";
    paths = [
      pkgs.python311
    ]
    ++ (with pkgs.python311Packages; [
      fastapi
      uvicorn
      qrcode
    ]);
  };
in
{
  options.homelab.inventory = {
    enable = lib.mkEnableOption "the inventory of the cellar";
    port = lib.mkOption {
      type = lib.types.port;
      default = 8700;
      description = "Port on localhost.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.services.inventory = {
      description = "Inventory of the cellar";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      environment = {
        INVENTORY_BASE_URL = "https://inventory.${config.homelab.domain}";
        INVENTORY_FILE = "/var/lib/inventory/boxes.json";
      };
      serviceConfig = hardening // {
        ExecStart = lib.concatStringsSep " " [
          "${pythonEnv}/bin/python -m uvicorn main:app"
          "--app-dir ${./app}"
          "--host 127.0.0.1"
          "--port ${toString cfg.port}"
        ];
        DynamicUser = true;
        StateDirectory = "inventory";
        Restart = "on-failure";
      };
    };
  };
}
