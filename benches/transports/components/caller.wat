;; Calls the echo with what it was given itself. Nothing is copied here, and what a call left in memory is forgotten after
;; it: what is measured is the way there and back.
(module
  (import "bench:transports/clock" "begin" (func $begin))
  (import "bench:transports/clock" "mark" (func $mark))
  (import "bench:transports/echo" "bytes" (func $bytes (param i32 i32 i32)))
  (import "bench:transports/echo" "record" (func $record (param i32 i32)))
  (import "bench:transports/echo" "records" (func $records (param i32 i32 i32)))

  (memory (export "memory") 1)
  ;; Below 1024 is room for what a call gives.
  (global $top (mut i32) (i32.const 1024))

  (func $realloc (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $new i32) (local $pages i32)
    (local.set $new (i32.and
      (i32.sub (i32.add (global.get $top) (local.get $align)) (i32.const 1))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $top (i32.add (local.get $new) (local.get $size)))
    (local.set $pages (i32.sub
      (i32.shr_u (i32.add (global.get $top) (i32.const 65535)) (i32.const 16))
      (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable))))
    (if (local.get $old)
      (then (memory.copy (local.get $new) (local.get $old) (local.get $old_size))))
    (local.get $new))

  (func (export "bench:transports/run#bytes") (param $times i32) (param $count i32)
    (local $at i32) (local $kept i32)
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $count)))
    (memory.fill (local.get $at) (i32.const 7) (local.get $count))
    (local.set $kept (global.get $top))
    (call $begin)
    (call $mark)
    (loop $again
      (call $bytes (local.get $at) (local.get $count) (i32.const 16))
      (call $mark)
      (global.set $top (local.get $kept))
      (local.tee $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again)))

  ;; Its parameters are too many for the stack: the number of times stands in memory, and the record at the next multiple
  ;; of eight.
  (func (export "bench:transports/run#record") (param $at i32)
    (local $times i32) (local $kept i32)
    (local.set $times (i32.load (local.get $at)))
    (local.set $kept (global.get $top))
    (call $begin)
    (call $mark)
    (loop $again
      (call $record (i32.add (local.get $at) (i32.const 8)) (i32.const 16))
      (call $mark)
      (global.set $top (local.get $kept))
      (local.tee $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again)))

  (func (export "bench:transports/run#records") (param $times i32) (param $at i32) (param $count i32)
    (local $kept i32)
    (local.set $kept (global.get $top))
    (call $begin)
    (call $mark)
    (loop $again
      (call $records (local.get $at) (local.get $count) (i32.const 16))
      (call $mark)
      (global.set $top (local.get $kept))
      (local.tee $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again)))
)
