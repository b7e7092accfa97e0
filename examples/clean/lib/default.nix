# What other flakes may use.
{
  hardening = import ./hardening.nix;
}
// import ./names.nix
