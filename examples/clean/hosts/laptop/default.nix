{
  imports = [
    ./hardware.nix
    ./notebook.nix
  ];

  # Builds come from the server when it is awake.
  nix.settings = {
    substituters = [ "https://cache.home.arpa/main" ];
    trusted-public-keys = [ "main:xJ3kq0cV8nT1m5ZbQh7rWd2yLs9uEaGf6oPiKtNvYcA=" ];
  };

  services = {
    fwupd.enable = true;
    power-profiles-daemon.enable = true;
  };

  system.stateVersion = "25.05";
}
