//! Hashes and how they are written.

use std::sync::LazyLock;

use data_encoding::{BASE64, BitOrder, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE, Specification};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::super::machine::{Machine, Primitive};
use super::super::value::{Reason, Thunk, Unknown, Val};
use super::argument::{Outcome, error, plain_string, several};
use crate::text::Span;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "convertHash" 1 convert_hash;
    "hashString" 2 |m, a, _| {
        let algorithm = Algorithm::named(&plain_string(m, &a[0])?)?;
        let text = plain_string(m, &a[1])?;
        m.charge(text.len() / 16)?;
        Ok(Val::string(HEXLOWER.encode(&algorithm.digest(text.as_bytes())?)))
    };
};

/// What stands for the path of an output while it is not known: `hashPlaceholder` in
/// src/libstore/derivations.cc of NixOS/nix.
pub(super) fn placeholder(output: &str) -> String {
    format!("/{}", to_nix32(&Sha256::digest(format!("nix-output:{output}"))))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Blake3,
}

impl Algorithm {
    fn named(name: &str) -> Result<Self, Unknown> {
        match name {
            "md5" => Ok(Self::Md5),
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            "blake3" => Ok(Self::Blake3),
            _ => Err(error(format!("unknown hash algorithm `{name}`"))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// In bytes.
    fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, bytes: &[u8]) -> Result<Vec<u8>, Unknown> {
        Ok(match self {
            Self::Md5 => Md5::digest(bytes).to_vec(),
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
            // An experimental feature of Nix.
            Self::Blake3 => return Err(Unknown::new(Reason::NotModelled("blake3".to_owned()))),
        })
    }
}

/// A hash as `algorithm-base64`, from any of the ways it is written without a prefix, and with one.
/// `None` where Nix would not take it.
pub fn sri_hash(algorithm: &str, hash: &str) -> Option<String> {
    let algorithm = Algorithm::named(algorithm).ok()?;
    let (rest, is_sri) = match hash.split_once('-') {
        Some((prefix, rest)) => (Some(rest).filter(|_| prefix == algorithm.name())?, true),
        None => (hash, false),
    };
    let bytes = decode(rest, algorithm, is_sri).ok()?;
    Some(format!("{}-{}", algorithm.name(), BASE64.encode(&bytes)))
}

fn convert_hash(machine: &Machine<'_>, arguments: &[Thunk], _: Option<Span>) -> Outcome {
    let argument = machine.force(&arguments[0]);
    let text = |name: &str| plain_string(machine, &machine.select(&argument, machine.name(name))?.thunk());
    let hash = text("hash")?;
    let attrs = machine.set(&argument)?;
    let wanted = match attrs.get(machine.name("hashAlgo")) {
        Some(entry) => Some(Algorithm::named(&plain_string(machine, &entry.value)?)?),
        None if attrs.is_closed() => None,
        None => return Err(several()),
    };
    let format = text("toHashFormat")?;

    let (prefix, rest, is_sri) = match (hash.split_once(':'), hash.split_once('-')) {
        (Some((prefix, rest)), _) => (Some(prefix), rest, false),
        (None, Some((prefix, rest))) => (Some(prefix), rest, true),
        (None, None) => (None, hash.as_str(), false),
    };
    let own = prefix.map(Algorithm::named).transpose()?;
    let algorithm = match (own, wanted) {
        (Some(own), Some(wanted)) if own != wanted => {
            return Err(error(format!("hash `{hash}` should have type `{}`", wanted.name())));
        }
        (Some(algorithm), _) | (None, Some(algorithm)) => algorithm,
        (None, None) => return Err(error(format!("hash `{hash}` does not include a type"))),
    };
    let bytes = decode(rest, algorithm, is_sri)?;
    Ok(Val::string(match format.as_str() {
        "base16" => HEXLOWER.encode(&bytes),
        "base32" | "nix32" => to_nix32(&bytes),
        "base64" => BASE64.encode(&bytes),
        "sri" => format!("{}-{}", algorithm.name(), BASE64.encode(&bytes)),
        _ => return Err(error(format!("unknown hash format `{format}`"))),
    }))
}

/// Without `-` the length tells how it is written.
fn decode(text: &str, algorithm: Algorithm, is_sri: bool) -> Result<Vec<u8>, Unknown> {
    let size = algorithm.size();
    // Nix is more lenient about what is no digit, and where it is it gives what is there.
    let decoded = match text.len() {
        _ if is_sri => BASE64.decode(text.as_bytes()).map_err(|_| several())?,
        length if length == size * 2 => {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| error("invalid base16 hash"))?
        }
        length if length == (size * 8).div_ceil(5) => {
            let backwards: Vec<u8> = text.bytes().rev().collect();
            NIX32.decode(&backwards).map_err(|_| several())?
        }
        length if length == size.div_ceil(3) * 4 => BASE64.decode(text.as_bytes()).map_err(|_| several())?,
        _ => return Err(error(format!("hash `{text}` has the wrong length for `{}`", algorithm.name()))),
    };
    if decoded.len() == size {
        Ok(decoded)
    } else {
        Err(error(format!("hash `{text}` has the wrong length")))
    }
}

/// Digits without e, o, t and u, the last one first (src/libutil/base-nix-32.cc of NixOS/nix).
static NIX32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdfghijklmnpqrsvwxyz");
    specification.bit_order = BitOrder::LeastSignificantFirst;
    specification.encoding().expect("invariant: 32 different digits")
});

fn to_nix32(bytes: &[u8]) -> String {
    NIX32.encode(bytes).chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_as_nix_does() {
        // `nix-hash --type sha256 --to-sri`
        let sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        for written in [
            "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            sri,
        ] {
            assert_eq!(sri_hash("sha256", written).as_deref(), Some(sri));
        }
        assert_eq!(sri_hash("sha256", "sha512-47DE"), None);
        assert_eq!(sri_hash("sha256", ""), None);
    }

    #[test]
    fn placeholders_are_those_of_nix() {
        // `builtins.placeholder "out"`, the same in every Nix.
        assert_eq!(placeholder("out"), "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9");
    }
}
