"""Formats on the wire: RTP, RTCP, codecs and session descriptions, read and written."""
