{ config, lib, ... }:
{
  programs = {
    zsh = {
      enable = true;
      autosuggestion.enable = true;
      syntaxHighlighting.enable = true;
      shellAliases = lib.mkMerge [
        {
          ll = "ls -l";
          rebuild = "nixos-rebuild switch --flake ~/homelab --sudo";
          # A throw-away shell with the graphics card.
          cuda = "podman run --rm -it --device=nvidia.com/gpu=all docker.io/nvidia/cuda:12.9.1-base-ubuntu24.04";
        }
        (lib.mkIf config.programs.git.enable { gs = "git status --short"; })
      ];
    };
    fzf.enable = true;
    direnv = {
      enable = true;
      nix-direnv.enable = true;
    };
  };
}
