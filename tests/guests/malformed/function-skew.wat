;; A command that imports a function of WASI with other types than WASI gives it.
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "initial-cwd" (func (result u32)))))
  (core func $cwd (canon lower (func $environment "initial-cwd")))
  (core module $main
    (import "environment" "initial-cwd" (func $cwd (result i32)))
    (func (export "run") (result i32) (call $cwd)))
  (core instance $main (instantiate $main
    (with "environment" (instance (export "initial-cwd" (func $cwd))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $exports (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exports)))
