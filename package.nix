{
  lib,
  stdenv,
  rustPlatform,
  installShellFiles,
  versionCheckHook,
}:

rustPlatform.buildRustPackage {
  pname = "nixlint";
  version = (lib.importTOML ./Cargo.toml).package.version;

  src = lib.cleanSource ./.;
  cargoLock.lockFile = ./Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];

  # The pages and completions come from the program, which has to run for that.
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    $out/bin/nixlint man man
    installManPage man/*
    installShellCompletion --cmd nixlint \
      --bash <($out/bin/nixlint completions bash) \
      --fish <($out/bin/nixlint completions fish) \
      --zsh <($out/bin/nixlint completions zsh)
    mkdir -p $out/share/nushell/vendor/autoload
    $out/bin/nixlint completions nushell > $out/share/nushell/vendor/autoload/nixlint.nu
  '';

  doInstallCheck = true;
  nativeInstallCheckInputs = [ versionCheckHook ];

  meta = {
    description = "Linter for Nix that knows what each NixOS host runs";
    license = with lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "nixlint";
    platforms = lib.platforms.unix;
  };
}
