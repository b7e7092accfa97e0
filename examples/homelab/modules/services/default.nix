{
  imports = [
    ./backup.nix
    ./cache.nix
    ./inventory
    ./llm.nix
    ./nvr.nix
    ./photos.nix
    ./proxy.nix
    ./transcribe.nix
  ];
}
