{ config, lib, ... }:
{
  config = lib.mkIf config.homelab.kiosk.enable {
    services.pipewire = {
      enable = true;
      pulse.enable = true;
    };
  };
}
