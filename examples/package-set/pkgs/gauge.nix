# A program in C with a makefile.
{
  lib,
  stdenv,
  fetchurl,
  cmake,
  coreutils,
  makeWrapper,
  zlib,
  doxygen,
}:
stdenv.mkDerivation rec {
  name = "gauge-${version}";
  version = "2.4";

  src = fetchurl {
    url = https://example.org/gauge-2.4.tar.gz;
    sha256 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
  };

  nativeBuildInputs = [ coreutils ];
  buildInputs = [
    cmake
    makeWrapper
    zlib
  ] ++ lib.optional stdenv.isLinux [ zlib.dev ];

  configureFlags = "--with-zlib --without-tests";
  makeFlags = [
    "V=1"
    "CFLAGS=-O2 -g"
  ];
  installFlagsArray = [ "STRIP=no" ];

  NIX_CFLAGS_COMPILE = "-Wno-error";

  patchPhase = ''
    sed -i s/127.0.0.1/localhost/ src/main.c
  '';

  installPhase = ''
    install -D gauge $out/bin/gauge
    wrapProgram $out/bin/gauge --set GAUGE_HOME $out/share
  '';

  postInstal = ''
    install -D gauge.1 $out/share/man/man1/gauge.1
  '';

  fixupPhase = ''
    rm -rf $out/share/doc
  '';

  meta = {
    description = "Shows how full things are";
    license = lib.licenses.gpl2;
    platforms = lib.platforms.linux;
  };
}
