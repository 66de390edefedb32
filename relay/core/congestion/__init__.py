"""Send-side congestion control of one viewer session: estimate, probe, pace.

`BandwidthEstimator` says what the link carries, `Pacer` spreads what is sent. Both are pure: `now`
is passed in, bytes leave through callables. A caller joins them so:

- each packet: `pacer.on_packet(...)`; if True, number it, send it, `estimator.on_sent(number, size,
  now, pacer.probe)`. The pacer's `send` does the same for a packet that waited.
- each transport-wide feedback packet: `estimator.on_feedback(twcc.parse(body), now)`.
- each tick: `probe = estimator.on_timer(now)`, then `pacer.set_rate(estimator.target_bps)`, then
  `pacer.start(probe, now)` if there is a probe, else `pacer.on_timer(now)`. A caller with a timer
  of 1 to 5 ms also calls `pacer.on_timer` at `pacer.next_due`: probes are then even. If
  `pacer.abandoned`, clear it and call `estimator.abandon_probe(now)`.
- each choice of layers: `estimator.want(bps, most_bps)`. The rates are those with the next layer up
  and with every layer at its best. Both include all that is sent besides.
"""
