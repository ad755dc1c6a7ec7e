;; Valid text, and an invalid component: a section that claims more bytes than follow it.
(component binary "\00asm\0d\00\01\00" "\07\ff\01\00")
