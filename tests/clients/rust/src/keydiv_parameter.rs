// SPDX-License-Identifier: Apache-2.0
//! The mechanism parameter of keydiv's mechanisms. Copy this file into your program.
//!
//!     let parameter = Parameter::new().put(DEVICE, b"SN-000123")?.number(COUNTER, 1)?.bytes();
//!
//! A parameter is a list of fields in ascending order of their tags: the tag (1 byte), the length
//! (2 bytes, big-endian), the value. keydiv.h lists all tags, mechanisms and attributes. This file
//! has those that the examples use.

use std::fmt;

// Mechanisms
pub const DEVICE_KEY: u64 = 0x8B44_0001;
pub const DEVICE_MESSAGE_KEY: u64 = 0x8B44_0003;
pub const WITH_DERIVED_KEY: u64 = 0x8B44_0010;
pub const ODUKPT_KEY: u64 = 0x8B44_0222;
pub const ODUKPT_NEXT_KEY: u64 = 0x8B44_0224;

// Tags of fields
pub const DEVICE: u8 = 0x01;
pub const COUNTER: u8 = 0x10;
pub const SHAPE: u8 = 0x50;
pub const TRANSACTION: u8 = 0x51;
pub const DERIVATION: u8 = 0x70;
pub const OPERATION: u8 = 0x71;

// Attributes and return codes
pub const CKA_KEYDIV_TRANSACTION: u64 = 0x8B44_0002;
pub const CKA_KEYDIV_PARAMETER: u64 = 0x8B44_0005;
pub const CKR_KEYDIV_REPLAYED: u64 = 0x8B44_0002;

const MAX: usize = 4096; // bytes in a parameter

#[derive(Debug, PartialEq)]
pub enum ParameterError {
    Order,
    Length,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            ParameterError::Order => "put the fields in ascending order of their tags",
            ParameterError::Length => "a parameter has at most 4096 bytes",
        })
    }
}

impl std::error::Error for ParameterError {}

/// A parameter being built.
#[derive(Default)]
pub struct Parameter {
    bytes: Vec<u8>,
    last_tag: u8,
}

impl Parameter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Append the field `tag` with `value`.
    pub fn put(mut self, tag: u8, value: &[u8]) -> Result<Self, ParameterError> {
        if tag <= self.last_tag {
            return Err(ParameterError::Order);
        }
        if value.len() > MAX || self.bytes.len() + 3 + value.len() > MAX {
            return Err(ParameterError::Length);
        }
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.last_tag = tag;
        Ok(self)
    }

    /// Append the field `tag` with `number` as 8 big-endian bytes: COUNTER, TRANSACTION.
    pub fn number(self, tag: u8, number: u64) -> Result<Self, ParameterError> {
        self.put(tag, &number.to_be_bytes())
    }

    /// Append the field `tag` with the CKM or CKK `number`, which has 32 bits, as 4 big-endian bytes: DERIVATION,
    /// OPERATION, KEY_TYPE.
    pub fn mechanism(self, tag: u8, number: u64) -> Result<Self, ParameterError> {
        self.put(tag, &(number as u32).to_be_bytes())
    }

    pub fn bytes(self) -> Vec<u8> {
        self.bytes
    }
}
