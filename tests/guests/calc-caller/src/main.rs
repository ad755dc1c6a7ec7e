//! Imports `acme:math/calc`, calls each of its functions, and prints the answers, a line each.

wit_bindgen::generate!({
    path: "../calc/wit",
    inline: "package test:calc-caller; world caller { import acme:math/calc; }",
    world: "test:calc-caller/caller",
    generate_all,
});

use acme::math::calc::{self, Point, Rights, Rounding, Shape};

fn main() {
    println!("add {}", calc::add(2, 3));
    println!("div {:?} {:?}", calc::div(-7, 2), calc::div(1, 0));
    let a = Point { x: 0.0, y: 2.0 };
    let b = Point { x: 4.0, y: -2.0 };
    println!("midpoint {:?}", calc::midpoint(a, b));
    println!(
        "area {} {}",
        calc::area(Shape::Rectangle((2.0, 3.0))),
        calc::area(Shape::Empty)
    );
    println!("round {}", calc::round(1.5, Rounding::Up));
    println!(
        "both {:?}",
        calc::both(
            Rights::READ | Rights::WRITE,
            Rights::WRITE | Rights::EXECUTE
        )
    );
    println!("sum {}", calc::sum(&[1, -2, i64::MAX]));
    let words = ["a", "longest", "b"].map(str::to_owned);
    println!(
        "longest {:?} {:?}",
        calc::longest(&words),
        calc::longest(&[])
    );
    println!("swap {:?}", calc::swap((7, "é")));
    println!("negate {}", calc::negate(true));
    println!("next-char {:?}", calc::next_char('ä'));
    println!("bytes {:?}", calc::bytes("abc"));
    println!("check {:?} {:?}", calc::check(1), calc::check(-1));
    calc::forget("all");
}
