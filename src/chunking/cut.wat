;; The inner loop of cut.ts: where the chunk ends whose hashing starts at $position.
;;
;; Memory: the gear table, 256 i32, at 0; the segment's bytes from 1024 on.
;; In WebAssembly because JavaScript checks every index: this runs at 2 to 3 times the speed.
;; cut-module.ts holds it assembled; `npm run assemble` makes that anew, and a test compares the two.
(module
  (import "cut" "memory" (memory 17))

  (func (export "find")
    (param $position i32)  ;; first byte that is hashed
    (param $middle i32)    ;; from here on the easy mask holds
    (param $limit i32)     ;; the end where no mask finds one
    (param $hard i32) (param $easy i32)
    (result i32)
    (local $hash i32)

    (block $to_easy (loop $hard_byte
      (br_if $to_easy (i32.ge_u (local.get $position) (local.get $middle)))
      (local.set $hash (i32.add
        (i32.shl (local.get $hash) (i32.const 1))
        (i32.load (i32.shl (i32.load8_u offset=1024 (local.get $position)) (i32.const 2)))))
      (local.set $position (i32.add (local.get $position) (i32.const 1)))
      (br_if $hard_byte (i32.and (local.get $hash) (local.get $hard)))
      (return (local.get $position))))

    (block $to_limit (loop $easy_byte
      (br_if $to_limit (i32.ge_u (local.get $position) (local.get $limit)))
      (local.set $hash (i32.add
        (i32.shl (local.get $hash) (i32.const 1))
        (i32.load (i32.shl (i32.load8_u offset=1024 (local.get $position)) (i32.const 2)))))
      (local.set $position (i32.add (local.get $position) (i32.const 1)))
      (br_if $easy_byte (i32.and (local.get $hash) (local.get $easy)))
      (return (local.get $position))))

    (local.get $limit)))
