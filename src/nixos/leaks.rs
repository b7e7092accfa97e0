//! Where secrets are set: options that hold one, names that say so, and values that are none.
//!
//! Everything in a configuration ends up in the Nix store, which every user of a machine can read. What is
//! said of names and values are guesses that rather miss a secret than take something else for one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::roots::ModuleSystem;
use super::{segments, verified};

/// An option that holds a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretOption {
    /// Its path; `*` stands for any name and `[]` for the elements of a list.
    pub name: String,
    /// Whose option it is.
    #[serde(default = "nixos")]
    pub system: ModuleSystem,
    /// What it holds.
    pub kind: SecretKind,
    /// What takes the secret from a file instead.
    pub instead: Option<String>,
    /// Where that was read.
    pub source: String,
    /// Whether the text that the row was read from has a known revision.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A password or key that counts as long as it is set.
    Password,
    /// A password that is to be changed.
    InitialPassword,
    /// A hash: it can be tried against guesses.
    Hash,
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretName {
    /// A password: any text.
    Password,
    /// A key or token: random text.
    Key,
}

/// What the name of an option for a file says of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileName {
    /// It holds a secret.
    Secret,
    /// It holds variables, which may be secrets.
    Environment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    option: Vec<SecretOption>,
    words: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    passwords: Vec<String>,
    passwords_at_end: Vec<String>,
    keys: Vec<String>,
    secret_keys: Vec<String>,
    no_ends: Vec<String>,
    no_starts: Vec<String>,
    dummies: Vec<String>,
    dummy_parts: Vec<String>,
    hashes: Vec<String>,
    references: Vec<String>,
    file_words: Vec<String>,
    path_words: Vec<String>,
    secret_folders: Vec<String>,
    key_files: Vec<String>,
    plain_extensions: Vec<String>,
    encrypted_extensions: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("leaks"));

/// The shortest text that is taken for a password.
const SHORTEST_PASSWORD: usize = 6;

/// The shortest text that is taken for a key.
const SHORTEST_KEY: usize = 12;

/// The least entropy of a key, in bits a character.
const KEY_ENTROPY: f64 = 3.0;

/// The options of a module system that hold secrets.
pub fn options(system: ModuleSystem) -> impl Iterator<Item = &'static SecretOption> {
    TABLE.option.iter().filter(move |option| option.system == system)
}

/// Whether a path with all names known is that of such an option; elements of lists are `[]`.
pub fn is_secret_option(system: ModuleSystem, path: &[String]) -> bool {
    options(system).any(|option| {
        let names = segments(&option.name);
        names.len() == path.len() && names.iter().zip(path).all(|(name, own)| name == "*" || name == own)
    })
}

/// What the name of an option, setting or variable says of its value; `None` where it is no secret.
pub fn secret_name(name: &str) -> Option<SecretName> {
    // Most names have none of the words, and need not be split.
    if !["pass", "pwd", "psk", "key", "token", "secret"].iter().any(|part| holds(name, part)) {
        return None;
    }
    let words = words_of(name);
    let (first, last) = (words.first()?, words.last()?);
    let table = &TABLE.words;
    let has = |list: &[String], word: &str| list.iter().any(|known| known == word);
    if has(&table.no_ends, last) || (words.len() > 1 && has(&table.no_starts, first)) {
        return None;
    }
    if words.iter().any(|word| matches!(word.as_str(), "hash" | "hashed" | "encrypted" | "public")) {
        return None;
    }
    // Settings of pass(1).
    if matches!(words.as_slice(), [password, store, ..] if password == "password" && store == "store") {
        return None;
    }
    let ends_so = |word: &String| table.passwords.iter().any(|known| word.ends_with(known.as_str()));
    if words.iter().any(ends_so) || has(&table.passwords_at_end, last) {
        return Some(SecretName::Password);
    }
    let is_key = match words.as_slice() {
        [.., before, last] if last == "key" => has(&table.secret_keys, before),
        _ => words.iter().any(|word| has(&table.keys, word)),
    };
    is_key.then_some(SecretName::Key)
}

