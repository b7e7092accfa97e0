# Where the services of the house are reached.
{
  cache = "cache.home.arpa";
  photos = "photos.home.arpa";
}
