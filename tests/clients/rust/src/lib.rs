// SPDX-License-Identifier: Apache-2.0
pub mod keydiv_parameter;
pub mod token;
