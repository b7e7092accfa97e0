{ inputs, ... }:
{
  sops = {
    age.sshKeyPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
    secrets."nora/password" = {
      sopsFile = ../secrets/common.yaml;
      neededForUsers = true;
    };
  };

  home-manager.sharedModules = [ inputs.sops-nix.homeManagerModules.sops ];
}
