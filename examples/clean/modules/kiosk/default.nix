# A screen in the hall, for others to import: no machine here has one.
{ config, lib, ... }:
let
  cfg = config.homelab.kiosk;
in
{
  imports = [
    ./sound.nix
    ./touch.nix
  ];

  options.homelab.kiosk = {
    enable = lib.mkEnableOption "a screen that shows one page";
    touch = lib.mkEnableOption "a keyboard on the screen";
    page = lib.mkOption {
      type = lib.types.str;
      example = "https://home.example.org";
      description = "The page that is shown.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.cage = {
      enable = true;
      user = "kiosk";
      program = "/run/current-system/sw/bin/firefox --kiosk ${cfg.page}";
    };
    users.users.kiosk.isNormalUser = true;
  };
}
