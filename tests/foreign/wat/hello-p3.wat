;; A wasi:cli command of WASI 0.3 without a toolchain: succeeds when it is given an argument, and fails otherwise.
(component
  (import "wasi:cli/environment@0.3.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))

  ;; Gives memory from 1024 upwards, and takes none back.
  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $start i32)
      (local.set $start
        (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $start) (local.get 3)))
      (local.get $start)))
  (core instance $memory (instantiate $memory))

  (core func $get-arguments
    (canon lower (func $environment "get-arguments")
      (memory (core memory $memory "memory"))
      (realloc (core func $memory "realloc"))))
  (core func $return
    (canon task.return (result (result))))

  (core module $main
    (import "wasi" "get-arguments" (func $get-arguments (param i32)))
    (import "wasi" "return" (func $return (param i32)))
    (import "memory" "memory" (memory 1))
    ;; The list of arguments lies at 64: where it is, and how many there are. The first is the program's name.
    (func (export "run") (result i32)
      (call $get-arguments (i32.const 64))
      (call $return (i32.lt_u (i32.load (i32.const 68)) (i32.const 2)))
      ;; All is done: there is nothing to wait for.
      (i32.const 0))
    (func (export "callback") (param i32 i32 i32) (result i32)
      unreachable))
  (core instance $main (instantiate $main
    (with "memory" (instance $memory))
    (with "wasi" (instance
      (export "get-arguments" (func $get-arguments))
      (export "return" (func $return))))))

  (func $run async (result (result))
    (canon lift (core func $main "run") async (callback (core func $main "callback"))))
  (instance $exports (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $exports)))
