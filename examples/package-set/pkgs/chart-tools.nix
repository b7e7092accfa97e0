# A library in Python.
{
  lib,
  buildPythonPackage,
  fetchPypi,
  python3Packages,
  setuptools,
  numpy,
}:
buildPythonPackage rec {
  pname = "chart-tools";
  version = "0.3";
  pyproject = true;

  src = fetchPypi {
    inherit pname version;
    sha256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  };

  build-system = [ setuptools ];
  dependencies = [
    numpy
    python3Packages.requests
  ];

  pythonImportCheck = [ "chart_tools" ];

  meta.description = lib.mdDoc "Draws charts";
}
