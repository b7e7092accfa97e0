{
  lib,
  pkgs,
  ...
}:
{
  options.homelab.domain = lib.mkOption {
    type = lib.types.str;
    default = "home.arpa";
    description = "Domain below which the services of the house are reached.";
  };

  config = {
    time.timeZone = "Europe/Vienna";
    i18n.defaultLocale = "en_GB.UTF-8";

    nix = {
      settings = {
        experimental-features = [
          "nix-command"
          "flakes"
        ];
        auto-optimise-store = true;
      };
      gc = {
        automatic = true;
        dates = "weekly";
        options = "--delete-older-than 30d";
      };
    };

    services.openssh = {
      enable = true;
      settings = {
        PasswordAuthentication = false;
        KbdInteractiveAuthentication = false;
        PermitRootLogin = "no";
      };
    };

    environment.systemPackages = with pkgs; [
      git
      htop
      ripgrep
    ];
  };
}