/// Whether the value of such a name is a secret as it stands, not a word for none, a hash with a salt, or the
/// name of a secret that the program looks up.
pub fn is_secret_value(name: SecretName, value: &str) -> bool {
    if is_reference(value) || is_hash(value) || is_dummy(value) {
        return false;
    }
    match name {
        SecretName::Password => {
            let is_text = value.chars().all(|c| !c.is_whitespace() && !c.is_control());
            // Words that anyone would guess protect nothing, and are not meant to.
            let kinds: [fn(&char) -> bool; 4] = [
                char::is_ascii_lowercase,
                char::is_ascii_uppercase,
                char::is_ascii_digit,
                char::is_ascii_punctuation,
            ];
            let count = kinds.into_iter().filter(|kind| value.chars().any(|c| kind(&c))).count();
            value.chars().count() >= SHORTEST_PASSWORD && is_text && count >= 2
        }
        SecretName::Key => is_random(value),
    }
}

/// Whether the text names a secret that something else looks up: a variable, a path, a template.
pub fn is_reference(value: &str) -> bool {
    TABLE.words.references.iter().any(|start| value.starts_with(start.as_str()))
        || value.contains("${")
        || value.contains("{{")
        || (value.starts_with('@') && value.ends_with('@'))
        || is_name_in_braces(value)
}

/// Whether the text is a name in braces, as programs fill in themselves.
fn is_name_in_braces(value: &str) -> bool {
    let name = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.'))
    })
}

/// Whether the text is a hash with a salt.
pub fn is_hash(value: &str) -> bool {
    let is_transmission = || {
        let digits = value.strip_prefix('{').and_then(|rest| rest.get(..40));
        digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))
    };
    TABLE.words.hashes.iter().any(|start| value.starts_with(start.as_str())) || is_transmission()
}

/// Whether a hash is the name of a file or variable instead.
pub fn is_reference_to_file(value: &str) -> bool {
    value.starts_with(['/', '@', '<', '%']) || value.starts_with("${") || value.contains("{{")
}

/// Whether the hash locks the account, or there is none.
pub fn is_locked(hash: &str) -> bool {
    hash.starts_with('!') || hash.is_empty() || hash == "*" || hash == "x"
}

/// What the name of an option says of the file that it takes; `None` where it takes none, or no secret one.
pub fn file_name(name: &str) -> Option<FileName> {
    if !holds(name, "file") {
        return None;
    }
    let words = words_of(name);
    let (last, before) = words.split_last()?;
    if !matches!(last.as_str(), "file" | "files") || before.is_empty() {
        return None;
    }
    let table = &TABLE.words;
    if before.iter().any(|word| matches!(word.as_str(), "public" | "sops" | "age" | "encrypted")) {
        return None;
    }
    if matches!(before.last()?.as_str(), "environment" | "env") {
        return Some(FileName::Environment);
    }
    let is_secret = before.iter().any(|word| {
        table.passwords.contains(word) || table.keys.contains(word) || table.file_words.contains(word)
    });
    let is_key = matches!(before, [.., kind, key] if key == "key" && table.secret_keys.contains(kind))
        || matches!(before, [preshared, key] if key == "key" && preshared == "preshared");
    (is_secret || is_key).then_some(FileName::Secret)
}

