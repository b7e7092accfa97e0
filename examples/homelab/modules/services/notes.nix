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
    systemd.tmpfiles.rules = [ "d /srv/notes 0777 root root -" ];

    virtualisation.oci-containers.containers.notes = {
      image = "ghcr.io/example/notes:latest";
      ports = [ "8085:8080" ];
      volumes = [ "/srv/notes:/data" ];
      environment.ADMIN_TOKEN = "nt-7Qm2xK49";
    };

    systemd.services.notes-export = {
      description = "Copy the notes to the NAS";
      after = [ "network-online.target" ];
      startAt = "daily";
      serviceConfig = {
        Type = "oneshot";
        ProtectKernelTunnels = true;
        ExecStart = "${pkgs.rclone}/bin/rclone sync /srv/notes nas:notes 2>/dev/null";
      };
    };
  };
}
