// SPDX-License-Identifier: Apache-2.0
//! Build the parameter of each line of the standard input with keydiv_parameter.rs and print the
//! parameter. A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and TAG#NUMBER
//! (4 bytes) in decimal.

use keydiv_example::keydiv_parameter::{Parameter, ParameterError};
use std::io::BufRead;

fn byte(hex: &str) -> u8 {
    u8::from_str_radix(hex, 16).expect("hexadecimal")
}

fn build(line: &str) -> Result<Vec<u8>, ParameterError> {
    let mut parameter = Parameter::new();
    for field in line.split_whitespace() {
        let (tag, rest) = (byte(&field[..2]), &field[3..]);
        parameter = match field.as_bytes()[2] {
            b'=' => parameter.number(tag, rest.parse().expect("a number"))?,
            b'#' => parameter.mechanism(tag, rest.parse().expect("a number"))?,
            _ => {
                let value: Vec<u8> = (0..rest.len()).step_by(2).map(|i| byte(&rest[i..i + 2])).collect();
                parameter.put(tag, &value)?
            }
        };
    }
    Ok(parameter.bytes())
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        match build(&line.expect("a line")) {
            Ok(bytes) => println!("{}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
            Err(_) => println!("refused"),
        }
    }
}
