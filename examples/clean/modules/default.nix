{
  imports = [
    ./base.nix
    ./containers.nix
    ./secrets.nix
    ./users.nix
    ./services
  ];
}
