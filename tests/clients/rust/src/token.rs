// SPDX-License-Identifier: Apache-2.0
//! A session that is logged in, with the crate cryptoki. The examples share this file.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Return a logged-in session on the first token.
fn login(module: &Pkcs11) -> Result<Session> {
    // The PIN comes from a file, because other users can read the arguments of a program.
    let text = std::fs::read_to_string(std::env::var("KEYDIV_PIN_FILE")?)?;
    let pin = AuthPin::new(text.lines().next().unwrap_or_default().into());
    let slots = module.get_slots_with_initialized_token()?;
    let session = module.open_rw_session(*slots.first().ok_or("the module has no token")?)?;
    session.login(UserType::User, Some(&pin))?;
    Ok(session)
}

/// Return the key with the label `label`.
pub fn find(session: &Session, label: &str) -> Result<ObjectHandle> {
    let keys = session.find_objects(&[Attribute::Label(label.into())])?;
    Ok(*keys.first().ok_or_else(|| format!("no key has the label {label}"))?)
}

fn run(work: impl Fn(&Session) -> Result<()>) -> Result<()> {
    let path = std::env::args().nth(1).ok_or("give the path of the module")?;
    let module = Pkcs11::new(path)?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let session = login(&module)?;
    work(&session)?;
    session.close()?; // destroys the session's keys
    Ok(module.finalize()?)
}

/// Log in to the token of the module that the first argument names, and call `work`.
pub fn main(work: impl Fn(&Session) -> Result<()>) {
    if let Err(e) = run(work) {
        eprintln!("error: {e}");
        std::process::exit(1);
    }
}
