# A small network video recorder: motion records the cameras to the system disk,
# at night the recordings move to the media disk.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.homelab.nvr;
  hardening = import ../../lib/hardening.nix;
  cameraLogin = config.sops.secrets."nvr/camera-login";
  recordings = "/var/lib/nvr/recordings";

  cameraConfigs = lib.mapAttrsToList (
    name: address:
    pkgs.writeText "nvr-${name}.conf" ''
      camera_name ${name}
      netcam_url ${address}
      movie_filename %Y-%m-%d-%H%M%S-${name}
    ''
  ) cfg.cameras;

  settings = pkgs.writeText "nvr.conf" ''
    target_dir ${recordings}
    snapshot_filename ../snapshots/%$-%Y-%m-%d-%H%M%S
    webcontrol_port ${toString cfg.port}
    webcontrol_localhost on
    ${lib.concatMapStringsSep "\n" (file: "camera ${file}") cameraConfigs}
  '';

  # Runs as root (the plus sign below): nvr may not write to the media disk.
  prepareArchive = pkgs.writeShellScript "nvr-prepare-archive" ''
    mkdir -p ${cfg.archiveDir}
    chown nvr:nvr ${cfg.archiveDir}
    chmod 0750 ${cfg.archiveDir}
  '';
in
{
  options.homelab.nvr = {
    enable = lib.mkEnableOption "the network video recorder";
    archiveDir = lib.mkOption {
      type = lib.types.str;
      default = "/mnt/media/nvr";
      description = "Where recordings go after a day.";
    };
    cameras = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = {
        door = "rtsp://door.cam.home.arpa/main";
      };
      description = "Stream address of each camera.";
    };
    port = lib.mkOption {
      type = lib.types.port;
      default = 8971;
      description = "Port of the web interface on localhost.";
    };
  };

  config = lib.mkIf cfg.enable {
    users = {
      users.nvr = {
        isSystemUser = true;
        group = "nvr";
      };
      groups.nvr = { };
    };

    sops.secrets."nvr/camera-login".owner = "nvr";

    systemd = {
      services = {
        nvr = {
          description = "Network video recorder";
          wantedBy = [ "multi-user.target" ];
          after = [
            "network.target"
            "sops-nix.service"
          ];

          preStart = ''
            mkdir -p ${recordings} /var/lib/nvr/snapshots

            # The login of the cameras stays out of the store.
            mkdir -p "$RUNTIME_DIRECTORY/conf"
            install -m 0600 ${settings} "$RUNTIME_DIRECTORY/conf/nvr.conf"
            echo "netcam_userpass $(cat ${cameraLogin.path})" >> "$RUNTIME_DIRECTORY/conf/nvr.conf"
          '';

          serviceConfig = hardening // {
            ExecStart = "${lib.getExe pkgs.motion} -n -c /run/nvr/conf/nvr.conf";
            RuntimeDirectory = "nvr";
            User = "nvr";
            Group = "nvr";
            Restart = "on-failure";
          };
        };

        nvr-archive = {
          description = "Move yesterday's recordings to the media disk";
          unitConfig.RequiresMountsFor = cfg.archiveDir;
          script = ''
            day=$(date --date=yesterday +%F)
            mkdir -p "${cfg.archiveDir}/$day"
            find ${recordings} -type f -name "$day-*" -exec mv -t "${cfg.archiveDir}/$day" {} +
          '';
          serviceConfig = hardening // {
            Type = "oneshot";
            ExecStartPre = [ "+${prepareArchive}" ];
            User = "nvr";
            Group = "nvr";
          };
        };

        # One picture an hour of each recording, as a contact sheet.
        nvr-digest = {
          description = "Contact sheets of the archived recordings";
          after = [ "nvr-archive.service" ];
          path = [
            pkgs.ffmpeg-headless
            pkgs.imagemagick
          ];
          script = ''
            mkdir -p /var/cache/nvr-digest

            frames=$(mktemp -d)
            trap 'rm -rf "$frames"' EXIT
            for movie in "${cfg.archiveDir}/$(date --date=yesterday +%F)"/*.mkv; do
              name=$(basename "$movie" .mkv)
              mkdir -p "$frames/$name"
              ffmpeg -loglevel error -i "$movie" -vf fps=1/3600 "$frames/$name/%02d.jpg"
              montage "$frames/$name"/*.jpg "/var/cache/nvr-digest/$name.jpg"
            done
          '';
          serviceConfig = hardening // {
            Type = "oneshot";
          };
        };
      };

      timers = lib.genAttrs [ "nvr-archive" "nvr-digest" ] (_: {
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = "04:00";
          Persistent = true;
        };
      });
    };
  };
}