/// Whether a path is, by its words, that of a file with a secret in the clear.
pub fn is_secret_path(path: &str) -> bool {
    let table = &TABLE.words;
    let mut folders: Vec<&str> = path.split('/').collect();
    let Some(name) = folders.pop() else { return false };
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let is_plain = extension.as_ref().is_some_and(|extension| table.plain_extensions.contains(extension));
    if name.is_empty() || is_plain || is_encrypted_name(path) {
        return false;
    }
    if table.key_files.iter().any(|key| key == name) {
        return true;
    }
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    let words = words_of(stem);
    let is_plain_word =
        |word: &String| matches!(word.as_str(), "public" | "pub" | "example" | "sample" | "readme");
    // `secrets.example.env`, and programs about secrets.
    let is_public = words.iter().any(is_plain_word)
        || name.split('.').any(|part| matches!(part, "example" | "sample" | "dist"))
        || words.iter().any(|word| matches!(word.as_str(), "generator" | "manager" | "checker"));
    let is_secret = words.iter().any(|word| {
        table.passwords.contains(word) || table.keys.contains(word) || table.path_words.contains(word)
    });
    let is_key = words.windows(2).any(|pair| pair[1] == "key" && table.secret_keys.contains(&pair[0]));
    // What is there to be tested with is no secret.
    if folders.iter().any(|folder| matches!(*folder, "test" | "tests" | "fixtures" | "testdata" | "examples"))
    {
        return false;
    }
    let is_below = folders.iter().any(|folder| table.secret_folders.iter().any(|secret| secret == folder));
    !is_public && (is_secret || is_key || is_below)
}

/// Whether a file is encrypted, by its name.
pub fn is_encrypted_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.')
        .skip(1)
        .any(|extension| TABLE.words.encrypted_extensions.iter().any(|known| known == extension))
}

/// Whether a file is encrypted, by its text: with sops, age or GnuPG.
pub fn is_encrypted_text(text: &str) -> bool {
    [
        "ENC[AES256_GCM",
        "-----BEGIN AGE ENCRYPTED FILE-----",
        "age-encryption.org/v1",
        "-----BEGIN PGP MESSAGE-----",
        "\0GITCRYPT",
        "$ANSIBLE_VAULT",
    ]
    .iter()
    .any(|mark| text.contains(mark))
}

fn is_dummy(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let mut characters = value.chars().filter(|c| c.is_ascii_alphanumeric());
    let first = characters.next();
    TABLE.words.dummies.contains(&value)
        || TABLE.words.dummy_parts.iter().any(|part| value.contains(part.as_str()))
        || characters.all(|c| Some(c) == first)
}

/// Whether the text looks like one that a machine made.
fn is_random(value: &str) -> bool {
    let is_plain = value.chars().all(|c| c.is_ascii_graphic() && !"(){}[]<>,;\"'`\\".contains(c));
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let is_address = value.contains("://") || value.matches('.').count() > 3;
    value.len() >= SHORTEST_KEY && is_plain && is_mixed && !is_address && entropy(value) >= KEY_ENTROPY
}

/// The entropy of a text in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for c in text.chars() {
        *counts.entry(c).or_default() += 1;
    }
    let length = f64::from(text.chars().count() as u32);
    counts.values().map(|count| f64::from(*count) / length).map(|share| -share * share.log2()).sum()
}

