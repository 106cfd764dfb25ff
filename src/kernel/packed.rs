//! JSON that is made small before it is sealed: zstd, with a dictionary of what a record of a person is likely to say.
//!
//! A packed value is `dictionary (1 byte) | length unpacked (3 bytes, the highest first) | frame of zstd`. JSON never begins with
//! such a byte, so what was kept before it was packed is told from it, and read as it is.

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;
use std::thread::LocalKey;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::problem::{Answer, Problem};
use super::sealed::Sealer;

/// Names of members and ordinary words, those that are likeliest at the end. What was packed with it can't be read without it: it
/// never changes. Another one gets a number of its own.
const WORDS: &[u8] = include_bytes!("packed/dictionary_1.txt");
/// Its number. A value of number 0 was packed without any, and needs none to be unpacked.
const DICTIONARY: u8 = 1;

/// Of zstd: quicker than its level 1, and with the dictionary as small.
const LEVEL: i32 = -1;

/// From so many bytes on a value is kept as it is: its length does not fit.
const TOO_LONG: usize = 1 << 24;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(WORDS, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(WORDS));

thread_local! {
    // to make one takes as long as to pack a record
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Does something with what this thread keeps for it, made when it is needed first.
fn with<T, R>(
    kept: &'static LocalKey<RefCell<Option<T>>>,
    make: impl FnOnce() -> io::Result<T>,
    work: impl FnOnce(&mut T) -> io::Result<R>,
) -> Answer<R> {
    let mut tool = match kept.take() {
        Some(tool) => tool,
        None => make().map_err(Problem::internal)?,
    };
    let done = work(&mut tool).map_err(Problem::internal)?;
    kept.set(Some(tool));
    Ok(done)
}

/// Packs JSON, and seals it for `context`.
///
/// # Errors
/// Those of [`Sealer::seal`]; 500 when zstd has no memory.
pub fn seal(sealer: &Sealer, context: &str, json: &[u8]) -> Answer<Vec<u8>> {
    sealer.seal(context, &pack(json)?).map_err(Problem::internal)
}

/// The JSON that [`seal`] sealed for `context`; what was sealed before JSON was packed opens as well.
///
/// # Errors
/// 500 when it was altered, sealed for another context or with a key that is gone.
pub fn open(sealer: &Sealer, context: &str, sealed: &[u8]) -> Answer<Vec<u8>> {
    unpack(sealer.open(context, sealed).map_err(Problem::internal)?)
}

fn pack(json: &[u8]) -> Answer<Vec<u8>> {
    if json.len() >= TOO_LONG {
        return Ok(json.to_vec());
    }
    let [_, length @ ..] = u32::try_from(json.len()).map_err(Problem::internal)?.to_be_bytes();
    let frame = with(&PACKER, || Compressor::with_prepared_dictionary(&ENCODER), |packer| packer.compress(json))?;
    Ok([&[DICTIONARY][..], &length, &frame].concat())
}

fn unpack(packed: Vec<u8>) -> Answer<Vec<u8>> {
    let Some((&[dictionary, ref length @ ..], frame)) = packed.split_first_chunk::<4>() else { return Ok(packed) };
    if dictionary > DICTIONARY {
        return Ok(packed);
    }
    let length = length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
    with(&UNPACKER, || Decompressor::with_prepared_dictionary(&DECODER), |unpacker| unpacker.decompress(frame, length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::kernel::sealed::KeyRing;

    fn record() -> Vec<u8> {
        let said = json!({
            "accepted_kinds": ["consultation", "critical_review"], "degree": "TS", "full_name": "Lò Thị Mây",
            "fields": [{"code": "40401", "main": true, "scheme": "BKHCN-2008"}],
            "languages": [{"code": "vi"}, {"code": "en", "level": "good"}], "position": "Giảng viên chính",
            "specialties": ["Lâm sinh"], "workplace": "Trường Đại học Nhị Hà",
        });
        said.to_string().into_bytes()
    }

    #[test]
    fn a_record_is_packed_to_less_than_half() {
        let json = record();
        let packed = pack(&json).unwrap();
        assert!(packed.len() * 2 < json.len(), "{} of {} bytes", packed.len(), json.len());
        assert_eq!(unpack(packed).unwrap(), json);
    }

    #[test]
    fn what_was_kept_before_is_read_as_well() {
        let json = record();
        assert_eq!(unpack(json.clone()).unwrap(), json, "as it is");
        let mut sized = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
        sized.extend(zstd::bulk::compress(&json, 1).unwrap());
        assert_eq!(unpack(sized).unwrap(), json, "packed without a dictionary");
        for short in ["", "1", "{}", "[1]", "null"] {
            assert_eq!(unpack(short.as_bytes().to_vec()).unwrap(), short.as_bytes());
        }
    }

    #[test]
    fn what_is_sealed_opens_for_its_place_packed_or_not() {
        let sealer = Sealer::new(KeyRing::parse(&KeyRing::generate_text("k").unwrap()).unwrap());
        let json = record();
        let sealed = seal(&sealer, "audit_details/1", &json).unwrap();
        assert!(sealed.len() < json.len());
        assert_eq!(open(&sealer, "audit_details/1", &sealed).unwrap(), json);
        assert!(open(&sealer, "audit_details/2", &sealed).is_err());
        let before = sealer.seal("audit_details/1", &json).unwrap();
        assert_eq!(open(&sealer, "audit_details/1", &before).unwrap(), json);
    }

    #[test]
    fn what_is_too_long_is_kept_as_it_is() {
        for length in [TOO_LONG - 1, TOO_LONG] {
            let json = format!("\"{}\"", "a".repeat(length - 2)).into_bytes();
            let packed = pack(&json).unwrap();
            assert_eq!(packed == json, length == TOO_LONG);
            assert!(unpack(packed).unwrap() == json);
        }
    }

    #[test]
    fn what_is_cut_or_altered_is_an_error() {
        let packed = pack(&record()).unwrap();
        for cut in 5..packed.len() {
            assert!(unpack(packed[..cut].to_vec()).is_err(), "cut at {cut}");
        }
        let mut longer = packed;
        longer[3] -= 1;
        assert!(unpack(longer).is_err(), "it is longer than it says");
    }

    /// Whoever finds this red: what is kept in registries needs the old words; put the new ones beside them.
    #[test]
    fn the_words_never_change() {
        let digest = hex::encode(Sha256::digest(WORDS));
        assert_eq!(digest, "4edde11c7fc34a9b25bad21ec0a2f972c5e49dfd6b4c18d848048b7fe38bd0fb");
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(texts in prop::collection::vec(".{0,40}", 0..40)) {
            let json = Value::from(texts).to_string().into_bytes();
            prop_assert_eq!(unpack(pack(&json)?)?, json);
        }
    }
}
