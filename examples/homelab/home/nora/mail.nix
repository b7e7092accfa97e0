{
  config,
  lib,
  pkgs,
  ...
}:
{
  sops = {
    age.keyFile = "${config.xdg.configHome}/sops/age/keys.txt";
    defaultSopsFile = ../../secrets/nora.yaml;
    secrets."mail/password" = { };
  };

  accounts.email = {
    maildirBasePath = "mail";
    accounts.home = {
      primary = true;
      address = "nora@home.arpa";
      realName = "Nora";
      userName = "nora";
      imap.host = "mail.home.arpa";
      passwordCommand = "cat ${config.sops.secrets."mail/password".path}";
      mbsync = {
        enable = true;
        create = "maildir";
      };
    };
  };

  programs.mbsync.enable = true;

  systemd.user = {
    services.mail-sync = {
      Unit = {
        Description = "Fetch mail";
        # The home module of sops-nix has a user unit of this name.
        After = [ "sops-nix.service" ];
      };
      Service = {
        Type = "oneshot";
        ExecStart = "${lib.getExe' pkgs.isync "mbsync"} --all";
      };
    };
    timers.mail-sync = {
      Timer.OnCalendar = "*:0/10";
      Install.WantedBy = [ "timers.target" ];
    };
  };
}
