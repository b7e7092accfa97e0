# Where the services of the house are reached; with everything of ./default.nix.
{
  cache = "cache.home.arpa";
  photos = "photos.home.arpa";
}
// import ./.
