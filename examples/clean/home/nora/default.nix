{
  imports = [
    ./mail.nix
    ./shell.nix
  ];

  home.stateVersion = "25.05";

  programs.git = {
    enable = true;
    settings = {
      user = {
        name = "Nora";
        email = "nora@home.arpa";
      };
      init.defaultBranch = "main";
      pull.rebase = true;
    };
  };
}
