//! Functions called by text.

use loop_host::AppSpec;

use crate::support::{chain, host, link, load};

async fn invoke(guest: &str, call: &str) -> String {
    let host = host();
    let app = link(&host, AppSpec::single(load(&host, guest)));
    app.invoke(call)
        .await
        .unwrap_or_else(|error| format!("error: {}", chain(&error)))
}

#[tokio::test]
async fn values_of_every_kind_go_in_and_come_out() {
    let check = async |call: &str, expected: &str| {
        assert_eq!(
            invoke("calc", &format!("acme:math/calc#{call}")).await,
            expected,
            "{call}"
        );
    };
    check("add(1, 2)", "3").await;
    check("div(7, 2)", "ok(3)").await;
    check("div(7, 0)", "err(\"division by zero\")").await;
    check(
        "midpoint({x: 0.0, y: 0.0}, {x: 2.0, y: 4.0})",
        "{x: 1, y: 2}",
    )
    .await;
    check("area(rectangle((2.0, 3.0)))", "6").await;
    check("area(empty)", "0").await;
    check("round(1.5, up)", "2").await;
    check("both({read, write}, {write, execute})", "{write}").await;
    check("sum([1, -2, 3])", "2").await;
    check("longest([\"a\", \"bcd\"])", "some(\"bcd\")").await;
    check("longest([])", "none").await;
}

#[tokio::test]
async fn an_async_function_is_called_like_any_other() {
    let call = "acme:later/work#double-later(21, 5)";
    assert_eq!(invoke("async-export", call).await, "42");
}

#[tokio::test]
async fn what_cannot_be_called_gets_one_clear_error() {
    let check = async |call: &str, expected: &str| {
        let said = invoke("calc", call).await;
        assert!(said.starts_with(expected), "{call}: {said}");
    };
    check(
        "acme:math/calc#sub(1, 2)",
        "error: `calc` exports no function `acme:math/calc#sub`",
    )
    .await;
    check("add(1, 2)", "error: `calc` exports no function `add`").await;
    check(
        "acme:none/none#add(1)",
        "error: `calc` exports no function `acme:none/none#add`",
    )
    .await;
    check("acme:math/calc#add(1)", "error: ").await;
    check("acme:math/calc#add(1, 2, 3)", "error: ").await;
    check(
        "acme:math/calc#add(1, \"two\")",
        "error: the arguments of `add` cannot be read",
    )
    .await;
    check("acme:math/calc#add(1, 2", "error: ").await;
    check("", "error: `` is not a call, which looks like `add(1, 2)`").await;
    check("((((((((", "error: ").await;
    check(&"(".repeat(2 << 20), "error: the call is longer than").await;
}
