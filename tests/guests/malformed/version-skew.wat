;; A command that imports a version of WASI that does not exist yet, with a function that no version has.
(component
  (import "wasi:cli/environment@0.9.0" (instance $environment
    (export "get-mood" (func (result u32)))))
  (core func $get-mood (canon lower (func $environment "get-mood")))
  (core module $main
    (import "environment" "get-mood" (func $get-mood (result i32)))
    (func (export "run") (result i32) (call $get-mood)))
  (core instance $main (instantiate $main
    (with "environment" (instance (export "get-mood" (func $get-mood))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $exports (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exports)))
