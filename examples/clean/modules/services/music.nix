# The records of the house, for the radio in the kitchen.
{ config, lib, ... }:
{
  options.homelab.music.enable = lib.mkEnableOption "the music of the house";

  config.services.navidrome = lib.mkIf config.homelab.music.enable {
    enable = true;
    settings.MusicFolder = "/mnt/media/records";
  };
}
