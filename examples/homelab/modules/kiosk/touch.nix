{ pkgs, ... }:
{
  environment.systemPackages = [ pkgs.onboard ];
}
