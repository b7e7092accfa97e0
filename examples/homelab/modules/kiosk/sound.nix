{ config, ... }:
{
  config =
    if config.homelab.kiosk.enable then
      {
        services.pipewire = {
          enable = true;
          pulse.enable = true;
        };
      }
    else
      { };
}
