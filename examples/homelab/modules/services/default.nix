{
  imports = [
    ./backup.nix
    ./cache.nix
    ./inventory
    ./llm.nix
    ./notes.nix
    ./nvr.nix
    ./photos.nix
    ./proxy.nix
    ./transcribe.nix
    ./photos.nix
  ];
}
