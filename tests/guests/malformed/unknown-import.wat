;; A component with an import that nothing in the world serves.
(component
  (import "acme:none/none" (instance $none
    (export "ask" (func (param "question" string) (result u32)))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
  (core instance $memory (instantiate $memory))
  (core func $ask (canon lower (func $none "ask")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $main
    (import "none" "ask" (func $ask (param i32 i32) (result i32)))
    (func (export "run") (result i32) (call $ask (i32.const 0) (i32.const 0))))
  (core instance $main (instantiate $main
    (with "none" (instance (export "ask" (func $ask))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $exports (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exports)))
