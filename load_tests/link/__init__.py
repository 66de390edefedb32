"""A poor link between two network namespaces, in user space: this kernel needs no netem.

`plan` describes a link. `path` decides the fate of each packet (pure, on a given clock).
`forwarder` is the process that carries packets between two TUN devices. `emulator` starts and ends
that process. `cross_traffic` competes on the same link. `measure` proves that the emulator keeps
up.
"""
