{ pkgs, ... }:
{
  services = {
    desktopManager.gnome.enable = true;
    displayManager.gdm.enable = true;
    pipewire = {
      enable = true;
      pulse.enable = true;
    };
  };

  networking.networkmanager.enable = true;
  users.users.nora.extraGroups = [ "networkmanager" ];

  environment.systemPackages = with pkgs; [
    firefox
    libreoffice
    mpv
  ];

  environment.etc."backgrounds/house.svg".source = ../assets/house.svg;
}
