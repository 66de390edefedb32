"""WHIP and WHEP, and the grants that open them."""
