# The manual of gauge, as a page.
{
  runCommand,
  pandoc,
  gauge,
  makeWrapper,
  ...
}@args:
let
  title = "gauge ${gauge.version}";
  src = gauge.src;
  inherit (gauge) meta name;
in
let
  page = "${src}/README.md";
in
runCommand "gauge-docs"
  {
    buildInputs = [ makeWrapper ];
    inherit;
  }
  ''
    ${pandoc}/bin/pandoc --metadata title="${title}" ${page} > $out
  ''
