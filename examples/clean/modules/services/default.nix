{
  imports = [
    ./backup.nix
    ./cache.nix
    ./inventory
    ./llm.nix
    ./music.nix
    ./notes.nix
    ./nvr.nix
    ./photos.nix
    ./proxy.nix
    ./transcribe.nix
  ];
}
