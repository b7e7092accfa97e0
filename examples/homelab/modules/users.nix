{ config, pkgs, ... }:
{
  users.users.nora = {
    isNormalUser = true;
    description = "Nora";
    extraGroups = [ "wheel" ];
    hashedPasswordFile = config.sops.secrets."nora/password".path;
    openssh.authorizedKeys.keys = [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample nora@laptop"
    ];
    shell = pkgs.zsh;
  };

  programs.zsh.enable = true;

  home-manager = {
    useGlobalPkgs = true;
    useUserPackages = true;
    backupFileExtension = "before-hm";
    users.nora = import ../home/nora;
  };
}
