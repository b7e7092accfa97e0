{
  imports = [
    ./hardware.nix
    ./gpu.nix
  ];

  homelab = {
    backup = {
      enable = true;
      repository = "sftp:backup@nas.home.arpa:/server";
    };
    cache.enable = true;
    inventory.enable = true;
    llm.enable = true;
    nvr = {
      enable = true;
      cameras = {
        door = "rtsp://door.cam.home.arpa/main";
        garden = "rtsp://garden.cam.home.arpa/main";
      };
    };
    notes.enable = true;
    photos.enable = true;
    proxy.enable = true;
    transcribe.enable = true;
  };

  sops.defaultSopsFile = ../../secrets/server.yaml;

  system.stateVersion = "25.05";
}
