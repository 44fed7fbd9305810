//! Any bytes, read as a request to the lease service: nothing panics, a
//! refusal has a code and repeats nothing of the body but a field's name, and
//! what is understood has a lease in it that could be one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seedbed_httpd::Ask;

fuzz_target!(|request: (&str, &str, &[u8])| {
    let (method, target, body) = request;
    for method in [method, "GET", "POST", "DELETE"] {
        match Ask::read(method, target, body) {
            Ok(Ask::Mark(lease, _) | Ask::Rewind(lease, _) | Ask::Release(lease))
            | Ok(Ask::Keep(lease, _)) => {
                assert!(lease.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
                assert!(!lease.is_empty());
            }
            Ok(_) => {}
            Err(failure) => {
                assert!(failure.code().is_some());
                assert!(failure.chain().len() < 400, "{}", failure.chain());
            }
        }
    }
});
