//! Functions for other components: `loop run {{name}} --invoke 'local:{{name}}/greeting#greet("you")'`.

loop_guest::wit_bindgen::generate!({
    path: "wit",
    runtime_path: "loop_guest::wit_bindgen::rt",
});

use exports::local::{{crate}}::greeting::Guest;

struct Greeter;

impl Guest for Greeter {
    fn greet(name: String) -> String {
        format!("hello, {name}")
    }
}

export!(Greeter);
