{ config, lib, ... }:
let
  cfg = config.homelab.backup;
in
{
  options.homelab.backup = {
    enable = lib.mkEnableOption "the nightly backup";
    repository = lib.mkOption {
      type = lib.types.str;
      example = "sftp:backup@nas.home.arpa:/server";
      description = "Restic repository that is written to.";
    };
  };

  config = lib.mkIf cfg.enable {
    sops.secrets = {
      "restic/password" = { };
      "restic/env" = { };
    };

    services.restic.backups.offsite = {
      inherit (cfg) repository;
      passwordFile = config.sops.secrets."restic/password".path;
      environmentFile = config.sops.secrets."restic/env".path;
      initialize = true;
      paths = [
        "/home"
        "/var/lib"
      ];
      exclude = [ "/var/lib/containers" ];
      pruneOpts = [
        "--keep-daily 7"
        "--keep-weekly 5"
        "--keep-monthly 12"
      ];
    };

    # No backup without its password.
    systemd.services.restic-backups-offsite = {
      wants = [ "network-online.target" ];
      requires = [ "sops-nix.service" ];
      after = [
        "network-online.target"
        "sops-nix.service"
      ];
    };
  };
}
