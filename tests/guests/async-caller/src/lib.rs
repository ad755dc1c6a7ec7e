//! Calls `acme:later/work` three times at once, then reads its stream, and prints what it got.

wit_bindgen::generate!({
    path: ["../wit/later.wit", "../../../wit/vendor/wasi-0.3.0"],
    inline: "package test:async-caller; world guest {
        import acme:later/work;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

use std::cell::RefCell;
use std::rc::Rc;

use acme::later::work::{double_later, numbers};

struct Command;

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let order = Rc::new(RefCell::new(Vec::new()));
        for (value, millis) in [(3, 60), (2, 40), (1, 20)] {
            let order = Rc::clone(&order);
            wit_bindgen::spawn_local(async move {
                let doubled = double_later(value, millis).await;
                order.borrow_mut().push(doubled);
            });
        }
        while order.borrow().len() < 3 {
            double_later(0, 5).await;
        }
        println!("doubled, the quickest first: {:?}", order.borrow());
        println!("numbers: {:?}", numbers(5).await.collect().await);
        Ok(())
    }
}

export!(Command);
