// SPDX-License-Identifier: Apache-2.0
//! What a back end does with keydiv, in Rust with the crate cryptoki.
//!
//!     KEYDIV_PIN_FILE=pin verify_device /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
//!
//! cryptoki takes the parameter of a vendor mechanism only as a type whose size is known when the
//! program is compiled. The parameter of C_DeriveKey is therefore an attribute of the template,
//! CKA_KEYDIV_PARAMETER, and the mechanism has none.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use keydiv_example::keydiv_parameter::*;
use keydiv_example::token::{self, find, Result};

const SERIAL: &str = "SN-000123";
const MESSAGE: &[u8] = b"hello from the device";
// The MAC that came with the message. The device computed the MAC with its own key.
const MAC: [u8; 16] = 0x2331bebd43c7c5992675db8b02f7018e_u128.to_be_bytes();
const TERMINAL: &str = "TERMINAL-01";
const TERMINAL_SHAPE: [u8; 2] = [3, 3];

/// Derive an AES key with `usage` (Attribute::Sign or Attribute::Verify), and nothing else.
fn derive(
    session: &Session,
    mechanism: u64,
    parameter: Parameter,
    base: ObjectHandle,
    usage: Attribute,
) -> Result<ObjectHandle> {
    let vendor = VendorDefinedMechanism::new::<()>(MechanismType::new_vendor_defined(mechanism)?, None);
    let parameter = Attribute::VendorDefined((
        AttributeType::VendorDefined(CKA_KEYDIV_PARAMETER),
        parameter.bytes(),
    ));
    Ok(session.derive_key(&Mechanism::VendorDefined(vendor), base, &[usage, parameter])?)
}

/// Return true if `mac` is the AES-CMAC of `message` by `key`.
fn verify(session: &Session, key: ObjectHandle, message: &[u8], mac: &[u8]) -> Result<bool> {
    match session.verify(&Mechanism::AesCMac, key, message, mac) {
        Err(Error::Pkcs11(RvError::SignatureInvalid, _)) => Ok(false),
        other => Ok(other.map(|_| true)?),
    }
}

/// Verify the MAC of a message by the key of the device that sent the message.
fn verify_message(session: &Session) -> Result<()> {
    let parameter = Parameter::new().put(DEVICE, SERIAL.as_bytes())?;
    let key = derive(session, DEVICE_KEY, parameter, find(session, "master")?, Attribute::Verify(true))?;
    if !verify(session, key, MESSAGE, &MAC)? {
        return Err("the MAC is wrong".into());
    }
    println!("{SERIAL}: the MAC is right");
    if verify(session, key, &[MESSAGE, b"!"].concat(), &MAC)? {
        return Err("a forged message was accepted".into());
    }
    println!("{SERIAL}: a forged message is refused");
    Ok(session.destroy_object(key)?)
}

/// Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives.
fn next_transaction(session: &Session) -> Result<()> {
    let terminal = find(session, "terminal")?;
    let next = derive(session, ODUKPT_NEXT_KEY, Parameter::new(), terminal, Attribute::Sign(true))?;
    let transaction = AttributeType::VendorDefined(CKA_KEYDIV_TRANSACTION);
    let number = match session.get_attributes(next, &[transaction])?.first() {
        Some(Attribute::VendorDefined((_, value))) => u64::from_be_bytes(value.as_slice().try_into()?),
        _ => return Err("the key has no transaction number".into()),
    };
    let mac = session.sign(&Mechanism::AesCMac, next, MESSAGE)?;

    let parameter = Parameter::new()
        .put(DEVICE, TERMINAL.as_bytes())?
        .put(SHAPE, &TERMINAL_SHAPE)?
        .number(TRANSACTION, number)?;
    let key = derive(session, ODUKPT_KEY, parameter, find(session, "bdk")?, Attribute::Verify(true))?;
    if !verify(session, key, MESSAGE, &mac)? {
        return Err("terminal and server have different keys".into());
    }
    let mac: String = mac.iter().map(|b| format!("{b:02x}")).collect();
    println!("{TERMINAL}: transaction {number}, MAC {mac}");
    Ok(())
}

fn main() {
    token::main(|session| {
        verify_message(session)?;
        next_transaction(session)
    });
}