/// Whether a name holds a part, in whatever case.
fn holds(name: &str, part: &str) -> bool {
    name.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// The words of a name in lower case: `apiKey`, `API_KEY` and `api-key` have two.
fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = None;
    let characters: Vec<char> = name.chars().collect();
    for (index, c) in characters.iter().enumerate() {
        let follows_lower =
            before.is_some_and(|before: char| before.is_lowercase() || before.is_ascii_digit());
        let precedes_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins =
            c.is_uppercase() && (follows_lower || (before.is_some_and(char::is_uppercase) && precedes_lower));
        if !c.is_alphanumeric() || begins {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = Some(*c);
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn nixos() -> ModuleSystem {
    ModuleSystem::Nixos
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_are_whole() {
        for option in &TABLE.option {
            assert!(is_source(&option.source) || !option.verified, "{}", option.name);
        }
        let path = |text: &str| segments(text);
        assert!(is_secret_option(ModuleSystem::Nixos, &path("users.users.nora.password")));
        assert!(!is_secret_option(ModuleSystem::Nixos, &path("users.users.nora.name")));
        assert!(!is_secret_option(ModuleSystem::HomeManager, &path("users.users.nora.password")));
    }

    #[test]
    fn names_are_read_by_their_words() {
        use SecretName::{Key, Password};
        for (name, kind) in [
            ("password", Some(Password)),
            ("POSTGRES_PASSWORD", Some(Password)),
            ("rootPassword", Some(Password)),
            ("DB_PASS", Some(Password)),
            ("PGPASSWORD", Some(Password)),
            ("API_KEY", Some(Key)),
            ("apiKey", Some(Key)),
            ("OPENAI_API_KEY", Some(Key)),
            ("JWT_SECRET", Some(Key)),
            ("authToken", Some(Key)),
            ("passwordFile", None),
            ("PASSWORD_FILE", None),
            ("hashedPassword", None),
            ("REQUIRE_PASSWORD", None),
            ("enablePasswordReset", None),
            ("TOKEN_EXPIRY", None),
            ("secretName", None),
            ("publicKey", None),
            ("key", None),
            ("bypass", None),
            ("compassUrl", None),
            ("tokenizer", None),
            ("password_encryption", None),
            ("PASSWORD_COMPLEXITY", None),
            ("simple_password_check", None),
            ("existingSecret", None),
            ("tlsSecret", None),
            ("PASSWORD_STORE_KEY", None),
            ("PASSWORD_STORE_CHARACTER_SET", None),
            ("NEXT_PUBLIC_MAPBOX_TOKEN", None),
        ] {
            assert_eq!(secret_name(name), kind, "{name}");
        }
    }

    #[test]
    fn values_that_tell_nothing_are_left_out() {
        use SecretName::{Key, Password};
        for value in [
            "",
            "changeme",
            "$DB_PASSWORD",
            "${PW}",
            "/run/secrets/db",
            "@password@",
            "$6$a$b",
            "!secret x",
            "{APP_Password1}",
            "[[a1]]",
            "env(PW1)",
        ] {
            assert!(!is_secret_value(Password, value), "{value}");
        }
        for value in [
            "__file{x}",
            "true",
            "sk-no-key-required",
            "00000000-0000-0000",
            "a description of it",
            "postgres",
            "12345",
        ] {
            assert!(!is_secret_value(Password, value), "{value}");
        }
        assert!(is_secret_value(Password, "correct-horse"));
        assert!(is_secret_value(Key, "sk-9f2Kq71bZx0aLm4T"));
        for value in ["my-client", "http://localhost:9000/1a", "aaaaaaaaaaaa1", "short1"] {
            assert!(!is_secret_value(Key, value), "{value}");
        }
    }

    #[test]
    fn files_are_secret_by_the_options_for_them_and_by_their_paths() {
        for name in [
            "passwordFile",
            "hashedPasswordFile",
            "adminpassFile",
            "tokenFile",
            "privateKeyFile",
            "credentialsFile",
        ] {
            assert_eq!(file_name(name), Some(FileName::Secret), "{name}");
        }
        assert_eq!(file_name("environmentFile"), Some(FileName::Environment));
        assert_eq!(file_name("environmentFiles"), Some(FileName::Environment));
        for name in ["configFile", "publicKeyFile", "sopsFile", "keyFile", "password", "file", "logFile"] {
            assert_eq!(file_name(name), None, "{name}");
        }
        for path in [
            "./secrets/db",
            "../secrets.json",
            "./wifi-password",
            "/x/token.txt",
            "./keys/id_ed25519",
            "./api_key",
        ] {
            assert!(is_secret_path(path), "{path}");
        }
        for path in [
            "./secrets.nix",
            "./secrets/host.pub",
            "./secrets/db.age",
            "./password.sh",
            "./tokenizer.json",
            "./test/passwd",
        ] {
            assert!(!is_secret_path(path), "{path}");
        }
    }

    #[test]
    fn locked_accounts_have_no_secret() {
        assert!(is_locked("!") && is_locked("!!") && is_locked("*") && is_locked(""));
        assert!(!is_locked("$6$salt$hash"));
    }
}
