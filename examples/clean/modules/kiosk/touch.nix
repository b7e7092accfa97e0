{
  config,
  lib,
  pkgs,
  ...
}:
{
  config = lib.mkIf config.homelab.kiosk.touch {
    environment.systemPackages = [ pkgs.onboard ];
  };
}
