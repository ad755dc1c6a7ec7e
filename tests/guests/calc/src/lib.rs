//! Exports a function for every kind of value (`acme:math/calc`), and a resource (`acme:math/tally`).

wit_bindgen::generate!({ world: "guest" });

use std::cell::Cell;
use std::f64::consts::PI;
use std::sync::atomic::{AtomicU32, Ordering};

use exports::acme::math::calc::{Guest, Point, Rights, Rounding, Shape};
use exports::acme::math::tally;

struct Calc;

impl Guest for Calc {
    fn add(a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    fn div(a: i32, b: i32) -> Result<i32, String> {
        if b == 0 {
            return Err("division by zero".to_owned());
        }
        a.checked_div(b)
            .ok_or_else(|| "the quotient does not fit".to_owned())
    }

    fn midpoint(a: Point, b: Point) -> Point {
        Point {
            x: f64::midpoint(a.x, b.x),
            y: f64::midpoint(a.y, b.y),
        }
    }

    fn area(shape: Shape) -> f64 {
        match shape {
            Shape::Circle(radius) => PI * radius * radius,
            Shape::Rectangle((width, height)) => width * height,
            Shape::Empty => 0.0,
        }
    }

    fn round(value: f64, how: Rounding) -> i64 {
        let rounded = match how {
            Rounding::Down => value.floor(),
            Rounding::Nearest => value.round(),
            Rounding::Up => value.ceil(),
        };
        rounded as i64
    }

    fn both(a: Rights, b: Rights) -> Rights {
        a & b
    }

    fn sum(values: Vec<i64>) -> i64 {
        values.into_iter().fold(0, i64::wrapping_add)
    }

    fn longest(words: Vec<String>) -> Option<String> {
        words.into_iter().max_by_key(String::len)
    }

    fn swap(pair: (u8, String)) -> (String, u8) {
        (pair.1, pair.0)
    }

    fn negate(value: bool) -> bool {
        !value
    }

    fn next_char(value: char) -> Option<char> {
        char::from_u32(u32::from(value) + 1)
    }

    fn bytes(text: String) -> Vec<u8> {
        text.into_bytes()
    }

    fn check(value: i64) -> Result<(), ()> {
        if value < 0 { Err(()) } else { Ok(()) }
    }

    fn forget(_: String) {}
}

impl tally::Guest for Calc {
    type RunningSum = RunningSum;
}

struct RunningSum(Cell<i64>);

static LIVING: AtomicU32 = AtomicU32::new(0);

impl tally::GuestRunningSum for RunningSum {
    fn new(start: i64) -> Self {
        LIVING.fetch_add(1, Ordering::Relaxed);
        Self(Cell::new(start))
    }

    fn add(&self, value: i64) {
        self.0.set(self.0.get().wrapping_add(value));
    }

    fn total(&self) -> i64 {
        self.0.get()
    }

    fn living() -> u32 {
        LIVING.load(Ordering::Relaxed)
    }
}

impl Drop for RunningSum {
    fn drop(&mut self) {
        LIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

export!(Calc);
