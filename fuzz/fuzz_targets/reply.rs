//! Any bytes, read as what a server sends: nothing panics, and what is
//! understood is the same wherever the bytes are split.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seedbed_db::read_reply;

/// The server's messages, and one that is none.
const TAGS: &[u8] = b"123AcCdDEGHIKnNRsStTZ";

/// Messages by number and body, their lengths right: chance would not have it.
/// Beyond the tags stand bytes as they are, and that the server is ready.
type Sent<'a> = (Vec<(u8, &'a [u8])>, [u16; 3], bool, bool);

fuzz_target!(|sent: Sent<'_>| {
    let (pieces, cuts, is_asked, keeps_rows) = sent;
    let mut bytes = Vec::new();
    for (number, body) in pieces {
        match TAGS.get(usize::from(number) % (TAGS.len() + 2)) {
            Some(tag) => {
                bytes.push(*tag);
                bytes.extend(u32::try_from(body.len() + 4).expect("small").to_be_bytes());
                bytes.extend_from_slice(body);
            }
            None if number % 2 == 0 => bytes.extend_from_slice(body),
            None => bytes.extend_from_slice(b"Z\0\0\0\x05I"),
        }
    }
    let whole = read_reply(&[&bytes], is_asked, keeps_rows);
    let mut cuts = cuts.map(|cut| usize::from(cut) % (bytes.len() + 1));
    cuts.sort_unstable();
    let [one, two, three] = cuts;
    let pieces = [&bytes[..one], &bytes[one..two], &bytes[two..three], &bytes[three..]];
    assert_eq!(read_reply(&pieces, is_asked, keeps_rows), whole, "{pieces:?}");
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read_reply(&single, is_asked, keeps_rows), whole);
});
