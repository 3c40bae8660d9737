// SPDX-License-Identifier: Apache-2.0
//! Verify each message of a CSV file in one call, and accept each message once. A line of the
//! standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in hexadecimal. The key "meter"
//! is a master with a window (keydiv key generate --label meter --window 64).

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use keydiv_example::keydiv_parameter::*;
use keydiv_example::token::{self, find, Result};
use std::io::BufRead;

const AES_CMAC: u64 = 0x108A;

/// Bytes of the parameter. cryptoki takes the parameter of a vendor mechanism only as a type of fixed
/// size, so every serial of this fleet has 9 characters. The fields have 3 bytes more than their
/// values: DEVICE 9, COUNTER 8, DERIVATION 4, OPERATION 4.
const PARAMETER_LENGTH: usize = 4 * 3 + 9 + 8 + 4 + 4;

fn unhex(text: &str) -> Result<Vec<u8>> {
    if text.len() % 2 != 0 || !text.is_ascii() {
        return Err("hexadecimal has two digits for each byte".into());
    }
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16);
    Ok((0..text.len()).step_by(2).map(byte).collect::<std::result::Result<_, _>>()?)
}

/// Return "ok", "bad" or "replayed". The token derives the key of this message, verifies the MAC,
/// destroys the key, and marks the counter. No key object exists.
fn verify(
    session: &Session,
    master: ObjectHandle,
    parameter: Parameter,
    message: &[u8],
    mac: &[u8],
) -> Result<&'static str> {
    let parameter: [u8; PARAMETER_LENGTH] = parameter
        .bytes()
        .try_into()
        .map_err(|_| "a serial of this fleet has 9 characters")?;
    let mechanism = MechanismType::new_vendor_defined(WITH_DERIVED_KEY)?;
    let mechanism = Mechanism::VendorDefined(VendorDefinedMechanism::new(mechanism, Some(&parameter)));
    match session.verify(&mechanism, master, message, mac) {
        Ok(()) => Ok("ok"),
        Err(Error::Pkcs11(RvError::SignatureInvalid | RvError::SignatureLenRange, _)) => Ok("bad"),
        Err(Error::Pkcs11(RvError::VendorDefined(CKR_KEYDIV_REPLAYED), _)) => Ok("replayed"),
        Err(other) => Err(other.into()),
    }
}

fn verify_all(session: &Session) -> Result<()> {
    let master = find(session, "meter")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split(',').collect();
        let [serial, counter, message, mac] = fields[..] else {
            return Err("a line has four fields".into());
        };
        let parameter = Parameter::new()
            .put(DEVICE, serial.as_bytes())?
            .number(COUNTER, counter.parse()?)?
            .mechanism(DERIVATION, DEVICE_MESSAGE_KEY)?
            .mechanism(OPERATION, AES_CMAC)?;
        let verdict = verify(session, master, parameter, &unhex(message)?, &unhex(mac)?)?;
        println!("{serial},{counter},{verdict}");
    }
    Ok(())
}

fn main() {
    token::main(verify_all);
}
