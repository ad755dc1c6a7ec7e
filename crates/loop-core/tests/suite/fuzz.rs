//! Inputs made by chance, from a seed: nothing panics, and nothing is allowed that was not granted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use loop_core::grants::Access;
use loop_core::policy::{Decision, Protocol, Request, Trust, decide};
use loop_core::{Grants, Manifest};

use crate::manifest::FULL;

/// How many inputs each test makes: some seconds in a debug build.
const ROUNDS: usize = 3_000;

/// Marsaglia's xorshift, so that a seed makes the same inputs everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn pick<'t>(&mut self, options: &[&'t str]) -> &'t str {
        options[self.below(options.len())]
    }

    /// Text that is near to what is looked for.
    fn text(&mut self) -> String {
        const PARTS: &[&str] = &[
            "example",
            ".",
            "com",
            ":",
            "80",
            "*",
            "/",
            "..",
            "[",
            "]",
            "::1",
            "127.0.0.1",
            "10.0.0.0/8",
            "\"",
            "=",
            "{",
            "}",
            ",",
            "\n",
            "#",
            "ü",
            "%2e",
            "\\",
            "localhost",
            "https://",
            "\0",
            " ",
            "0x7f",
            "-",
            "a",
            "@",
            "grants",
            "net",
            "fs",
            "[[",
            "]]",
            "'''",
            "\"\"\"",
            "1e9",
            "1979-05-27",
            "true",
            "env",
            ";",
            "%",
        ];
        let parts = self.below(12);
        (0..parts).map(|_| self.pick(PARTS)).collect()
    }

    fn address(&mut self) -> SocketAddr {
        let ip = match self.below(4) {
            0 => IpAddr::V4(Ipv4Addr::from_bits(
                u32::try_from(self.next() >> 32).unwrap(),
            )),
            1 => IpAddr::V6(Ipv6Addr::from_bits(
                u128::from(self.next()) << 64 | u128::from(self.next()),
            )),
            2 => IpAddr::V6(Ipv6Addr::from_bits(u128::from(self.next() >> 16))),
            _ => self
                .pick(&["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254"])
                .parse()
                .unwrap(),
        };
        SocketAddr::new(ip, u16::try_from(self.next() >> 48).unwrap())
    }

    /// The text with a few places changed.
    fn mutated(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(6) {
            let at = self.below(characters.len());
            match self.below(5) {
                0 => drop(characters.drain(at..(at + self.below(20)).min(characters.len()))),
                1 => {
                    let inserted: Vec<char> = self.text().chars().collect();
                    characters.splice(at..at, inserted);
                }
                2 => {
                    let end = (at + self.below(80)).min(characters.len());
                    let copied = characters[at..end].to_vec();
                    let to = self.below(characters.len());
                    characters.splice(to..to, copied);
                }
                3 => characters.truncate(at.max(1)),
                _ => {
                    if let Some(character) = characters.get_mut(at) {
                        *character = char::from(u8::try_from(self.below(128)).unwrap());
                    }
                }
            }
            if characters.is_empty() {
                characters.push('a');
            }
        }
        characters.into_iter().collect()
    }
}

#[test]
fn a_mutated_manifest_never_panics_and_its_places_lie_in_the_text() {
    let mut chance = Chance(0x10ad_ed01);
    let mut parsed = 0;
    for _ in 0..ROUNDS {
        let text = chance.mutated(FULL);
        match Manifest::parse(&text) {
            Ok(manifest) => {
                parsed += 1;
                for app in manifest.apps.values() {
                    assert!(app.components.contains_key(&app.root), "{text}");
                    for component in app.components.values() {
                        assert_eq!(component.grants.validate(), Ok(()), "{text}");
                        assert!(text.get(component.span.clone()).is_some(), "{text}");
                    }
                }
            }
            Err(found) => {
                assert!(!found.is_empty(), "{text}");
                for diagnostic in found {
                    assert!(
                        text.get(diagnostic.span.clone()).is_some(),
                        "{diagnostic:?} in {text}"
                    );
                    assert!(!diagnostic.message.is_empty(), "{text}");
                    // What serde would say has been said before, in our words.
                    assert_ne!(
                        diagnostic.label, "this cannot be read",
                        "{diagnostic:?} in {text}"
                    );
                }
            }
        }
    }
    assert!(
        parsed > ROUNDS / 100,
        "only {parsed} of {ROUNDS} parsed: the mutations are too wild"
    );
}

#[test]
fn a_fragment_made_by_chance_never_panics_and_is_valid_when_it_is_read() {
    let mut chance = Chance(0xf4a6_3e47);
    for _ in 0..ROUNDS {
        let text = format!(
            "net.{} = [\"{}\"]",
            chance.pick(&["connect", "listen", "lookup", "http"]),
            chance.text()
        );
        for text in [text, chance.text()] {
            match Grants::parse_fragment(&text) {
                Ok(grants) => assert_eq!(grants.validate(), Ok(()), "{text}"),
                Err(found) => assert!(
                    text.get(found.span.clone()).is_some(),
                    "{found:?} in {text}"
                ),
            }
        }
    }
}

#[test]
fn nothing_is_granted_by_default() {
    let mut chance = Chance(0x00de_fa17);
    for round in 0..ROUNDS {
        let (one, two) = (chance.text(), chance.text());
        let names = [chance.text(), "localhost".to_owned()];
        let address = chance.address();
        let protocol = if round % 2 == 0 {
            Protocol::Tcp
        } else {
            Protocol::Udp
        };
        let trust = if round % 3 == 0 {
            Trust::Trusted
        } else {
            Trust::Untrusted
        };
        let address_text = address.ip().to_string();
        for request in [
            Request::OpenFolder {
                name: &one,
                access: Access::Read,
            },
            Request::OpenFolder {
                name: ".",
                access: Access::ReadWrite,
            },
            Request::Connect {
                protocol,
                address,
                resolved_from: &names,
            },
            Request::Listen { protocol, address },
            Request::Lookup { name: &one },
            Request::Lookup {
                name: &address_text,
            },
            Request::Http {
                method: "GET",
                scheme: "https",
                host: &one,
                port: 443,
                path: &two,
            },
            Request::HttpConnect {
                host: &one,
                address,
            },
            Request::Spawn {
                program: &one,
                arguments: &names,
                variables: &names[..round % 2],
            },
            Request::Variable { name: &one },
            Request::Telemetry,
        ] {
            let Decision::Deny(denial) = decide(&Grants::default(), trust, &request) else {
                panic!("{request:?} was allowed");
            };
            assert_eq!(denial.missing.validate(), Ok(()), "{request:?}");
            assert!(!denial.request.chars().any(char::is_control), "{denial:?}");
            let line = denial.missing.to_toml_line();
            assert_eq!(
                Grants::parse_fragment(&line).as_ref(),
                Ok(&denial.missing),
                "{line}"
            );
            if !denial.missing.is_empty() && !denial.needs_trust {
                let again = decide(&denial.missing, trust, &request);
                assert!(
                    matches!(again, Decision::Allow { .. }),
                    "{request:?}: {again:?}"
                );
            }
        }
    }
}
