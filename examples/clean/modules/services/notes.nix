{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.homelab.notes;
in
{
  options.homelab.notes.enable = lib.mkEnableOption "the notes of the house";

  config = lib.mkIf cfg.enable {
    sops.secrets."notes/env" = { };

    systemd.tmpfiles.rules = [ "d /srv/notes 0750 root root -" ];

    virtualisation.oci-containers.containers.notes = {
      image = "ghcr.io/example/notes:1.4.2";
      ports = [ "127.0.0.1:8087:8080" ];
      volumes = [ "/srv/notes:/data" ];
      environmentFiles = [ config.sops.secrets."notes/env".path ];
    };

    systemd.services.notes-export = {
      description = "Copy the notes to the NAS";
      after = [ "network-online.target" ];
      wants = [ "network-online.target" ];
      startAt = "daily";
      serviceConfig = {
        Type = "oneshot";
        ProtectKernelTunables = true;
        ExecStart = "${pkgs.rclone}/bin/rclone sync /srv/notes nas:notes";
      };
    };
  };
}
