"""Send-side congestion control of one viewer session: estimate, probe, pace.

`BandwidthEstimator` says what the link carries, `Pacer` spreads what is sent. Both are pure: `now`
is passed in, bytes leave through callables. How they are joined:

- each packet: `pacer.on_packet(...)`; if True, number it, send it, `estimator.on_sent(number, size,
  now, pacer.probe)`. The pacer's `send` does the same for a packet that waited.
- each transport-wide feedback packet: `estimator.on_feedback(twcc.parse(body), now)`.
- each tick: `probe = estimator.on_timer(now)`, `pacer.set_rate(estimator.target_bps)`, then
  `pacer.start(probe, now)` if there is one, else `pacer.on_timer(now)`; the latter also at
  `pacer.next_due` where a timer of 1 to 5 ms is at hand, for the sake of probes. If
  `pacer.abandoned`, clear it and call `estimator.abandon_probe(now)`.
- each choice of layers: `estimator.want(bps, most_bps)`: the rate with the next layer up, and that
  with every layer at its best, each with all that is sent besides.
"""
